package ticketdb

import (
	"errors"
	"fmt"
	"time"

	"postern/tickets"
)

// personRow is a participant as stored.
type personRow struct {
	ID       int64
	Address  string
	Name     string
	Verified bool
	Dead     string
}

func (r personRow) participant() tickets.Participant { return tickets.Participant(r) }

func addressKey(address string) string { return short(tickets.AddressKey(clean(address))) }

// ParticipantOf finds or makes the participant of an address; see tickets.Tx. The
// update that changes nothing is what locks his row on PostgreSQL.
func (t *tx) ParticipantOf(a tickets.Address) (tickets.Participant, error) {
	var r personRow
	err := t.get(&r, `
		INSERT INTO participants (address, address_key, name) VALUES ($1, $2, $3)
		ON CONFLICT (address_key) DO UPDATE SET address_key = excluded.address_key
		RETURNING id, address, name, verified, dead`, a.Addr, addressKey(a.Addr), a.Name)
	if err != nil {
		return tickets.Participant{}, fmt.Errorf("participant of an address: %w", err)
	}
	return r.participant(), nil
}

// FindParticipant finds the participant of an address; see tickets.Tx.
func (t *tx) FindParticipant(address string) (tickets.Participant, error) {
	return t.participant(`address_key = $1`, addressKey(address))
}

// Participant reads one by id; see tickets.Tx.
func (t *tx) Participant(id int64) (tickets.Participant, error) {
	return t.participant(`id = $1`, id)
}

func (q queries) participant(where string, arg any) (tickets.Participant, error) {
	var r personRow
	err := q.get(&r, `SELECT id, address, name, verified, dead FROM participants WHERE `+where, arg)
	if err != nil {
		return tickets.Participant{}, fmt.Errorf("participant: %w", err)
	}
	return r.participant(), nil
}

// UpdateParticipant writes name, verified and dead; see tickets.Tx.
func (t *tx) UpdateParticipant(p tickets.Participant) error {
	err := t.one(`UPDATE participants SET name = $2, verified = $3, dead = $4 WHERE id = $1`,
		p.ID, p.Name, p.Verified, p.Dead)
	if err != nil {
		return fmt.Errorf("participant %d: %w", p.ID, err)
	}
	return nil
}

// TicketsOf counts a participant's tickets as requester; see tickets.Tx.
func (t *tx) TicketsOf(participant int64) (all, open int, err error) {
	var row struct{ N, Open int }
	err = t.get(&row, `
		SELECT count(*) AS n, COALESCE(sum(CASE WHEN status IN ('resolved', 'closed') OR disposition <> ''
			THEN 0 ELSE 1 END), 0) AS open
		FROM tickets WHERE requester = $1`, participant)
	if err != nil {
		return 0, 0, fmt.Errorf("counting tickets of participant %d: %w", participant, err)
	}
	return row.N, row.Open, nil
}

// confirmationRow is a mail-back question as stored.
type confirmationRow struct {
	ID        int64
	NonceHash string `db:"nonce_hash"`
	Nonce     string
	Agent     string
	Ticket    int64
	Entry     int64
	Orders    string
	At        stamp
	Expires   stamp
}

const confirmationColumns = `id, nonce_hash, nonce, agent, ticket, entry, orders, at, expires`

func (r confirmationRow) confirmation() (tickets.Confirmation, error) {
	return tickets.Confirmation{ID: r.ID, NonceHash: r.NonceHash, Nonce: r.Nonce, Agent: r.Agent,
		Ticket: r.Ticket, Entry: r.Entry, Orders: r.Orders, At: r.At.time(), Expires: r.Expires.time()}, nil
}

// AddConfirmation stores a question that was asked by mail; see tickets.Tx.
func (t *tx) AddConfirmation(c tickets.Confirmation) (id int64, err error) {
	err = t.get(&id, `
		INSERT INTO confirmations (nonce_hash, nonce, agent, ticket, entry, orders, at, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
		c.NonceHash, c.Nonce, c.Agent, c.Ticket, c.Entry, c.Orders, stamp(c.At), stamp(c.Expires))
	if err != nil {
		return 0, fmt.Errorf("adding a confirmation: %w", err)
	}
	return id, nil
}

// OpenConfirmations lists an agent's open ones; see tickets.Tx.
func (t *tx) OpenConfirmations(agent string, at time.Time) ([]tickets.Confirmation, error) {
	var rows []confirmationRow
	err := t.list(&rows, `
		SELECT `+confirmationColumns+` FROM confirmations
		WHERE agent = $1 AND used_at IS NULL AND expires > $2 ORDER BY id`, agent, stamp(at))
	if err != nil {
		return nil, fmt.Errorf("listing confirmations: %w", err)
	}
	return converted(rows, confirmationRow.confirmation)
}

// UseConfirmation uses one, once; see tickets.Tx. Its nonce is forgotten with that.
func (t *tx) UseConfirmation(agent, nonceHash string, at time.Time) (tickets.Confirmation, error) {
	if nonceHash == "" {
		return tickets.Confirmation{}, errors.Join(errors.New("a confirmation without nonce"), tickets.ErrNotFound)
	}
	var r confirmationRow
	err := t.get(&r, `
		UPDATE confirmations SET used_at = $3, nonce = ''
		WHERE nonce_hash = $2 AND agent = $1 AND used_at IS NULL AND expires > $3
		RETURNING `+confirmationColumns, agent, nonceHash, stamp(at))
	if err != nil {
		return tickets.Confirmation{}, fmt.Errorf("using a confirmation: %w", err)
	}
	return r.confirmation()
}
