package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// explainCmd tells what became of a message and why.
type explainCmd struct {
	Message string `arg:"" help:"Number of an arrival, or a Message-ID."`
	All     bool   `short:"a" help:"Rules that said no, too, and the term that did."`
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
			teller{w.out, newAddressBook(ctx, db), c.All}.tell(e)
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
		out, err := db.ListOutbox(ctx, ticketdb.OutboxFilter{Answers: a.Arrival.ID})
		for _, o := range out {
			e.Mails = append(e.Mails, mailView{o.Role, o.Recipient, true, string(o.State), strings.TrimSpace(o.Code + " " + o.Answer), "it asked"})
		}
		return e, err
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
	for _, ev := range tickets.EventsOf(a.Arrival.ID, events) {
		e.add(ev, mails)
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
