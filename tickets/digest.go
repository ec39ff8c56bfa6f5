package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// digest is the whole way of one message inside one transaction.
func (d *Desk) digest(tx Tx, id int64, m Message, at time.Time) error {
	a, err := tx.TakeArrival(id)
	if err != nil {
		return err
	}
	w := d.newWork(tx, Ticket{}, at)
	w.arrival, w.msg = &a, &m
	w.ev = Judge(a, m, w.s)
	w.cause = Cause{Arrival: a.ID, Level: w.ev.Level, Evidence: w.ev.Why}
	w.quiet = a.Quiet
	if !m.MayAnswer {
		w.noAuto = "the message must not be answered automatically: " + orElse(m.MayAnswerWhy, m.AutomaticWhy)
	}
	w.trace.Add("which way did it come?", fmt.Sprintf("%s, %s (%s)", a.Via, a.Source, a.Role))
	if a.Verified != nil {
		w.trace.Add("what did we verify ourselves?", a.Verified.String())
	}
	if w.ev.Forged != "" {
		w.trace.Add("are there forged results?", "yes: "+w.ev.Forged)
	}
	for _, step := range []func(*work) (bool, error){d.returned, d.copied, d.bounced, d.complaint, d.confirming} {
		if done, err := step(w); done || err != nil {
			return err
		}
	}
	return d.thread(w)
}

// close books the outcome of the arrival; it is always the last write.
func (w *work) close(o Outcome, state ArrivalState, r Result) error {
	r.Outcome, r.Trace, r.MessageID, r.ContentKey = o, w.trace, w.msg.MessageID, w.msg.ContentKey
	if r.Ticket == 0 {
		r.Ticket = w.t.ID
	}
	w.d.Log.Info("message digested", "arrival", w.arrival.ID, "outcome", o, "ticket", r.Ticket, "entry", r.Entry, "why", r.Why)
	return w.tx.FinishArrival(w.arrival.ID, state, r)
}

// returned: our own mail coming back makes nothing new.
func (d *Desk) returned(w *work) (bool, error) {
	m := w.msg
	own := m.Mark != "" && d.signer().OwnMark(m.Mark)
	if m.MessageID != "" && !own {
		o, err := w.tx.OutgoingByMessageID(m.MessageID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
		fromUs := len(m.From) == 1 && w.s.OwnAddress(m.From[0].Addr)
		own = err == nil && fromUs && subjectKey(o.Subject) == subjectKey(m.Subject)
	}
	w.trace.Add("is it our own mail coming back?", yesNo(own))
	if !own {
		return false, nil
	}
	return true, w.close(OutcomeReturned, StateDone, Result{Why: "our own mail came back"})
}

// copied: the same message by another way is recorded, not entered again.
// Better evidence on the copy raises the entry.
func (d *Desk) copied(w *work) (bool, error) {
	if w.released() {
		w.trace.Add("may it in?", "yes, released by "+w.arrival.Released.String())
		return false, nil
	}
	if w.msg.ContentKey == "" {
		return false, nil
	}
	first, err := w.tx.ByContent(w.msg.ContentKey)
	if errors.Is(err, ErrNotFound) {
		w.trace.Add("was it seen already?", "no")
		return false, w.sameID()
	} else if err != nil {
		return false, err
	}
	w.trace.Add("was it seen already?", fmt.Sprintf("yes, arrival %d", first.Arrival))
	// Whoever got a signed mail can bring it again. Only a session raises an agent's.
	w.ev = w.ev.replayable(fmt.Sprintf("arrival %d was the same mail", first.Arrival))
	w.cause.Level, w.cause.Evidence = w.ev.Level, w.ev.Why
	if first.Ticket != 0 {
		if err := d.joinCopy(w, first); err != nil {
			return true, err
		}
	}
	return true, w.close(OutcomeCopy, StateDone, Result{Ticket: first.Ticket, Entry: first.Entry, Copy: first.Arrival,
		Why: fmt.Sprintf("a copy of arrival %d", first.Arrival)})
}

// sameID: another mail bore this Message-ID. It is no copy, since the words are
// others, but somebody should look.
func (w *work) sameID() error {
	first, err := w.tx.ByMessageID(w.msg.MessageID)
	if err == nil {
		w.twin = fmt.Sprintf("arrival %d has the same Message-ID and other words", first.Arrival)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	} else if o, err := w.tx.OutgoingByMessageID(w.msg.MessageID); err == nil {
		w.twin = fmt.Sprintf("outgoing %d has the same Message-ID", o.ID)
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	if w.twin != "" {
		w.trace.Add("is its Message-ID its own?", "no: "+w.twin)
		w.ev = w.ev.replayable(w.twin)
		w.cause.Level, w.cause.Evidence = w.ev.Level, w.ev.Why
	}
	return nil
}

func (d *Desk) joinCopy(w *work, first Booked) error {
	t, err := w.tx.Ticket(first.Ticket)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", first.Ticket, err)
	}
	w.base, w.t = t, t
	w.add(CopySeen{w.arrival.ID, first.Entry}, w.cause)
	if q, ok := w.queue(); ok && q.Name != t.Queue && !slices.Contains(t.Watching, q.Name) {
		if err := w.copyTo(q, first.Entry); err != nil {
			return err
		}
	}
	if first.Entry != 0 {
		if err := d.raise(w, first.Entry); err != nil {
			return err
		}
	}
	return w.finish()
}

// queue is where a new ticket goes: the envelope recipient's queue, else the
// source's own, else (only where no envelope is known) that of Delivered-To, To or Cc.
func (w *work) queue() (Queue, bool) {
	if qs := w.queues(); len(qs) > 0 {
		return qs[0], true
	}
	return Queue{}, false
}

// queues are all the queues the mail was sent to, the ticket's own first.
func (w *work) queues() []Queue {
	var out []Queue
	add := func(q Queue, ok bool) {
		if ok && !slices.ContainsFunc(out, func(x Queue) bool { return x.Name == q.Name }) {
			out = append(out, q)
		}
	}
	byAddress := func(addrs []string) {
		for _, addr := range addrs {
			base, _, _ := strings.Cut(addr, "+")
			_, domain, _ := cutAddress(addr)
			add(w.s.QueueOf(addr))
			add(w.s.QueueOf(base + "@" + domain))
		}
	}
	byAddress(w.arrival.To)
	if q, ok := w.s.Queue(w.arrival.Queue); ok {
		add(q, len(out) == 0)
	} else if len(w.arrival.To) == 0 {
		byAddress(w.msg.DeliveredTo)
		byAddress(addressesOf(w.msg.To))
		byAddress(addressesOf(w.msg.Cc))
	}
	return out
}

// thread finds the ticket, then lets the author's role decide what the mail is.
func (d *Desk) thread(w *work) error {
	if err := d.meet(w); err != nil { // first: an ancestor counts for whom we know
		return err
	}
	p, err := d.place(w)
	if err != nil {
		return fmt.Errorf("threading: %w", err)
	}
	if p.Ticket == 0 && w.msg.Kind == KindReceipt {
		w.trace.Add("which ticket?", p.How)
		return d.mailroom(w, "a read receipt that names no mail of ours")
	}
	if w.released() && w.arrival.Released.Join != 0 {
		p = Place{Ticket: w.arrival.Released.Join, How: fmt.Sprintf("ticket %d, by %s", w.arrival.Released.Join, w.arrival.Released.String())}
	}
	if p.Ticket == 0 {
		if done, err := d.ordered(w); done || err != nil {
			return err
		}
		w.trace.Add("which ticket?", p.How)
		if done, err := d.asking(w); done || err != nil {
			return err
		}
		return d.open(w, p)
	}
	t, ok, err := d.target(w.tx, &p, w)
	if err != nil {
		return err
	}
	d.outOfOffice(w)
	if !ok && p.Named != 0 && w.msg.Automatic && !p.ByTag {
		w.base, w.t, ok = t, t, true // a machine's answer opens nothing
	}
	if !ok {
		w.trace.Add("which ticket?", p.How+"; but "+p.NotWhy)
		return d.open(w, p)
	}
	w.base, w.t = t, t
	if w.released() && w.arrival.Released.Join != 0 {
		return d.joinReleased(w, p)
	}
	if why := w.mustNotJoin(p); why != "" {
		w.base, w.t = Ticket{}, Ticket{}
		p.Named, p.NotWhy = t.ID, why
		w.trace.Add("which ticket?", p.How+"; but "+why)
		return d.open(w, p)
	}
	w.trace.Add("which ticket?", p.How)
	return d.join(w, p)
}

// meet finds out whether the author is known, without making a participant of
// everybody who writes.
func (d *Desk) meet(w *work) error {
	if w.ev.Address == "" {
		w.trace.Add("who says it?", "nobody: "+w.ev.Why)
		return nil
	}
	p, err := w.tx.FindParticipant(w.ev.Address)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("participant: %w", err)
	}
	w.author = p
	w.trace.Add("who says it?", fmt.Sprintf("%s, %s: %s", w.ev.Address, w.ev.Level, w.ev.Why))
	return w.revive()
}

// mustNotJoin: a subject tag alone counts only for a participant or an agent of
// the queue; a token used from an address book, with a foreign subject and no
// reference, opens a new ticket for a requester.
func (w *work) mustNotJoin(p Place) string {
	q, _ := w.s.Queue(w.t.Queue)
	if checkNumber && p.ByTag && !w.t.Participates(w.author.ID) && !(w.ev.Agent != "" && q.Works(w.ev.Agent)) {
		return "a ticket number alone lets only its participants and agents in"
	}
	if w.ev.Agent == "" && w.fromAddressBook(p) {
		return "the reply address was used for something new"
	}
	if w.forwardedElsewhere(p) {
		return "a mail of it was forwarded to another queue"
	}
	return ""
}

// fromAddressBook: a token, but neither a reference nor the ticket's subject.
func (w *work) fromAddressBook(p Place) bool {
	m := w.msg
	if p.Token == nil || len(m.InReplyTo)+len(m.References) > 0 || p.Token.Purpose == ForConfirm {
		return false
	}
	if n, ok := SubjectTag(m.Subject, w.s.Queues); ok && n == w.t.ID {
		return false
	}
	key := subjectKey(m.Subject)
	return key != "" && key != subjectKey(w.t.Subject)
}

// outOfOffice: a subject of that kind is automatic only with a reference to one of
// our mails, such as its tag.
func (d *Desk) outOfOffice(w *work) {
	if w.msg.OutOfOffice && !w.msg.Automatic {
		w.msg.Automatic, w.msg.MayAnswer = true, false
		w.msg.AutomaticWhy = "an out-of-office subject in answer to our mail"
		w.noAuto = w.msg.AutomaticWhy
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
