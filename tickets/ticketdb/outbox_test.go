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

// One cause makes one message, with the octets of the first: INV-C1.
func TestEnqueueOnce(t *testing.T) {
	both(t, func(l *lab) {
		o := outgoing(1, 2, "ack")
		o.Content.Segments[0].Literal = []byte("\x00\xff\r\n")
		first := l.queued(o)[0]
		again := o
		again.Content.Segments = []tickets.Segment{{Literal: []byte("other")}}
		if second := l.queued(again)[0]; second != first {
			l.Errorf("queued twice: %d and %d", first, second)
		}
		long := outgoing(1, 3, strings.Repeat("r", 5000))
		if ids := l.queued(long, long); ids[0] != ids[1] || ids[0] == first {
			l.Errorf("with a long key: %v", ids)
		}
		got, err := l.OutboxRow(l.ctx, first)
		l.ok(err)
		o.ID, o.State = first, tickets.OutQueued
		if fmt.Sprintf("%+v", flat(got)) != fmt.Sprintf("%+v", flat(o)) {
			l.Errorf("got  %+v\nwant %+v", flat(got), flat(o))
		}
		_, err = l.OutboxRow(l.ctx, 999)
		l.ok(onlyErr(err, tickets.ErrNotFound))
	})
}

// flat makes two messages comparable as text.
func flat(o tickets.Outgoing) any {
	s := o.Content.Segments
	o.Content = tickets.Content{}
	return []any{o, s[0], s[1].Arrival, *s[1].Part, len(s)}
}

// Eight couriers share 200 messages: each is claimed exactly once.
func TestClaimOnce(t *testing.T) {
	both(t, func(l *lab) {
		var out []tickets.Outgoing
		for n := range int64(200) {
			out = append(out, outgoing(n+1, 1, "ack"))
		}
		l.queued(out...)
		var mu sync.Mutex
		seen := map[int64]int{}
		l.atOnce(8, func(w int) error {
			for {
				got, err := l.Claim(l.ctx, tickets.Claim{Owner: fmt.Sprint(w), Max: 7, Lease: time.Hour, At: noon})
				if err != nil || len(got) == 0 {
					return err
				}
				mu.Lock()
				for _, o := range got {
					seen[o.ID]++
				}
				mu.Unlock()
			}
		})
		if len(seen) != 200 {
			l.Errorf("%d of 200 claimed", len(seen))
		}
		for id, n := range seen {
			if n != 1 {
				l.Errorf("message %d claimed %d times", id, n)
			}
		}
	})
}

// Mail of one ticket to one recipient leaves in the order of its causes, unless the
// earlier one is older than 15 minutes: INV-C7.
func TestClaimOrder(t *testing.T) {
	both(t, func(l *lab) {
		late := outgoing(1, 3, "reply")
		late.Mail = tickets.MailReply // human, and still behind its own ticket's mail
		other := outgoing(1, 4, "ack")
		other.Recipient = "agent bob"
		ids := l.queued(late, outgoing(1, 2, "ack"), other, outgoing(2, 9, "ack"))
		if got := l.roles(noon); got != "2/ack 4/ack 9/ack" {
			l.Errorf("first %q", got)
		}
		if got := l.roles(noon.Add(time.Minute)); got != "" {
			l.Errorf("while it is being sent %q", got)
		}
		l.verdict(ids[1], 1, tickets.VerdictLater, noon.Add(time.Hour))
		if got := l.roles(noon.Add(15*time.Minute - time.Microsecond)); got != "" {
			l.Errorf("while it waits %q", got)
		}
		if got := l.roles(noon.Add(15 * time.Minute)); got != "3/reply" {
			l.Errorf("after 15 minutes %q", got)
		}
	})
}

// What may not leave yet keeps nothing later waiting; once its moment has come it
// stands in the order again: INV-C7.
func TestClaimOrderNotBefore(t *testing.T) {
	both(t, func(l *lab) {
		early := outgoing(1, 2, "ack")
		early.NotBefore = noon.Add(5 * time.Minute)
		l.queued(early, outgoing(1, 3, "reply"))
		if got := l.roles(noon); got != "3/reply" {
			l.Errorf("beside one that is not due yet %q", got)
		}
		l.queued(outgoing(1, 4, "update"))
		if got := l.roles(noon.Add(5 * time.Minute)); got != "2/ack" {
			l.Errorf("when it is due %q", got)
		}
	})
}

// roles claims all it can and names what it got.
func (l *lab) roles(at time.Time) string {
	l.Helper()
	var names []string
	for _, o := range l.claimed(at, 100) {
		names = append(names, fmt.Sprintf("%d/%s", o.Seq, o.Role))
	}
	return strings.Join(names, " ")
}

func (l *lab) verdict(id, fence int64, kind tickets.VerdictKind, next time.Time) (o tickets.Outgoing) {
	l.Helper()
	l.tx(func(tx tickets.Tx) error {
		var err error
		o, err = tx.RecordVerdict(tickets.Verdict{Outgoing: id, Fence: fence, Kind: kind, Code: "x", Answer: "y", NextTry: next, At: noon})
		return err
	})
	return o
}

// Human mail goes first, then the oldest; what is not due, held or finished stays.
func TestClaimUrgency(t *testing.T) {
	both(t, func(l *lab) {
		var out []tickets.Outgoing
		for n, role := range []string{"young", "old", "reply", "notyet", "held", "cancelled"} {
			o := outgoing(int64(n+1), 1, role)
			switch role {
			case "old":
				o.At = noon.Add(-time.Hour)
			case "reply":
				o.Mail, o.At = tickets.MailReply, noon.Add(time.Minute)
			case "notyet":
				o.NotBefore = noon.Add(2 * time.Minute)
			case "held":
				o.State = tickets.OutHeld
			case "cancelled":
				o.State = tickets.OutCancelled
			}
			out = append(out, o)
		}
		l.queued(out...)
		if got := l.claimed(noon, 1); len(got) != 1 || got[0].Role != "reply" {
			l.Errorf("first of all %+v", got)
		}
		if got := l.roles(noon.Add(time.Minute)); got != "1/old 1/young" {
			l.Errorf("then %q", got)
		}
		if got := l.roles(noon.Add(2 * time.Minute)); got != "1/notyet" {
			l.Errorf("at last %q", got)
		}
	})
}

// A lapsed lease is claimed again with a new fence, and the first courier's verdict
// has no effect: INV-I2. The lease is counted by the database's clock, so the door's
// clock, days ahead or behind, changes nothing: FLT-59.
func TestFencing(t *testing.T) {
	both(t, func(l *lab) {
		id := l.queued(outgoing(1, 2, "ack"))[0]
		first := l.claimed(noon, 1)[0]
		for _, at := range []time.Time{noon.AddDate(-50, 0, 0), noon, noon.AddDate(50, 0, 0)} {
			if got := l.claimed(at, 1); len(got) != 0 {
				l.Errorf("claimed under a lease by the clock %v", at)
			}
		}
		l.raw(`UPDATE outbox SET lease_until = '2001-01-01 00:00:00.000000+00:00'`)
		second := l.claimed(noon, 1)[0]
		if second.Fence <= first.Fence || second.Attempts != 2 || first.LeaseOver.IsZero() {
			l.Errorf("first %+v\nsecond %+v", first, second)
		}
		verdict := func(fence int64) error {
			return l.Do(l.ctx, func(tx tickets.Tx) error {
				_, err := tx.RecordVerdict(tickets.Verdict{Outgoing: id, Fence: fence, Kind: tickets.VerdictSent, At: noon})
				return err
			})
		}
		l.ok(onlyErr(verdict(first.Fence), tickets.ErrFenced))
		l.ok(verdict(second.Fence))
		l.ok(onlyErr(verdict(second.Fence), tickets.ErrFenced)) // said once
		err := l.Do(l.ctx, func(tx tickets.Tx) error {
			_, err := tx.RecordVerdict(tickets.Verdict{Outgoing: 999, Kind: tickets.VerdictSent})
			return err
		})
		l.ok(onlyErr(err, tickets.ErrNotFound))
	})
}

// Each verdict moves a message where it belongs.
func TestVerdicts(t *testing.T) {
	both(t, func(l *lab) {
		next := noon.Add(time.Hour)
		for n, c := range []struct {
			kind     tickets.VerdictKind
			state    tickets.OutState
			attempts int
			code     string
			next     time.Time
		}{
			{tickets.VerdictSent, tickets.OutSent, 1, "x", time.Time{}},
			{tickets.VerdictNever, tickets.OutFailed, 1, "x", time.Time{}},
			{tickets.VerdictLater, tickets.OutQueued, 1, "x", next},
			{tickets.VerdictBack, tickets.OutQueued, 0, "", time.Time{}},
		} {
			id := l.queued(outgoing(int64(n+1), 1, "ack"))[0]
			claim := l.claimed(noon, 1)[0]
			o := l.verdict(id, claim.Fence, c.kind, c.next)
			if o.State != c.state || o.Attempts != c.attempts || o.Code != c.code || !o.NextTry.Equal(c.next) || len(o.Content.Segments) != 2 {
				l.Errorf("%s: %+v", c.kind, o)
			}
			l.raw(`UPDATE outbox SET state = 'cancelled'`)
		}
		err := l.Do(l.ctx, func(tx tickets.Tx) error {
			_, err := tx.RecordVerdict(tickets.Verdict{Outgoing: 1, Kind: "perhaps"})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "perhaps") {
			l.Errorf("an unknown verdict: %v", err)
		}
	})
}

// Messages are found by id and Message-ID, changed, and counted for the limits.
func TestOutgoing(t *testing.T) {
	both(t, func(l *lab) {
		reply, refusal, old := outgoing(1, 2, "reply"), outgoing(1, 3, "refusal"), outgoing(2, 1, "ack")
		reply.Mail, refusal.Mail, old.At, old.Recipient = tickets.MailReply, tickets.MailRefusal, noon.Add(-time.Hour), "agent bob"
		ack := outgoing(1, 1, "ack")
		ack.NotBefore = noon.Add(time.Hour)
		ack.Entry, reply.Entry, refusal.Entry, old.Entry = 3, 3, 4, 3
		gone := outgoing(1, 5, "ack")
		gone.State = tickets.OutCancelled
		ids := l.queued(ack, reply, refusal, old, gone)
		l.tx(func(tx tickets.Tx) error {
			for _, c := range []struct {
				c    tickets.Count
				want int
			}{
				{tickets.Count{}, 2}, {tickets.Count{Since: noon}, 1}, {tickets.Count{Ticket: 2}, 1},
				{tickets.Count{Recipient: "agent bob"}, 1}, {tickets.Count{Recipient: "participant 7"}, 1},
				{tickets.Count{Kinds: []tickets.MailKind{tickets.MailReply, tickets.MailRefusal}}, 2},
				{tickets.Count{Kinds: []tickets.MailKind{tickets.MailReply}, Since: noon.Add(time.Microsecond)}, 0},
			} {
				if got, err := tx.CountSent(c.c); err != nil || got != c.want {
					l.Errorf("%+v: %d, expected %d, %v", c.c, got, c.want, err)
				}
			}
			o, err := tx.OutgoingByMessageID(reply.MessageID)
			if err != nil || o.ID != ids[1] || len(o.Content.Segments) != 2 {
				l.Errorf("by Message-ID %+v, %v", o, err)
			}
			o.State, o.NotBefore, o.Code = tickets.OutHeld, noon, "451"
			if err := tx.UpdateOutgoing(o); err != nil {
				return err
			}
			now, err := tx.Outgoing(o.ID)
			if now.State != tickets.OutHeld || !now.NotBefore.Equal(noon) || now.Code != "451" {
				l.Errorf("changed into %+v", now)
			}
			of, err2 := tx.OutgoingOf(1, 3)
			if err2 != nil || len(of) != 2 || of[0].ID != ids[0] || of[1].ID != ids[1] || len(of[0].Content.Segments) != 0 {
				l.Errorf("of entry 3: %+v, %v", of, err2)
			}
			_, none := tx.Outgoing(999)
			_, none2 := tx.OutgoingByMessageID("")
			return errors.Join(err, onlyErr(none, tickets.ErrNotFound), onlyErr(none2, tickets.ErrNotFound),
				onlyErr(tx.UpdateOutgoing(tickets.Outgoing{ID: 999, State: tickets.OutHeld}), tickets.ErrNotFound))
		})
		l.latest(ids)
	})
}

// latest checks what threads bounces and spaces confirmations.
func (l *lab) latest(ids []int64) {
	l.tx(func(tx tickets.Tx) error {
		type finder interface {
			LastOutgoing(tickets.Count) (tickets.Outgoing, error)
			LatestTo(int64, string) (tickets.Outgoing, error)
		}
		f := tx.(finder)
		last, err1 := f.LastOutgoing(tickets.Count{})
		newest, err2 := f.LatestTo(1, "participant 7")
		_, none := f.LatestTo(3, "participant 7")
		if last.ID != ids[0] || newest.ID != ids[4] {
			l.Errorf("last %d, newest %d of %v", last.ID, newest.ID, ids)
		}
		return errors.Join(err1, err2, onlyErr(none, tickets.ErrNotFound))
	})
}

// An admin holds, releases and retries, each only where it makes sense.
func TestOutboxByHand(t *testing.T) {
	both(t, func(l *lab) {
		id := l.queued(outgoing(1, 2, "ack"))[0]
		l.ok(l.HoldOutbox(l.ctx, id))
		l.ok(onlyErr(l.HoldOutbox(l.ctx, id), ticketdb.ErrState))
		if got := l.roles(noon); got != "" {
			l.Errorf("a held one was claimed: %s", got)
		}
		l.ok(l.ReleaseOutbox(l.ctx, id))
		fence := l.claimed(noon, 1)[0].Fence
		l.ok(onlyErr(l.RetryOutbox(l.ctx, id), ticketdb.ErrState))
		l.verdict(id, fence, tickets.VerdictNever, time.Time{})
		l.ok(onlyErr(l.ReleaseOutbox(l.ctx, id), ticketdb.ErrState))
		l.ok(l.RetryOutbox(l.ctx, id))
		fence = l.claimed(noon, 1)[0].Fence
		l.verdict(id, fence, tickets.VerdictSent, time.Time{})
		l.ok(onlyErr(l.RetryOutbox(l.ctx, id), ticketdb.ErrState))
		l.ok(onlyErr(l.RetryOutbox(l.ctx, 999), tickets.ErrNotFound))
	})
}

// Lists of the outbox are filtered and in a stable order.
func TestListOutbox(t *testing.T) {
	both(t, func(l *lab) {
		a, b := outgoing(1, 1, "ack"), outgoing(2, 1, "notice")
		b.Recipient, b.Queue, b.Relay, b.At, b.State = "agent bob", "hr", "second", noon.Add(time.Hour), tickets.OutHeld
		ids := l.queued(a, b)
		for _, k := range []struct {
			f    ticketdb.OutboxFilter
			want []int64
		}{
			{ticketdb.OutboxFilter{}, []int64{ids[1], ids[0]}}, {ticketdb.OutboxFilter{Limit: 1}, ids[1:]},
			{ticketdb.OutboxFilter{State: tickets.OutQueued}, ids[:1]}, {ticketdb.OutboxFilter{Ticket: 2}, ids[1:]},
			{ticketdb.OutboxFilter{Queue: "hr"}, ids[1:]}, {ticketdb.OutboxFilter{Relay: "second"}, ids[1:]},
			{ticketdb.OutboxFilter{Recipient: "participant 7"}, ids[:1]}, {ticketdb.OutboxFilter{Since: noon.Add(time.Microsecond)}, ids[1:]},
			{ticketdb.OutboxFilter{Waiting: true, Ticket: 1}, ids[:1]}, {ticketdb.OutboxFilter{State: tickets.OutSent}, nil},
		} {
			got, err := l.ListOutbox(l.ctx, k.f)
			l.ok(err)
			var found []int64
			for _, o := range got {
				found = append(found, o.ID)
			}
			if !slices.Equal(found, k.want) {
				l.Errorf("%+v: %v, expected %v", k.f, found, k.want)
			}
		}
		sum, err := l.Totals(l.ctx)
		if err != nil || sum.Outbox[tickets.OutQueued] != 1 || !sum.WaitingSince.Equal(noon) {
			l.Errorf("%+v %v", sum, err)
		}
	})
}
