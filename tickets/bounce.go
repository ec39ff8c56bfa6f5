package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// bounced books what came of an outgoing message. Only a valid signed return
// path, or our own Message-ID where the relay rewrites return paths, changes
// anything; every other bounce goes to the mailroom.
func (d *Desk) bounced(w *work) (bool, error) {
	if w.msg.Kind != KindBounce {
		return false, nil
	}
	o, signed, err := d.bouncedMail(w)
	if errors.Is(err, ErrNotFound) {
		w.trace.Add("what does it bounce?", "nothing that can be proved")
		return true, d.mailroom(w, "a bounce that belongs to no message of ours")
	} else if err != nil {
		return true, err
	}
	if o.Ticket == 0 {
		w.trace.Add("what does it bounce?", fmt.Sprintf("outgoing %d, of no ticket", o.ID))
		return true, d.mailroom(w, fmt.Sprintf("a bounce of outgoing %d (%s to %s)", o.ID, o.Role, o.Recipient))
	}
	t, err := w.tx.Ticket(o.Ticket)
	if err != nil {
		return true, fmt.Errorf("ticket %d: %w", o.Ticket, err)
	}
	w.base, w.t = t, t
	w.trace.Add("what does it bounce?", fmt.Sprintf("outgoing %d of ticket %d", o.ID, o.Ticket))
	e := w.entry(EntryMessage, EntryQuiet)
	e.Why = "a bounce"
	if e, err = w.addEntry(e, w.cause); err != nil {
		return true, err
	}
	w.waiting = nil // the entry itself is told to nobody
	if err := w.bookBounce(o, &e, signed); err != nil {
		return true, err
	}
	if err := w.finish(); err != nil {
		return true, err
	}
	return true, w.close(OutcomeBounce, StateDone, Result{Entry: e.ID, Why: fmt.Sprintf("about outgoing %d", o.ID)})
}

// bookBounce: a failure is told to the agents with the server's words; a delay
// and a success are only written down. Only a signed return path says enough to
// mark an address dead.
func (w *work) bookBounce(o Outgoing, e *Entry, signed bool) error {
	state, code, status := "delayed", "", ""
	for _, b := range w.msg.Bounces {
		status = b.Status
		code = strings.TrimSpace(b.Status + " " + cut(b.Diagnostic, 300))
		if b.Action == "failed" || b.Action == "" {
			state = "bounced"
			break
		}
		state = b.Action
	}
	if len(w.msg.Bounces) == 0 {
		state = "bounced"
	}
	done := MailDone{Outgoing: o.ID, State: state, Code: code}
	if state != "bounced" {
		w.add(done, w.cause)
		return nil
	}
	w.add(Flagged{Flag: "undelivered", Why: code}, w.cause)
	if signed && isGone(status) {
		if err := w.bury(o.Recipient, code); err != nil {
			return err
		}
	}
	if strings.HasPrefix(o.Recipient, "agent ") {
		w.add(done, w.cause) // a notice that bounces must not cause notices
		return nil
	}
	w.happen(done, w.cause, e)
	return nil
}

// bouncedMail finds the outgoing message a bounce is about; signed says that its
// own return path named it.
func (d *Desk) bouncedMail(w *work) (o Outgoing, signed bool, err error) {
	for _, t := range d.addressTokens(*w.arrival, *w.msg) {
		if t.Purpose == ForBounce {
			o, err = d.byReturnPath(w, t)
			return o, true, err
		}
	}
	if w.s.EnvelopeFrom == "signed" || w.s.EnvelopeFrom == "" {
		return o, false, ErrNotFound
	}
	for _, b := range w.msg.Bounces {
		if t, err := d.signer().Read(messageToken(b.OriginalMessageID)); err == nil && t.Purpose == ForMessageID {
			o, err = w.tx.OutgoingByMessageID(b.OriginalMessageID)
			return o, false, err
		}
	}
	return o, false, ErrNotFound
}

func (d *Desk) byReturnPath(w *work, t Token) (Outgoing, error) {
	key := Recipient{Participant: t.Participant}.Key()
	p, err := w.tx.Participant(t.Participant)
	if err != nil {
		return Outgoing{}, err
	}
	if ag, ok := w.s.AgentOf(p.Address); ok {
		key = Recipient{Agent: ag.Name}.Key()
	}
	for _, b := range w.msg.Bounces {
		o, err := w.tx.OutgoingByMessageID(b.OriginalMessageID)
		if err == nil && o.Ticket == t.Ticket && o.Recipient == key { // another's is named by a forger
			return o, nil
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			return o, err
		}
	}
	return w.tx.LatestTo(t.Ticket, key)
}

// mailroom keeps what belongs to no case on one rolling ticket per queue.
func (d *Desk) mailroom(w *work, why string) error {
	q, err := w.home(Place{})
	if err != nil {
		return err
	}
	if err := w.enterMailroom(q); err != nil {
		return err
	}
	e := w.entry(EntryMessage, EntryQuiet)
	e.Why = why
	w.quiet = why
	if e, err = w.addEntry(e, w.cause); err != nil {
		return err
	}
	return w.done(e)
}

const mailroomFlag = "mailroom"

// enterMailroom takes up the queue's mailroom, or makes one.
func (w *work) enterMailroom(q Queue) error {
	subject := "Mailroom of " + q.Name
	_, id, err := w.tx.TicketsLike(subjectKey(subject), 0, time.Time{})
	if err != nil {
		return fmt.Errorf("mailroom: %w", err)
	}
	if id != 0 {
		t, err := w.tx.Ticket(id)
		if err != nil {
			return fmt.Errorf("mailroom: %w", err)
		}
		if slices.Contains(t.Flags, mailroomFlag) {
			w.base, w.t = t, t
			return nil
		}
	}
	t, err := w.tx.CreateTicket(subject, w.at)
	if err != nil {
		return fmt.Errorf("mailroom: %w", err)
	}
	w.base, w.t = t, t
	w.add(Created{Queue: q.Name, Priority: Low}, w.cause)
	w.add(Flagged{Flag: mailroomFlag, Why: "mail that belongs to no case"}, w.cause)
	return nil
}

// unreadable makes a ticket of a message that broke reading or deciding too
// often: the raw original is its attachment. No rule and no composer is asked,
// since one of them may be what breaks.
func (d *Desk) unreadable(tx Tx, a Arrival, at time.Time) error {
	a, err := tx.TakeArrival(a.ID)
	if err != nil {
		return err
	}
	w := d.newWork(tx, Ticket{}, at)
	w.arrival, w.msg = &a, &Message{Subject: "(message that could not be read)"}
	w.cause = Cause{Arrival: a.ID}
	q, err := w.home(Place{})
	if err != nil {
		return err
	}
	t, err := tx.CreateTicket(w.msg.Subject, at)
	if err != nil {
		return fmt.Errorf("new ticket: %w", err)
	}
	w.base, w.t = t, t
	w.add(Created{Queue: q.Name, Priority: Normal}, w.cause)
	e, err := w.addEntry(Entry{Arrival: a.ID, Kind: EntryMessage, State: EntryVisible, Subject: w.msg.Subject, Why: "quarantined",
		Text: "This message could not be read. Its original is attached.", Defects: []string{"unreadable"},
		Parts: []Part{{Filename: "message.eml", ContentType: "message/rfc822", Size: a.Size, SHA256: a.SHA256, Length: a.Size}}}, w.cause)
	if err != nil {
		return err
	}
	why := fmt.Sprintf("reading failed %d times", d.limits().Attempts)
	w.add(Flagged{Flag: "quarantine", Why: why}, w.cause)
	if _, err := tx.Append(w.base, w.events...); err != nil {
		return fmt.Errorf("ticket %d: %w", t.ID, err)
	}
	return w.close(OutcomeQuarantined, StateQuarantine, Result{Entry: e.ID, Why: why})
}
