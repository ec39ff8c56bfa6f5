package ticketdb

import (
	"encoding/json"
	"fmt"

	"postern/tickets"
)

// heldRow is an arrival in quarantine, with what the rules saw of it.
type heldRow struct {
	arrivalRow
	Facts *string
}

// heldQuery reads them; the facts are those of the first decision.
const heldQuery = `
	SELECT ` + arrivalColumns + `,
		(SELECT facts FROM decisions d WHERE d.arrival = arrivals.id ORDER BY d.id LIMIT 1) AS facts
	FROM arrivals WHERE state = 'quarantined'`

func (r heldRow) held() (m tickets.HeldMail, err error) {
	if m.Arrival, err = r.arrival(); err != nil {
		return m, err
	}
	m.Why, m.Ticket, m.Queue = r.Why, r.Ticket, m.Arrival.Queue
	m.MessageID, m.ContentKey = r.MessageID, r.Content
	if r.Facts == nil {
		return m, nil
	}
	var f tickets.Facts
	if err := json.Unmarshal([]byte(*r.Facts), &f); err != nil {
		return m, fmt.Errorf("facts of arrival %d: %w", r.ID, err)
	}
	m.From, m.Subject = f.Message.From, f.Message.Subject
	if f.Ticket.Queue != "" {
		m.Queue = f.Ticket.Queue
	}
	return m, nil
}

// HeldMails lists the arrivals in quarantine; see tickets.Tx.
func (t *tx) HeldMails(n int) ([]tickets.HeldMail, error) {
	var rows []heldRow
	if err := t.list(&rows, heldQuery+` ORDER BY id LIMIT $1`, n); err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	return converted(rows, heldRow.held)
}

// TakeHeld locks an arrival in quarantine; see tickets.Tx.
func (t *tx) TakeHeld(id int64) (tickets.HeldMail, error) {
	var row heldRow
	if err := t.get(&row, heldQuery+` AND id = $1 {lock}`, id); err != nil {
		return tickets.HeldMail{}, fmt.Errorf("held arrival %d: %w", id, err)
	}
	return row.held()
}

// ReleaseHeld makes an arrival in quarantine new; see tickets.Tx.
func (t *tx) ReleaseHeld(id int64, r tickets.Release) error {
	released, err := text(r)
	if err != nil {
		return err
	}
	err = t.one(`
		UPDATE arrivals SET state = 'new', attempts = 0, next_try = NULL, error = '', outcome = '', why = '', released = $2
		WHERE id = $1 AND state = 'quarantined'`, id, released)
	if err != nil {
		return fmt.Errorf("releasing arrival %d: %w", id, err)
	}
	return nil
}
