package ticketdb

import (
	"context"
	"errors"
	"fmt"

	"postern/tickets"
)

// ErrState says that a row is not in the state from which the change is possible.
var ErrState = errors.New("not possible in its state")

// TicketFilter says which tickets to list; zero values ask for all.
type TicketFilter struct {
	Queue       string
	Status      tickets.Status
	Disposition tickets.Disposition
	Assignee    string // an agent's name
	Unassigned  bool   // only those that nobody has
	Requester   int64  // participant
	Open        bool   // only those somebody has to work on
	// Search asks for tickets with an entry that holds all of these words, whatever their
	// case; text without a word asks for none.
	Search string
	Limit  int // 0 means 100
}

// limited is a limit, or the usual one.
func limited(n int) int { return number(n, 100) }

// ListTickets lists tickets, newest first.
func (db *DB) ListTickets(ctx context.Context, t TicketFilter) (out []tickets.Ticket, err error) {
	f := &filter{}
	f.is("queue", t.Queue)
	f.is("status", string(t.Status))
	f.is("disposition", string(t.Disposition))
	f.is("assignee", t.Assignee)
	if t.Unassigned {
		f.add(`assignee = `, "")
	}
	if t.Requester != 0 {
		f.add(`requester = `, t.Requester)
	}
	if t.Open {
		f.terms = append(f.terms, `status NOT IN ('resolved', 'closed') AND disposition = ''`)
	}
	if t.Search != "" {
		f.searched(db.d, t.Search)
	}
	var rows []ticketRow
	err = db.view(ctx, func(q queries) error {
		return q.list(&rows, `SELECT `+ticketColumns+` FROM tickets `+f.where()+` ORDER BY id DESC LIMIT `+f.arg(limited(t.Limit)), f.args...)
	})
	if err != nil {
		return nil, fmt.Errorf("listing tickets: %w", err)
	}
	return converted(rows, ticketRow.ticket)
}

// TicketRow reads a ticket as its row stands; ErrNotFound when there is none.
func (db *DB) TicketRow(ctx context.Context, id int64) (t tickets.Ticket, err error) {
	err = db.view(ctx, func(q queries) error {
		t, err = q.ticketRow(id)
		return err
	})
	return t, err
}

func (q queries) ticketRow(id int64) (tickets.Ticket, error) {
	var row ticketRow
	if err := q.get(&row, `SELECT `+ticketColumns+` FROM tickets WHERE id = $1`, id); err != nil {
		return tickets.Ticket{}, fmt.Errorf("ticket %d: %w", id, err)
	}
	return row.ticket()
}

// EventsOf lists the ledger of a ticket in order.
func (db *DB) EventsOf(ctx context.Context, ticket int64) (out []tickets.Event, err error) {
	err = db.view(ctx, func(q queries) error {
		out, err = q.events(ticket)
		return err
	})
	return out, err
}

// EntriesOf lists the entries of a ticket, oldest first.
func (db *DB) EntriesOf(ctx context.Context, ticket int64) (out []tickets.Entry, err error) {
	err = db.view(ctx, func(q queries) error {
		out, err = q.entries(`WHERE ticket = $1 ORDER BY id`, ticket)
		return err
	})
	return out, err
}

// ParticipantRow reads a participant; ErrNotFound when there is none.
func (db *DB) ParticipantRow(ctx context.Context, id int64) (p tickets.Participant, err error) {
	err = db.view(ctx, func(q queries) error {
		p, err = q.participant(`id = $1`, id)
		return err
	})
	return p, err
}
