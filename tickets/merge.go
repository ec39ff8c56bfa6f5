package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// otherTicket reads the ticket that a command names. One that is not there and one
// that the agent may not work answer alike, so that nobody learns which numbers are
// whose.
func (w *work) otherTicket(c Command, word string, ag Agent) (Ticket, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(word, "#"), 10, 64)
	if err != nil || n <= 0 {
		return Ticket{}, &BlockError{c.Line, "it names no ticket", "#" + c.Word + " #12"}
	}
	if n == w.t.ID {
		return Ticket{}, &BlockError{c.Line, "that is this ticket itself", ""}
	}
	t, err := w.tx.Ticket(n)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return t, err
	}
	if err != nil || ag.Name != "" && w.mayWorkOn(t, ag) != "" {
		return Ticket{}, &BlockError{c.Line, fmt.Sprintf("there is no ticket %d in your queues", n), ""}
	}
	return t, nil
}

// seekMerge plans "#merge #12": this ticket ends in favour of another. It goes one
// way, and never in a circle: neither of the two may have ended already.
func seekMerge(w *work, ag Agent, c Command, t Ticket) ([]deed, error) {
	words := strings.Fields(strings.ToLower(c.Args))
	all := len(words) == 2 && words[1] == "cc"
	if len(words) == 0 || len(words) > 1 && !all {
		return nil, &BlockError{c.Line, "it does not say into which ticket", "#merge #12, or #merge #12 cc to keep everybody of this one informed there"}
	}
	into, err := w.otherTicket(c, words[0], ag)
	if err != nil {
		return nil, err
	}
	switch {
	case t.Disposition != "" || slices.Contains(t.Flags, mailroomFlag):
		return nil, &BlockError{c.Line, "this ticket cannot be merged", "it is " + orElse(string(t.Disposition), "the mailroom")}
	case into.Disposition == Merged && into.MergedInto == t.ID:
		return nil, &BlockError{c.Line, fmt.Sprintf("ticket %d was merged into this one", into.ID), "that would be a circle"}
	case into.Disposition != "" || slices.Contains(into.Flags, mailroomFlag):
		return nil, &BlockError{c.Line, fmt.Sprintf("ticket %d takes nothing in", into.ID), "it is " + orElse(string(into.Disposition), "the mailroom")}
	case into.Status == Closed:
		return nil, &BlockError{c.Line, fmt.Sprintf("ticket %d is closed", into.ID), "reopen it first"}
	}
	return []deed{{cmd: c, job: mergeJob{into.ID, all}, did: fmt.Sprintf("merged into ticket %d", into.ID)}}, nil
}

// mergeJob ends the ticket in favour of another.
type mergeJob struct {
	into int64
	all  bool // everybody of this ticket is kept informed there
}

func (j mergeJob) run(w *work) (string, error) {
	t, err := w.tx.Ticket(j.into)
	if err != nil {
		return "", err
	}
	o := w.beside(t)
	o.add(Linked{w.t.ID, "merged into this one"}, w.cause)
	words, err := w.summary()
	if err != nil {
		return "", err
	}
	if _, err := o.addEntry(Entry{Kind: EntrySystem, State: EntryVisible, Why: "merged", Text: words}, w.cause); err != nil {
		return "", err
	}
	added := j.people(w.t, t)
	for _, id := range added {
		o.happen(CCSet{id, true}, w.cause, nil)
	}
	if err := o.finish(); err != nil {
		return "", err
	}
	w.happen(MergedInto{j.into}, w.cause, nil)
	did := fmt.Sprintf("merged into ticket %d", j.into)
	switch {
	case len(added) > 0:
		did += fmt.Sprintf("; %d more in copy there", len(added))
	case w.t.Requester != t.Requester:
		did += fmt.Sprintf("; its requester is another person and is not in copy there (#cc there, or #merge #%d cc, adds him)", j.into)
	}
	return did, nil
}

// people are those of the ended ticket who are kept informed on the other. Where the
// two belong to different people nobody is added unasked: he would read a stranger's
// matter.
func (j mergeJob) people(from, into Ticket) []int64 {
	if from.Requester != into.Requester && !j.all {
		return nil
	}
	return slices.DeleteFunc(append([]int64{from.Requester}, from.CC...), func(id int64) bool {
		return id == 0 || into.Participates(id)
	})
}

// summary is what the agents of the other ticket read of this one.
func (w *work) summary() (string, error) {
	es, err := w.tx.Entries(w.t.ID, 30)
	if err != nil {
		return "", fmt.Errorf("entries of ticket %d: %w", w.t.ID, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Ticket %d %q was merged into this one.\n", w.t.ID, w.t.Subject)
	for _, e := range slices.Backward(es) {
		if b.Len() < 16<<10 && e.Public() {
			fmt.Fprintf(&b, "\n%s wrote:\n\n%s\n", w.s.signed(e).From.shown(), cut(strings.TrimSpace(e.Said()), 4000))
		}
	}
	return b.String(), nil
}

// beside is work on a second ticket in the same transaction, because of the same
// cause. It asks the rules without the message, which is not that ticket's.
func (w *work) beside(t Ticket) *work {
	o := w.d.newWork(w.tx, t, w.at)
	o.cause, o.quiet = w.cause, w.quiet
	return o
}

// seekLink plans "#link #12": both tickets name each other.
func seekLink(w *work, ag Agent, c Command, t Ticket) ([]deed, error) {
	to, err := w.otherTicket(c, c.Args, ag)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(t.Links, func(l Link) bool { return l.Ticket == to.ID }) {
		return does(c, nil, fmt.Sprintf("linked to ticket %d as before", to.ID)), nil
	}
	return []deed{{cmd: c, job: linkJob{to.ID}, did: fmt.Sprintf("linked to ticket %d", to.ID)}}, nil
}

type linkJob struct{ to int64 }

func (j linkJob) run(w *work) (string, error) {
	t, err := w.tx.Ticket(j.to)
	if err != nil {
		return "", err
	}
	why := "linked by " + orElse(w.cause.Agent, w.cause.Admin)
	w.add(Linked{j.to, why}, w.cause)
	o := w.beside(t)
	o.add(Linked{w.t.ID, why}, w.cause)
	return "", o.finish()
}
