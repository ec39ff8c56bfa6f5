package ticketdb

import (
	"context"
	"fmt"
	"time"

	"postern/tickets"
)

// Totals are the counts that must close: every arrival is new, or has exactly one
// outcome that is really there.
type Totals struct {
	Arrivals int
	States   map[tickets.ArrivalState]int
	Outcomes map[tickets.Outcome]int // of arrivals that are not new
	Entries  int
	Tickets  map[tickets.Status]int
	Outbox   map[tickets.OutState]int
	// WaitingSince is the moment of the oldest message that waits to be sent.
	WaitingSince time.Time
	// Faults says in words what does not close; empty when the books are right.
	Faults []string
}

// books are questions whose answer must be 0.
var books = []struct{ fault, query string }{
	{"arrivals that are done without an outcome",
		`SELECT count(*) FROM arrivals WHERE state <> 'new' AND outcome = ''`},
	{"arrivals that are new and have an outcome",
		`SELECT count(*) FROM arrivals WHERE state = 'new' AND outcome <> ''`},
	{"arrivals whose entry is not there",
		`SELECT count(*) FROM arrivals a WHERE a.outcome = 'entry'
			AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.id = a.entry)`},
	{"copies whose first arrival is not there",
		`SELECT count(*) FROM arrivals a WHERE a.outcome = 'copy'
			AND NOT EXISTS (SELECT 1 FROM arrivals b WHERE b.id = a.copy_of)`},
	{"arrivals whose octets are not all there",
		`SELECT count(*) FROM arrivals a WHERE (a.size + 262143) / 262144 <>
			(SELECT count(*) FROM raw_chunks c WHERE c.arrival = a.id)`},
	{"tickets without an event",
		`SELECT count(*) FROM tickets WHERE seq = 0`},
	{"tickets whose last event is not the last one of the ledger",
		`SELECT count(*) FROM tickets t WHERE t.seq <>
			(SELECT COALESCE(max(e.seq), 0) FROM events e WHERE e.ticket = t.id)`},
	{"outgoing messages without content",
		`SELECT count(*) FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM outbox_segments s WHERE s.outgoing = o.id)`},
}

// Totals counts what there is and checks that the books close, at one moment.
func (db *DB) Totals(ctx context.Context) (t Totals, err error) {
	t = Totals{States: map[tickets.ArrivalState]int{}, Outcomes: map[tickets.Outcome]int{},
		Tickets: map[tickets.Status]int{}, Outbox: map[tickets.OutState]int{}}
	err = db.view(ctx, func(q queries) error {
		if err := q.counts(&t); err != nil {
			return err
		}
		return q.faults(&t)
	})
	if err != nil {
		return Totals{}, fmt.Errorf("counting: %w", err)
	}
	return t, nil
}

func (q queries) counts(t *Totals) error {
	if err := grouped(q, t.States, `SELECT state AS name, count(*) AS n FROM arrivals GROUP BY state`); err != nil {
		return err
	}
	if err := grouped(q, t.Outcomes, `SELECT outcome AS name, count(*) AS n FROM arrivals WHERE state <> 'new' GROUP BY outcome`); err != nil {
		return err
	}
	if err := grouped(q, t.Tickets, `SELECT status AS name, count(*) AS n FROM tickets GROUP BY status`); err != nil {
		return err
	}
	if err := grouped(q, t.Outbox, `SELECT state AS name, count(*) AS n FROM outbox GROUP BY state`); err != nil {
		return err
	}
	if err := q.get(&t.Arrivals, `SELECT count(*) FROM arrivals`); err != nil {
		return err
	}
	if err := q.get(&t.Entries, `SELECT count(*) FROM entries`); err != nil {
		return err
	}
	var since stamp
	err := q.get(&since, `SELECT min(at) FROM outbox WHERE state IN ('queued', 'sending')`)
	t.WaitingSince = since.time()
	return err
}

// grouped fills a map with the counts of a query's names.
func grouped[K ~string](q queries, into map[K]int, query string) error {
	var rows []struct {
		Name string
		N    int
	}
	if err := q.list(&rows, query); err != nil {
		return err
	}
	for _, r := range rows {
		into[K(r.Name)] = r.N
	}
	return nil
}

func (q queries) faults(t *Totals) error {
	sum := t.States[tickets.StateNew]
	for outcome, n := range t.Outcomes {
		if outcome != "" {
			sum += n
		}
	}
	if sum != t.Arrivals {
		t.Faults = append(t.Faults, fmt.Sprintf("%d arrivals, but %d outcomes and new ones", t.Arrivals, sum))
	}
	for _, b := range books {
		var n int
		if err := q.get(&n, b.query); err != nil {
			return err
		}
		if n != 0 {
			t.Faults = append(t.Faults, fmt.Sprintf("%d %s", n, b.fault))
		}
	}
	return nil
}
