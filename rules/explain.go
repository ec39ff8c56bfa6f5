package rules

import "postern/tickets"

// Explanation is one rule with every term of its condition.
type Explanation struct {
	tickets.RuleTrace
	Terms []TermTrace `json:"terms"`
}

// TermTrace is one term of a condition and what it said: "true", "false", or
// "error: …".
type TermTrace struct {
	Text string `json:"text"`
	Is   string `json:"is"`
}

// Explain is Decide with every term of every rule of the phase evaluated, also
// those that Decide need not ask.
func (s *Set) Explain(f tickets.Facts) []Explanation {
	d := s.Decide(f)
	x := s.start(&f)
	defer s.scratch.Put(x)
	out := make([]Explanation, len(d.Rules))
	for i, r := range s.rules[f.Phase] {
		out[i].RuleTrace = d.Rules[i]
		for _, t := range r.terms {
			is := map[answer]string{yes: "true", no: "false"}[x.ask(t)]
			if is == "" {
				is = "error: " + oneLine(x.errs[t.id])
			}
			out[i].Terms = append(out[i].Terms, TermTrace{t.text, is})
		}
	}
	return out
}
