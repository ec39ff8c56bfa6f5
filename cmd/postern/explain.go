package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// explainCmd tells what became of a message and why.
type explainCmd struct {
	Message string `arg:"" help:"Number of an arrival, or a Message-ID."`
}

// explanation is the answer for one arrival.
type explanation struct {
	Arrival   arrivalView    `json:"arrival"`
	Trace     tickets.Trace  `json:"trace"`
	Decisions []decisionView `json:"decisions"`
	Mails     []mailView     `json:"mails"`
	Events    []ticketEvent  `json:"events"`
}

// decisionView is what the rules were asked in one phase, and what they wanted.
type decisionView struct {
	Phase   string              `json:"phase"`
	Event   string              `json:"event"`
	Version string              `json:"version"`
	Rules   []tickets.RuleTrace `json:"rules"`
	Actions []tickets.Action    `json:"actions"`
}

// mailView is a mail that was written, or was not, because of the message.
type mailView struct {
	Role    string `json:"role"`
	To      string `json:"to"`
	Written bool   `json:"written"` // into the outbox; false when it was withheld
	State   string `json:"state"`   // in the outbox: queued, sent, failed, ...
	Answer  string `json:"answer"`  // the relay's last one
	Why     string `json:"why"`
}

// ticketEvent is an event with the ticket it is on.
type ticketEvent struct {
	Ticket int64 `json:"ticket"`
	eventView
}

// Run explains every arrival that the argument names; exit code 3 when it names none.
func (c *explainCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		found, err := findArrivals(ctx, db, c.Message)
		if err != nil {
			return err
		}
		all := make([]explanation, len(found))
		for i, a := range found {
			if all[i], err = explainArrival(ctx, db, a); err != nil {
				return err
			}
		}
		if w.json {
			return writeJSON(w.out, all)
		}
		for i, e := range all {
			if i > 0 {
				fmt.Fprintln(w.out)
			}
			e.print(w.out)
		}
		return nil
	})
}

func findArrivals(ctx context.Context, db *ticketdb.DB, name string) ([]ticketdb.ArrivalInfo, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		a, err := db.ArrivalRow(ctx, id)
		return []ticketdb.ArrivalInfo{a}, err
	}
	found, err := db.FindArrival(ctx, strings.Trim(name, "<> "))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("message %s: %w; one that was not read yet is known by its number only: postern inbox list", name, tickets.ErrNotFound)
	}
	return found, err
}

func explainArrival(ctx context.Context, db *ticketdb.DB, a ticketdb.ArrivalInfo) (explanation, error) {
	e := explanation{Arrival: viewArrival(a), Trace: list(a.Result.Trace), Decisions: []decisionView{}, Mails: []mailView{}, Events: []ticketEvent{}}
	records, err := db.DecisionsOf(ctx, ticketdb.DecisionFilter{Arrival: a.Arrival.ID})
	if err != nil {
		return e, err
	}
	for _, r := range records {
		e.Decisions = append(e.Decisions, decisionView{string(r.Facts.Phase), r.Facts.Event.Kind, r.Decision.Version, list(r.Decision.Rules), list(r.Decision.Actions)})
	}
	if a.Result.Ticket == 0 {
		return e, nil
	}
	out, err := db.ListOutbox(ctx, ticketdb.OutboxFilter{Ticket: a.Result.Ticket, Limit: 10_000})
	if err != nil {
		return e, err
	}
	mails := map[string]tickets.Outgoing{}
	for _, o := range out {
		mails[o.MessageID] = o
	}
	events, err := db.EventsOf(ctx, a.Result.Ticket)
	for _, ev := range events {
		if ev.Cause.Arrival == a.Arrival.ID {
			e.add(ev, mails)
		}
	}
	return e, err
}

// add books an event that the arrival caused; mails are listed apart.
func (e *explanation) add(ev tickets.Event, mails map[string]tickets.Outgoing) {
	switch b := ev.Body.(type) {
	case tickets.MailQueued:
		o := mails[b.MessageID]
		e.Mails = append(e.Mails, mailView{b.Role, b.To, true, string(o.State), strings.TrimSpace(o.Code + " " + o.Answer), causeText(ev.Cause)})
	case tickets.Withheld:
		e.Mails = append(e.Mails, mailView{Role: b.Role, To: b.To, Why: b.Why})
	default:
		e.Events = append(e.Events, ticketEvent{ev.Ticket, eventView{ev.Seq, ev.At, b.Kind(), b, ev.Cause}})
	}
}

func (e explanation) print(out io.Writer) {
	e.Arrival.print(out)
	fmt.Fprintln(out, "\n── the way of the message")
	for _, s := range e.Trace {
		fmt.Fprintf(out, "%-60s %s\n", oneLine(s.Ask), oneLine(s.Ans))
	}
	for _, d := range e.Decisions {
		d.print(out)
	}
	if len(e.Events) > 0 {
		fmt.Fprintln(out, "\n── what happened")
		for _, ev := range e.Events {
			fmt.Fprintf(out, "ticket %d, %d: %-14s %s\n", ev.Ticket, ev.Seq, ev.Kind, oneLine(ev.text()))
		}
	}
	if len(e.Mails) > 0 {
		fmt.Fprintln(out, "\n── mail")
		for _, m := range e.Mails {
			fmt.Fprintln(out, m.text())
		}
	}
}

// text is the mail in one line: what became of it, or why it was withheld.
func (m mailView) text() string {
	if !m.Written {
		return fmt.Sprintf("withheld %s to %s: %s", m.Role, m.To, oneLine(m.Why))
	}
	return oneLine(fmt.Sprintf("%s %s to %s %s", or(m.State, "written"), m.Role, m.To, m.Answer))
}

func (d decisionView) print(out io.Writer) {
	title := d.Phase
	if d.Event != "" {
		title += " (" + d.Event + ")"
	}
	fmt.Fprintf(out, "\n── rules asked, phase %s, version %s\n", title, d.Version)
	if len(d.Rules) == 0 {
		fmt.Fprintln(out, "there are no rules for this phase")
	}
	for _, r := range d.Rules {
		fmt.Fprintf(out, "%-4s %s, %s%s\n", map[bool]string{true: "yes", false: "no"}[r.Matched], oneLine(r.Name), r.At, ruleWhy(r))
	}
	for _, a := range d.Actions {
		fmt.Fprintf(out, "  → %s\n", oneLine(actionText(a)))
	}
}

func ruleWhy(r tickets.RuleTrace) string {
	switch {
	case r.Error != "":
		return ": error: " + oneLine(r.Error)
	case r.Failed != "":
		return ": not: " + oneLine(r.Failed)
	case r.Note != "":
		return ": " + oneLine(r.Note)
	}
	return ""
}

func actionText(a tickets.Action) string {
	words := append([]string{string(a.Do), a.Value}, a.Values...)
	if a.Template != "" {
		words = append(words, "template "+a.Template)
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ") + ", by " + a.Cause.Rule
}
