package ticketdb

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postern/tickets"
)

// Claim leases queued messages that are due; see tickets.Store. A message waits for an
// earlier one of its ticket to the same recipient that is queued or being sent; one
// that may not leave before a later moment holds up nobody until then.
func (db *DB) Claim(ctx context.Context, c tickets.Claim) (out []tickets.Outgoing, err error) {
	err = db.run(ctx, func(t *tx) error {
		out = nil // of a run before
		var rows []outRow
		err := t.list(&rows, `
			WITH due AS MATERIALIZED ( -- so that LIMIT is asked once
				SELECT o.id FROM outbox o
				WHERE o.medium = 'mail'
				  AND (o.state = 'queued' AND (o.not_before IS NULL OR o.not_before <= $3)
				                          AND (o.next_try IS NULL OR o.next_try <= $3)
				       OR o.state = 'sending' AND o.lease_until < {now})
				  AND (o.ticket = 0 OR NOT EXISTS (
					SELECT 1 FROM outbox e
					WHERE e.ticket = o.ticket AND e.recipient = o.recipient
					  AND (e.state = 'queued' AND (e.not_before IS NULL OR e.not_before <= $3) OR e.state = 'sending')
					  AND (e.seq < o.seq OR e.seq = o.seq AND e.id < o.id) AND e.at > $4))
				ORDER BY o.urgency, o.at, o.id LIMIT $5 {skip})
			UPDATE outbox SET state = 'sending', attempts = attempts + 1, fence = fence + 1,
				owner = $1, lease_until = {later $2}
			WHERE id IN (SELECT id FROM due)
			RETURNING `+outColumns,
			c.Owner, c.Lease.Seconds(), stamp(c.At), stamp(c.At.Add(-orderFor)), c.Max)
		if err != nil {
			return err
		}
		for _, r := range rows {
			o := r.outgoing()
			if o.Content, err = t.content(o.ID); err != nil {
				return err
			}
			out = append(out, o)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claiming outgoing mail: %w", err)
	}
	slices.SortFunc(out, urgent) // RETURNING has no order
	return out, nil
}

// urgent sorts human mail first, then by age.
func urgent(a, b tickets.Outgoing) int {
	if a.Mail.Human() != b.Mail.Human() {
		if a.Mail.Human() {
			return -1
		}
		return 1
	}
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return int(a.ID - b.ID)
}

// Lease gives name to owner for a time; see tickets.Store.
func (db *DB) Lease(ctx context.Context, name, owner string, ttl time.Duration) (fence int64, ok bool, err error) {
	var rows []int64
	err = db.run(ctx, func(t *tx) error {
		rows = nil
		return t.list(&rows, `
			INSERT INTO leases (name, owner, fence, lease_until) VALUES ($1, $2, 1, {later $3})
			ON CONFLICT (name) DO UPDATE SET
				fence = CASE WHEN leases.owner = excluded.owner THEN leases.fence ELSE leases.fence + 1 END,
				owner = excluded.owner, lease_until = excluded.lease_until
			WHERE leases.owner = excluded.owner OR leases.lease_until < {now}
			RETURNING fence`, name, owner, ttl.Seconds())
	})
	if err != nil {
		return 0, false, fmt.Errorf("leasing %s: %w", name, err)
	}
	if len(rows) == 0 {
		return 0, false, nil
	}
	return rows[0], true, nil
}

// Unlease gives it back; see tickets.Store. The row stays, for its fence.
func (db *DB) Unlease(ctx context.Context, name, owner string) error {
	err := db.run(ctx, func(t *tx) error {
		// Long ago, not now: the next one may ask within the same tick of the clock.
		_, err := t.exec(`UPDATE leases SET owner = '', lease_until = $3 WHERE name = $1 AND owner = $2`,
			name, owner, stamp(time.Unix(0, 0)))
		return err
	})
	if err != nil {
		return fmt.Errorf("giving back the lease %s: %w", name, err)
	}
	return nil
}
