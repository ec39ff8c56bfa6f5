package ticketdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/tickets"
)

// Begin counts an attempt at a new arrival; see tickets.Store.
func (db *DB) Begin(ctx context.Context, id int64, at time.Time) (a tickets.Arrival, attempts int, err error) {
	err = db.run(ctx, func(t *tx) error {
		var row arrivalRow
		err := t.get(&row, `
			UPDATE arrivals SET attempts = attempts + 1, next_try = $2
			WHERE id = $1 AND state = 'new'
			RETURNING `+arrivalColumns, id, stamp(at.Add(running)))
		if err != nil {
			return t.missing(id, err)
		}
		attempts = row.Attempts
		a, err = row.arrival()
		return err
	})
	if err != nil {
		return tickets.Arrival{}, 0, fmt.Errorf("beginning with arrival %d: %w", id, err)
	}
	return a, attempts, nil
}

// missing turns "no new arrival" into ErrTaken when the arrival is there.
func (t *tx) missing(id int64, err error) error {
	if !errors.Is(err, tickets.ErrNotFound) {
		return err
	}
	var there int64
	if err := t.get(&there, `SELECT id FROM arrivals WHERE id = $1`, id); err != nil {
		return err
	}
	return tickets.ErrTaken
}

// Fail keeps the error of an attempt; see tickets.Store.
func (db *DB) Fail(ctx context.Context, id int64, f tickets.Failure) error {
	back := 0
	if !f.Counted {
		back = 1
	}
	state := f.State
	if state == "" {
		state = tickets.StateNew
	}
	err := db.run(ctx, func(t *tx) error {
		return t.missing(id, t.one(`
			UPDATE arrivals SET error = $2, next_try = $3, state = $4,
				outcome = CASE WHEN $5 THEN 'quarantined' ELSE outcome END,
				attempts = CASE WHEN attempts > $6 THEN attempts - $6 ELSE 0 END
			WHERE id = $1 AND state = 'new'`,
			id, f.Err, stamp(f.Next), state, state == tickets.StateQuarantine, back))
	})
	if err != nil {
		return fmt.Errorf("keeping the error of arrival %d: %w", id, err)
	}
	return nil
}

// Due lists new arrivals whose next attempt is due; see tickets.Store.
func (db *DB) Due(ctx context.Context, at time.Time, n int) (ids []int64, err error) {
	err = db.view(ctx, func(q queries) error {
		return q.list(&ids, `
			SELECT id FROM arrivals WHERE state = 'new' AND (next_try IS NULL OR next_try <= $1)
			ORDER BY id LIMIT $2`, stamp(at), n)
	})
	if err != nil {
		return nil, fmt.Errorf("listing due arrivals: %w", err)
	}
	return ids, nil
}

// TakeArrival locks a new arrival; see tickets.Tx.
func (t *tx) TakeArrival(id int64) (tickets.Arrival, error) {
	var row arrivalRow
	err := t.get(&row, `SELECT `+arrivalColumns+` FROM arrivals WHERE id = $1 {lock}`, id)
	if err != nil {
		return tickets.Arrival{}, fmt.Errorf("taking arrival %d: %w", id, err)
	}
	if row.State != string(tickets.StateNew) {
		return tickets.Arrival{}, fmt.Errorf("taking arrival %d: %w", id, tickets.ErrTaken)
	}
	return row.arrival()
}

// FinishArrival closes an arrival that is not done; see tickets.Tx.
func (t *tx) FinishArrival(id int64, s tickets.ArrivalState, r tickets.Result) error {
	trace, err := text(r.Trace)
	if err != nil {
		return err
	}
	err = t.missing(id, t.one(`
		UPDATE arrivals SET state = $2, outcome = $3, ticket = $4, entry = $5, copy_of = $6, why = $7, trace = $8,
			message_id = $9, message_id_hash = $10, content_key = $11, error = '', next_try = NULL
		WHERE id = $1 AND state <> 'done'`,
		id, s, r.Outcome, r.Ticket, r.Entry, r.Copy, r.Why, trace,
		r.MessageID, hashed(r.MessageID), short(r.ContentKey)))
	if err != nil {
		return fmt.Errorf("finishing arrival %d: %w", id, err)
	}
	return nil
}

// bookedRow is where an earlier message went.
type bookedRow struct {
	ID      int64
	Ticket  int64
	Entry   int64
	Outcome string
	At      stamp
	Level   int
}

// booked reads the first one. where repeats the condition of its index, "not empty": neither
// database takes the index for a value that it does not know yet.
func (t *tx) booked(where string, args ...any) (tickets.Booked, error) {
	var r bookedRow
	err := t.get(&r, `
		SELECT a.id, a.ticket, a.entry, a.outcome, a.at, COALESCE(e.level, 0) AS level
		FROM arrivals a LEFT JOIN entries e ON e.id = a.entry
		WHERE a.state <> 'new' AND `+where+`
		ORDER BY a.id LIMIT 1`, args...)
	return tickets.Booked{Arrival: r.ID, Ticket: r.Ticket, Entry: r.Entry, Outcome: tickets.Outcome(r.Outcome),
		At: r.At.time(), Level: tickets.Level(r.Level)}, err
}

// ByContent finds the first finished arrival with a content key; see tickets.Tx. The
// key is locked first, so that of two gateways with the same message in hand the
// second waits and then sees what the first has made.
func (t *tx) ByContent(key string) (tickets.Booked, error) {
	if key == "" {
		return tickets.Booked{}, tickets.ErrNotFound
	}
	if err := t.lockText("content " + key); err != nil {
		return tickets.Booked{}, fmt.Errorf("locking a content key: %w", err)
	}
	b, err := t.booked(`a.content_key = $1 AND a.content_key <> ''`, short(key))
	if err != nil {
		return b, fmt.Errorf("looking for a copy: %w", err)
	}
	return b, nil
}

// ByMessageID finds the first finished arrival with a Message-ID; see tickets.Tx.
func (t *tx) ByMessageID(id string) (tickets.Booked, error) {
	if id == "" {
		return tickets.Booked{}, tickets.ErrNotFound
	}
	b, err := t.booked(`a.message_id_hash = $1 AND a.message_id_hash <> ''`, hashed(id))
	if err != nil {
		return b, fmt.Errorf("looking for a Message-ID: %w", err)
	}
	return b, nil
}

// RecordDecision keeps what the rules saw and decided; see tickets.Tx.
func (t *tx) RecordDecision(d tickets.DecisionRecord) error {
	facts, err := text(d.Facts)
	if err != nil {
		return err
	}
	decision, err := text(d.Decision)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT INTO decisions (arrival, ticket, seq, facts, decision, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		d.Arrival, d.Ticket, d.Seq, facts, decision, stamp(d.At))
	if err != nil {
		return fmt.Errorf("recording a decision: %w", err)
	}
	return nil
}
