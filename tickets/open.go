package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// open makes a new ticket of the mail, unless a rule holds or refuses it.
func (d *Desk) open(w *work, p Place) error {
	q, err := w.home(p)
	if err != nil {
		return err
	}
	w.t = Ticket{Queue: q.Name, Status: New, Priority: Normal, Subject: w.subject()}
	dec, err := w.decide(w.facts(PhaseReceive, EventFacts{}), 0)
	if err != nil {
		return err
	}
	if done, err := w.refused(dec); done || err != nil {
		return err
	}
	if err := w.prepareBehalf(); err != nil {
		return err
	}
	if err := w.capture(); err != nil {
		return err
	}
	if stop, err := d.crowd(w, q); stop || err != nil {
		return err
	}
	if err := d.storm(w, q); err != nil {
		return err
	}
	if err := w.create(q); err != nil {
		return err
	}
	watch, own := w.further(q)
	for _, also := range watch {
		w.add(QueueWatching{also.Name}, w.cause)
	}
	e, err := w.firstEntry(q)
	if err != nil {
		return err
	}
	for _, also := range own {
		if err := w.sibling(also); err != nil {
			return err
		}
	}
	if err := w.linkNamed(p); err != nil {
		return err
	}
	w.blown()
	w.arrange(dec, e)
	return w.done(e)
}

// home is the queue of a new ticket: where the mail was sent to, else that of
// the ticket it named, else the first.
func (w *work) home(p Place) (Queue, error) {
	if q, ok := w.queue(); ok {
		return q, nil
	}
	if p.Named != 0 {
		t, err := w.tx.Ticket(p.Named)
		if err == nil {
			if q, ok := w.s.Queue(t.Queue); ok {
				return q, nil
			}
		} else if !errors.Is(err, ErrNotFound) {
			return Queue{}, err
		}
	}
	if len(w.s.Queues) == 0 {
		return Queue{}, errors.New("no queue is configured")
	}
	return w.s.Queues[0], nil
}

// subject is that of a new ticket: the mail's, without tags of other tickets of
// ours, which would thread the answers there.
func (w *work) subject() string {
	given := w.msg.Subject
	if w.behalf != nil {
		given = w.behalf.original.Subject
	}
	if s := plainSubject(given, w.s.Queues); s != "" {
		return s
	}
	return noSubject
}

// noSubject stands for the subject of a mail that has none.
const noSubject = "(no subject)"

// refused carries out a rule's reject or quarantine: no ticket comes of it, and
// nobody is told in the sender's name.
func (w *work) refused(dec Decision) (bool, error) {
	for _, a := range dec.Actions {
		if w.released() {
			break // an agent has read it, and let it in
		}
		why := fmt.Sprintf("rule %s (%s): %s", a.Cause.Rule, a.Cause.At, orElse(a.Value, "no reason given"))
		switch a.Do {
		case DoReject:
			w.trace.Add("may it in?", "no, "+why)
			return true, w.close(OutcomeRejected, StateDone, Result{Why: why})
		case DoQuarantine:
			w.trace.Add("may it in?", "held, "+why)
			return true, w.close(OutcomeQuarantined, StateQuarantine, Result{Why: why})
		}
	}
	return false, nil
}

// create writes the ticket with its requester.
func (w *work) create(q Queue) error {
	t, err := w.tx.CreateTicket(w.subject(), w.at)
	if err != nil {
		return fmt.Errorf("new ticket: %w", err)
	}
	w.base, w.t = t, t
	if err := w.befriend(); err != nil {
		return err
	}
	requester, verified := w.owner()
	w.happen(Created{Queue: q.Name, Requester: requester, Verified: verified, Priority: Normal, Address: w.writtenTo(q)}, w.cause, nil)
	return nil
}

// befriend makes the author a participant with an id of his own, and remembers
// when his address has proved itself.
func (w *work) befriend() error {
	addr, ok := w.sender()
	if !ok {
		return nil
	}
	p, err := w.tx.ParticipantOf(addr)
	if err != nil {
		return fmt.Errorf("participant: %w", err)
	}
	if w.ev.Proved && !p.Verified {
		p.Verified = true
		if err := w.tx.UpdateParticipant(p); err != nil {
			return fmt.Errorf("participant: %w", err)
		}
	}
	w.author = p
	return w.learnName()
}

// sender is whom a new ticket belongs to: the one address of From. A broken or
// doubled From is shown but is nobody's.
func (w *work) sender() (Address, bool) {
	if w.ev.Address == "" || w.s.ours(w.ev.Address) {
		return Address{}, false
	}
	return w.msg.From[0], true
}

// entry makes the words of the message an entry, not yet stored.
func (w *work) entry(k EntryKind, s EntryState) Entry {
	m := w.msg
	e := Entry{
		Arrival: w.arrival.ID, Kind: k, State: s, Participant: w.author.ID, Level: w.ev.Level,
		Subject: m.Subject, Text: m.Text, Start: m.ReplyStart, End: m.ReplyEnd, MessageID: m.MessageID,
		ContentKey: m.ContentKey, Parts: m.Attachments, Automatic: m.Automatic,
		Defects: slices.Concat(w.arrival.Defects, m.Defects),
	}
	if m.CommandsDisagree {
		e.Defects = append(e.Defects, DefectCommandsDisagree)
	}
	if len(m.From) > 0 {
		e.From = m.From[0]
	}
	if k == EntryReply && w.d.Format != nil {
		e.HTML = w.d.Format(*m)
	}
	return e
}

// DefectCommandsDisagree marks an entry whose text and HTML parts begin with
// different commands, so that neither is carried out.
const DefectCommandsDisagree = "commands-disagree"

// firstEntry puts the message on its new ticket. An agent's own new mail may
// carry commands.
func (w *work) firstEntry(q Queue) (Entry, error) {
	e := w.entry(EntryMessage, EntryVisible)
	if err := w.forwarded(&e); err != nil {
		return e, err
	}
	w.capturedEntry(&e)
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return e, err
	}
	if len(w.waiting) > 0 && w.waiting[0].facts.Kind == "created" {
		w.waiting[0].entry = &e // rules about the new ticket speak of its first entry
	}
	if len(w.msg.Defects) > 0 && slices.ContainsFunc(w.msg.Defects, serious) {
		w.add(Flagged{Flag: "damaged", Why: strings.Join(w.msg.Defects, ", ")}, w.cause)
	}
	w.addCopied(q)
	if err := w.addOthers(); err != nil {
		return e, err
	}
	if w.captured != nil {
		w.replied(w.cause)
	}
	if w.ev.Level >= L2 && w.ev.Agent != "" && !w.msg.Automatic && !w.longAgo() {
		return e, w.openingCommands(e)
	}
	return e, nil
}

// serious defects make an agent look at the raw original.
func serious(d string) bool {
	return strings.HasPrefix(d, "limit") || strings.HasPrefix(d, "empty") || strings.HasPrefix(d, "cut") || strings.HasPrefix(d, "unreadable")
}

// addCopied makes the Cc of a proved mail participants, if the queue says so.
func (w *work) addCopied(q Queue) {
	if q.NoCC || checkCopied && w.ev.Level < L1 || w.msg.Automatic {
		return
	}
	for i, a := range w.msg.Cc {
		_, isAgent := w.s.AgentOf(a.Addr)
		if i >= 20 || a.Guessed || a.Addr == "" || isAgent || w.s.ours(a.Addr) {
			continue
		}
		p, err := w.tx.ParticipantOf(a)
		if err == nil && !w.t.Participates(p.ID) {
			w.happen(CCSet{p.ID, true}, w.cause, nil)
		}
	}
}

// linkNamed ties a new ticket to those its mail named, and tells the agents why
// it did not join. The sender learns nothing about them.
func (w *work) linkNamed(p Place) error {
	for _, n := range append([]int64{p.Named}, p.Also...) {
		if n == 0 {
			continue
		}
		w.add(Linked{n, orElse(p.NotWhy, "named by a second reply address")}, w.cause)
	}
	if p.NotWhy == "" {
		return nil
	}
	w.apart = p.NotWhy
	_, err := w.addEntry(Entry{Kind: EntrySystem, State: EntryVisible, Why: "did not join",
		Text: "This mail made a new ticket because " + p.NotWhy + "."}, w.cause)
	return err
}

// arrange does what the receive rules decided about a new ticket.
func (w *work) arrange(dec Decision, e Entry) {
	set := map[Do]bool{}
	for _, a := range dec.Actions {
		single := a.Do != DoTag && a.Do != DoUntag
		if set[a.Do] && single {
			continue // the first rule that says so wins; the trace shows the others
		}
		set[a.Do] = true
		if b, ok := w.change(a); ok {
			w.add(b, a.Cause)
		}
	}
}

// done finishes the ticket and closes the arrival.
func (w *work) done(e Entry) error {
	if w.twin != "" {
		w.add(Flagged{Flag: "same-message-id", Why: w.twin}, w.cause)
	}
	if w.ev.Forged != "" {
		w.add(Flagged{Flag: "forged-results", Why: w.ev.Forged}, w.cause)
	}
	if err := w.finish(); err != nil {
		return err
	}
	return w.close(OutcomeEntry, StateDone, Result{Entry: e.ID, Why: e.Why})
}

// crowd joins the eleventh ticket an hour of one address with one subject to the
// newest of them: a storm fills one ticket, not a hundred.
func (d *Desk) crowd(w *work, q Queue) (bool, error) {
	addr, ok := w.sender()
	if !ok || w.s.Limits.TicketsHour == 0 || w.behalf != nil { // many people's mail, forwarded by one agent
		return false, nil
	}
	p, err := w.tx.ParticipantOf(addr)
	if err != nil {
		return false, fmt.Errorf("participant: %w", err)
	}
	n, newest, err := w.tx.TicketsLike(subjectKey(w.subject()), p.ID, w.at.Add(-time.Hour))
	if err != nil || n < w.s.Limits.TicketsHour || newest == 0 {
		return false, err
	}
	t, err := w.tx.Ticket(newest)
	if err != nil {
		return false, fmt.Errorf("ticket %d: %w", newest, err)
	}
	why := fmt.Sprintf("limit: more than %d tickets an hour from one address with one subject", w.s.Limits.TicketsHour)
	w.base, w.t, w.author, w.quiet = t, t, p, why
	w.trace.Add("is it one of a crowd?", fmt.Sprintf("yes, it goes to ticket %d: %s", newest, why))
	e := w.entry(EntryMessage, EntryVisible)
	e.Why = why
	if t.Verified && !w.ev.Proved {
		e.State = EntryUnverified // a stranger's words never enter another's ticket
	}
	if e, err = w.addEntry(e, w.cause); err != nil {
		return false, err
	}
	w.add(Flagged{Flag: stormFlag, Why: why}, w.cause)
	if err := w.alarm(why, addr.Addr, t.Subject); err != nil {
		return false, err
	}
	return true, w.done(e)
}
