package ticketdb

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/tickets"
)

// outRow is an outgoing message as stored, without its content.
type outRow struct {
	ID        int64
	Key       string
	Ticket    int64
	Seq       int64
	Entry     int64
	Role      string
	Mail      string
	Queue     string
	Relay     string
	From      string `db:"mail_from"`
	To        string `db:"rcpt_to"`
	Recipient string
	MessageID string `db:"message_id"`
	Subject   string
	NotBefore stamp `db:"not_before"`
	At        stamp
	State     string
	Attempts  int
	NextTry   stamp `db:"next_try"`
	Code      string
	Answer    string
	Fence     int64
	LeaseOver stamp `db:"lease_until"`
}

const outColumns = `id, key, ticket, seq, entry, role, mail, queue, relay, mail_from, rcpt_to, recipient,
	message_id, subject, not_before, at, state, attempts, next_try, code, answer, fence, lease_until`

func (r outRow) outgoing() tickets.Outgoing {
	return tickets.Outgoing{
		ID: r.ID, Key: r.Key, Ticket: r.Ticket, Seq: r.Seq, Entry: r.Entry, Role: r.Role,
		Mail: tickets.MailKind(r.Mail), Queue: r.Queue, Relay: r.Relay, From: r.From, To: r.To,
		Recipient: r.Recipient, MessageID: r.MessageID, Subject: r.Subject,
		NotBefore: r.NotBefore.time(), At: r.At.time(), State: tickets.OutState(r.State),
		Attempts: r.Attempts, NextTry: r.NextTry.time(), Code: r.Code, Answer: r.Answer,
		Fence: r.Fence, LeaseOver: r.LeaseOver.time(),
	}
}

// Enqueue stores an outgoing message, once for each key; see tickets.Tx.
func (t *tx) Enqueue(o tickets.Outgoing) (id int64, err error) {
	urgency := 1
	if o.Mail.Human() {
		urgency = 0
	}
	if o.State == "" {
		o.State = tickets.OutQueued
	}
	err = t.get(&id, `
		INSERT INTO outbox (key, urgency, ticket, seq, entry, role, mail, queue, relay, mail_from, rcpt_to,
			recipient, message_id, message_id_hash, subject, not_before, at, state, next_try)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (key) DO NOTHING RETURNING id`,
		short(o.Key), urgency, o.Ticket, o.Seq, o.Entry, o.Role, o.Mail, o.Queue, o.Relay, o.From, o.To,
		o.Recipient, o.MessageID, hashed(o.MessageID), o.Subject, stamp(o.NotBefore), stamp(o.At), o.State, stamp(o.NextTry))
	if errors.Is(err, tickets.ErrNotFound) {
		err = t.get(&id, `SELECT id FROM outbox WHERE key = $1`, short(o.Key))
	} else if err == nil {
		err = t.storeContent(id, o.Content)
	}
	if err != nil {
		return 0, fmt.Errorf("queueing %s: %w", o.Key, err)
	}
	return id, nil
}

func (t *tx) storeContent(id int64, c tickets.Content) error {
	for n, s := range c.Segments {
		var part *string
		if s.Part != nil {
			j, err := text(s.Part)
			if err != nil {
				return err
			}
			part = &j
		}
		_, err := t.exec(`INSERT INTO outbox_segments (outgoing, n, literal, arrival, part) VALUES ($1, $2, $3, $4, $5)`,
			id, n, s.Literal, s.Arrival, part)
		if err != nil {
			return err
		}
	}
	return nil
}

// segmentRow is a piece of a composed message as stored.
type segmentRow struct {
	Literal []byte
	Arrival int64
	Part    *string
}

// content reads the pieces of a message. Attachments are references and stay so.
func (q queries) content(id int64) (c tickets.Content, err error) {
	var rows []segmentRow
	err = q.list(&rows, `SELECT literal, arrival, part FROM outbox_segments WHERE outgoing = $1 ORDER BY n`, id)
	if err != nil {
		return c, fmt.Errorf("content of outgoing %d: %w", id, err)
	}
	for _, r := range rows {
		s := tickets.Segment{Literal: r.Literal, Arrival: r.Arrival}
		if r.Part != nil {
			s.Part = &tickets.Part{}
			if err := parse(r.Part, s.Part); err != nil {
				return c, err
			}
		}
		c.Segments = append(c.Segments, s)
	}
	return c, nil
}

// Outgoing reads and locks one; see tickets.Tx.
func (t *tx) Outgoing(id int64) (tickets.Outgoing, error) {
	return t.outgoing(`id = $1 {lock}`, id)
}

// OutgoingByMessageID finds one by its Message-ID; see tickets.Tx.
func (t *tx) OutgoingByMessageID(id string) (tickets.Outgoing, error) {
	if id == "" {
		return tickets.Outgoing{}, tickets.ErrNotFound
	}
	return t.outgoing(`message_id_hash = $1 AND message_id_hash <> '' ORDER BY id LIMIT 1`, hashed(id))
}

func (q queries) outgoing(where string, args ...any) (tickets.Outgoing, error) {
	var r outRow
	if err := q.get(&r, `SELECT `+outColumns+` FROM outbox WHERE `+where, args...); err != nil {
		return tickets.Outgoing{}, fmt.Errorf("outgoing message: %w", err)
	}
	o := r.outgoing()
	var err error
	o.Content, err = q.content(o.ID)
	return o, err
}

// OutgoingOf lists and locks the messages of a ticket that carry an entry; see tickets.Tx.
func (t *tx) OutgoingOf(ticket, entry int64) (out []tickets.Outgoing, err error) {
	var rows []outRow
	err = t.list(&rows, `SELECT `+outColumns+` FROM outbox WHERE ticket = $1 AND entry = $2 ORDER BY id {lock}`, ticket, entry)
	if err != nil {
		return nil, fmt.Errorf("outgoing messages of entry %d: %w", entry, err)
	}
	for _, r := range rows {
		out = append(out, r.outgoing())
	}
	return out, nil
}

// UpdateOutgoing writes state, not-before, next try, code and answer; see tickets.Tx.
func (t *tx) UpdateOutgoing(o tickets.Outgoing) error {
	err := t.one(`
		UPDATE outbox SET state = $2, not_before = $3, next_try = $4, code = $5, answer = $6 WHERE id = $1`,
		o.ID, o.State, stamp(o.NotBefore), stamp(o.NextTry), o.Code, o.Answer)
	if err != nil {
		return fmt.Errorf("outgoing %d: %w", o.ID, err)
	}
	return nil
}

// RecordVerdict writes the end of an attempt; see tickets.Tx. Only the last claim may:
// its fence is re-checked in the statement that writes.
func (t *tx) RecordVerdict(v tickets.Verdict) (tickets.Outgoing, error) {
	state, back := tickets.OutQueued, 0
	switch v.Kind {
	case tickets.VerdictSent:
		state = tickets.OutSent
	case tickets.VerdictNever:
		state = tickets.OutFailed
	case tickets.VerdictBack:
		back = 1
	case tickets.VerdictLater:
	default:
		return tickets.Outgoing{}, fmt.Errorf("verdict on outgoing %d: unknown kind %q", v.Outgoing, v.Kind)
	}
	var r outRow
	err := t.get(&r, `
		UPDATE outbox SET state = $3, code = CASE WHEN $4 THEN code ELSE $5 END, answer = CASE WHEN $4 THEN answer ELSE $6 END,
			next_try = $7, attempts = attempts - $8, lease_until = NULL
		WHERE id = $1 AND fence = $2 AND state = 'sending'
		RETURNING `+outColumns,
		v.Outgoing, v.Fence, state, v.Kind == tickets.VerdictBack, v.Code, v.Answer, stamp(v.NextTry), back)
	if errors.Is(err, tickets.ErrNotFound) {
		err = t.fenced(v.Outgoing)
	}
	if err != nil {
		return tickets.Outgoing{}, fmt.Errorf("verdict on outgoing %d: %w", v.Outgoing, err)
	}
	o := r.outgoing()
	o.Content, err = t.content(o.ID)
	return o, err
}

// fenced tells a lost lease from a message that is not there.
func (t *tx) fenced(id int64) error {
	var there int64
	if err := t.get(&there, `SELECT id FROM outbox WHERE id = $1`, id); err != nil {
		return err
	}
	return tickets.ErrFenced
}

// automatic are the kinds that count in limits when none is named.
var automatic = func() (kinds []tickets.MailKind) {
	for _, k := range []tickets.MailKind{tickets.MailReply, tickets.MailAck, tickets.MailUpdate, tickets.MailReminder,
		tickets.MailNotice, tickets.MailReceipt, tickets.MailRefusal, tickets.MailConfirmation, tickets.MailDigest, tickets.MailAlarm} {
		if !k.Human() && !k.Security() {
			kinds = append(kinds, k)
		}
	}
	return kinds
}()

// described is the filter of the messages a Count describes; cancelled ones are none.
func described(c tickets.Count) *filter {
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = automatic
	}
	f := &filter{terms: []string{`state <> 'cancelled'`}}
	f.since(c.Since)
	if c.Recipient != "" {
		f.add(`recipient = `, c.Recipient)
	}
	if c.Ticket != 0 {
		f.add(`ticket = `, c.Ticket)
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = f.arg(k)
	}
	f.terms = append(f.terms, `mail IN (`+strings.Join(names, ", ")+`)`)
	return f
}

// CountSent counts messages in the outbox since a moment; see tickets.Tx.
func (t *tx) CountSent(c tickets.Count) (n int, err error) {
	f := described(c)
	if err := t.get(&n, `SELECT count(*) FROM outbox `+f.where(), f.args...); err != nil {
		return 0, fmt.Errorf("counting outgoing mail: %w", err)
	}
	return n, nil
}

// LastOutgoing is the message with the latest NotBefore among those c describes; see
// tickets.Tx. One without NotBefore could leave at once, so its own moment counts.
func (t *tx) LastOutgoing(c tickets.Count) (tickets.Outgoing, error) {
	f := described(c)
	return t.outgoing(strings.TrimPrefix(f.where(), "WHERE ")+` ORDER BY COALESCE(not_before, at) DESC, id DESC LIMIT 1`, f.args...)
}

// LatestTo is the newest message of a ticket to a recipient; see tickets.Tx.
func (t *tx) LatestTo(ticket int64, recipient string) (tickets.Outgoing, error) {
	return t.outgoing(`ticket = $1 AND recipient = $2 ORDER BY id DESC LIMIT 1`, ticket, recipient)
}

// orderFor is how long a waiting message holds back later ones of its ticket to the
// same recipient.
const orderFor = 15 * time.Minute
