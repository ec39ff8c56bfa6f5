package ticketdb

import (
	"fmt"
	"time"

	"postern/tickets"
)

// stormRow is a storm as stored.
type stormRow struct {
	Ticket  int64
	Subject string `db:"subject_key"`
	Last    stamp
	Told    stamp
	Waiting int
	Due     stamp
}

const stormColumns = `ticket, subject_key, last, told, waiting, due`

func (r stormRow) storm() (tickets.Storm, error) {
	return tickets.Storm{Ticket: r.Ticket, Subject: r.Subject, Last: r.Last.time(), Told: r.Told.time(), Waiting: r.Waiting, Due: r.Due.time()}, nil
}

// Alone lets nobody else past a name; see tickets.Tx.
func (t *tx) Alone(name string) error {
	if err := t.lockText(name); err != nil {
		return fmt.Errorf("waiting for %s: %w", name, err)
	}
	return nil
}

// Alike lists recent tickets with a subject key; see tickets.Tx.
func (t *tx) Alike(key string, since time.Time) (ids []int64, err error) {
	err = t.list(&ids, `
		SELECT id FROM tickets WHERE subject_key = $1 AND created >= $2
		AND NOT EXISTS (SELECT 1 FROM storms s WHERE s.ticket = tickets.id) ORDER BY id`, short(key), stamp(since))
	if err != nil {
		return nil, fmt.Errorf("listing tickets with a subject: %w", err)
	}
	return ids, nil
}

// StormOf finds the latest storm of a subject; see tickets.Tx.
func (t *tx) StormOf(key string, since time.Time) (tickets.Storm, error) {
	var r stormRow
	err := t.get(&r, `SELECT `+stormColumns+` FROM storms WHERE subject_key = $1 AND last >= $2 ORDER BY last DESC, ticket DESC LIMIT 1 {lock}`,
		short(key), stamp(since))
	if err != nil {
		return tickets.Storm{}, fmt.Errorf("storm of a subject: %w", err)
	}
	return r.storm()
}

// SaveStorm writes one; see tickets.Tx.
func (t *tx) SaveStorm(s tickets.Storm) error {
	_, err := t.exec(`
		INSERT INTO storms (`+stormColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (ticket) DO UPDATE SET last = excluded.last, told = excluded.told, waiting = excluded.waiting, due = excluded.due`,
		s.Ticket, short(s.Subject), stamp(s.Last), stamp(s.Told), s.Waiting, stamp(s.Due))
	if err != nil {
		return fmt.Errorf("storm of ticket %d: %w", s.Ticket, err)
	}
	return nil
}

// DueStorms lists those whose summary is due; see tickets.Tx.
func (t *tx) DueStorms(at time.Time, n int) ([]tickets.Storm, error) {
	var rows []stormRow
	err := t.list(&rows, `SELECT `+stormColumns+` FROM storms WHERE due <= $1 ORDER BY due, ticket LIMIT $2 {skip}`, stamp(at), n)
	if err != nil {
		return nil, fmt.Errorf("storms to tell of: %w", err)
	}
	return converted(rows, stormRow.storm)
}

// SayOnce books that something is said; see tickets.Tx.
func (t *tx) SayOnce(what string, since, at time.Time) (bool, error) {
	n, err := t.exec(`
		INSERT INTO said (what, at) VALUES ($1, $2)
		ON CONFLICT (what) DO UPDATE SET at = excluded.at WHERE said.at <= $3`, short(what), stamp(at), stamp(since))
	if err != nil {
		return false, fmt.Errorf("saying %s: %w", what, err)
	}
	return n > 0, nil
}
