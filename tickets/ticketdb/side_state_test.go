package ticketdb_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"postern/tickets"
)

// A lease has one owner; it grows a new fence with every change of owner; it lapses by
// the database's clock: INV-I1, INV-I3.
func TestLease(t *testing.T) {
	both(t, func(l *lab) {
		lease := func(owner string) (int64, bool) {
			fence, ok, err := l.Lease(l.ctx, "mailbox a", owner, time.Hour)
			l.ok(err)
			return fence, ok
		}
		one, ok := lease("gw1")
		again, ok2 := lease("gw1")
		_, ok3 := lease("gw2")
		if !ok || !ok2 || ok3 || one != again {
			l.Errorf("first %v, again %v (%d, %d), another %v", ok, ok2, one, again, ok3)
		}
		l.raw(`UPDATE leases SET lease_until = '2001-01-01 00:00:00.000000+00:00'`)
		two, ok := lease("gw2")
		if _, back := lease("gw1"); !ok || back || two <= one {
			l.Errorf("lapsed: %v, fence %d after %d; the first owner again: %v", ok, two, one, back)
		}
		l.ok(l.Unlease(l.ctx, "mailbox a", "gw1")) // not his: nothing happens
		if _, ok := lease("gw1"); ok {
			l.Error("given back by another")
		}
		l.ok(l.Unlease(l.ctx, "mailbox a", "gw2"))
		if three, ok := lease("gw1"); !ok || three <= two {
			l.Errorf("after it was given back: %v, fence %d after %d", ok, three, two)
		}
		if _, ok, err := l.Lease(l.ctx, "mailbox b", "gw2", time.Hour); !ok || err != nil {
			l.Errorf("another name: %v %v", ok, err)
		}
	})
}

// Of eight gateways one gets a free lease.
func TestLeaseAtOnce(t *testing.T) {
	both(t, func(l *lab) {
		won := make(chan int, 8)
		l.atOnce(8, func(n int) error {
			_, ok, err := l.Lease(l.ctx, "timers", fmt.Sprint(n), time.Hour)
			if ok {
				won <- n
			}
			return err
		})
		if len(won) != 1 {
			l.Errorf("%d gateways hold it", len(won))
		}
	})
}

// A mailbox is read where it stands; a change of UIDVALIDITY starts it anew and keeps
// what was booked under the old one.
func TestMailbox(t *testing.T) {
	both(t, func(l *lab) {
		_, err := l.Mailbox(l.ctx, "a", "INBOX")
		l.ok(onlyErr(err, tickets.ErrNotFound))
		m := tickets.Mailbox{Account: "a", Mailbox: "INBOX", UIDValidity: 4_294_967_295, High: 4_294_967_294, Since: noon}
		l.ok(l.StartMailbox(l.ctx, m))
		if got, err := l.Mailbox(l.ctx, "a", "INBOX"); got != m || err != nil {
			l.Errorf("%+v %v", got, err)
		}
		m.UIDValidity, m.High = 9, 0
		l.ok(l.StartMailbox(l.ctx, m))
		l.cursor(0, map[uint32]int{})
		if _, err := l.Mailbox(l.ctx, "a", "Junk"); !errors.Is(err, tickets.ErrNotFound) {
			l.Error(err)
		}
	})
}

// A UID is booked whatever became of it; pending ones are counted and listed; an
// accepted one stays accepted: key table "arrival over IMAP".
func TestNoteUID(t *testing.T) {
	both(t, func(l *lab) {
		l.ok(l.StartMailbox(l.ctx, tickets.Mailbox{Account: "a", Mailbox: "INBOX", UIDValidity: 9, Since: noon}))
		note := func(uid uint32, s tickets.UIDState) {
			l.ok(l.NoteUID(l.ctx, tickets.Cursor{Account: "a", Mailbox: "INBOX", UIDValidity: 9, UID: uid}, s, "why"))
		}
		note(1, tickets.UIDOld)
		note(2, tickets.UIDPending)
		note(2, tickets.UIDPending)
		note(3, tickets.UIDPending)
		note(4, tickets.UIDPending)
		l.cursor(4, map[uint32]int{2: 2, 3: 1, 4: 1})
		note(3, tickets.UIDGone)
		a := arrival(1)
		a.Cursor = &tickets.Cursor{Account: "a", Mailbox: "INBOX", UIDValidity: 9, UID: 4}
		l.accepted(a)
		note(4, tickets.UIDPending)
		l.cursor(4, map[uint32]int{2: 2})
	})
}

// The rules kept last come back, also after a change there and back, and once for each
// change.
func TestRules(t *testing.T) {
	both(t, func(l *lab) {
		_, err := l.LastRules(l.ctx)
		l.ok(onlyErr(err, tickets.ErrNotFound))
		for n, hash := range []string{"a", "b", "b", "a"} {
			r := tickets.RuleFiles{Hash: hash, Files: map[string]string{"x.yaml": hash + "\x00ü"}, At: noon.Add(time.Duration(n) * time.Hour), Who: "root"}
			l.atOnce(4, func(int) error { return l.SaveRules(l.ctx, r) })
			got, err := l.LastRules(l.ctx)
			if err != nil || got.Hash != hash || got.Files["x.yaml"] != hash+"\x00ü" || got.Who != "root" {
				l.Errorf("%d: %+v %v", n, got, err)
			}
		}
		if err := l.tryRaw(`INSERT INTO rule_sets (id, hash, files, at) VALUES (4, 'x', '{}', '2001-01-01 00:00:00.000000+00:00')`); err != nil {
			l.Errorf("more than three rows for three changes: %v", err)
		}
	})
}
