package tickets

import (
	"fmt"
	"slices"
)

// separate: two queues on one mail make two linked tickets when either of them asks
// for it; else the second queue is recorded as watching.
func separate(home, other Queue) bool { return home.LinkCopies || other.LinkCopies }

// further are the queues of the mail beside the ticket's own: those that watch it, and
// those that get a linked ticket of their own.
func (w *work) further(home Queue) (watch, own []Queue) {
	for _, also := range w.queues()[min(1, len(w.queues())):] {
		switch {
		case also.Name == home.Name:
		case separate(home, also):
			own = append(own, also)
		default:
			watch = append(watch, also)
		}
	}
	return watch, own
}

// siblingWhy is the reason on the link between the tickets of one mail; it names the
// queue, so that a copy by another way makes no second one.
func siblingWhy(queue string) string { return "the same mail went to queue " + queue }

// sibling makes a ticket of its own for a further queue of the mail: same requester,
// same words, a link each way. The requester is acknowledged once, for the first; what
// he answers goes there. Commands of the mail are carried out on the first alone.
func (w *work) sibling(q Queue) error {
	x := w.d.newWork(w.tx, Ticket{}, w.at)
	x.arrival, x.msg, x.ev, x.author, x.cause = w.arrival, w.msg, w.ev, w.author, w.cause
	x.quiet, x.noAuto, x.twin = w.quiet, w.noAuto, w.twin
	x.t = Ticket{Queue: q.Name, Status: New, Priority: Normal, Subject: x.subject()}
	dec, err := x.decide(x.facts(PhaseReceive, EventFacts{}), 0)
	if err != nil {
		return err
	}
	if why, no := keptOut(dec); no {
		w.trace.Add("a linked ticket for queue "+q.Name+"?", "no: "+why)
		return nil
	}
	if err := x.create(q); err != nil {
		return err
	}
	x.first = w.t.ID
	e, err := x.addEntry(x.entry(EntryMessage, EntryVisible), x.cause)
	if err != nil {
		return err
	}
	if x.waiting[0].facts.Kind == "created" {
		x.waiting[0].entry = &e
	}
	x.addCopied(q)
	x.add(Linked{w.t.ID, siblingWhy(w.t.Queue)}, x.cause)
	w.add(Linked{x.t.ID, siblingWhy(q.Name)}, w.cause)
	x.arrange(dec, e)
	if err := x.finish(); err != nil {
		return err
	}
	w.trace.Add("a linked ticket for queue "+q.Name+"?", fmt.Sprintf("yes, ticket %d", x.t.ID))
	return nil
}

// keptOut: a rule refuses or holds the mail for this queue.
func keptOut(dec Decision) (why string, no bool) {
	i := slices.IndexFunc(dec.Actions, func(a Action) bool { return a.Do == DoReject || a.Do == DoQuarantine })
	if i < 0 {
		return "", false
	}
	return "rule " + dec.Actions[i].Cause.Rule, true
}

// copyTo books that a copy of the mail came to a further queue: that queue watches,
// or, when one of the two wants tickets of its own and the mail opened this one, gets
// a linked one, once.
func (w *work) copyTo(q Queue, entry int64) error {
	opened, first, err := w.opening()
	if err != nil || q.Name == opened {
		return err
	}
	if checkNamed && entry != first && !w.names(q) {
		w.trace.Add("does queue "+q.Name+" watch it?", "no: the mail was not addressed to it, whoever sent it on")
		return nil
	}
	home, _ := w.s.Queue(opened)
	if !separate(home, q) || entry != first {
		ev := w.add(QueueWatching{q.Name}, w.cause)
		return w.tellWatching(q, ev, entry)
	}
	if slices.ContainsFunc(w.t.Links, func(l Link) bool { return l.Why == siblingWhy(q.Name) }) {
		return nil
	}
	return w.sibling(q)
}

// names: To or Cc name the queue. They are part of what makes two mails equal, so that
// nobody who got an answer can let another team read the ticket by sending it on to them.
func (w *work) names(q Queue) bool {
	return slices.ContainsFunc(slices.Concat(w.msg.To, w.msg.Cc), func(a Address) bool {
		named, ok := w.s.QueueOf(a.Addr)
		return ok && named.Name == q.Name
	})
}

// opening is the queue in which the ticket was opened, and its first entry.
func (w *work) opening() (queue string, entry int64, err error) {
	events, err := w.tx.Events(w.t.ID)
	if err != nil {
		return "", 0, fmt.Errorf("events of ticket %d: %w", w.t.ID, err)
	}
	for _, e := range events {
		switch b := e.Body.(type) {
		case Created:
			queue = b.Queue
		case EntryAdded:
			return queue, b.Entry, nil
		}
	}
	return queue, 0, nil
}
