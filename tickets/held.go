package tickets

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// HeldMail is an arrival in quarantine, as lists show it and agents deal with it.
type HeldMail struct {
	Arrival Arrival
	Why     string // the rule, or what failed
	Ticket  int64  // that holds its original, when it could not be read; else 0
	// Queue, From and Subject are what the rules saw; empty when nothing could be read.
	Queue   string
	From    AddressFacts
	Subject string
	// MessageID and ContentKey by which copies of it are known.
	MessageID  string
	ContentKey string
}

// Release says who let a held arrival in, and where to.
type Release struct {
	Agent    string    `json:"agent"`
	Level    Level     `json:"level"`
	Evidence string    `json:"evidence"`
	At       time.Time `json:"at"`
	Join     int64     `json:"join,omitempty"` // the ticket it was put on; 0 for a new one
}

// String is the release in words: "agent bob (SMTP AUTH as bob)".
func (r Release) String() string {
	s := fmt.Sprintf("agent %s (%s)", r.Agent, r.Evidence)
	if r.Join != 0 {
		s += fmt.Sprintf(", onto ticket %d", r.Join)
	}
	return s
}

// heldTx is what is done with arrivals in quarantine.
type heldTx interface {
	// HeldMails lists the arrivals in quarantine, oldest first, at most n.
	HeldMails(n int) ([]HeldMail, error)
	// TakeHeld locks one; ErrNotFound when it is not in quarantine (any more).
	TakeHeld(id int64) (HeldMail, error)
	// ReleaseHeld makes it new and due, marked as released.
	ReleaseHeld(id int64, r Release) error
}

// heldOrder is one order about one arrival in quarantine.
type heldOrder struct {
	order Order
	id    int64
	mail  HeldMail
	join  int64
}

// planHeld checks that the agent may deal with the arrival, and what he wants of it.
func (r *orderRun) planHeld(h *heldOrder) error {
	ref := Ref{RefArrival, h.id}
	m, err := r.w.tx.TakeHeld(h.id)
	if errors.Is(err, ErrNotFound) || err == nil && !r.w.s.deals(r.ag, m) {
		return r.none(h.order.Line, ref)
	} else if err != nil {
		return fmt.Errorf("arrival %d: %w", h.id, err)
	}
	h.mail = m
	again := func(x heldOrder) bool { return x.id == h.id && x.order.N != h.order.N }
	switch {
	case slices.ContainsFunc(r.arrivals, again):
		return &BlockError{h.order.Line, fmt.Sprintf("%s is named by two commands", ref), ""}
	case m.Ticket != 0 && h.order.Word != "reject":
		return &BlockError{h.order.Line, fmt.Sprintf("%s could not be read", ref), fmt.Sprintf("its original is attached to ticket %d", m.Ticket)}
	case h.order.Word == "join":
		return r.planJoin(h)
	case h.order.Args != "":
		return &BlockError{h.order.Line, "it takes no other words", fmt.Sprintf("#%s %s", h.order.Word, ref)}
	}
	return nil
}

// planJoin checks the ticket that a held mail is to be put on.
func (r *orderRun) planJoin(h *heldOrder) error {
	_, refs := cutRefs(h.order.Args)
	if len(refs) != 1 || refs[0].Kind != RefTicket {
		return &BlockError{h.order.Line, "it does not say to which ticket", fmt.Sprintf("#join #12 m%d", h.id)}
	}
	h.join = refs[0].ID
	t, err := r.w.tx.Glance(h.join)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && r.w.mayWorkOn(t, r.ag) != "":
		return r.none(h.order.Line, refs[0])
	case err != nil:
		return err
	case t.Disposition == Merged:
		return &BlockError{h.order.Line, fmt.Sprintf("ticket %d goes on as ticket %d", t.ID, t.MergedInto), ""}
	case t.Disposition != "" || t.Status == Closed:
		return &BlockError{h.order.Line, fmt.Sprintf("ticket %d takes no more mail", t.ID), "#reopen it first"}
	}
	return nil
}

// doHeld does it, and says so in a line.
func (r *orderRun) doHeld(h heldOrder) (string, error) {
	w, ref := r.w, Ref{RefArrival, h.id}
	rel := Release{Agent: r.ag.Name, Level: w.cause.Level, Evidence: w.cause.Evidence, At: w.at, Join: h.join}
	if h.order.Word == "reject" {
		res := Result{Outcome: OutcomeRejected, Ticket: h.mail.Ticket, MessageID: h.mail.MessageID, ContentKey: h.mail.ContentKey, Why: "rejected by " + rel.String() + "; it was held: " + h.mail.Why}
		res.Trace.Add("may it in?", "no, "+res.Why)
		if err := w.tx.FinishArrival(h.id, StateDone, res); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s: rejected; nobody is told", ref), nil
	}
	if err := w.tx.ReleaseHeld(h.id, rel); err != nil {
		return "", err
	}
	if h.join != 0 {
		return fmt.Sprintf("%s: goes onto ticket %d", ref, h.join), nil
	}
	return fmt.Sprintf("%s: released", ref), nil
}

// deals reports whether an agent deals with a held mail: one of the queue it would
// have gone to, or of a queue that is named by nothing, its first.
func (s *Settings) deals(ag Agent, m HeldMail) bool {
	q, ok := s.Queue(m.Queue)
	if !ok && len(s.Queues) > 0 {
		q = s.Queues[0]
	}
	return q.Works(ag.Name)
}

// released: an agent let this arrival in, so no rule holds it again and no copy stands
// in its way. Everything else is decided as if it had just come.
func (w *work) released() bool { return w.arrival.Released != nil }

// joinReleased puts a released mail on the ticket an agent named, visible at once. Its
// author takes no part in the ticket by that.
func (d *Desk) joinReleased(w *work, p Place) error {
	w.noAuto = "an agent put this mail here"
	e := w.entry(EntryMessage, EntryUnverified)
	e.Why = "put here by " + w.arrival.Released.String()
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	w.waiting = nil
	c := w.cause
	c.Agent, c.Level, c.Evidence = w.arrival.Released.Agent, w.arrival.Released.Level, w.arrival.Released.Evidence
	if err := w.release(e, c); err != nil {
		return err
	}
	for i, x := range w.waiting {
		if x.facts.Kind == "released" { // nobody was told of it before: to the rules it is a reply
			w.waiting[i].facts.Kind, w.waiting[i].facts.By = "replied", "outsider"
		}
	}
	w.trace.Add("which ticket?", p.How)
	return w.done(e)
}
