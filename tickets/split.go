package tickets

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// seekSplit plans #split: an entry of this ticket becomes a ticket of its own: the one
// that is named, or the one that the answered mail was about.
func seekSplit(w *work, _ Agent, c Command, t Ticket) ([]deed, error) {
	e, err := w.toSplit(c)
	if err != nil {
		return nil, err
	}
	if _, isAgent := w.s.AgentOf(e.From.Addr); isAgent || e.Kind != EntryMessage || e.State != EntryVisible && e.State != EntryUnverified {
		return nil, &BlockError{c.Line, fmt.Sprintf("entry %d is no mail of an outsider", e.ID), "reply with #split to the notice of the mail that is meant"}
	}
	if why, hint := w.s.writable(e.From); why != "" {
		return nil, &BlockError{c.Line, why, hint}
	}
	events, err := w.tx.Events(t.ID)
	if err != nil {
		return nil, fmt.Errorf("events of ticket %d: %w", t.ID, err)
	}
	if opened(events) == e.ID {
		return nil, &BlockError{c.Line, "that mail opened this very ticket", "#on-behalf says whose it is, #subject what it is about"}
	}
	who := orElse(e.From.Name, e.From.Addr)
	return []deed{{cmd: c, job: splitJob{e}, did: "the mail of " + who + " is a ticket of its own", book: fmt.Sprintf("entry %d is a ticket of its own", e.ID)}}, nil
}

func (w *work) toSplit(c Command) (Entry, error) {
	var none Entry
	if c.Args == "" {
		e, ok, err := w.answeredEntry(func(e Entry) bool { return e.Kind == EntryMessage })
		if ok || err != nil {
			return e, err
		}
		return none, &BlockError{c.Line, "it does not say which mail", "reply to the notice of that mail, or write #split with the entry's number"}
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(c.Args, "#"), 10, 64)
	if err != nil {
		return none, &BlockError{c.Line, "it names no entry", "#split, or #split with the entry's number"}
	}
	e, err := w.tx.Entry(n)
	if errors.Is(err, ErrNotFound) || err == nil && e.Ticket != w.t.ID {
		return none, &BlockError{c.Line, fmt.Sprintf("there is no entry %d on this ticket", n), ""}
	}
	return e, err
}

// splitWhy begins the reason of an entry that became a ticket of its own.
const splitWhy = "split: "

// splitJob makes the new ticket.
type splitJob struct{ entry Entry }

// run opens the ticket with the author as its requester, as if he had written to the
// queue itself: he is acknowledged, and learns nothing of the ticket his mail was on.
// There the mail counts for nothing any more, so that his answers thread to the new one.
func (j splitJob) run(w *work) (string, error) {
	p, err := w.tx.ParticipantOf(j.entry.From)
	if err != nil {
		return "", err
	}
	subject := orElse(bareSubject(plainSubject(j.entry.Subject, w.s.Queues)), w.t.Subject)
	t, err := w.tx.CreateTicket(subject, w.at)
	if err != nil {
		return "", fmt.Errorf("new ticket: %w", err)
	}
	o := w.beside(t)
	o.cause.Agent = "" // the author opens it; who split it stands in the link
	proved := p.Verified && j.entry.State == EntryVisible
	o.happen(Created{Queue: w.t.Queue, Requester: p.ID, Verified: proved, Priority: w.t.Priority}, o.cause, nil)
	e := j.entry
	e.ID, e.State, e.Participant, e.Why = 0, EntryVisible, p.ID, fmt.Sprintf("split from ticket %d", w.t.ID)
	if e, err = o.addEntry(e, o.cause); err != nil {
		return "", err
	}
	o.waiting[0].entry = &e
	o.add(Linked{w.t.ID, "split from it"}, w.cause)
	if err := o.finish(); err != nil {
		return "", err
	}
	if t.ID == 0 {
		return "", nil // a rehearsal: no number is known
	}
	w.add(Linked{t.ID, fmt.Sprintf("entry %d was split from this one", j.entry.ID)}, w.cause)
	old := j.entry
	old.Why = fmt.Sprintf(splitWhy+"it is ticket %d now", t.ID)
	if err := w.changeEntry(old, EntryRefused, w.cause); err != nil {
		return "", err
	}
	return fmt.Sprintf("the mail of %s is ticket %d now, linked to this one", orElse(old.From.Name, old.From.Addr), t.ID), w.calm()
}

// bareSubject is a subject without the marks of answers in front: "Re: Aw: x" is "x".
func bareSubject(s string) string {
	for {
		mark, rest, ok := strings.Cut(s, ":")
		if !ok || mark == "" || len(mark) > 4 || strings.ContainsAny(mark, " 0123456789") {
			return s
		}
		s = strings.TrimSpace(rest)
	}
}
