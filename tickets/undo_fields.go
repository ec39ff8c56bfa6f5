package tickets

import (
	"fmt"
	"slices"
	"strings"
)

// undoFields plans the way back of each field that the block touched. answered says
// that the agent's words have reached somebody, so that the ticket is new no more.
func (w *work) undoFields(u *undoing, p past, answered bool) error {
	before := p.before
	if answered && before.Status == New {
		before.Status = Open
	}
	since := map[string]bool{}
	for _, e := range p.later {
		for _, f := range touched(e.Body) {
			since[f] = true
		}
	}
	done := map[string]bool{}
	for _, e := range p.events {
		for _, f := range touched(e.Body) {
			if done[f] {
				continue
			}
			done[f] = true
			if since[f] && !strings.HasPrefix(f, "entry ") {
				u.lines = append(u.lines, f+" stays as it is: it was changed since")
				continue
			}
			if err := w.undoField(u, before, e.Body, since[f]); err != nil {
				return err
			}
		}
		if c, ok := e.Body.(CommandRun); ok && slices.Contains([]string{"merge", "split", "link"}, c.Word) {
			u.lines = append(u.lines, "stays: "+c.Did)
		}
	}
	return nil
}

// undoField plans one field. What is as it was already needs nothing.
func (w *work) undoField(u *undoing, before Ticket, b Body, changed bool) error {
	switch b := b.(type) {
	case SubjectSet:
		return w.undoSubject(u, b)
	case EntryChanged:
		return w.undoEntry(u, b, changed)
	case RequesterSet:
		u.put(RequesterSet{From: w.t.Requester, To: before.Requester, Verified: before.Verified}, w.t.Requester != before.Requester,
			"requester: "+w.personName(w.t.Requester)+" → "+w.personName(before.Requester))
	case CCSet:
		on := slices.Contains(before.CC, b.Participant)
		u.put(CCSet{b.Participant, on}, slices.Contains(w.t.CC, b.Participant) != on,
			map[bool]string{true: "in copy again: ", false: "no longer in copy: "}[on]+w.personName(b.Participant))
	default:
		back, line := putBack(before, w.t, b, actorIs{s: w.s})
		u.put(back, back != nil, line)
	}
	return nil
}

// put notes an event and its line, when it makes a difference.
func (u *undoing) put(b Body, differs bool, line string) {
	if differs {
		u.bodies, u.lines = append(u.bodies, b), append(u.lines, line)
	}
}

// putBack is the event that gives a plain field its value of before; nil when it has it.
func putBack(before, now Ticket, b Body, a actorIs) (Body, string) {
	arrow := func(what, from, to string) string {
		return fmt.Sprintf("%s: %s → %s", what, nothing(what, from), nothing(what, to))
	}
	switch b := b.(type) {
	case StatusSet:
		if now.Status != before.Status || !now.PendingUntil.Equal(before.PendingUntil) {
			return StatusSet{From: now.Status, To: before.Status, Until: before.PendingUntil, Why: "taken back"}, arrow("status", string(now.Status), string(before.Status))
		}
	case QueueSet:
		if now.Queue != before.Queue {
			return QueueSet{now.Queue, before.Queue}, arrow("queue", now.Queue, before.Queue)
		}
	case Assigned:
		if now.Assignee != before.Assignee {
			return Assigned{now.Assignee, before.Assignee}, arrow("assignee", a.display(now.Assignee), a.display(before.Assignee))
		}
	case PrioritySet:
		if now.Priority != before.Priority {
			return PrioritySet{now.Priority, before.Priority}, arrow("priority", string(now.Priority), string(before.Priority))
		}
	case TypeSet:
		if now.Type != before.Type {
			return TypeSet{now.Type, before.Type}, arrow("type", string(now.Type), string(before.Type))
		}
	case Disposed:
		if now.Disposition != before.Disposition {
			return Disposed{now.Disposition, before.Disposition}, "no longer marked as " + string(now.Disposition)
		}
	case WatcherSet:
		if on := slices.Contains(before.Watchers, b.Agent); on != slices.Contains(now.Watchers, b.Agent) {
			return WatcherSet{b.Agent, on}, map[bool]string{true: "watched again", false: "no longer watched"}[on]
		}
	case Tagged:
		return tagsBack(before, now, b)
	}
	return nil, ""
}

func tagsBack(before, now Ticket, b Tagged) (Body, string) {
	var add, remove []string
	for _, x := range slices.Concat(b.Added, b.Removed) {
		switch was := slices.Contains(before.Tags, x); {
		case was && !slices.Contains(now.Tags, x):
			add = append(add, x)
		case !was && slices.Contains(now.Tags, x):
			remove = append(remove, x)
		}
	}
	back, ok := tagged(now, add, remove)
	if !ok {
		return nil, ""
	}
	return back, "tags: " + orElse(strings.Join(Apply(now, Event{Body: back}).Tags, " "), "none")
}

// undoSubject looks for the old words, which the ledger does not hold, among the
// subjects of the ticket's mails and the commands that gave it one.
func (w *work) undoSubject(u *undoing, b SubjectSet) error {
	es, err := w.tx.Entries(w.t.ID, 50)
	if err != nil {
		return err
	}
	words := []string{"(no subject)"}
	for _, e := range es {
		words = append(words, plainSubject(e.Subject, w.s.Queues), bareSubject(plainSubject(e.Subject, w.s.Queues)))
		if block, err := ParseBlock(e.Reply()); err == nil {
			for _, c := range block.Commands {
				words = append(words, plainSubject(c.Args, w.s.Queues))
			}
		}
	}
	i := slices.IndexFunc(words, func(s string) bool { return wordsHash(s) == b.FromSHA256 })
	if i < 0 {
		u.lines = append(u.lines, "the subject stays: its old words are not known any more")
		return nil
	}
	u.subject = words[i]
	u.put(SubjectSet{wordsHash(w.t.Subject), b.FromSHA256}, true, `subject: "`+w.t.Subject+`" → "`+words[i]+`"`)
	return nil
}

// undoEntry puts an entry back that was released or refused; an agent's reply that was
// released is dealt with as mail.
func (w *work) undoEntry(u *undoing, b EntryChanged, changed bool) error {
	e, err := w.tx.Entry(b.Entry)
	if err != nil {
		return err
	}
	switch {
	case e.Kind == EntryReply && b.To == EntryVisible, strings.HasPrefix(e.Why, splitWhy):
		return nil
	case changed || e.State != b.To:
		u.lines = append(u.lines, fmt.Sprintf("entry %d stays as it is: it was changed since", e.ID))
		return nil
	}
	u.entries, u.states = append(u.entries, e), append(u.states, b.From)
	u.lines = append(u.lines, fmt.Sprintf("entry %d: %s → %s", e.ID, b.To, b.From))
	return nil
}

// personName is a participant as agents read him.
func (w *work) personName(id int64) string {
	p, err := w.person(id)
	if err != nil {
		return "nobody"
	}
	return orElse(p.Name, p.Address)
}
