package tickets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// holdFor is how long mail to people outside waits that an agent's mail causes: so
// that he can take it back, or so that two answers that crossed are noticed.
func (w *work) holdFor(to Recipient) time.Duration {
	if w.cause.Agent == "" || to.Agent != "" {
		return 0
	}
	return max(w.hold, w.s.Limits.ReplyHold)
}

// spoke looks whether an agent's public reply has crossed another agent's. Then it is
// held for a while, and both are told. known says that the entry was stored before,
// so that what it answers is not known any more.
func (w *work) spoke(e Entry, known bool) error {
	if w.s.Limits.ConflictHold <= 0 || e.Agent == "" {
		return nil
	}
	other, err := w.crossed(e, known)
	if err != nil || other == nil {
		return err
	}
	w.hold = w.s.Limits.ConflictHold
	w.trace.Add("has it crossed another agent's answer?", fmt.Sprintf("yes, entry %d of %s", other.ID, other.Agent))
	for _, name := range []string{other.Agent, e.Agent} {
		ag, ok := w.s.Agent(name)
		if !ok || ag.Address() == "" || w.mayWork(ag) != "" {
			continue
		}
		to, err := w.agentRecipient(ag)
		if err != nil {
			return err
		}
		l := letter{role: "conflict", mail: MailNotice, to: to, entry: &e, other: other, seq: w.t.Seq, until: w.at.Add(w.hold), always: true}
		if err := w.mail(l); err != nil {
			return err
		}
	}
	return nil
}

// crossed is another agent's public reply of the last minutes that e was written
// without having seen, or nil.
func (w *work) crossed(e Entry, known bool) (*Entry, error) {
	es, err := w.tx.Entries(w.t.ID, 20)
	if err != nil {
		return nil, err
	}
	written := w.at
	if known && !e.At.IsZero() {
		written = e.At // it waited: what came meanwhile was not seen either
	}
	for _, x := range es {
		if x.ID == e.ID || x.Kind != EntryReply || !x.Public() || x.Agent == "" || x.Agent == e.Agent || !x.At.After(written.Add(-w.s.Limits.ConflictHold)) {
			continue
		}
		if !known {
			seen, err := w.hasSeen(x)
			if err != nil || seen {
				return nil, err
			}
		}
		return &x, nil
	}
	return nil, nil
}

// hasSeen: the message answers the reply itself, a mail that carried it, or a notice
// that was written after it and so quotes it.
func (w *work) hasSeen(x Entry) (bool, error) {
	if w.msg == nil {
		return false, nil
	}
	for _, id := range slices.Concat(w.msg.InReplyTo, w.msg.References) {
		if x.MessageID != "" && id == x.MessageID {
			return true, nil
		}
		o, err := w.tx.OutgoingByMessageID(id)
		if err := ifFound(err); err != nil {
			return false, err
		}
		if err == nil && o.Ticket == x.Ticket && (o.Entry == x.ID || o.Mail == MailNotice && o.At.After(x.At)) {
			return true, nil
		}
	}
	return false, nil
}

// canUndo says until when the agent may take back what his mail did; zero when there
// is nothing to take back.
func (w *work) canUndo() time.Time {
	hold := w.holdFor(Recipient{})
	until := w.at.Add(max(w.s.Limits.UndoWindow, hold))
	for _, x := range w.events {
		if !by(x, w.cause.Agent) || x.Cause.Arrival != w.cause.Arrival || len(touched(x.Body)) == 0 {
			continue
		}
		switch b := x.Body.(type) {
		case EntryAdded:
			if b.Is == EntryReply && hold == 0 {
				continue // it leaves at once
			}
		case StatusSet:
			if b.Why == answeredWhy {
				continue
			}
		case EntryChanged:
			if strings.HasPrefix(b.Why, splitWhy) {
				continue
			}
		}
		return until
	}
	return time.Time{}
}
