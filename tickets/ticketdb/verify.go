package ticketdb

import (
	"context"
	"fmt"

	"postern/tickets"
)

// Check is the outcome of one ticket's check.
type Check struct {
	Ticket int64
	Done   int // tickets checked, this one included
	Of     int // tickets at the beginning
	OK     bool
	Fold   tickets.Ticket // the sum of its events: what is right
	Row    tickets.Ticket // what the row says
	Why    string         // when not OK
}

// Verify folds every ticket and compares the sum with the row and with the columns
// that mirror it. each is told of every ticket, in order; the gateway may run
// meanwhile. The error is the database's: tickets that differ are in the checks.
func (db *DB) Verify(ctx context.Context, each func(Check)) error {
	var of int
	err := db.view(ctx, func(q queries) error { return q.get(&of, `SELECT count(*) FROM tickets`) })
	for done, last := 0, int64(0); err == nil; {
		var ids []int64
		err = db.view(ctx, func(q queries) error {
			return q.list(&ids, `SELECT id FROM tickets WHERE id > $1 ORDER BY id LIMIT 500`, last)
		})
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			done++
			c := Check{Ticket: id, Done: done, Of: max(of, done)}
			if err := db.view(ctx, func(q queries) error { return q.check(&c) }); err != nil {
				return fmt.Errorf("verifying ticket %d: %w", id, err)
			}
			each(c)
			last = id
		}
	}
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	return nil
}

// check compares one ticket at one moment.
func (q queries) check(c *Check) error {
	var row struct {
		ticketRow
		Queue       string
		Status      string
		Disposition string
		Assignee    string
		Requester   int64
		Priority    string
	}
	err := q.get(&row, `
		SELECT `+ticketColumns+`, queue, status, disposition, assignee, requester, priority
		FROM tickets WHERE id = $1`, c.Ticket)
	if err != nil {
		return err
	}
	if c.Row, err = row.ticket(); err != nil {
		c.Why = err.Error()
		return nil
	}
	var rows []eventRow
	if err := q.list(&rows, `SELECT ticket, seq, kind, body, cause, at FROM events WHERE ticket = $1 ORDER BY seq`, c.Ticket); err != nil {
		return err
	}
	events, err := converted(rows, eventRow.event)
	if err != nil { // tickets.ErrNewer, or a body that cannot be read
		c.Why = err.Error()
		return nil
	}
	c.Fold = tickets.Fold(tickets.Ticket{ID: c.Ticket, Subject: row.Subject}, events...)
	mirror := tickets.Ticket{Queue: row.Queue, Status: tickets.Status(row.Status), Disposition: tickets.Disposition(row.Disposition),
		Assignee: row.Assignee, Requester: row.Requester, Priority: tickets.Priority(row.Priority)}
	c.Why, err = differs(c.Fold, c.Row, mirror, row.Seq)
	c.OK = c.Why == ""
	return err
}

// differs says where the row or its columns are not the sum of the events.
func differs(fold, row, mirror tickets.Ticket, seq int64) (string, error) {
	want, err := text(fold)
	if err != nil {
		return "", err
	}
	got, err := text(row)
	if err != nil {
		return "", err
	}
	f := fold
	switch {
	case got != want:
		return fmt.Sprintf("row %s, events %s", got, want), nil
	case seq != f.Seq || clean(f.Queue) != mirror.Queue || f.Status != mirror.Status || f.Disposition != mirror.Disposition ||
		clean(f.Assignee) != mirror.Assignee || f.Requester != mirror.Requester || f.Priority != mirror.Priority:
		return fmt.Sprintf("columns %+v at %d, events %+v", mirror, seq, fold), nil
	}
	return "", nil
}
