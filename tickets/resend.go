package tickets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// roleAgain is a reply that is sent again: its own text would be that of "reply".
const roleAgain = "reply-again"

// seekResend plans #resend: an agent's public reply goes to the requester once more:
// the one whose entry is named, that the answered mail is about, or the last one.
func seekResend(w *work, ag Agent, c Command, t Ticket) ([]deed, error) {
	r, ok := w.requester()
	if !ok {
		return nil, &BlockError{c.Line, "the requester has no address", "#on-behalf ADDRESS says whose ticket it is"}
	}
	e, err := w.toResend(c)
	if err != nil {
		return nil, err
	}
	waits, err := w.stillWaits(e, r)
	if err != nil {
		return nil, err
	}
	if waits {
		return nil, &BlockError{c.Line, "that reply is still on its way to the relay", "it is tried again by itself"}
	}
	return []deed{{cmd: c, job: resendJob{e, r}, did: fmt.Sprintf("sent the reply of %s again to %s", actorIs{s: w.s}.date(e.At, t), orElse(r.Name, r.Address)),
		book: fmt.Sprintf("asked to send entry %d again to %s", e.ID, r.Key())}}, nil
}

func (w *work) toResend(c Command) (Entry, error) {
	if c.Args != "" {
		n, err := strconv.ParseInt(strings.TrimPrefix(c.Args, "#"), 10, 64)
		if err != nil {
			return Entry{}, &BlockError{c.Line, "it names no entry", "#resend, or #resend with the entry's number"}
		}
		e, err := w.tx.Entry(n)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return e, err
		}
		if err != nil || e.Ticket != w.t.ID || e.Kind != EntryReply || !e.Public() {
			return e, &BlockError{c.Line, fmt.Sprintf("entry %d is no public reply of this ticket", n), ""}
		}
		return e, nil
	}
	e, ok, err := w.answeredEntry(func(e Entry) bool { return e.Kind == EntryReply && e.Public() })
	if ok || err != nil {
		return e, err
	}
	last, err := w.lastReply()
	if err != nil {
		return e, err
	}
	if last == nil {
		return e, &BlockError{c.Line, "nobody has answered this ticket yet", ""}
	}
	return *last, nil
}

// answeredEntry is the entry that a mail of ours was about which this message
// answers, if it is of this ticket and of the kind wanted.
func (w *work) answeredEntry(wanted func(Entry) bool) (Entry, bool, error) {
	if w.msg == nil {
		return Entry{}, false, nil
	}
	for _, id := range w.msg.InReplyTo {
		o, err := w.tx.OutgoingByMessageID(id)
		if err == nil && o.Ticket == w.t.ID && o.Entry != 0 {
			e, err := w.tx.Entry(o.Entry)
			if err == nil && e.Ticket == w.t.ID && wanted(e) {
				return e, true, nil
			}
		}
		if err := ifFound(err); err != nil {
			return Entry{}, false, err
		}
	}
	return Entry{}, false, nil
}

// stillWaits: a mail with these words to this person has not left yet.
func (w *work) stillWaits(e Entry, r Recipient) (bool, error) {
	sent, err := w.tx.OutgoingOf(e.Ticket, e.ID)
	if err != nil {
		return false, err
	}
	for _, o := range sent {
		if o.Recipient == r.Key() && (o.State == OutQueued || o.State == OutSending) {
			return true, nil
		}
	}
	return false, nil
}

// resendJob writes the reply once more, as a mail of its own.
type resendJob struct {
	entry Entry
	to    Recipient
}

func (j resendJob) run(w *work) (string, error) {
	before := len(w.events)
	err := w.mail(letter{role: roleAgain, mail: MailReply, to: j.to, entry: &j.entry, seq: w.t.Seq + 1})
	for _, x := range w.events[before:] {
		if b, ok := x.Body.(Withheld); ok {
			return "not sent again: " + b.Why, err
		}
	}
	return "", err
}
