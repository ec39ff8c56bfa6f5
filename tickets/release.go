package tickets

import (
	"fmt"
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
	es, err := w.tx.Entries(w.t.ID, 200)
	if err != nil {
		return err
	}
	for _, e := range es {
		if e.State == EntryUnverified {
			return nil
		}
	}
	for _, f := range w.t.Flags {
		if f == "unverified" {
			w.add(Flagged{Flag: f, Off: true}, w.cause)
		}
	}
	return nil
}
