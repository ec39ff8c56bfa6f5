package tickets

import (
	"fmt"
	"strings"
)

// undoMail plans what becomes of the words and mails of a block: what has not left is
// stopped. held says that mail of it still waits for its time; answered that the
// agent's words have reached somebody, or may have.
func (w *work) undoMail(u *undoing, p past) (held, answered bool, err error) {
	for _, e := range p.events {
		var h, left bool
		switch b := e.Body.(type) {
		case EntryAdded:
			if b.State != EntryVisible || b.Is != EntryReply && b.Is != EntryNote {
				continue
			}
			h, left, err = w.undoWords(u, b.Entry)
		case EntryChanged:
			if b.Is != EntryReply || b.To != EntryVisible {
				continue
			}
			h, left, err = w.undoWords(u, b.Entry)
		case MailQueued:
			h, err = w.undoLetter(u, b)
		}
		if err != nil {
			return held, answered, err
		}
		held, answered = held || h, answered || left
	}
	return held, answered, nil
}

// undoWords takes an agent's words back, unless one of their mails has left.
func (w *work) undoWords(u *undoing, entry int64) (held, left bool, err error) {
	e, err := w.tx.Entry(entry)
	if err != nil || e.State != EntryVisible {
		return false, false, err
	}
	sent, err := w.tx.OutgoingOf(e.Ticket, e.ID)
	if err != nil {
		return false, false, err
	}
	var stop []Outgoing
	gone := 0
	for _, o := range sent {
		switch {
		case o.Mail != MailReply:
		case o.State == OutQueued && o.Attempts == 0 || o.State == OutHeld:
			stop = append(stop, o)
			held = held || o.NotBefore.After(w.at)
		case o.State != OutCancelled && o.State != OutFailed:
			gone++
		}
	}
	u.stop = append(u.stop, stop...)
	if gone > 0 {
		line := fmt.Sprintf("your text has left already, to %d; that cannot be taken back", gone)
		if len(stop) > 0 {
			line += fmt.Sprintf("; to %d more it was stopped", len(stop))
		}
		u.lines = append(u.lines, line)
		return held, true, nil
	}
	e.Why = "taken back"
	u.entries, u.states = append(u.entries, e), append(u.states, EntryRefused)
	what := "your text was stopped: nobody has got it"
	if e.Kind == EntryNote {
		what = "your note was taken back"
	}
	u.lines = append(u.lines, what)
	return held, false, nil
}

// undoLetter stops a mail that the block caused, or says that it has left. Receipts and
// the like answered the agent himself.
func (w *work) undoLetter(u *undoing, b MailQueued) (held bool, err error) {
	if b.Mail == MailReply && b.Role != roleAgain || b.Mail == MailReceipt || b.Mail.Security() || b.Role == "conflict" {
		return false, nil
	}
	o, err := w.tx.OutgoingByMessageID(b.MessageID)
	if err != nil {
		return false, ifFound(err)
	}
	if o, err = w.tx.Outgoing(o.ID); err != nil {
		return false, err
	}
	mail := fmt.Sprintf("the mail that told %s (%s)", w.keyName(b.To), b.Role)
	switch {
	case o.State == OutQueued && o.Attempts == 0 || o.State == OutHeld:
		u.stop = append(u.stop, o)
		u.lines = append(u.lines, mail+" was stopped")
		return o.NotBefore.After(w.at), nil
	case o.State != OutCancelled && o.State != OutFailed:
		u.lines = append(u.lines, mail+" has left already")
	}
	return false, nil
}

// keyName is a recipient as events name him, as agents read him.
func (w *work) keyName(key string) string {
	if name, ok := strings.CutPrefix(key, "agent "); ok {
		return actorIs{s: w.s}.display(name)
	}
	var id int64
	if _, err := fmt.Sscanf(key, "participant %d", &id); err != nil {
		return key
	}
	return w.personName(id)
}
