package tickets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// past is what one mail of an agent did to a ticket: the events of one arrival that he
// caused, and not what rules made of them.
type past struct {
	at     time.Time
	events []Event
	before Ticket  // the ticket as it was before the first of them
	later  []Event // what came after, from others
}

// lastBlock finds the agent's last mail that changed anything on the ticket.
func lastBlock(events []Event, agent string) (past, bool) {
	tried := map[int64]bool{}
	for _, e := range slices.Backward(events) {
		id := e.Cause.Arrival
		if !by(e, agent) || tried[id] {
			continue
		}
		tried[id] = true
		p := pastOf(events, agent, id)
		if slices.ContainsFunc(p.events, func(e Event) bool { return len(touched(e.Body)) > 0 || said(e, "undo") }) {
			return p, true
		}
	}
	return past{}, false
}

func by(e Event, agent string) bool {
	return e.Cause.Agent == agent && e.Cause.Rule == "" && e.Cause.Arrival != 0
}

func pastOf(events []Event, agent string, arrival int64) past {
	var p past
	for i, e := range events {
		switch {
		case by(e, agent) && e.Cause.Arrival == arrival:
			if len(p.events) == 0 {
				p.at, p.before = e.At, Fold(Ticket{}, events[:i]...)
			}
			p.events = append(p.events, e)
		case len(p.events) > 0:
			p.later = append(p.later, e)
		}
	}
	return p
}

// said: the event is a command with this word.
func said(e Event, word string) bool {
	c, ok := e.Body.(CommandRun)
	return ok && c.Word == word
}

// touched names the fields that an event changes and that can be put back.
func touched(b Body) []string {
	switch b := b.(type) {
	case StatusSet:
		return []string{"status"}
	case QueueSet:
		return []string{"queue"}
	case Assigned:
		return []string{"assignee"}
	case PrioritySet:
		return []string{"priority"}
	case TypeSet:
		return []string{"type"}
	case SubjectSet:
		return []string{"subject"}
	case RequesterSet:
		return []string{"requester"}
	case Disposed:
		return []string{"disposition"}
	case Tagged:
		var out []string
		for _, x := range slices.Concat(b.Added, b.Removed) {
			out = append(out, "tag "+x)
		}
		return out
	case CCSet:
		return []string{fmt.Sprintf("cc %d", b.Participant)}
	case WatcherSet:
		return []string{"watcher " + b.Agent}
	case EntryChanged:
		return []string{fmt.Sprintf("entry %d", b.Entry)}
	case EntryAdded:
		if b.State == EntryVisible && (b.Is == EntryReply || b.Is == EntryNote) {
			return []string{fmt.Sprintf("entry %d", b.Entry)}
		}
	}
	return nil
}

// undoing is what taking a block back comes to: events that put fields back, entries
// and mails, and a line for each thing done or not done.
type undoing struct {
	bodies  []Body
	subject string // the words to put back, with a SubjectSet
	entries []Entry
	states  []EntryState // of entries, in their order
	stop    []Outgoing
	lines   []string
}

// seekUndo plans #undo: the agent's last block on this ticket, within the window. What
// somebody has changed since stays; what has left cannot be fetched back, and is named.
func seekUndo(w *work, ag Agent, c Command, t Ticket) ([]deed, error) {
	if ag.Name == "" {
		return nil, &BlockError{c.Line, "only an agent's mail can be taken back", "set it right with commands"}
	}
	events, err := w.tx.Events(t.ID)
	if err != nil {
		return nil, fmt.Errorf("events of ticket %d: %w", t.ID, err)
	}
	p, ok := lastBlock(events, ag.Name)
	switch {
	case !ok:
		return nil, &BlockError{c.Line, "there is nothing of yours on this ticket to take back", ""}
	case slices.ContainsFunc(p.events, func(e Event) bool { return said(e, "undo") }):
		return nil, &BlockError{c.Line, "your last mail took something back already", "set it right with commands"}
	}
	var u undoing
	held, answered, err := w.undoMail(&u, p)
	if err != nil {
		return nil, err
	}
	if window := w.s.Limits.UndoWindow; !held && w.at.Sub(p.at) > window {
		return nil, &BlockError{c.Line, fmt.Sprintf("your last commands are older than %s", span(window)), "set it right with commands"}
	}
	if err := w.undoFields(&u, p, answered); err != nil {
		return nil, err
	}
	return []deed{{cmd: c, job: undoJob{u}, did: "took back your mail of " + w.clockTime(p.at),
		book: fmt.Sprintf("took back what began with event %d", p.events[0].Seq), more: u.lines}}, nil
}

// clockTime is a moment of today in the queue's zone.
func (w *work) clockTime(at time.Time) string {
	if q, ok := w.s.Queue(w.t.Queue); ok && q.Zone != nil {
		at = at.In(q.Zone)
	}
	return at.Format("15:04:05")
}

// span writes a duration for people.
func span(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "m0s")
	if s != d.String() {
		s += "m"
	}
	return s
}

// undoJob carries an undoing out. No rule is asked: what was never meant tells nobody.
type undoJob struct{ undoing }

func (j undoJob) run(w *work) (string, error) {
	for i, e := range j.entries {
		if err := w.changeEntry(e, j.states[i], w.cause); err != nil {
			return "", err
		}
	}
	for _, o := range j.stop {
		o.State = OutCancelled
		if err := w.tx.UpdateOutgoing(o); err != nil {
			return "", err
		}
		w.add(MailDone{Outgoing: o.ID, State: string(OutCancelled)}, w.cause)
	}
	for _, b := range j.bodies {
		w.add(b, w.cause)
	}
	if j.subject != "" {
		w.t.Subject = j.subject
		if err := w.tx.SetSubject(w.t.ID, j.subject); err != nil {
			return "", err
		}
	}
	if slices.Contains(j.states, EntryUnverified) {
		w.add(Flagged{Flag: "unverified", Why: "taken back"}, w.cause)
	}
	return "", w.calm()
}
