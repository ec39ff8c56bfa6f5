package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/rules/strictyaml"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// ticketCmd works with tickets.
type ticketCmd struct {
	List    ticketListCmd    `cmd:"" help:"List tickets, newest first."`
	Show    ticketShowCmd    `cmd:"" help:"Show a ticket: what was said, what happened, what was mailed."`
	Set     ticketSetCmd     `cmd:"" help:"Carry out commands on a ticket, as an agent's mail does."`
	Release ticketReleaseCmd `cmd:"" help:"Let a held or unverified entry through."`
}

// ticketListCmd lists tickets.
type ticketListCmd struct {
	Queue      string `help:"Only of this queue."`
	Status     string `enum:",new,open,pending,on-hold,resolved,closed" default:"" help:"Only in this status: new, open, pending, on-hold, resolved, closed."`
	Assignee   string `help:"Only of this agent."`
	Unassigned bool   `help:"Only those that nobody has."`
	Search     string `help:"Only with an entry that holds all these words; done ones too."`
	All        bool   `short:"a" help:"Resolved, closed and disposed ones too."`
	Limit      int    `short:"n" default:"100" help:"At most so many."`
}

// ticketView is a ticket for programs; the row's own keys are those of the ledger.
type ticketView struct {
	ID      int64  `json:"id"`
	Subject string `json:"subject"`
	From    string `json:"requester_address"`
	tickets.Ticket
}

// Run prints the list.
func (c *ticketListCmd) Run(ctx context.Context, w *world) error {
	return w.withConfigured(ctx, func(db *ticketdb.DB, cfg Config) error {
		found, err := db.ListTickets(ctx, ticketdb.TicketFilter{Queue: c.Queue, Status: tickets.Status(c.Status), Assignee: c.Assignee,
			Unassigned: c.Unassigned, Search: c.Search, Open: !c.All && c.Status == "" && c.Search == "", Limit: c.Limit})
		if err == nil && len(found) == 0 {
			err = c.known(cfg)
		}
		if err != nil {
			return err
		}
		who := newAddressBook(ctx, db)
		views := make([]ticketView, len(found))
		for i, t := range found {
			views[i] = ticketView{t.ID, t.Subject, who.address(t.Requester), t}
		}
		if who.err != nil {
			return who.err
		}
		if w.json {
			return writeJSON(w.out, views)
		}
		printTickets(w, views)
		return nil
	})
}

// known tells a queue or an agent that the configuration has not; tickets of one that it
// had once are still listed.
func (c *ticketListCmd) known(cfg Config) error {
	var queues, agents []string
	for _, q := range cfg.Queues {
		queues = append(queues, q.Name)
	}
	for _, a := range cfg.Agents {
		agents = append(agents, a.Name)
	}
	switch {
	case c.Queue != "" && !slices.Contains(queues, c.Queue):
		return fmt.Errorf("%w: there is no queue %q; %s", errUsage, c.Queue, strictyaml.DidYouMean(c.Queue, queues))
	case c.Assignee != "" && !slices.Contains(agents, c.Assignee):
		return fmt.Errorf("%w: there is no agent %q; %s", errUsage, c.Assignee, strictyaml.DidYouMean(c.Assignee, agents))
	}
	return nil
}

func printTickets(w *world, views []ticketView) {
	rows := make([][]string, len(views))
	for i, v := range views {
		rows[i] = []string{fmt.Sprint(v.ID), v.Queue, v.state(), string(v.Priority), v.Assignee, v.From, v.Subject, stamp(v.Updated), strings.Join(v.Tags, " "), strings.Join(v.Flags, " ")}
	}
	grid(w.out, 48, []string{"ticket", "queue", "status", "priority", "assignee", "requester", "subject", "updated", "tags", "flags"}, rows)
	fmt.Fprintf(w.out, "\n%s\n", plural(len(views), "ticket"))
}

// state is the status, and the disposition when the ticket is out of the work.
func (v ticketView) state() string {
	switch {
	case v.Disposition == tickets.Merged:
		return fmt.Sprintf("merged into %d", v.MergedInto)
	case v.Disposition != "":
		return string(v.Disposition)
	}
	return string(v.Status)
}

// addressBook finds addresses of participants, each once. The first error stays.
type addressBook struct {
	ctx   context.Context
	db    *ticketdb.DB
	known map[int64]string
	err   error
}

func newAddressBook(ctx context.Context, db *ticketdb.DB) *addressBook {
	return &addressBook{ctx: ctx, db: db, known: map[int64]string{0: ""}}
}

func (p *addressBook) address(id int64) string {
	a, ok := p.known[id]
	if ok || p.err != nil {
		return a
	}
	row, err := p.db.ParticipantRow(p.ctx, id)
	if err != nil {
		p.err = err
		return ""
	}
	p.known[id] = row.Address
	return row.Address
}

// ticketShowCmd shows one ticket.
type ticketShowCmd struct {
	Ticket int64 `arg:"" help:"Its number."`
}

// ticketPage is everything about one ticket.
type ticketPage struct {
	Ticket  ticketView    `json:"ticket"`
	Entries []entryView   `json:"entries"`
	Events  []eventView   `json:"events"`
	Outbox  []outgoingRow `json:"outbox"`
}

// entryView is an entry for programs.
type entryView struct {
	ID          int64            `json:"id"`
	Kind        string           `json:"kind"`
	State       string           `json:"state"`
	From        string           `json:"from"`
	Agent       string           `json:"agent"`
	Level       string           `json:"level"`
	At          time.Time        `json:"at"`
	Subject     string           `json:"subject"`
	Reply       string           `json:"reply"`
	Why         string           `json:"why"`
	Arrival     int64            `json:"arrival"`
	Attachments []attachmentView `json:"attachments"`
}

// eventView is a line of the ledger for programs.
type eventView struct {
	Seq   int64         `json:"seq"`
	At    time.Time     `json:"at"`
	Kind  string        `json:"kind"`
	Body  tickets.Body  `json:"body"`
	Cause tickets.Cause `json:"cause"`
}

// Run prints the page; exit code 3 when there is no such ticket.
func (c *ticketShowCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		p, err := readTicket(ctx, db, c.Ticket)
		if err != nil {
			return err
		}
		if w.json {
			return writeJSON(w.out, p)
		}
		p.print(w.out, w.now())
		return nil
	})
}

func readTicket(ctx context.Context, db *ticketdb.DB, id int64) (p ticketPage, err error) {
	t, err := db.TicketRow(ctx, id)
	if err != nil {
		return p, err
	}
	entries, err := db.EntriesOf(ctx, id)
	if err != nil {
		return p, err
	}
	events, err := db.EventsOf(ctx, id)
	if err != nil {
		return p, err
	}
	out, err := db.ListOutbox(ctx, ticketdb.OutboxFilter{Ticket: id, Limit: 1000})
	if err != nil {
		return p, err
	}
	who := newAddressBook(ctx, db)
	p = ticketPage{Ticket: ticketView{t.ID, t.Subject, who.address(t.Requester), t}, Entries: []entryView{}, Events: []eventView{}, Outbox: outgoingRows(out)}
	for _, e := range entries {
		p.Entries = append(p.Entries, entryView{e.ID, string(e.Kind), string(e.State), e.From.Addr, e.Agent, e.Level.String(),
			e.At, e.Subject, e.Reply(), e.Why, e.Arrival, attachments(e.Parts)})
	}
	for _, e := range events {
		p.Events = append(p.Events, eventView{e.Seq, e.At, e.Body.Kind(), e.Body, e.Cause})
	}
	return p, who.err
}
