package ticketdb

import (
	"errors"
	"fmt"
	"time"

	"postern/tickets"
)

// ticketRow is a ticket as stored: the sum of its events, and the words beside it.
type ticketRow struct {
	ID      int64
	Seq     int64
	State   string
	Subject string
	Due     stamp `db:"due_at"`
}

const ticketColumns = `id, seq, state, subject, due_at`

func (r ticketRow) ticket() (t tickets.Ticket, err error) {
	if err := parse(&r.State, &t); err != nil {
		return t, fmt.Errorf("ticket %d: %w", r.ID, err)
	}
	t.ID, t.Subject = r.ID, r.Subject
	return t, nil
}

// CreateTicket makes a ticket with no events yet; see tickets.Tx.
func (t *tx) CreateTicket(subject string, at time.Time) (tickets.Ticket, error) {
	state, err := text(tickets.Ticket{})
	if err != nil {
		return tickets.Ticket{}, err
	}
	var row ticketRow
	err = t.get(&row, `
		INSERT INTO tickets (state, subject, subject_key, created, updated) VALUES ($1, $2, $3, $4, $4)
		RETURNING `+ticketColumns, state, subject, subjectKey(subject), stamp(at))
	if err != nil {
		return tickets.Ticket{}, fmt.Errorf("creating a ticket: %w", err)
	}
	return row.ticket()
}

// Ticket reads a ticket and locks its row; see tickets.Tx.
func (t *tx) Ticket(id int64) (tickets.Ticket, error) {
	var row ticketRow
	err := t.get(&row, `SELECT `+ticketColumns+` FROM tickets WHERE id = $1 {lock}`, id)
	if err != nil {
		return tickets.Ticket{}, fmt.Errorf("ticket %d: %w", id, err)
	}
	return row.ticket()
}

// Append writes events and the row they make; see tickets.Tx.
func (t *tx) Append(was tickets.Ticket, events ...tickets.Event) (tickets.Ticket, error) {
	if len(events) == 0 {
		return was, nil
	}
	now := was
	rows := make([]eventRow, len(events))
	for i, e := range events {
		e.Ticket, e.Seq = was.ID, was.Seq+int64(i)+1
		row, e, err := stored(e)
		if err != nil {
			return was, fmt.Errorf("ticket %d: %w", was.ID, err)
		}
		rows[i], now = row, tickets.Apply(now, e)
	}
	// The row first: it is the lock, and says whether the events come too late.
	if err := t.updateTicket(now, was.Seq); err != nil {
		return was, fmt.Errorf("ticket %d: %w", was.ID, err)
	}
	for _, r := range rows {
		_, err := t.exec(`INSERT INTO events (ticket, seq, kind, body, cause, at) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.Ticket, r.Seq, r.Kind, r.Body, r.Cause, r.At)
		if err != nil {
			return was, fmt.Errorf("ticket %d, event %d: %w", was.ID, r.Seq, err)
		}
	}
	return now, nil
}

// updateTicket writes the row where it still stands at seq.
func (t *tx) updateTicket(n tickets.Ticket, seq int64) error {
	state, err := text(n)
	if err != nil {
		return err
	}
	err = t.one(`
		UPDATE tickets SET seq = $3, state = $4, queue = $5, status = $6, disposition = $7, assignee = $8,
			requester = $9, priority = $10, created = COALESCE($11, created), updated = COALESCE($12, updated)
		WHERE id = $1 AND seq = $2`,
		n.ID, seq, n.Seq, state, n.Queue, n.Status, n.Disposition, n.Assignee,
		n.Requester, n.Priority, stamp(n.Created), stamp(n.Updated))
	if errors.Is(err, tickets.ErrNotFound) {
		var there int64
		if err := t.get(&there, `SELECT seq FROM tickets WHERE id = $1`, n.ID); err != nil {
			return err
		}
		return fmt.Errorf("at %d, expected %d: %w", there, seq, tickets.ErrConflict)
	}
	return err
}

// eventRow is an event as stored.
type eventRow struct {
	Ticket int64
	Seq    int64
	Kind   string
	Body   string
	Cause  string
	At     stamp
}

// stored makes the row of an event, and the event as it will be read back: what is
// folded into the ticket must be what the ledger says.
func stored(e tickets.Event) (eventRow, tickets.Event, error) {
	kind, body, err := tickets.EncodeBody(e.Body)
	if err != nil {
		return eventRow{}, e, fmt.Errorf("event %s: %w", kind, err)
	}
	cause, err := text(e.Cause)
	if err != nil {
		return eventRow{}, e, err
	}
	row := eventRow{e.Ticket, e.Seq, kind, clean(string(body)), cause, stamp(moment(e.At))}
	e, err = row.event()
	return row, e, err
}

func (r eventRow) event() (tickets.Event, error) {
	e := tickets.Event{Ticket: r.Ticket, Seq: r.Seq, At: r.At.time()}
	if err := parse(&r.Cause, &e.Cause); err != nil {
		return e, err
	}
	var err error
	if e.Body, err = tickets.DecodeBody(r.Kind, []byte(r.Body)); err != nil {
		return e, fmt.Errorf("ticket %d, event %d: %w", r.Ticket, r.Seq, err)
	}
	return e, nil
}

// Events lists the ledger of a ticket; see tickets.Tx.
func (t *tx) Events(ticket int64) ([]tickets.Event, error) { return t.events(ticket) }

func (q queries) events(ticket int64) ([]tickets.Event, error) {
	var rows []eventRow
	err := q.list(&rows, `SELECT ticket, seq, kind, body, cause, at FROM events WHERE ticket = $1 ORDER BY seq`, ticket)
	if err != nil {
		return nil, fmt.Errorf("events of ticket %d: %w", ticket, err)
	}
	return converted(rows, eventRow.event)
}

// SetSubject changes the words kept beside the row; see tickets.Tx.
func (t *tx) SetSubject(ticket int64, subject string) error {
	err := t.one(`UPDATE tickets SET subject = $2, subject_key = $3 WHERE id = $1`, ticket, subject, subjectKey(subject))
	if err != nil {
		return fmt.Errorf("subject of ticket %d: %w", ticket, err)
	}
	return nil
}

// SetDue says when a timer rule next looks at the ticket; see tickets.Tx.
func (t *tx) SetDue(ticket int64, at time.Time) error {
	err := t.one(`UPDATE tickets SET due_at = $2 WHERE id = $1`, ticket, stamp(at))
	if err != nil {
		return fmt.Errorf("due time of ticket %d: %w", ticket, err)
	}
	return nil
}

// DueTickets lists tickets whose time has come; see tickets.Tx.
func (t *tx) DueTickets(at time.Time, n int) (ids []int64, err error) {
	err = t.list(&ids, `SELECT id FROM tickets WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2 {skip}`, stamp(at), n)
	if err != nil {
		return nil, fmt.Errorf("listing due tickets: %w", err)
	}
	return ids, nil
}

// TicketsLike counts recent tickets with a subject key; see tickets.Tx.
func (t *tx) TicketsLike(key string, participant int64, since time.Time) (n int, newest int64, err error) {
	var row struct {
		N      int
		Newest int64
	}
	err = t.get(&row, `
		SELECT count(*) AS n, COALESCE(max(id), 0) AS newest FROM tickets
		WHERE subject_key = $1 AND created >= COALESCE($2, created) AND (CAST($3 AS BIGINT) = 0 OR requester = $3)`,
		short(key), stamp(since), participant)
	if err != nil {
		return 0, 0, fmt.Errorf("counting tickets with a subject: %w", err)
	}
	return row.N, row.Newest, nil
}

// subjectKey is the form under which subjects are compared.
func subjectKey(subject string) string { return short(tickets.SubjectKey(subject)) }

// converted turns stored rows into values.
func converted[R, V any](rows []R, f func(R) (V, error)) ([]V, error) {
	out := make([]V, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = f(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
