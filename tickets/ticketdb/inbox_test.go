package ticketdb_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// The same observation is stored once: INV-B1, key table "arrival over SMTP/LMTP".
func TestAcceptTwice(t *testing.T) {
	both(t, func(l *lab) {
		first := l.accepted(arrival(1))
		id, known, err := l.Accept(l.ctx, arrival(1), octets("sent again"))
		l.ok(err)
		if id != first || !known {
			l.Errorf("again: %d known=%v, expected %d known=true", id, known, first)
		}
		r, err := l.Raw(l.ctx, first)
		l.ok(err)
		if r.Size() == int64(len("sent again")) {
			l.Error("the first one's octets were replaced")
		}
	})
}

// Of eight couriers with the same message exactly one stores it, also when an expired
// key is to be freed: KeyFor.
func TestAcceptAtOnce(t *testing.T) {
	both(t, func(l *lab) {
		a := arrival(1)
		a.KeyFor = 10 * time.Minute
		old := l.accepted(a)
		a.At = a.At.Add(a.KeyFor)
		ids, fresh := sync.Map{}, make(chan int64, 8)
		l.atOnce(8, func(int) error {
			id, known, err := l.Accept(l.ctx, a, octets("again"))
			if !known {
				fresh <- id
			}
			ids.Store(id, true)
			return err
		})
		n := 0
		ids.Range(func(id, _ any) bool { n++; return id != old })
		if len(fresh) != 1 || n != 1 || <-fresh == old {
			l.Errorf("%d ids, the expired one is %d, %d were new", n, old, len(fresh))
		}
	})
}

// A key holds for KeyFor and not longer; the arrival that held it stays.
func TestKeyFor(t *testing.T) {
	both(t, func(l *lab) {
		a := arrival(1)
		a.KeyFor = 10 * time.Minute
		first := l.accepted(a)
		a.At = noon.Add(10*time.Minute - time.Microsecond)
		if id, known, err := l.Accept(l.ctx, a, octets("x")); err != nil || !known || id != first {
			l.Errorf("within: %d %v %v", id, known, err)
		}
		a.At = noon.Add(10 * time.Minute)
		second := l.accepted(a)
		a.At = noon.Add(20 * time.Minute)
		third := l.accepted(a)
		all, err := l.ListArrivals(l.ctx, ticketdb.ArrivalFilter{})
		l.ok(err)
		var ids []int64
		for _, i := range all {
			ids = append(ids, i.Arrival.ID)
		}
		if !slices.Equal(ids, []int64{third, second, first}) {
			l.Errorf("arrivals %v, expected %d %d %d", ids, third, second, first)
		}
	})
}

// A key of any length and any octets is a key.
func TestLongKey(t *testing.T) {
	both(t, func(l *lab) {
		for _, key := range []string{strings.Repeat("k", 100_000), "a\x00b", "\xff\xfe", "'; DROP TABLE arrivals--"} {
			a := arrival(1)
			a.Key = key
			first := l.accepted(a)
			if id, known, err := l.Accept(l.ctx, a, octets("x")); err != nil || !known || id != first {
				l.Errorf("%.20q again: %d %v %v", key, id, known, err)
			}
		}
	})
}

// Accept moves the IMAP cursor in its transaction, and a known message moves it too.
func TestAcceptMovesCursor(t *testing.T) {
	both(t, func(l *lab) {
		l.ok(l.StartMailbox(l.ctx, tickets.Mailbox{Account: "a", Mailbox: "INBOX", UIDValidity: 9, High: 3, Since: noon}))
		c := tickets.Cursor{Account: "a", Mailbox: "INBOX", UIDValidity: 9, UID: 5}
		l.ok(l.NoteUID(l.ctx, c, tickets.UIDPending, "cut"))
		a := arrival(1)
		a.Cursor = &c
		l.accepted(a)
		l.cursor(5, map[uint32]int{})
		again := c
		again.UID = 4_000_000_000
		a.Cursor = &again
		if _, known, err := l.Accept(l.ctx, a, octets("x")); err != nil || !known {
			l.Fatal(known, err)
		}
		l.cursor(4_000_000_000, map[uint32]int{})
		// A reader that has not noticed the new UIDVALIDITY moves nothing.
		stale := c
		stale.UIDValidity, stale.UID = 8, 4_100_000_000
		b := arrival(2)
		b.Cursor = &stale
		l.accepted(b)
		l.cursor(4_000_000_000, map[uint32]int{})
	})
}

// cursor checks where mailbox INBOX of a stands, and what is pending.
func (l *lab) cursor(high uint32, pending map[uint32]int) {
	l.Helper()
	m, err := l.Mailbox(l.ctx, "a", "INBOX")
	l.ok(err)
	if m.High != high || m.UIDValidity != 9 || !m.Since.Equal(noon) {
		l.Errorf("mailbox %+v, expected high %d", m, high)
	}
	got, err := l.PendingUIDs(l.ctx, tickets.Cursor{Account: "a", Mailbox: "INBOX", UIDValidity: 9})
	l.ok(err)
	if fmt.Sprint(got) != fmt.Sprint(pending) {
		l.Errorf("pending %v, expected %v", got, pending)
	}
}

// An arrival goes through its states; nothing happens to one that is not new.
func TestAttempts(t *testing.T) {
	both(t, func(l *lab) {
		id := l.accepted(arrival(1))
		for n := 1; n <= 2; n++ {
			if _, got, err := l.Begin(l.ctx, id, noon); err != nil || got != n {
				l.Errorf("attempt %d is counted %d: %v", n, got, err)
			}
		}
		later := noon.Add(time.Hour)
		l.ok(l.Fail(l.ctx, id, tickets.Failure{Err: "database away", Next: later, State: tickets.StateNew}))
		i := l.arrival(id)
		if i.Attempts != 1 || i.Error != "database away" || !i.NextTry.Equal(later) {
			l.Errorf("given back: %+v", i)
		}
		l.ok(l.Fail(l.ctx, id, tickets.Failure{Err: "panic", Counted: true, State: tickets.StateQuarantine}))
		if i := l.arrival(id); i.Attempts != 1 || i.State != tickets.StateQuarantine || i.Result.Outcome != tickets.OutcomeQuarantined {
			l.Errorf("quarantined: %+v", i)
		}
		if _, _, err := l.Begin(l.ctx, id, noon); !errors.Is(err, tickets.ErrTaken) {
			l.Errorf("beginning with a quarantined one: %v", err)
		}
		if err := l.Fail(l.ctx, id, tickets.Failure{}); !errors.Is(err, tickets.ErrTaken) {
			l.Errorf("failing a quarantined one: %v", err)
		}
		if _, _, err := l.Begin(l.ctx, 999, noon); !errors.Is(err, tickets.ErrNotFound) {
			l.Errorf("beginning with none: %v", err)
		}
		l.ok(l.RetryArrival(l.ctx, id))
		if _, got, err := l.Begin(l.ctx, id, noon); err != nil || got != 1 {
			l.Errorf("after a retry by hand: attempt %d, %v", got, err)
		}
	})
}

func (l *lab) arrival(id int64) ticketdb.ArrivalInfo {
	l.Helper()
	i, err := l.ArrivalRow(l.ctx, id)
	l.ok(err)
	return i
}

// Due lists what is due, oldest first; one under a running attempt is not for two minutes.
func TestDue(t *testing.T) {
	both(t, func(l *lab) {
		var ids []int64
		for n := range 4 {
			ids = append(ids, l.accepted(arrival(n)))
		}
		_, _, err := l.Begin(l.ctx, ids[0], noon)
		l.ok(err)
		l.ok(l.Fail(l.ctx, ids[1], tickets.Failure{Err: "x", Next: noon.Add(time.Minute), Counted: true}))
		for _, c := range []struct {
			after time.Duration
			n     int
			want  []int64
		}{
			{0, 9, ids[2:]}, {0, 1, ids[2:3]}, {time.Minute, 9, ids[1:]},
			{2*time.Minute - time.Microsecond, 9, ids[1:]}, {2 * time.Minute, 9, ids},
		} {
			got, err := l.Due(l.ctx, noon.Add(c.after), c.n)
			l.ok(err)
			if !slices.Equal(got, c.want) {
				l.Errorf("after %v, at most %d: %v, expected %v", c.after, c.n, got, c.want)
			}
		}
	})
}

// An arrival is digested once: eight take it, one gets it.
func TestTakeOnce(t *testing.T) {
	both(t, func(l *lab) {
		id := l.accepted(arrival(1))
		got := make(chan error, 8)
		l.atOnce(8, func(int) error {
			got <- l.Do(l.ctx, func(tx tickets.Tx) error {
				if _, err := tx.TakeArrival(id); err != nil {
					return err
				}
				return tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeReturned})
			})
			return nil
		})
		won := 0
		for range 8 {
			switch err := <-got; {
			case err == nil:
				won++
			case !errors.Is(err, tickets.ErrTaken):
				l.Error(err)
			}
		}
		if won != 1 {
			l.Errorf("%d took it", won)
		}
		l.ok(onlyErr(l.Do(l.ctx, func(tx tickets.Tx) error {
			return tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeCopy})
		}), tickets.ErrTaken))
		l.ok(onlyErr(l.Do(l.ctx, func(tx tickets.Tx) error { _, err := tx.TakeArrival(999); return err }), tickets.ErrNotFound))
		if i := l.arrival(id); i.Result.Outcome != tickets.OutcomeReturned {
			l.Errorf("its outcome changed: %+v", i.Result)
		}
	})
}

// onlyErr is nil when err is the expected error.
func onlyErr(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("got %v, expected %v", err, want)
}

// atOnce runs f n times at the same time.
func (l *lab) atOnce(n int, f func(i int) error) {
	l.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f(i); err != nil {
				l.Error(err)
			}
		})
	}
	wg.Wait()
}

// Of the arrivals with a content key or Message-ID, the first finished one is found,
// with the level of its entry and its whole result.
func TestBooked(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		var ids []int64
		long := strings.Repeat("m", 5000) + "@example.net"
		for n := range 3 {
			ids = append(ids, l.accepted(arrival(n)))
		}
		res := tickets.Result{Outcome: tickets.OutcomeEntry, Ticket: tk.ID, Why: "why", MessageID: long, ContentKey: "ck"}
		res.Trace.Add("seen already?", "no")
		l.tx(func(tx tickets.Tx) error {
			if _, err := tx.ByContent("ck"); !errors.Is(err, tickets.ErrNotFound) {
				return fmt.Errorf("before: %v", err)
			}
			var err error
			if res.Entry, err = tx.AddEntry(tickets.Entry{Ticket: tk.ID, Level: 2, At: noon}); err != nil {
				return err
			}
			return errors.Join(tx.FinishArrival(ids[2], tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeCopy, Copy: ids[1], MessageID: long, ContentKey: "ck"}),
				tx.FinishArrival(ids[1], tickets.StateDone, res))
		})
		want := tickets.Booked{Arrival: ids[1], Ticket: tk.ID, Entry: res.Entry, Outcome: tickets.OutcomeEntry, At: noon, Level: 2}
		l.tx(func(tx tickets.Tx) error {
			a, err := tx.ByContent("ck")
			b, err2 := tx.ByMessageID(long)
			if a != want || b != want {
				l.Errorf("by content %+v\nby Message-ID %+v\nexpected %+v", a, b, want)
			}
			_, none := tx.ByMessageID("")
			_, none2 := tx.ByContent("")
			return errors.Join(err, err2, onlyErr(none, tickets.ErrNotFound), onlyErr(none2, tickets.ErrNotFound))
		})
		if got := l.arrival(ids[1]).Result; fmt.Sprint(got) != fmt.Sprint(res) {
			l.Errorf("result %+v, expected %+v", got, res)
		}
		found, err := l.FindArrival(l.ctx, long)
		if err != nil || len(found) != 2 || found[0].Arrival.ID != ids[1] {
			l.Errorf("found %+v, %v", found, err)
		}
	})
}

// Two gateways with the same message by two ways: the second waits for the first and
// then sees the copy. Key table: "the same message by two ways".
func TestContentAtOnce(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		var ids []int64
		for n := range 8 {
			ids = append(ids, l.accepted(arrival(n)))
		}
		l.atOnce(8, func(i int) error {
			return l.Do(l.ctx, func(tx tickets.Tx) error {
				res := tickets.Result{Outcome: tickets.OutcomeCopy, ContentKey: "ck"}
				first, err := tx.ByContent("ck")
				if errors.Is(err, tickets.ErrNotFound) {
					res.Outcome, err = tickets.OutcomeEntry, nil
					res.Entry, err = tx.AddEntry(tickets.Entry{Ticket: tk.ID, At: noon})
				}
				if err != nil {
					return err
				}
				res.Copy = first.Arrival
				return tx.FinishArrival(ids[i], tickets.StateDone, res)
			})
		})
		sum, err := l.Totals(l.ctx)
		l.ok(err)
		if sum.Entries != 1 || sum.Outcomes[tickets.OutcomeCopy] != 7 || len(sum.Faults) != 0 {
			l.Errorf("%+v", sum)
		}
	})
}

// An arrival is read back as it was accepted, whatever its envelope says.
func TestArrivalKept(t *testing.T) {
	both(t, func(l *lab) {
		null := ""
		a := arrival(1)
		a.From, a.To, a.Helo, a.TLS = &null, []string{"a@b", "'; --@c", "ü@d"}, "h\x00\xff", true
		a.Trust = tickets.Trust{ServIDs: []string{"mx"}, Mode: "single", Marker: &tickets.Marker{Name: "X", Value: "%a"}}
		a.Defects, a.Quiet, a.Queue = []string{"bare LF"}, "old", "it"
		id := l.accepted(a)
		got := l.arrival(id).Arrival
		a.ID, a.Size, a.Helo = id, 25, got.Helo
		if fmt.Sprintf("%+v", deref(got)) != fmt.Sprintf("%+v", deref(a)) {
			l.Errorf("got  %+v\nwant %+v", deref(got), deref(a))
		}
		b := arrival(2)
		b.From = nil
		if got := l.arrival(l.accepted(b)).Arrival; got.From != nil {
			l.Errorf("an unknown sender became %q", *got.From)
		}
	})
}

// deref makes two arrivals comparable as text.
func deref(a tickets.Arrival) any {
	from, marker := *a.From, *a.Trust.Marker
	a.From, a.Trust.Marker = nil, nil
	return []any{a, from, marker}
}

// What the rules saw and decided is kept and listed, for arrivals and for tickets.
func TestDecisions(t *testing.T) {
	both(t, func(l *lab) {
		d := tickets.DecisionRecord{Arrival: 4, Ticket: 7, Seq: 2, At: noon,
			Facts:    tickets.Facts{Phase: tickets.PhaseReceive, At: noon, Message: tickets.MessageFacts{Subject: "a\x00\xff"}},
			Decision: tickets.Decision{Version: "v", Actions: []tickets.Action{{Do: tickets.DoQueue, Value: "it"}}}}
		l.tx(func(tx tickets.Tx) error {
			return errors.Join(tx.RecordDecision(d), tx.RecordDecision(tickets.DecisionRecord{Arrival: 5, At: noon}))
		})
		for _, f := range []ticketdb.DecisionFilter{{Arrival: 4}, {Ticket: 7}, {Limit: 1}} {
			got, err := l.DecisionsOf(l.ctx, f)
			if err != nil || len(got) != 1 || got[0].Decision.Actions[0].Value != "it" || got[0].Facts.Phase != tickets.PhaseReceive {
				l.Errorf("%+v: %+v, %v", f, got, err)
			}
		}
	})
}
