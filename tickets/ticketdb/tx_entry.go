package ticketdb

import (
	"fmt"

	"postern/tickets"
)

// entryRow is an entry as stored.
type entryRow struct {
	ID          int64
	Ticket      int64
	Arrival     int64
	Kind        string
	State       string
	Participant int64
	Agent       string
	Level       int
	Why         string
	FromName    string `db:"from_name"`
	FromAddr    string `db:"from_addr"`
	FromGuessed bool   `db:"from_guessed"`
	Subject     string
	Text        string
	Start       int `db:"reply_start"`
	End         int `db:"reply_end"`
	HTML        string
	MessageID   string `db:"message_id"`
	ContentKey  string `db:"content_key"`
	Parts       *string
	Defects     *string
	Automatic   bool
	At          stamp
}

const entryColumns = `id, ticket, arrival, kind, state, participant, agent, level, why, from_name, from_addr,
	from_guessed, subject, text, reply_start, reply_end, html, message_id, content_key, parts, defects, automatic, at`

func (r entryRow) entry() (tickets.Entry, error) {
	e := tickets.Entry{
		ID: r.ID, Ticket: r.Ticket, Arrival: r.Arrival,
		Kind: tickets.EntryKind(r.Kind), State: tickets.EntryState(r.State),
		Participant: r.Participant, Agent: r.Agent, Level: tickets.Level(r.Level), Why: r.Why,
		From:    tickets.Address{Name: r.FromName, Addr: r.FromAddr, Guessed: r.FromGuessed},
		Subject: r.Subject, Text: r.Text, Start: r.Start, End: r.End, HTML: r.HTML,
		MessageID: r.MessageID, ContentKey: r.ContentKey, Automatic: r.Automatic, At: r.At.time(),
	}
	if err := parse(r.Parts, &e.Parts); err != nil {
		return e, fmt.Errorf("entry %d: %w", r.ID, err)
	}
	if err := parse(r.Defects, &e.Defects); err != nil {
		return e, fmt.Errorf("entry %d: %w", r.ID, err)
	}
	return e, nil
}

// AddEntry stores an entry; see tickets.Tx.
func (t *tx) AddEntry(e tickets.Entry) (id int64, err error) {
	parts, err := text(e.Parts)
	if err != nil {
		return 0, err
	}
	defects, err := text(e.Defects)
	if err != nil {
		return 0, err
	}
	words, start, end := storable(e)
	err = t.get(&id, `
		INSERT INTO entries (ticket, arrival, kind, state, participant, agent, level, why, from_name, from_addr,
			from_guessed, subject, text, reply_start, reply_end, message_id, message_id_hash, content_key,
			parts, defects, automatic, at, html)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		RETURNING id`,
		e.Ticket, e.Arrival, e.Kind, e.State, e.Participant, e.Agent, int(e.Level), e.Why, e.From.Name, e.From.Addr,
		e.From.Guessed, e.Subject, words, start, end, e.MessageID, hashed(e.MessageID), e.ContentKey,
		parts, defects, e.Automatic, stamp(e.At), clean(e.HTML))
	if err != nil {
		return 0, fmt.Errorf("adding an entry to ticket %d: %w", e.Ticket, err)
	}
	return id, t.addWords(id, e)
}

// storable is the text of an entry made storable, with the bounds of the visible reply
// where they then are.
func storable(e tickets.Entry) (words string, start, end int) {
	words = clean(e.Text)
	if len(words) == len(e.Text) && words == e.Text || e.Start < 0 || e.End > len(e.Text) || e.Start > e.End {
		return words, e.Start, e.End
	}
	head, reply := clean(e.Text[:e.Start]), clean(e.Text[e.Start:e.End])
	return head + reply + clean(e.Text[e.End:]), len(head), len(head) + len(reply)
}

// Entry reads one; see tickets.Tx.
func (t *tx) Entry(id int64) (tickets.Entry, error) {
	var r entryRow
	if err := t.get(&r, `SELECT `+entryColumns+` FROM entries WHERE id = $1`, id); err != nil {
		return tickets.Entry{}, fmt.Errorf("entry %d: %w", id, err)
	}
	return r.entry()
}

// Entries lists the last n entries of a ticket, newest first; see tickets.Tx.
func (t *tx) Entries(ticket int64, n int) ([]tickets.Entry, error) {
	return t.entries(`WHERE ticket = $1 ORDER BY id DESC LIMIT $2`, ticket, n)
}

// EntriesByMessageID finds entries by their Message-ID, oldest first; see tickets.Tx.
func (t *tx) EntriesByMessageID(id string) ([]tickets.Entry, error) {
	if id == "" {
		return nil, nil
	}
	return t.entries(`WHERE message_id_hash = $1 AND message_id_hash <> '' ORDER BY id`, hashed(id))
}

func (q queries) entries(where string, args ...any) ([]tickets.Entry, error) {
	var rows []entryRow
	if err := q.list(&rows, `SELECT `+entryColumns+` FROM entries `+where, args...); err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	return converted(rows, entryRow.entry)
}

// UpdateEntry writes what may change of an entry; see tickets.Tx.
func (t *tx) UpdateEntry(e tickets.Entry) error {
	err := t.one(`
		UPDATE entries SET state = $2, kind = $3, agent = $4, participant = $5, level = $6, why = $7 WHERE id = $1`,
		e.ID, e.State, e.Kind, e.Agent, e.Participant, int(e.Level), e.Why)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.ID, err)
	}
	return nil
}
