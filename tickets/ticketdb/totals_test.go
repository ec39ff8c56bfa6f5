package ticketdb_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// The totals close: received = outcomes + new ones, at every state. INV-K3.
func TestTotalsClose(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		var ids []int64
		for n := range 5 {
			ids = append(ids, l.accepted(arrival(n)))
		}
		l.tx(func(tx tickets.Tx) error {
			entry, err := tx.AddEntry(tickets.Entry{Ticket: tk.ID, Arrival: ids[0], At: noon})
			if err != nil {
				return err
			}
			for n, r := range []tickets.Result{{Outcome: tickets.OutcomeEntry, Ticket: tk.ID, Entry: entry},
				{Outcome: tickets.OutcomeCopy, Copy: ids[0]}, {Outcome: tickets.OutcomeReturned}} {
				if err := tx.FinishArrival(ids[n], tickets.StateDone, r); err != nil {
					return err
				}
			}
			return tx.FinishArrival(ids[3], tickets.StateQuarantine, tickets.Result{Outcome: tickets.OutcomeQuarantined})
		})
		got, err := l.Totals(l.ctx)
		l.ok(err)
		want := "map[done:3 new:1 quarantined:1] map[copy:1 entry:1 quarantined:1 returned:1] map[new:1]"
		if text := fmt.Sprint(got.States, got.Outcomes, got.Tickets); got.Arrivals != 5 || got.Entries != 1 || text != want || len(got.Faults) != 0 {
			l.Errorf("%s\nexpected %s, %+v", text, want, got)
		}
		byState, err := l.ListArrivals(l.ctx, ticketdb.ArrivalFilter{State: tickets.StateDone, Source: "mx", Ticket: tk.ID, Since: noon})
		l.ok(err)
		byOutcome, err := l.ListArrivals(l.ctx, ticketdb.ArrivalFilter{Outcome: tickets.OutcomeQuarantined})
		l.ok(err)
		failed, err := l.ListArrivals(l.ctx, ticketdb.ArrivalFilter{Failed: true})
		l.ok(err)
		if len(byState) != 1 || byState[0].Arrival.ID != ids[0] || len(byOutcome) != 1 || byOutcome[0].Arrival.ID != ids[3] || len(failed) != 0 {
			l.Errorf("listed %v, %v, %v", byState, byOutcome, failed)
		}
		l.ok(onlyErr(l.RetryArrival(l.ctx, ids[0]), ticketdb.ErrState))
		l.ok(onlyErr(l.RetryArrival(l.ctx, 999), tickets.ErrNotFound))
		l.ok(l.RetryArrival(l.ctx, ids[3]))
		l.addsUp()
	})
}

// Each way in which the books can be wrong is found and named.
func TestTotalsFind(t *testing.T) {
	for fault, query := range map[string]string{
		"without an outcome":          `UPDATE arrivals SET state = 'done'`,
		"are new and have an outcome": `UPDATE arrivals SET outcome = 'returned'`,
		"entry is not there":          `UPDATE arrivals SET state = 'done', outcome = 'entry', entry = 999`,
		"first arrival is not there":  `UPDATE arrivals SET state = 'done', outcome = 'copy', copy_of = 999`,
		"octets are not all there":    `DELETE FROM raw_chunks`,
		"tickets without an event":    `INSERT INTO tickets (state, subject, subject_key, created, updated) VALUES ('{}', '', '', '2026-03-02 12:00:00.000000+00:00', '2026-03-02 12:00:00.000000+00:00')`,
		"not the last one":            `UPDATE tickets SET seq = 7`,
		"messages without content":    `DELETE FROM outbox_segments`,
	} {
		l := open(t, sqliteURL(t)) // the queries are the same; that they run on both, the other tests say
		l.accepted(arrival(1))
		l.ticket("x")
		l.queued(outgoing(1, 1, "ack"))
		l.addsUp()
		l.raw(query)
		got, err := l.Totals(l.ctx)
		if err != nil || !strings.Contains(strings.Join(got.Faults, "; "), fault) {
			t.Errorf("%s: found %q, %v", query, got.Faults, err)
		}
	}
}
