package tickets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// planRelease plans #release, #release N and, with cc behind either, that the author
// of the entry is kept informed from then on: a person's second address, say.
func (w *work) planRelease(c Command, ag Agent) (Entry, released, error) {
	words := strings.Fields(strings.ToLower(c.Args))
	withAuthor := len(words) > 0 && words[len(words)-1] == "cc"
	if withAuthor {
		words = words[:len(words)-1]
	}
	found := c
	found.Args = strings.Join(words, " ")
	e, err := w.toRelease(found, ag)
	if err != nil {
		return e, released{}, err
	}
	if e.Kind == EntryReply && len(e.Parts) == 0 && strings.TrimSpace(unmarked(e.Reply())) == "" {
		return e, released{}, &BlockError{c.Line, fmt.Sprintf("nothing of entry %d would be left: it holds only our own mail", e.ID), "write again, above the quoted mail"}
	}
	if !withAuthor {
		return e, released{}, nil
	}
	if e.Kind != EntryMessage || e.State != EntryUnverified {
		return e, released{}, &BlockError{c.Line, fmt.Sprintf("entry %d is no outsider's mail", e.ID), "#release alone"}
	}
	if why, hint := w.s.outsider(e.From); why != "" {
		return e, released{}, &BlockError{c.Line, why, hint}
	}
	return e, released{author: e.From}, nil
}

// released is who is added with what is released; nobody as a rule.
type released struct{ author Address }

func (r released) job() job {
	if r.author.Addr == "" {
		return nil
	}
	return copyJob{r.author}
}

func (r released) line(e Entry) string {
	s := fmt.Sprintf("released entry %d", e.ID)
	if r.author.Addr != "" {
		s += "; its author is in copy from now on"
	}
	return s
}

// seekReject plans #reject: the counterpart of #release. What it refuses counts for
// nothing and is told to nobody.
func seekReject(w *work, ag Agent, c Command, _ Ticket) ([]deed, error) {
	e, err := w.toRelease(c, ag)
	if err != nil {
		return nil, err
	}
	return []deed{{cmd: c, job: rejectJob{e}, did: fmt.Sprintf("refused entry %d; nobody is told", e.ID)}}, nil
}

type rejectJob struct{ entry Entry }

func (j rejectJob) run(w *work) (string, error) {
	if err := w.changeEntry(j.entry, EntryRefused, w.cause); err != nil {
		return "", err
	}
	return "", w.calm()
}

// calm takes the flag off a ticket on which nothing unverified waits any more.
func (w *work) calm() error {
	if !slices.Contains(w.t.Flags, "unverified") {
		return nil
	}
	events, err := w.tx.Events(w.t.ID)
	if err != nil {
		return fmt.Errorf("events of ticket %d: %w", w.t.ID, err)
	}
	if !waitsUnverified(slices.Concat(events, w.events)) {
		w.add(Flagged{Flag: "unverified", Off: true}, w.cause)
	}
	return nil
}

// waitsUnverified: an entry waits for an agent's word. The ledger says so without the
// words of all entries.
func waitsUnverified(events []Event) bool {
	states := map[int64]EntryState{}
	for _, e := range events {
		switch b := e.Body.(type) {
		case EntryAdded:
			states[b.Entry] = b.State
		case EntryChanged:
			states[b.Entry] = b.To
		}
	}
	return slices.Contains(slices.Collect(maps.Values(states)), EntryUnverified)
}

// opened is the entry that opened a ticket, 0 when there is none.
func opened(events []Event) int64 {
	for _, e := range events {
		if b, ok := e.Body.(EntryAdded); ok {
			return b.Entry
		}
	}
	return 0
}
