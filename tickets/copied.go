package tickets

import (
	"slices"
	"strings"
)

// seekCC plans #cc and #uncc. Only agents say who is kept informed; whoever is added
// reads the public conversation from then on.
func seekCC(w *work, ag Agent, c Command, t Ticket) ([]deed, error) {
	var out []deed
	for _, text := range addressWords(c.Args) {
		a, ok := typedAddress(text)
		if !ok {
			return nil, &BlockError{c.Line, text + " is no address", "write it as #" + c.Word + " ann@example.net"}
		}
		x, err := w.seekCopy(c, a, t)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	if len(out) == 0 {
		return nil, &BlockError{c.Line, "it names no address", "#" + c.Word + " ann@example.net"}
	}
	return out, nil
}

// addressWords splits a line into addresses. One with a name stays whole: only
// commas divide then.
func addressWords(args string) []string {
	divides := func(r rune) bool { return r == ',' || r == ';' }
	if !strings.ContainsAny(args, `<"`) {
		divides = func(r rune) bool { return r == ',' || r == ';' || r == ' ' }
	}
	return slices.DeleteFunc(strings.FieldsFunc(args, divides), func(s string) bool { return strings.TrimSpace(s) == "" })
}

func (w *work) seekCopy(c Command, a Address, t Ticket) (deed, error) {
	p, err := w.known(a)
	if err != nil {
		return deed{}, err
	}
	if c.Word == "uncc" {
		if p.ID == 0 || !slices.Contains(t.CC, p.ID) {
			return deed{}, &BlockError{c.Line, a.Addr + " is not in copy", ""}
		}
		return deed{cmd: c, body: CCSet{p.ID, false}, did: "no longer in copy: " + a.Addr, book: "one less in copy"}, nil
	}
	if why, hint := w.s.outsider(a); why != "" {
		return deed{}, &BlockError{c.Line, why, hint}
	}
	switch {
	case p.ID != 0 && p.ID == t.Requester:
		return deed{}, &BlockError{c.Line, a.Addr + " is the requester", "he gets every answer already"}
	case p.ID != 0 && slices.Contains(t.CC, p.ID):
		return deed{cmd: c, did: "in copy as before: " + a.Addr, book: "in copy as before"}, nil
	}
	return deed{cmd: c, job: copyJob{a}, did: "in copy from now on: " + a.Addr, book: "one more in copy"}, nil
}

// copyJob makes a participant of an address and keeps him informed.
type copyJob struct{ who Address }

func (j copyJob) run(w *work) (string, error) {
	p, err := w.tx.ParticipantOf(j.who)
	if err == nil && !w.t.Participates(p.ID) {
		w.happen(CCSet{p.ID, true}, w.cause, nil)
	}
	return "", err
}
