package ticketdb

import (
	"context"
	"fmt"

	"postern/tickets"
)

// Mailbox reads where reading of an IMAP mailbox stands; see tickets.Store.
func (db *DB) Mailbox(ctx context.Context, account, mailbox string) (tickets.Mailbox, error) {
	var r struct {
		UIDValidity uint32 `db:"uidvalidity"`
		High        uint32
		Since       stamp
	}
	err := db.view(ctx, func(q queries) error {
		return q.get(&r, `SELECT uidvalidity, high, since FROM mailboxes WHERE account = $1 AND mailbox = $2`, account, mailbox)
	})
	if err != nil {
		return tickets.Mailbox{}, fmt.Errorf("mailbox %s of %s: %w", mailbox, account, err)
	}
	return tickets.Mailbox{Account: account, Mailbox: mailbox, UIDValidity: r.UIDValidity, High: r.High, Since: r.Since.time()}, nil
}

// StartMailbox sets the state of a mailbox; see tickets.Store.
func (db *DB) StartMailbox(ctx context.Context, m tickets.Mailbox) error {
	err := db.run(ctx, func(t *tx) error {
		_, err := t.exec(`
			INSERT INTO mailboxes (account, mailbox, uidvalidity, high, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account, mailbox) DO UPDATE SET uidvalidity = excluded.uidvalidity,
				high = excluded.high, since = excluded.since`,
			m.Account, m.Mailbox, int64(m.UIDValidity), int64(m.High), stamp(m.Since))
		return err
	})
	if err != nil {
		return fmt.Errorf("starting mailbox %s of %s: %w", m.Mailbox, m.Account, err)
	}
	return nil
}

// NoteUID books a UID that was not accepted; see tickets.Store.
func (db *DB) NoteUID(ctx context.Context, c tickets.Cursor, state tickets.UIDState, why string) error {
	err := db.run(ctx, func(t *tx) error { return t.bookUID(c, string(state), why, 0) })
	if err != nil {
		return fmt.Errorf("booking UID %d of %s: %w", c.UID, c.Mailbox, err)
	}
	return nil
}

// bookUID writes what became of a UID, and moves the cursor of the mailbox where it
// still has that UIDVALIDITY. What was accepted stays so.
func (t *tx) bookUID(c tickets.Cursor, state, why string, arrival int64) error {
	tries := 0
	if state == string(tickets.UIDPending) {
		tries = 1
	}
	_, err := t.exec(`
		INSERT INTO imap_uids (account, mailbox, uidvalidity, uid, state, tries, why, arrival)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account, mailbox, uidvalidity, uid) DO UPDATE SET
			state = excluded.state, tries = imap_uids.tries + excluded.tries, why = excluded.why, arrival = excluded.arrival
		WHERE imap_uids.state <> 'accepted'`,
		c.Account, c.Mailbox, int64(c.UIDValidity), int64(c.UID), state, tries, why, arrival)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		UPDATE mailboxes SET high = $4 WHERE account = $1 AND mailbox = $2 AND uidvalidity = $3 AND high < $4`,
		c.Account, c.Mailbox, int64(c.UIDValidity), int64(c.UID))
	return err
}

// PendingUIDs lists the UIDs booked as pending; see tickets.Store. The cursor's own UID is
// not looked at.
func (db *DB) PendingUIDs(ctx context.Context, c tickets.Cursor) (map[uint32]int, error) {
	var rows []struct {
		UID   uint32
		Tries int
	}
	err := db.view(ctx, func(q queries) error {
		return q.list(&rows, `
			SELECT uid, tries FROM imap_uids
			WHERE account = $1 AND mailbox = $2 AND uidvalidity = $3 AND state = 'pending' ORDER BY uid`,
			c.Account, c.Mailbox, int64(c.UIDValidity))
	})
	if err != nil {
		return nil, fmt.Errorf("pending UIDs of %s: %w", c.Mailbox, err)
	}
	out := make(map[uint32]int, len(rows))
	for _, r := range rows {
		out[r.UID] = r.Tries
	}
	return out, nil
}
