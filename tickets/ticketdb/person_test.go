package ticketdb_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/tickets"
)

// One address is one participant for ever, whoever asks first and however it is written.
func TestParticipantOnce(t *testing.T) {
	both(t, func(l *lab) {
		var ids sync.Map
		l.atOnce(8, func(n int) error {
			return l.Do(l.ctx, func(tx tickets.Tx) error {
				p, err := tx.ParticipantOf(tickets.Address{Name: "Ann", Addr: []string{"ann@example.net", "Ann@Example.NET"}[n%2]})
				ids.Store(p.ID, true)
				return err
			})
		})
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			l.Errorf("%d participants", n)
		}
		l.tx(func(tx tickets.Tx) error {
			p, err := tx.FindParticipant("ANN@example.net")
			if err != nil {
				return err
			}
			p.Name, p.Verified, p.Dead = "Ann Smith", true, "complained"
			if err := tx.UpdateParticipant(p); err != nil {
				return err
			}
			got, err := tx.Participant(p.ID)
			if got != p {
				l.Errorf("got %+v, expected %+v", got, p)
			}
			long, err2 := tx.ParticipantOf(tickets.Address{Addr: strings.Repeat("x", 10_000) + "@example.net"})
			again, err3 := tx.ParticipantOf(tickets.Address{Addr: long.Address})
			if long.ID != again.ID || long.ID == p.ID {
				l.Errorf("a long address: %d and %d", long.ID, again.ID)
			}
			_, none := tx.FindParticipant("eve@example.net")
			_, none2 := tx.Participant(999)
			return errors.Join(err, err2, err3, onlyErr(none, tickets.ErrNotFound), onlyErr(none2, tickets.ErrNotFound),
				onlyErr(tx.UpdateParticipant(tickets.Participant{ID: 999}), tickets.ErrNotFound))
		})
	})
}

// A participant's row is locked, so that a limit counted after it holds among gateways:
// eight at once send one automatic mail, when one is allowed.
func TestLimitAmongGateways(t *testing.T) {
	both(t, func(l *lab) {
		l.atOnce(8, func(n int) error {
			return l.Do(l.ctx, func(tx tickets.Tx) error {
				p, err := tx.ParticipantOf(tickets.Address{Addr: "ann@example.net"})
				if err != nil {
					return err
				}
				key := fmt.Sprintf("participant %d", p.ID)
				sent, err := tx.CountSent(tickets.Count{Recipient: key, Since: noon})
				if err != nil || sent > 0 {
					return err
				}
				o := outgoing(int64(n+1), 1, "ack")
				o.Recipient = key
				_, err = tx.Enqueue(o)
				return err
			})
		})
		sum, err := l.Totals(l.ctx)
		if err != nil || sum.Outbox[tickets.OutQueued] != 1 {
			l.Errorf("queued %v, %v", sum.Outbox, err)
		}
	})
}

// A requester's tickets are counted: all, and those somebody has to work on.
func TestTicketsOf(t *testing.T) {
	both(t, func(l *lab) {
		bodies := []tickets.Body{tickets.StatusSet{To: tickets.Open}, tickets.StatusSet{To: tickets.Resolved},
			tickets.StatusSet{To: tickets.Closed}, tickets.Disposed{To: tickets.Spam}}
		for _, b := range bodies {
			tk := l.ticket("x")
			l.tx(func(tx tickets.Tx) error {
				_, err := tx.Append(tk, event(tickets.RequesterSet{To: 7}), event(b))
				return err
			})
		}
		l.tx(func(tx tickets.Tx) error {
			all, open, err := tx.TicketsOf(7)
			none, _, err2 := tx.TicketsOf(8)
			if all != 4 || open != 1 || none != 0 {
				l.Errorf("all %d, open %d, another's %d", all, open, none)
			}
			return errors.Join(err, err2)
		})
	})
}

// A confirmation is used once, by its agent, in its time; then its nonce is forgotten.
func TestConfirmations(t *testing.T) {
	both(t, func(l *lab) {
		c := tickets.Confirmation{NonceHash: "h1", Nonce: "n1", Agent: "bob", Ticket: 1, Entry: 2, At: noon, Expires: noon.Add(time.Hour)}
		late := c
		late.NonceHash, late.Nonce, late.Expires = "h2", "n2", noon.Add(time.Minute)
		l.tx(func(tx tickets.Tx) error {
			_, err := tx.AddConfirmation(c)
			_, err2 := tx.AddConfirmation(late)
			return errors.Join(err, err2)
		})
		use := func(agent, hash string, at time.Time) error {
			return l.Do(l.ctx, func(tx tickets.Tx) error {
				got, err := tx.UseConfirmation(agent, hash, at)
				if err == nil && (got.Entry != 2 || got.Agent != "bob") {
					l.Errorf("used %+v", got)
				}
				return err
			})
		}
		open := func(at time.Time) (nonces string) {
			l.tx(func(tx tickets.Tx) error {
				got, err := tx.OpenConfirmations("bob", at)
				for _, c := range got {
					nonces += c.Nonce + " "
				}
				return err
			})
			return nonces
		}
		if got := open(noon); got != "n1 n2 " {
			l.Errorf("open %q", got)
		}
		l.ok(onlyErr(use("eve", "h1", noon), tickets.ErrNotFound))
		l.ok(onlyErr(use("bob", "", noon), tickets.ErrNotFound))
		l.ok(onlyErr(use("bob", "h2", noon.Add(time.Minute)), tickets.ErrNotFound))
		won := make(chan bool, 8)
		l.atOnce(8, func(int) error {
			if use("bob", "h1", noon) == nil {
				won <- true
			}
			return nil
		})
		if got := open(noon); len(won) != 1 || got != "n2 " {
			l.Errorf("%d used it; open %q", len(won), got)
		}
		if err := l.Do(l.ctx, func(tx tickets.Tx) error { _, err := tx.AddConfirmation(c); return err }); err == nil {
			l.Error("the same nonce was stored twice")
		}
	})
}

// An entry is read back as it was written; of it only what may change changes; and it
// is found by its Message-ID over all tickets.
func TestEntries(t *testing.T) {
	both(t, func(l *lab) {
		a, b := l.ticket("a"), l.ticket("b")
		id := strings.Repeat("i", 3000) + "@x"
		e := tickets.Entry{Ticket: a.ID, Arrival: 3, Kind: tickets.EntryMessage, State: tickets.EntryHeld, Participant: 7,
			Level: 1, Why: "why", From: tickets.Address{Name: "Ann", Addr: "ann@x", Guessed: true}, Subject: "s",
			Text: "Hello.\n> quoted", Start: 0, End: 6, HTML: "<b>Hello.</b>", MessageID: id, ContentKey: "ck", Automatic: true,
			Parts: []tickets.Part{{Filename: "a.pdf", Size: 3}}, Defects: []string{"d"}, At: noon}
		var ids []int64
		l.tx(func(tx tickets.Tx) error {
			for _, ticket := range []int64{a.ID, a.ID, b.ID} {
				e.Ticket = ticket
				n, err := tx.AddEntry(e)
				if err != nil {
					return err
				}
				ids = append(ids, n)
			}
			got, err := tx.Entry(ids[2])
			e.ID = ids[2]
			if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", e) || got.Reply() != "Hello." {
				l.Errorf("got  %+v\nwant %+v, %v", got, e, err)
			}
			changed := tickets.Entry{ID: ids[2], State: tickets.EntryVisible, Kind: tickets.EntryReply, Agent: "bob", Participant: 8, Level: 2, Why: "released", Text: "never"}
			if err := tx.UpdateEntry(changed); err != nil {
				return err
			}
			e.State, e.Kind, e.Agent, e.Participant, e.Level, e.Why = changed.State, changed.Kind, "bob", 8, 2, "released"
			if got, err = tx.Entry(ids[2]); err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", e) {
				l.Errorf("changed %+v\nwant    %+v, %v", got, e, err)
			}
			last, err1 := tx.Entries(a.ID, 1)
			found, err2 := tx.EntriesByMessageID(id)
			none, err3 := tx.EntriesByMessageID("")
			if len(last) != 1 || last[0].ID != ids[1] || len(found) != 3 || found[2].Ticket != b.ID || len(none) != 0 {
				l.Errorf("last %v, found %d, none %d", last, len(found), len(none))
			}
			_, gone := tx.Entry(999)
			return errors.Join(err1, err2, err3, onlyErr(gone, tickets.ErrNotFound), onlyErr(tx.UpdateEntry(tickets.Entry{ID: 999}), tickets.ErrNotFound))
		})
		all, err := l.EntriesOf(l.ctx, a.ID)
		if err != nil || len(all) != 2 || all[0].ID != ids[0] {
			l.Errorf("all of a: %d, %v", len(all), err)
		}
	})
}

// Any octets are storable as text, in every field: IN-J01. The bounds of the visible
// reply move with what is taken out before them.
func TestTaint(t *testing.T) {
	both(t, func(l *lab) {
		const taint = "'; DROP TABLE events; --\\' $$ %_ \x00 \xff\xfe E'\\\\' {lock} {later $1} $1"
		tk := l.ticket(taint)
		l.tx(func(tx tickets.Tx) error {
			id, err := tx.AddEntry(tickets.Entry{Ticket: tk.ID, Kind: taint, State: taint, Agent: taint, Why: taint, At: noon,
				From: tickets.Address{Name: taint, Addr: taint}, Subject: taint, MessageID: taint, ContentKey: taint,
				Text: "\x00\x00ab\xff\x00c", Start: 2, End: 4, Defects: []string{taint}})
			if err != nil {
				return err
			}
			e, err := tx.Entry(id)
			if err != nil || e.Reply() != "ab" || e.Text != "ab\uFFFDc" {
				l.Errorf("entry %q, reply %q, %v", e.Text, e.Reply(), err)
			}
			o := outgoing(tk.ID, 1, taint)
			o.Subject, o.To, o.Answer, o.Recipient, o.MessageID, o.From = taint, taint, taint, taint, taint, taint
			out, err := tx.Enqueue(o)
			_, err2 := tx.OutgoingByMessageID(taint)
			o.ID, o.State = out, tickets.OutHeld
			p, err3 := tx.ParticipantOf(tickets.Address{Name: taint, Addr: taint})
			_, err4 := tx.FindParticipant(taint)
			p.Dead = taint
			_, _, err5 := tx.TicketsLike(tickets.SubjectKey(taint), 0, noon)
			_, err6 := tx.EntriesByMessageID(taint)
			return errors.Join(err, err2, err3, err4, err5, err6, tx.UpdateOutgoing(o), tx.UpdateParticipant(p), tx.SetSubject(tk.ID, taint))
		})
		a := arrival(1)
		a.Key, a.Helo, a.Source, a.Queue, a.Peer = taint, taint, taint, taint, taint
		id := l.accepted(a)
		l.ok(l.Fail(l.ctx, id, tickets.Failure{Err: taint, Next: noon}))
		l.tx(func(tx tickets.Tx) error {
			return tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeRejected, Why: taint, MessageID: taint, ContentKey: taint, Trace: tickets.Trace{{Ask: taint, Ans: taint}}})
		})
		found, err := l.FindArrival(l.ctx, taint)
		if err != nil || len(found) != 1 {
			l.Errorf("found %v, %v", found, err)
		}
		l.addsUp()
	})
}
