package ticketdb

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"postern/tickets"
)

// chunk is the piece in which octets of messages are stored and moved.
const chunk = 256 << 10

// Accept stores an arrival; see tickets.Store. When the answer to COMMIT is lost it
// looks the key up again: found, it is stored; not found, the error is
// tickets.ErrUnknown and the sender's next try is absorbed by the key.
func (db *DB) Accept(ctx context.Context, a tickets.Arrival, raw tickets.Raw) (id int64, known bool, err error) {
	a.Size, a.At = raw.Size(), moment(a.At)
	mark := rand.Text()
	err = db.run(ctx, func(t *tx) error {
		var err error
		if id, known, err = t.accept(a, mark); err != nil || known {
			return err
		}
		return t.storeRaw(id, raw)
	})
	if errors.Is(err, tickets.ErrUnknown) {
		id, known, err = db.accepted(ctx, a, mark, err)
	}
	if err != nil {
		return 0, false, fmt.Errorf("accepting %s: %w", a.Source, err)
	}
	return id, known, nil
}

// accept inserts the row, unless its key holds already, and moves the cursor.
func (t *tx) accept(a tickets.Arrival, mark string) (id int64, known bool, err error) {
	for range reruns {
		if id, err = t.insertArrival(a, mark); !errors.Is(err, tickets.ErrNotFound) {
			break
		}
		if id, known, err = t.holder(a); !errors.Is(err, tickets.ErrNotFound) {
			break
		}
		// The key was freed, by us or meanwhile by another: insert again.
	}
	if err == nil && a.Cursor != nil {
		err = t.bookUID(*a.Cursor, "accepted", "", id)
	}
	return id, known, err
}

// insertArrival returns ErrNotFound when the key is there.
func (t *tx) insertArrival(a tickets.Arrival, mark string) (id int64, err error) {
	a.ID = 0
	body, err := text(a)
	if err != nil {
		return 0, err
	}
	err = t.get(&id, `
		INSERT INTO arrivals (key, mark, body, via, source, queue, size, sha256, at, next_try)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		ON CONFLICT (key) DO NOTHING
		RETURNING id`,
		short(a.Key), mark, body, a.Via, a.Source, a.Queue, a.Size, a.SHA256, stamp(a.At))
	return id, err
}

// holder finds the arrival that holds the key. When it is older than the key holds,
// it gives the key up and the answer is ErrNotFound.
func (t *tx) holder(a tickets.Arrival) (id int64, known bool, err error) {
	var row struct {
		ID int64
		At stamp
	}
	err = t.get(&row, `SELECT id, at FROM arrivals WHERE key = $1 {lock}`, short(a.Key))
	if err != nil {
		return 0, false, err
	}
	if a.KeyFor == 0 || a.At.Before(row.At.time().Add(a.KeyFor)) {
		return row.ID, true, nil
	}
	if err := t.one(`UPDATE arrivals SET key = $1 WHERE id = $2`, fmt.Sprintf("%s#%d", short(a.Key), row.ID), row.ID); err != nil {
		return 0, false, err
	}
	return 0, false, tickets.ErrNotFound
}

// storeRaw writes the octets, one chunk in memory at a time.
func (t *tx) storeRaw(arrival int64, raw tickets.Raw) error {
	buf := make([]byte, min(chunk, raw.Size()))
	for n, off := 0, int64(0); off < raw.Size(); n++ {
		part := buf[:min(chunk, raw.Size()-off)]
		if got, err := raw.ReadAt(part, off); got < len(part) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("reading the message at %d of %d octets: %w", off, raw.Size(), err)
		}
		if _, err := t.exec(`INSERT INTO raw_chunks (arrival, n, data) VALUES ($1, $2, $3)`, arrival, n, part); err != nil {
			return fmt.Errorf("storing octets: %w", err)
		}
		off += int64(len(part))
	}
	return nil
}

// accepted reads what became of an insert whose COMMIT was not answered.
func (db *DB) accepted(ctx context.Context, a tickets.Arrival, mark string, lost error) (id int64, known bool, err error) {
	// The caller's time may be over; what was promised must still be found out.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slot)
	defer cancel()
	var row struct {
		ID   int64
		Mark string
	}
	err = db.view(ctx, func(q queries) error {
		return q.get(&row, `SELECT id, mark FROM arrivals WHERE key = $1`, short(a.Key))
	})
	if err != nil || (a.KeyFor != 0 && row.Mark != mark) {
		return 0, false, lost
	}
	return row.ID, row.Mark != mark, nil
}

// arrivalRow is a row of the inbox.
type arrivalRow struct {
	ID        int64
	Key       string
	Body      string
	At        stamp
	State     string
	Attempts  int
	NextTry   stamp `db:"next_try"`
	Error     string
	Outcome   string
	Ticket    int64
	Entry     int64
	CopyOf    int64 `db:"copy_of"`
	Why       string
	Trace     *string
	MessageID string `db:"message_id"`
	Content   string `db:"content_key"`
	Released  *string
}

const arrivalColumns = `id, key, body, at, state, attempts, next_try, error, outcome, ticket, entry,
	copy_of, why, trace, message_id, content_key, released`

func (r arrivalRow) arrival() (a tickets.Arrival, err error) {
	if err := json.Unmarshal([]byte(r.Body), &a); err != nil {
		return a, fmt.Errorf("reading arrival %d: %w", r.ID, err)
	}
	a.ID, a.At = r.ID, r.At.time()
	if r.Released != nil {
		a.Released = &tickets.Release{}
	}
	return a, parse(r.Released, a.Released)
}

func (r arrivalRow) result() (tickets.Result, error) {
	res := tickets.Result{Outcome: tickets.Outcome(r.Outcome), Ticket: r.Ticket, Entry: r.Entry, Copy: r.CopyOf,
		Why: r.Why, MessageID: r.MessageID, ContentKey: r.Content}
	return res, parse(r.Trace, &res.Trace)
}

// running is how long an attempt that has begun keeps others away.
const running = 2 * time.Minute
