package tickets

import (
	"errors"
	"fmt"
	"time"
)

// stateWaiting is a MailDone of a mail that the relay keeps putting off.
const stateWaiting = "waiting"

// Delayed reports whether a person's mail has waited for its relay so long that the
// agents ought to know. Automatic mail may wait: nobody counts on it.
func Delayed(o Outgoing, at time.Time, after time.Duration) bool {
	from := later(o.At, o.NotBefore)
	return o.Mail.Human() && o.Ticket != 0 && after > 0 && !at.Before(from.Add(after))
}

// delayed tells the agents, once for each mail, that the relay has not taken it yet.
// postern goes on trying.
func (d *Desk) delayed(tx Tx, o Outgoing, v Verdict) error {
	if !Delayed(o, v.At, d.limits().RelayDelay) {
		return nil
	}
	t, err := tx.Ticket(o.Ticket)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("ticket %d: %w", o.Ticket, err)
	}
	events, err := tx.Events(o.Ticket)
	if err != nil {
		return err
	}
	for _, e := range events {
		if b, ok := e.Body.(MailDone); ok && b.Outgoing == o.ID && b.State == stateWaiting {
			return nil
		}
	}
	w := d.newWork(tx, t, v.At)
	w.cause = Cause{Clock: true}
	var entry *Entry
	if e, err := tx.Entry(o.Entry); err == nil {
		entry = &e
	}
	w.happen(MailDone{Outgoing: o.ID, State: stateWaiting, Code: answerOf(v)}, w.cause, entry)
	return w.finish()
}
