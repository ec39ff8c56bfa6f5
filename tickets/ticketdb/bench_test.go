package ticketdb_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// BenchmarkMessage stores a message of 20 KB and makes it a ticket with an
// acknowledgement, as the Desk does: Accept, Begin and one transaction.
func BenchmarkMessage(b *testing.B) {
	for name, url := range map[string]string{"sqlite": sqliteURL(b), "postgres": postgresURL(b)} {
		for _, writers := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", name, writers), func(b *testing.B) {
				db, err := ticketdb.Open(b.Context(), ticketdb.Config{URL: url})
				if err != nil {
					b.Fatal(err)
				}
				defer db.Close()
				b.SetParallelism(writers)
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := message(b, db, int(benched.Add(1))); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

var benched atomic.Int64

func message(b *testing.B, db *ticketdb.DB, n int) error {
	ctx := b.Context()
	id, _, err := db.Accept(ctx, arrival(n), pattern(20_000))
	if err != nil {
		return err
	}
	if _, _, err := db.Begin(ctx, id, noon); err != nil {
		return err
	}
	return db.Do(ctx, func(tx tickets.Tx) error {
		if _, err := tx.TakeArrival(id); err != nil {
			return err
		}
		if _, err := tx.ParticipantOf(tickets.Address{Addr: fmt.Sprintf("p%d@example.net", n)}); err != nil {
			return err
		}
		tk, err := tx.CreateTicket("Printer on fire", noon)
		if err != nil {
			return err
		}
		if tk, err = tx.Append(tk, event(tickets.Created{Queue: "it"}), event(tickets.EntryAdded{Entry: 1, State: tickets.EntryVisible})); err != nil {
			return err
		}
		entry, err := tx.AddEntry(tickets.Entry{Ticket: tk.ID, Arrival: id, Text: "It burns.", At: noon})
		if err != nil {
			return err
		}
		if _, err = tx.Enqueue(outgoing(tk.ID, tk.Seq, "ack")); err != nil {
			return err
		}
		return tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeEntry, Ticket: tk.ID, Entry: entry})
	})
}
