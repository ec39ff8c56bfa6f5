package ticketdb

import (
	"context"
	"fmt"
	"time"

	"postern/tickets"
)

// ArrivalFilter says which arrivals to list; zero values ask for all.
type ArrivalFilter struct {
	State   tickets.ArrivalState
	Outcome tickets.Outcome
	Source  string // name of the listener or mailbox
	Ticket  int64
	Since   time.Time
	Failed  bool // only new ones whose last attempt failed
	Limit   int  // 0 means 100
}

// ArrivalInfo is an arrival and what became of it.
type ArrivalInfo struct {
	Arrival  tickets.Arrival
	State    tickets.ArrivalState
	Attempts int
	NextTry  time.Time      // of a new one
	Error    string         // of the last attempt that failed
	Result   tickets.Result // with the trace, when it is done
}

func (r arrivalRow) info() (i ArrivalInfo, err error) {
	i = ArrivalInfo{State: tickets.ArrivalState(r.State), Attempts: r.Attempts, NextTry: r.NextTry.time(), Error: r.Error}
	if i.Arrival, err = r.arrival(); err != nil {
		return i, err
	}
	i.Result, err = r.result()
	return i, err
}

// ListArrivals lists arrivals, newest first.
func (db *DB) ListArrivals(ctx context.Context, a ArrivalFilter) ([]ArrivalInfo, error) {
	f := &filter{}
	f.is("state", string(a.State))
	f.is("outcome", string(a.Outcome))
	f.is("source", a.Source)
	if a.Ticket != 0 {
		f.add(`ticket = `, a.Ticket)
	}
	f.since(a.Since)
	if a.Failed {
		f.terms = append(f.terms, `state = 'new' AND error <> ''`)
	}
	limit := f.arg(limited(a.Limit))
	return db.arrivals(ctx, f.where()+` ORDER BY id DESC LIMIT `+limit, f.args...)
}

// FindArrival lists the arrivals with a Message-ID, oldest first. One that was never
// read has none yet.
func (db *DB) FindArrival(ctx context.Context, messageID string) ([]ArrivalInfo, error) {
	if messageID == "" {
		return nil, nil
	}
	return db.arrivals(ctx, `WHERE message_id_hash = $1 AND message_id_hash <> '' ORDER BY id`, hashed(messageID))
}

// ArrivalRow reads an arrival; ErrNotFound when there is none.
func (db *DB) ArrivalRow(ctx context.Context, id int64) (ArrivalInfo, error) {
	found, err := db.arrivals(ctx, `WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("arrival %d: %w", id, tickets.ErrNotFound)
	}
	if err != nil {
		return ArrivalInfo{}, err
	}
	return found[0], nil
}

func (db *DB) arrivals(ctx context.Context, where string, args ...any) ([]ArrivalInfo, error) {
	var rows []arrivalRow
	err := db.view(ctx, func(q queries) error {
		return q.list(&rows, `SELECT `+arrivalColumns+` FROM arrivals `+where, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("reading arrivals: %w", err)
	}
	return converted(rows, arrivalRow.info)
}

// RetryArrival makes a quarantined or failed arrival new and due, with no attempt
// counted. ErrState when it is done.
func (db *DB) RetryArrival(ctx context.Context, id int64) error {
	return db.change(ctx, "arrivals", id, `
		UPDATE arrivals SET state = 'new', attempts = 0, next_try = NULL, error = '', outcome = '', why = ''
		WHERE id = $1 AND state <> 'done'`)
}

// change changes one row that is in the right state.
func (db *DB) change(ctx context.Context, table string, id int64, query string) error {
	err := db.run(ctx, func(t *tx) error {
		n, err := t.exec(query, id)
		if err != nil || n == 1 {
			return err
		}
		var state string
		if err := t.get(&state, `SELECT state FROM `+table+` WHERE id = $1`, id); err != nil {
			return err
		}
		return fmt.Errorf("it is %s: %w", state, ErrState)
	})
	if err != nil {
		return fmt.Errorf("%s %d: %w", table, id, err)
	}
	return nil
}

// DecisionFilter says whose decisions to list: an arrival's, or a ticket's.
type DecisionFilter struct {
	Arrival int64
	Ticket  int64
	Since   time.Time
	Limit   int // 0 means 100
}

// DecisionsOf lists what the rules saw and decided, in order.
func (db *DB) DecisionsOf(ctx context.Context, d DecisionFilter) ([]tickets.DecisionRecord, error) {
	f := &filter{}
	if d.Arrival != 0 {
		f.add(`arrival = `, d.Arrival)
	}
	if d.Ticket != 0 {
		f.add(`ticket = `, d.Ticket)
	}
	f.since(d.Since)
	var rows []decisionRow
	limit := f.arg(limited(d.Limit))
	err := db.view(ctx, func(q queries) error {
		return q.list(&rows, `SELECT arrival, ticket, seq, facts, decision, at FROM decisions `+f.where()+` ORDER BY id LIMIT `+limit, f.args...)
	})
	if err != nil {
		return nil, fmt.Errorf("listing decisions: %w", err)
	}
	return converted(rows, decisionRow.record)
}

// decisionRow is a decision as stored.
type decisionRow struct {
	Arrival  int64
	Ticket   int64
	Seq      int64
	Facts    *string
	Decision *string
	At       stamp
}

func (r decisionRow) record() (tickets.DecisionRecord, error) {
	d := tickets.DecisionRecord{Arrival: r.Arrival, Ticket: r.Ticket, Seq: r.Seq, At: r.At.time()}
	if err := parse(r.Facts, &d.Facts); err != nil {
		return d, err
	}
	return d, parse(r.Decision, &d.Decision)
}
