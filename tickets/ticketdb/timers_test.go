package ticketdb_test

import (
	"errors"
	"slices"
	"testing"

	"postern/tickets"
)

// After a change of the rules the timers look at every ticket that may have one, and
// at no other.
func TestWakeTimers(t *testing.T) {
	both(t, func(l *lab) {
		open, resolved, closed, spam := l.ticket("a"), l.ticket("b"), l.ticket("c"), l.ticket("d")
		l.tx(func(tx tickets.Tx) error {
			_, err1 := tx.Append(resolved, event(tickets.StatusSet{To: tickets.Resolved}))
			_, err2 := tx.Append(closed, event(tickets.StatusSet{To: tickets.Closed}))
			_, err3 := tx.Append(spam, event(tickets.Disposed{To: tickets.Spam}))
			return errors.Join(err1, err2, err3)
		})
		l.ok(l.WakeTimers(l.ctx, noon))
		l.tx(func(tx tickets.Tx) error {
			got, err := tx.DueTickets(noon, 9)
			if !slices.Equal(got, []int64{open.ID, resolved.ID}) {
				l.Errorf("due %v, expected %d and %d", got, open.ID, resolved.ID)
			}
			return err
		})
		l.addsUp()
	})
}
