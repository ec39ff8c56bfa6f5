package ticketdb

import (
	"context"
	"fmt"
	"time"
)

// WakeTimers makes the timer rules look at every ticket that may have one: the
// rules changed, and with them the moments. A finished ticket is left alone.
func (db *DB) WakeTimers(ctx context.Context, at time.Time) error {
	err := db.run(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE tickets SET due_at = $1 WHERE status <> 'closed' AND disposition = ''`, stamp(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("waking timers: %w", err)
	}
	return nil
}
