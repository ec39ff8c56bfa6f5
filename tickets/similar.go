package tickets

import (
	"fmt"
	"slices"
)

// shownSimilar is how many similar tickets a notice tells at most.
const shownSimilar = 3

// similar are tickets that were dealt with and resemble the new one, for an agent: of the
// queues he works only, since a subject is a person's words.
func (w *work) similar(ag Agent, e *Entry) ([]Item, error) {
	if e == nil {
		return nil, nil
	}
	a := w.asker(ag, Recipient{})
	found, err := w.tx.Similar(Likeness{Ticket: w.t.ID, Queues: a.queues(), Words: tellingWords(w.t.Subject, e.Reply()), Limit: shownSimilar})
	if err != nil {
		return nil, fmt.Errorf("tickets like %d: %w", w.t.ID, err)
	}
	var out []Item
	for _, f := range found {
		q, _ := w.s.Queue(f.Queue)
		done := "resolved " + ago(w.at.Sub(f.StatusSince))
		if f.Status == Closed {
			done = "closed " + ago(w.at.Sub(f.StatusSince))
		}
		out = append(out, Item{Ticket: f.ID, Tag: f.Tag(q), Subject: f.Subject, Status: f.Status, Age: done})
	}
	return out, nil
}

// introduce tells an agent of a new ticket besides why it is a ticket of its own, when its
// mail named another one, and what like it was dealt with before.
func (w *work) introduce(d *Draft) (err error) {
	if w.apart != "" {
		d.Lines = append(slices.Clone(d.Lines), "it is a new ticket because "+w.apart)
	}
	ag, ok := w.s.Agent(d.Recipient.Agent)
	if ok {
		d.Similar, err = w.similar(ag, d.Entry)
	}
	return err
}
