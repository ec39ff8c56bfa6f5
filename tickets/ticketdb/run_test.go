package ticketdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// A transaction that lost a race runs again, at most five times, after a short pause
// each; another error ends it at once.
func TestReruns(t *testing.T) {
	for name, url := range map[string]string{"sqlite": sqliteURL(t), "postgres": postgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			var pauses []time.Duration
			db, err := ticketdb.Open(t.Context(), ticketdb.Config{URL: url, Pause: func(_ context.Context, d time.Duration) error {
				pauses = append(pauses, d)
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for _, c := range []struct {
				err  error
				wins int // the run that succeeds; 0: none
				want int
			}{
				{tickets.ErrConflict, 0, 6}, {fmt.Errorf("x: %w", tickets.ErrConflict), 3, 3}, {tickets.ErrConflict, 6, 6},
				{errors.New("broken"), 0, 1}, {tickets.ErrTaken, 0, 1}, {tickets.ErrUnknown, 0, 1}, {nil, 1, 1},
			} {
				runs := 0
				pauses = nil
				err := db.Do(t.Context(), func(tickets.Tx) error {
					if runs++; runs == c.wins {
						return nil
					}
					return c.err
				})
				if runs != c.want || len(pauses) != runs-1 || (err == nil) != (c.wins != 0) || err != nil && !errors.Is(err, c.err) {
					t.Errorf("%v, success at %d: %d runs, pauses %v, %v", c.err, c.wins, runs, pauses, err)
				}
				for _, p := range pauses {
					if p <= 0 || p > 100*time.Millisecond {
						t.Errorf("a pause of %v", p)
					}
				}
			}
		})
	}
}

// Of two transactions in a deadlock one is run again, and both succeed: FLT-20.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	l := open(t, postgresURL(t)) // SQLite has one writer
	a, b := l.ticket("a"), l.ticket("b")
	var both sync.WaitGroup
	both.Add(2)
	runs := make(chan int, 20)
	l.atOnce(2, func(n int) error {
		first, second := a.ID, b.ID
		if n == 1 {
			first, second = b.ID, a.ID
		}
		once := sync.OnceFunc(func() { both.Done(); both.Wait() })
		return l.Do(l.ctx, func(tx tickets.Tx) error {
			runs <- n
			if _, err := tx.Ticket(first); err != nil {
				return err
			}
			once()
			tk, err := tx.Ticket(second)
			if err != nil {
				return err
			}
			_, err = tx.Append(tk, event(tickets.Flagged{Flag: fmt.Sprint(n)}))
			return err
		})
	})
	if len(runs) != 3 {
		l.Errorf("%d runs; one of two had to run again", len(runs))
	}
	l.addsUp()
}

// The answer to COMMIT is lost: Do says that it does not know, Accept finds out. It is
// stored once, and the sender's next try is absorbed: FLT-16, INV-A2.
func TestCommitAnswerLost(t *testing.T) {
	t.Parallel()
	for _, how := range []maillab.Cut{maillab.FIN, maillab.RST} {
		direct := open(t, postgresURL(t))
		proxy := maillab.StartProxy(t, maillab.SharedPostgres(t).Addr)
		l := open(t, through(direct.url, proxy))
		lost := maillab.Fault{Dir: maillab.ToClient, Pattern: []byte("COMMIT\x00"), Cut: how, Times: 1}
		proxy.Set(lost)
		tk, runs := tickets.Ticket{}, 0
		err := l.Do(l.ctx, func(tx tickets.Tx) (err error) {
			runs++
			tk, err = tx.CreateTicket("x", noon)
			if err == nil {
				_, err = tx.Append(tk, event(tickets.Created{Queue: "it"}))
			}
			return err
		})
		if !errors.Is(err, tickets.ErrUnknown) || runs != 1 || proxy.Cuts() != 1 {
			t.Errorf("Do: %v after %d runs, %d cuts", err, runs, proxy.Cuts())
		}
		if _, err := direct.TicketRow(l.ctx, tk.ID); err != nil {
			t.Errorf("the transaction was committed, but: %v", err)
		}

		proxy.Set(lost)
		id, known, err := l.Accept(l.ctx, arrival(1), octets("x"))
		if err != nil || known || proxy.Cuts() != 1 {
			t.Errorf("Accept: %d known=%v %v, %d cuts", id, known, err, proxy.Cuts())
		}
		again, known, err := l.Accept(l.ctx, arrival(1), octets("x"))
		if again != id || !known || err != nil {
			t.Errorf("the sender's next try: %d known=%v %v, expected %d", again, known, err, id)
		}
		direct.addsUp()
	}
}

// COMMIT itself is lost and the database cannot be asked: Accept does not know, and
// says so; nothing is there, and the next try stores it.
func TestCommitLost(t *testing.T) {
	t.Parallel()
	direct := open(t, postgresURL(t))
	proxy := maillab.StartProxy(t, maillab.SharedPostgres(t).Addr)
	l := open(t, through(direct.url, proxy))
	proxy.Set(maillab.Fault{Dir: maillab.ToServer, Pattern: []byte("COMMIT\x00"), Cut: maillab.RST})
	if _, _, err := l.Accept(l.ctx, arrival(1), octets("x")); !errors.Is(err, tickets.ErrUnknown) {
		t.Errorf("Accept: %v", err)
	}
	proxy.Set(maillab.Fault{})
	if sum, err := direct.Totals(l.ctx); err != nil || sum.Arrivals != 0 {
		t.Errorf("%+v %v", sum, err)
	}
	l.accepted(arrival(1))
}

// The connection is cut at each of the first messages of Accept, after each octet count
// in turn: whatever Accept says, nil means stored, and the retry makes it exactly one.
func TestCutEverywhere(t *testing.T) {
	t.Parallel()
	direct := open(t, postgresURL(t))
	proxy := maillab.StartProxy(t, maillab.SharedPostgres(t).Addr)
	l := open(t, through(direct.url, proxy))
	n := 0
	for _, dir := range []maillab.Direction{maillab.ToServer, maillab.ToClient} {
		for after := int64(1); after < 3000; after += 97 {
			n++
			proxy.CutAll(maillab.RST)
			proxy.Set(maillab.Fault{Dir: dir, After: after, Cut: maillab.RST, Times: 1})
			id, _, err := l.Accept(l.ctx, arrival(n), octets("x"))
			if err == nil {
				if _, err := direct.ArrivalRow(l.ctx, id); err != nil {
					t.Errorf("cut after %d: nil, but %v", after, err)
				}
			}
			proxy.Set(maillab.Fault{})
			if _, _, err := l.Accept(l.ctx, arrival(n), octets("x")); err != nil {
				t.Errorf("cut after %d, healed: %v", after, err)
			}
		}
	}
	if sum, err := direct.Totals(l.ctx); err != nil || sum.Arrivals != n {
		t.Errorf("%d arrivals for %d messages, %v", sum.Arrivals, n, err)
	}
}
