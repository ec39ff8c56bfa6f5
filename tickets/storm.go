package tickets

import (
	"errors"
	"fmt"
	"time"
)

// stormFlag marks the tickets of a storm and their parent.
const stormFlag = "storm"

// summaryEvery is how often the agents hear of a storm that goes on.
const summaryEvery = 30 * time.Minute

// Storm is one subject in many tickets of many senders.
type Storm struct {
	Ticket  int64  // their parent
	Subject string // key, as tickets are compared by
	Last    time.Time
	Told    time.Time // of the last summary; zero before the first
	Waiting int       // tickets that no summary has told
	Due     time.Time // of the next summary; zero for none
}

// stormTx keeps what is known of storms, and what was said once.
type stormTx interface {
	// Alone lets nobody else past the same name until the end of the transaction, so that
	// what is counted behind it stays true.
	Alone(name string) error
	// Alike lists the tickets created since then with a subject key, oldest first;
	// parents of storms are none.
	Alike(subjectKey string, since time.Time) ([]int64, error)
	// StormOf finds the latest storm of a subject whose last ticket came since then.
	StormOf(subjectKey string, since time.Time) (Storm, error)
	// SaveStorm writes one.
	SaveStorm(s Storm) error
	// DueStorms lists those whose summary is due, at most n, skipping those another
	// gateway holds.
	DueStorms(at time.Time, n int) ([]Storm, error)
	// SayOnce books that something is said; false when it was said after since already.
	SayOnce(what string, since, at time.Time) (bool, error)
}

// stormKey is the subject by which tickets are of one storm; "" for none: mails
// without a subject have nothing in common.
func stormKey(subject string) string {
	if subject == noSubject {
		return ""
	}
	return subjectKey(subject)
}

// storm looks whether the new ticket is one of many with its subject. Each sender
// keeps a ticket of his own, linked to one parent; the agents get a summary instead of
// notices. Nobody's words enter another's ticket.
func (d *Desk) storm(w *work, q Queue) error {
	key := stormKey(w.subject())
	if key == "" || w.s.Limits.StormHour == 0 || w.quiet != "" {
		return nil
	}
	since := w.at.Add(-time.Hour)
	n, _, err := w.tx.TicketsLike(key, 0, since)
	if err != nil || n < w.s.Limits.StormHour {
		return err
	}
	if err := w.tx.Alone("storm/" + key); err != nil {
		return err
	}
	s, err := w.tx.StormOf(key, since)
	if errors.Is(err, ErrNotFound) {
		s, err = d.beginStorm(w, q, key)
	}
	if err != nil {
		return fmt.Errorf("storm: %w", err)
	}
	s.Last, s.Waiting = w.at, s.Waiting+1
	if s.Due.IsZero() {
		s.Due = later(w.at, s.Told.Add(summaryEvery))
	}
	w.storm = s.Ticket
	w.trace.Add("is it one of a storm?", fmt.Sprintf("yes, its parent is ticket %d", s.Ticket))
	return w.tx.SaveStorm(s)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// beginStorm makes the parent, without rules and notices, and ties the tickets to it
// that came before anybody could know.
func (d *Desk) beginStorm(w *work, q Queue, key string) (Storm, error) {
	var s Storm
	ids, err := w.tx.Alike(key, w.at.Add(-time.Hour))
	if err != nil {
		return s, err
	}
	t, err := w.tx.CreateTicket(w.subject(), w.at)
	if err != nil {
		return s, fmt.Errorf("parent: %w", err)
	}
	why := fmt.Sprintf("more than %d tickets an hour with one subject from many senders", w.s.Limits.StormHour)
	p := d.newWork(w.tx, t, w.at)
	p.cause = w.cause
	p.add(Created{Queue: q.Name, Priority: Normal}, p.cause)
	p.add(Flagged{Flag: stormFlag, Why: why}, p.cause)
	if _, err := p.addEntry(Entry{Kind: EntrySystem, State: EntryVisible, Why: stormFlag, Text: stormText(w.s.Limits.StormHour)}, p.cause); err != nil {
		return s, err
	}
	p.waiting = nil // its summary tells of it
	if err := p.finish(); err != nil {
		return s, err
	}
	for _, id := range ids {
		if err := d.tie(w, id, t.ID); err != nil {
			return s, err
		}
	}
	if err := w.alarm(why, "", w.t.Subject); err != nil {
		return s, err
	}
	return Storm{Ticket: t.ID, Subject: key}, nil
}

func stormText(n int) string {
	return fmt.Sprintf("More than %d tickets with this subject came within an hour. Each is linked to this one; "+
		"every sender keeps his own ticket and is answered there.", n)
}

// tie links an earlier ticket of a storm to its parent.
func (d *Desk) tie(w *work, id, parent int64) error {
	t, err := w.tx.Ticket(id)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", id, err)
	}
	_, err = w.tx.Append(t, Event{At: w.at, Cause: w.cause, Body: Linked{parent, stormFlag}})
	if err != nil {
		return fmt.Errorf("ticket %d: %w", id, err)
	}
	return nil
}

// blown books on a new ticket that it belongs to a storm.
func (w *work) blown() {
	if w.storm != 0 {
		w.add(Linked{w.storm, stormFlag}, w.cause)
		w.add(Flagged{Flag: stormFlag, Why: fmt.Sprintf("one of many: ticket %d", w.storm)}, w.cause)
	}
}
