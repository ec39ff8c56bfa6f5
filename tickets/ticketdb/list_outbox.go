package ticketdb

import (
	"context"
	"fmt"
	"time"

	"postern/tickets"
)

// OutboxFilter says which outgoing messages to list; zero values ask for all.
type OutboxFilter struct {
	State     tickets.OutState
	Waiting   bool // queued, being sent or held
	Ticket    int64
	Queue     string
	Relay     string
	Recipient string // "participant 7"
	Answers   int64  // an arrival: only the mails of no ticket that answer it
	Since     time.Time
	Limit     int // 0 means 100
}

// ListOutbox lists outgoing messages without their content, newest first.
func (db *DB) ListOutbox(ctx context.Context, o OutboxFilter) (out []tickets.Outgoing, err error) {
	f := &filter{}
	f.is("state", string(o.State))
	f.is("queue", o.Queue)
	f.is("relay", o.Relay)
	f.is("recipient", o.Recipient)
	if o.Waiting {
		f.terms = append(f.terms, `state IN ('queued', 'sending', 'held')`)
	}
	if o.Ticket != 0 {
		f.add(`ticket = `, o.Ticket)
	}
	if o.Answers != 0 { // their key is role/arrival/recipient
		f.terms = append(f.terms, `ticket = 0`)
		f.add(`key LIKE `, fmt.Sprintf("%%/%d/%%", o.Answers))
	}
	f.since(o.Since)
	var rows []outRow
	limit := f.arg(limited(o.Limit))
	err = db.view(ctx, func(q queries) error {
		return q.list(&rows, `SELECT `+outColumns+` FROM outbox `+f.where()+` ORDER BY id DESC LIMIT `+limit, f.args...)
	})
	if err != nil {
		return nil, fmt.Errorf("listing outgoing mail: %w", err)
	}
	for _, r := range rows {
		out = append(out, r.outgoing())
	}
	return out, nil
}

// OutboxRow reads an outgoing message with its content; ErrNotFound when there is none.
func (db *DB) OutboxRow(ctx context.Context, id int64) (o tickets.Outgoing, err error) {
	err = db.view(ctx, func(q queries) error {
		var r outRow
		if err := q.get(&r, `SELECT `+outColumns+` FROM outbox WHERE id = $1`, id); err != nil {
			return err
		}
		o = r.outgoing()
		o.Content, err = q.content(id)
		return err
	})
	if err != nil {
		return tickets.Outgoing{}, fmt.Errorf("outgoing %d: %w", id, err)
	}
	return o, nil
}

// HoldOutbox keeps a queued message until it is released. ErrState when it is not queued.
func (db *DB) HoldOutbox(ctx context.Context, id int64) error {
	return db.change(ctx, "outbox", id, `UPDATE outbox SET state = 'held' WHERE id = $1 AND state = 'queued'`)
}

// ReleaseOutbox queues a held message. ErrState when it is not held.
func (db *DB) ReleaseOutbox(ctx context.Context, id int64) error {
	return db.change(ctx, "outbox", id, `UPDATE outbox SET state = 'queued', next_try = NULL WHERE id = $1 AND state = 'held'`)
}

// RetryOutbox queues a failed message again, and makes a waiting one due at once.
// ErrState when it was sent, is being sent, or was cancelled.
func (db *DB) RetryOutbox(ctx context.Context, id int64) error {
	return db.change(ctx, "outbox", id, `
		UPDATE outbox SET state = 'queued', next_try = NULL
		WHERE id = $1 AND state IN ('failed', 'queued')`)
}
