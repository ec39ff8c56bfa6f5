package ticketdb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// Eight gateways write to one ticket, 80 times each: none is lost, none conflicts for good.
func TestManyWriters(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		l.atOnce(8, func(w int) error {
			for n := range 80 {
				err := l.Do(l.ctx, func(tx tickets.Tx) error {
					now, err := tx.Ticket(tk.ID)
					if err != nil {
						return err
					}
					_, err = tx.Append(now, event(tickets.Tagged{Added: []string{fmt.Sprintf("w%dn%d", w, n)}}))
					return err
				})
				if err != nil {
					return fmt.Errorf("writer %d, %d: %w", w, n, err)
				}
			}
			return nil
		})
		got, err := l.TicketRow(l.ctx, tk.ID)
		l.ok(err)
		if got.Seq != 641 || len(got.Tags) != 640 {
			l.Errorf("at event %d with %d tags", got.Seq, len(got.Tags))
		}
		l.addsUp()
	})
}

// addsUp checks that every row is the sum of its events and the books close.
func (l *lab) addsUp() {
	l.Helper()
	l.ok(l.Verify(l.ctx, func(c ticketdb.Check) {
		if !c.OK {
			l.Errorf("ticket %d does not add up: %s", c.Ticket, c.Why)
		}
	}))
	got, err := l.Totals(l.ctx)
	l.ok(err)
	if len(got.Faults) != 0 {
		l.Errorf("the books do not close: %q", got.Faults)
	}
}

// A writer who has not seen the last event is told so and nothing of his is written.
func TestAppendConflict(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		l.tx(func(tx tickets.Tx) error {
			_, err := tx.Append(tk, event(tickets.Assigned{To: "bob"}))
			return err
		})
		runs := 0
		err := l.Do(l.ctx, func(tx tickets.Tx) error {
			runs++
			if err := tx.SetSubject(tk.ID, "must not stay"); err != nil {
				return err
			}
			_, err := tx.Append(tk, event(tickets.Assigned{To: "eve"}))
			return err
		})
		if !errors.Is(err, tickets.ErrConflict) || runs != 6 {
			l.Errorf("%v after %d runs, expected a conflict after 6", err, runs)
		}
		got, err := l.TicketRow(l.ctx, tk.ID)
		l.ok(err)
		if got.Assignee != "bob" || got.Seq != 2 || got.Subject != "x" {
			l.Errorf("%+v", got)
		}
		err = l.Do(l.ctx, func(tx tickets.Tx) error {
			_, err := tx.Append(tickets.Ticket{ID: 999}, event(tickets.Assigned{To: "eve"}))
			return err
		})
		l.ok(onlyErr(err, tickets.ErrNotFound))
		l.addsUp()
	})
}

// What a transaction did before it failed, panicked or was cut off is not there: INV-B4.
func TestRollback(t *testing.T) {
	both(t, func(l *lab) {
		id := l.accepted(arrival(1))
		everything := func(tx tickets.Tx) error {
			if _, err := tx.TakeArrival(id); err != nil {
				return err
			}
			tk, err := tx.CreateTicket("x", noon)
			if err != nil {
				return err
			}
			if tk, err = tx.Append(tk, event(tickets.Created{Queue: "it"})); err != nil {
				return err
			}
			_, err1 := tx.AddEntry(tickets.Entry{Ticket: tk.ID, At: noon})
			_, err2 := tx.Enqueue(outgoing(tk.ID, 1, "ack"))
			_, err3 := tx.ParticipantOf(tickets.Address{Addr: "a@b"})
			return errors.Join(err1, err2, err3, tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeRejected}))
		}
		broken := errors.New("the parser found a mistake of its own")
		l.ok(onlyErr(l.Do(l.ctx, func(tx tickets.Tx) error { return errors.Join(everything(tx), broken) }), broken))
		func() {
			defer func() { _ = recover() }()
			_ = l.Do(l.ctx, func(tx tickets.Tx) error { panic(everything(tx)) })
			l.Error("the panic did not come through")
		}()
		got, err := l.Totals(l.ctx)
		l.ok(err)
		if got.States[tickets.StateNew] != 1 || len(got.Tickets) != 0 || got.Entries != 0 || len(got.Outbox) != 0 {
			l.Errorf("left behind: %+v", got)
		}
		l.tx(everything)
	})
}

// Fold(events) == row, for any events. The row is what Append returned and what is
// read back.
func TestFoldEqualsRow(t *testing.T) {
	both(t, func(l *lab) {
		at := rand.New(rand.NewPCG(7, 7))
		for range 12 {
			tk := l.ticket("x")
			for range 6 {
				l.tx(func(tx tickets.Tx) error {
					now, err := tx.Ticket(tk.ID)
					if err != nil {
						return err
					}
					if !same(now, tk) {
						l.Errorf("read back %s\nappended  %s", show(now), show(tk))
					}
					var events []tickets.Event
					for range 1 + at.IntN(5) {
						events = append(events, anyEvent(at))
					}
					tk, err = tx.Append(now, events...)
					return err
				})
			}
		}
		l.addsUp()
	})
}

func show(t tickets.Ticket) string { b, _ := json.Marshal(t); return string(b) }

func same(a, b tickets.Ticket) bool {
	return a.ID == b.ID && a.Subject == b.Subject && show(a) == show(b)
}

// anyEvent makes one at random, at a time with too many digits in an odd zone.
func anyEvent(at *rand.Rand) tickets.Event {
	word := func() string { return []string{"", "a", "Ü", "\x00x", "\xff", "'", `\u0000`}[at.IntN(7)] }
	when := noon.Add(time.Duration(at.Int64N(1e15))).In(time.FixedZone("odd", 12345))
	id := at.Int64N(4)
	bodies := []tickets.Body{
		tickets.EntryAdded{Entry: id, Is: tickets.EntryReply, State: tickets.EntryVisible, Why: word()},
		tickets.EntryChanged{Entry: id, To: tickets.EntryVisible, Is: tickets.EntryMessage},
		tickets.StatusSet{To: tickets.Statuses[at.IntN(6)], Until: when, Why: word()},
		tickets.QueueSet{To: word()}, tickets.Assigned{To: word()},
		tickets.PrioritySet{To: tickets.Priorities[at.IntN(4)]}, tickets.TypeSet{To: tickets.Change},
		tickets.Tagged{Added: []string{word(), word()}, Removed: []string{word()}},
		tickets.FieldSet{Name: word(), To: word()}, tickets.RequesterSet{To: id}, tickets.Verified{Participant: id},
		tickets.CCSet{Participant: id, On: at.IntN(2) == 0}, tickets.WatcherSet{Agent: word(), On: at.IntN(2) == 0},
		tickets.StopSet{Participant: id, On: true}, tickets.QueueWatching{Queue: word()}, tickets.Linked{Ticket: id, Why: word()},
		tickets.Disposed{To: tickets.Spam}, tickets.MergedInto{Ticket: id}, tickets.Flagged{Flag: word()},
		tickets.Revoked{Generation: int(id)}, tickets.TimerFired{Rule: word(), Base: when},
		tickets.Withheld{Role: "ack", Why: word()}, tickets.CommandRun{Word: word(), Args: word()},
	}
	return tickets.Event{At: when, Body: bodies[at.IntN(len(bodies))],
		Cause: tickets.Cause{Rule: word(), Agent: word(), Evidence: word(), Level: 2}}
}

// The ledger is read back in order as it was written, and a moment is kept to the
// microsecond.
func TestEvents(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		e := event(tickets.StatusSet{From: tickets.New, To: tickets.Pending, Until: noon.Add(time.Hour)})
		e.At = noon.Add(999 * time.Nanosecond)
		l.tx(func(tx tickets.Tx) error {
			_, err := tx.Append(tk, e, event(tickets.Assigned{To: "bob"}))
			return err
		})
		l.tx(func(tx tickets.Tx) error {
			got, err := tx.Events(tk.ID)
			if err != nil {
				return err
			}
			if len(got) != 3 || got[1].Seq != 2 || got[1].Ticket != tk.ID || got[2].Body != (tickets.Assigned{To: "bob"}) ||
				!got[1].At.Equal(noon) || got[1].Body != e.Body || got[1].Cause != e.Cause {
				l.Errorf("%+v", got)
			}
			return nil
		})
		again, err := l.EventsOf(l.ctx, tk.ID)
		if err != nil || len(again) != 3 {
			l.Errorf("%v %v", again, err)
		}
	})
}

// A kind of event written by a newer gateway is ErrNewer, and verify says so.
func TestNewerEvent(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		l.raw(`INSERT INTO events (ticket, seq, kind, body, cause, at) VALUES (` + fmt.Sprint(tk.ID) + `, 2, 'teleported', '{}', '{}', '2026-03-02 12:00:00.000000+00:00')`)
		_, err := l.EventsOf(l.ctx, tk.ID)
		l.ok(onlyErr(err, tickets.ErrNewer))
		var why []string
		l.ok(l.Verify(l.ctx, func(c ticketdb.Check) { why = append(why, c.Why) }))
		if len(why) != 1 || !strings.Contains(why[0], "newer version") {
			l.Errorf("verify says %q", why)
		}
	})
}

// The database itself refuses to change the ledger.
func TestAppendOnly(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.ticket("x")
		for _, q := range []string{`UPDATE events SET kind = 'status'`, `DELETE FROM events`} {
			if err := l.tryRaw(q); err == nil || !strings.Contains(err.Error(), "append-only") {
				l.Errorf("%s: %v", q, err)
			}
		}
		if l.Dialect() == "postgres" {
			if err := l.tryRaw(`TRUNCATE events`); err == nil || !strings.Contains(err.Error(), "append-only") {
				l.Errorf("TRUNCATE: %v", err)
			}
		}
		if got, err := l.EventsOf(l.ctx, tk.ID); err != nil || len(got) != 1 {
			l.Errorf("%v %v", got, err)
		}
	})
}

// Verify finds a row that was changed behind the ledger's back, in the state and in
// the columns beside it; the events are right.
func TestVerifyFinds(t *testing.T) {
	both(t, func(l *lab) {
		a, b, c := l.ticket("a"), l.ticket("b"), l.ticket("c")
		l.raw(`UPDATE tickets SET state = '{"seq":1,"queue":"hr"}' WHERE id = ` + fmt.Sprint(a.ID))
		l.raw(`UPDATE tickets SET assignee = 'eve' WHERE id = ` + fmt.Sprint(b.ID))
		var bad []int64
		l.ok(l.Verify(l.ctx, func(k ticketdb.Check) {
			if !k.OK {
				bad = append(bad, k.Ticket)
			}
			if k.Of != 3 || k.Ticket == a.ID && (k.Fold.Queue != "it" || k.Row.Queue != "hr") {
				l.Errorf("%+v", k)
			}
		}))
		if !slices.Equal(bad, []int64{a.ID, b.ID}) {
			l.Errorf("found %v, expected %v, not %d", bad, []int64{a.ID, b.ID}, c.ID)
		}
	})
}

// Subjects, due times and like subjects are kept beside the row.
func TestBesideTheRow(t *testing.T) {
	both(t, func(l *lab) {
		a, b := l.ticket("Printer on fire"), l.ticket("Re: [IT #1] PRINTER  on fire")
		l.ticket("Something else")
		l.tx(func(tx tickets.Tx) error {
			if _, err := tx.Append(a, event(tickets.RequesterSet{To: 7})); err != nil {
				return err
			}
			for _, c := range []struct {
				person int64
				since  time.Time
				n      int
				newest int64
			}{{0, noon, 2, b.ID}, {7, noon, 1, a.ID}, {8, noon, 0, 0}, {0, time.Time{}, 2, b.ID}, {0, noon.Add(time.Microsecond), 0, 0}} {
				n, newest, err := tx.TicketsLike(tickets.SubjectKey("printer on fire"), c.person, c.since)
				if err != nil || n != c.n || newest != c.newest {
					l.Errorf("%+v: %d %d %v", c, n, newest, err)
				}
			}
			return errors.Join(tx.SetSubject(b.ID, "Something else"), tx.SetDue(a.ID, noon), tx.SetDue(b.ID, noon.Add(time.Hour)),
				onlyErr(tx.SetSubject(999, ""), tickets.ErrNotFound), onlyErr(tx.SetDue(999, noon), tickets.ErrNotFound))
		})
		l.tx(func(tx tickets.Tx) error {
			if n, _, err := tx.TicketsLike("something else", 0, noon); n != 2 || err != nil {
				l.Errorf("after the change %d, %v", n, err)
			}
			now, err1 := tx.DueTickets(noon, 9)
			later, err2 := tx.DueTickets(noon.Add(time.Hour), 9)
			if !slices.Equal(now, []int64{a.ID}) || !slices.Equal(later, []int64{a.ID, b.ID}) {
				l.Errorf("due %v, later %v", now, later)
			}
			never := tx.SetDue(a.ID, time.Time{})
			none, err3 := tx.DueTickets(noon, 9)
			if len(none) != 0 {
				l.Errorf("due never: %v", none)
			}
			return errors.Join(err1, err2, err3, never)
		})
	})
}

// Two gateways that look for due tickets do not get the same ones.
func TestDueSkipsHeld(t *testing.T) {
	l := open(t, postgresURL(t)) // in SQLite there is no second transaction at the same time
	a, b := l.ticket("a"), l.ticket("b")
	l.tx(func(tx tickets.Tx) error { return errors.Join(tx.SetDue(a.ID, noon), tx.SetDue(b.ID, noon)) })
	l.tx(func(tx tickets.Tx) error {
		first, err := tx.DueTickets(noon, 1)
		if err != nil {
			return err
		}
		l.tx(func(other tickets.Tx) error {
			second, err := other.DueTickets(noon, 9)
			if !slices.Equal(first, []int64{a.ID}) || !slices.Equal(second, []int64{b.ID}) {
				l.Errorf("%v and %v", first, second)
			}
			return err
		})
		return nil
	})
}

// Lists are filtered and in a stable order.
func TestListTickets(t *testing.T) {
	both(t, func(l *lab) {
		a, b, c := l.ticket("a"), l.ticket("b"), l.ticket("c")
		l.tx(func(tx tickets.Tx) error {
			_, err1 := tx.Append(a, event(tickets.Assigned{To: "bob"}), event(tickets.StatusSet{To: tickets.Resolved}))
			_, err2 := tx.Append(b, event(tickets.QueueSet{To: "hr"}), event(tickets.RequesterSet{To: 7}))
			_, err3 := tx.Append(c, event(tickets.Disposed{To: tickets.Spam}))
			return errors.Join(err1, err2, err3)
		})
		for _, k := range []struct {
			f    ticketdb.TicketFilter
			want []int64
		}{
			{ticketdb.TicketFilter{}, []int64{c.ID, b.ID, a.ID}},
			{ticketdb.TicketFilter{Limit: 2}, []int64{c.ID, b.ID}},
			{ticketdb.TicketFilter{Queue: "it"}, []int64{c.ID, a.ID}},
			{ticketdb.TicketFilter{Status: tickets.Resolved}, []int64{a.ID}},
			{ticketdb.TicketFilter{Assignee: "bob", Queue: "it"}, []int64{a.ID}},
			{ticketdb.TicketFilter{Unassigned: true}, []int64{c.ID, b.ID}},
			{ticketdb.TicketFilter{Open: true}, []int64{b.ID}},
			{ticketdb.TicketFilter{Disposition: tickets.Spam}, []int64{c.ID}},
			{ticketdb.TicketFilter{Requester: 7}, []int64{b.ID}},
			{ticketdb.TicketFilter{Queue: "' OR 1=1 --"}, nil},
		} {
			got, err := l.ListTickets(l.ctx, k.f)
			l.ok(err)
			var ids []int64
			for _, t := range got {
				ids = append(ids, t.ID)
			}
			if !slices.Equal(ids, k.want) {
				l.Errorf("%+v: %v, expected %v", k.f, ids, k.want)
			}
		}
		_, err := l.TicketRow(l.ctx, 999)
		l.ok(onlyErr(err, tickets.ErrNotFound))
	})
}
