package tickets

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// tickOne lets timer rules look at one ticket whose time has come; false when
// there is none.
func (d *Desk) tickOne(tx Tx, at time.Time) (bool, error) {
	ids, err := tx.DueTickets(at, 1)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	t, err := tx.Ticket(ids[0])
	if err != nil {
		return false, fmt.Errorf("ticket %d: %w", ids[0], err)
	}
	w := d.newWork(tx, t, at)
	w.cause = Cause{Clock: true}
	dec, err := w.decide(w.facts(PhaseTimer, EventFacts{}), t.Seq)
	if err != nil {
		return false, err
	}
	for _, r := range dec.Rules {
		if r.Matched && !r.Base.IsZero() {
			w.add(TimerFired{Rule: r.Name, Base: r.Base}, Cause{Clock: true, Rule: r.Name, At: r.At, Version: dec.Version})
		}
	}
	for _, a := range dec.Actions {
		x := waiting{event: Event{Seq: w.t.Seq, Cause: a.Cause}, facts: EventFacts{Kind: "timer", By: "clock"}, rules: []string{a.Cause.Rule}}
		if err := w.apply(a, x); err != nil {
			return false, err
		}
	}
	if len(w.events) > 0 {
		return true, w.finish()
	}
	next := d.Rules().NextDue(w.facts(PhaseTimer, EventFacts{}))
	if !next.IsZero() && !next.After(at) {
		next = at.Add(time.Hour) // a rule that is due but did not match is asked again later
	}
	return true, tx.SetDue(t.ID, next)
}

// adminBlock carries out commands of the command line on a ticket.
func (d *Desk) adminBlock(tx Tx, ticket int64, admin string, lines []string, at time.Time) ([]string, error) {
	t, err := tx.Ticket(ticket)
	if err != nil {
		return nil, fmt.Errorf("ticket %d: %w", ticket, err)
	}
	w := d.newWork(tx, t, at)
	w.cause = Cause{Admin: admin, Level: L2, Evidence: "command line"}
	b, err := ParseBlock(strings.Join(lines, "\n"))
	if err != nil {
		return nil, err
	}
	if b.Text != "" || len(b.Commands) == 0 {
		return nil, &BlockError{Line: b.Text, Why: "this is no command", Hint: "for example #status open"}
	}
	pl, err := w.planBlock(b, Agent{})
	if err != nil {
		return nil, err
	}
	if err := w.carry(pl, nil); err != nil {
		return nil, err
	}
	var did []string
	for _, x := range pl.deeds {
		did = append(did, x.did)
	}
	return did, w.finish()
}

// record books a verdict of the relay on the outbox and on the ticket.
func (d *Desk) record(tx Tx, v Verdict) error {
	o, err := tx.RecordVerdict(v)
	if err != nil {
		return err
	}
	if o.Ticket == 0 && v.Kind == VerdictNever {
		d.Log.Error("mail of no ticket not delivered", "outgoing", o.ID, "role", o.Role, "to", o.Recipient, "code", v.Code)
	}
	if v.Kind == VerdictLater {
		return d.delayed(tx, o, v)
	}
	if o.Ticket == 0 || v.Kind == VerdictBack {
		return nil
	}
	t, err := tx.Ticket(o.Ticket)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("ticket %d: %w", o.Ticket, err)
	}
	w := d.newWork(tx, t, v.At)
	w.cause = Cause{Clock: true}
	done := MailDone{Outgoing: o.ID, State: "sent", Code: v.Code}
	if v.Kind == VerdictSent {
		w.add(done, w.cause)
		return w.finish()
	}
	done.State, done.Code = "failed", answerOf(v)
	w.add(Flagged{Flag: "undelivered", Why: done.Code}, w.cause)
	if isGone(v.Code) {
		if err := w.bury(o.Recipient, done.Code); err != nil {
			return err
		}
	}
	if strings.HasPrefix(o.Recipient, "agent ") {
		w.add(done, w.cause) // a notice that fails must not cause notices
		return w.finish()
	}
	var entry *Entry
	if o.Entry != 0 {
		if e, err := tx.Entry(o.Entry); err == nil {
			entry = &e
		}
	}
	w.happen(done, w.cause, entry)
	return w.finish()
}

// answerOf is what the relay said, code and words.
func answerOf(v Verdict) string { return strings.TrimSpace(v.Code + " " + v.Answer) }
