package tickets

import (
	"errors"
	"fmt"
	"slices"
)

// tellWatching tells the agents of a queue that a ticket of another queue is theirs to
// know: a copy of one of its mails came to them. Otherwise the department that
// the mail reached second would never see it. What follows they are told as before:
// only when they watch, or the ticket comes to them.
func (w *work) tellWatching(q Queue, because Event, entry int64) error {
	if entry == 0 || w.t.Status.Done() || w.t.Disposition != "" {
		return nil
	}
	e, err := w.tx.Entry(entry)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("entry %d: %w", entry, err)
	}
	role := "notice-new"
	if w.t.Entries > 1 {
		role = "notice-reply"
	}
	home, _ := w.s.Queue(w.t.Queue)
	for _, name := range q.Agents {
		if home.Works(name) || w.t.Assignee == name || slices.Contains(w.t.Watchers, name) {
			continue // he knows it already
		}
		if err := w.tellAgent(name, role, waiting{event: because, entry: &e}); err != nil {
			return err
		}
	}
	return nil
}
