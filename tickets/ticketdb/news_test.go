package ticketdb_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"postern/tickets"
)

// News is kept once for each event, told once, and forgotten by nobody.
func TestNews(t *testing.T) {
	both(t, func(l *lab) {
		add := func(agent string, ticket, seq int64, digest bool) {
			l.tx(func(tx tickets.Tx) error {
				return tx.AddNews(tickets.News{Agent: agent, Ticket: ticket, Seq: seq, Entry: seq, Role: "notice-reply", Line: "a line", Digest: digest, At: noon})
			})
		}
		add("bob", 1, 1, false)
		add("bob", 1, 1, true) // known already
		add("bob", 2, 1, true)
		add("bea", 1, 1, false)
		l.tx(func(tx tickets.Tx) error {
			open, err := tx.OpenNews("bob", 10)
			want := tickets.News{ID: open[0].ID, Agent: "bob", Ticket: 1, Seq: 1, Entry: 1, Role: "notice-reply", Line: "a line", At: noon}
			if len(open) != 2 || open[0] != want || !open[1].Digest {
				l.Errorf("open: %+v", open)
			}
			one, err2 := tx.OpenNews("bob", 1)
			names, err3 := tx.NewsAgents()
			if len(one) != 1 || fmt.Sprint(names) != "[bea bob]" {
				l.Errorf("the oldest: %+v; agents %v", one, names)
			}
			last, err4 := tx.LastDigest("bob")
			if !last.IsZero() {
				l.Errorf("a digest before the first: %v", last)
			}
			err5 := tx.TellNews([]int64{open[1].ID}, noon.Add(time.Hour))
			waits, err6 := tx.NewsWaits("bob", 1)
			gone, err7 := tx.NewsWaits("bob", 2)
			if !waits || gone {
				l.Errorf("ticket 1 waits: %v, ticket 2 waits: %v", waits, gone)
			}
			last, err8 := tx.LastDigest("bob")
			if !last.Equal(noon.Add(time.Hour)) {
				l.Errorf("the last digest: %v", last)
			}
			err9 := tx.DigestNews([]int64{open[0].ID, open[1].ID})
			return errors.Join(err, err2, err3, err4, err5, err6, err7, err8, err9, tx.TellNews(nil, noon))
		})
		l.tx(func(tx tickets.Tx) error {
			open, err := tx.OpenNews("bob", 10)
			if len(open) != 1 || !open[0].Digest || open[0].Ticket != 1 {
				l.Errorf("what is told stays told: %+v", open)
			}
			return err
		})
	})
}

// A day is an agent's once, whichever of eight gateways asks.
func TestOnceADay(t *testing.T) {
	both(t, func(l *lab) {
		first := make(chan bool, 8)
		l.atOnce(8, func(int) error {
			return l.Do(l.ctx, func(tx tickets.Tx) error {
				ok, err := tx.OnceADay("bob", "morning", "2026-03-02", noon)
				if err == nil && ok {
					first <- true
				}
				return err
			})
		})
		l.tx(func(tx tickets.Tx) error {
			other, err := tx.OnceADay("bea", "morning", "2026-03-02", noon)
			next, err2 := tx.OnceADay("bob", "morning", "2026-03-03", noon)
			if len(first) != 1 || !other || !next {
				l.Errorf("%d were first; another agent: %v; the next day: %v", len(first), other, next)
			}
			return errors.Join(err, err2)
		})
	})
}

// Glance reads a ticket without taking it from anybody.
func TestGlance(t *testing.T) {
	both(t, func(l *lab) {
		l.tx(func(tx tickets.Tx) error {
			made, err := tx.CreateTicket("Printer on fire", noon)
			if err != nil {
				return err
			}
			got, err := tx.Glance(made.ID)
			_, none := tx.Glance(999)
			if got.ID != made.ID || got.Subject != "Printer on fire" {
				l.Errorf("%+v", got)
			}
			return errors.Join(err, onlyErr(none, tickets.ErrNotFound))
		})
	})
}
