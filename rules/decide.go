package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/vm"

	"postern/tickets"
)

// MaxActions is the greatest number of actions of one decision.
const MaxActions = 50

// answer is what a term said in this decision.
type answer int8

const (
	unasked answer = iota
	yes
	no
	failed
)

// scratch is what one decision needs while it runs; it is used again.
type scratch struct {
	vars  vars
	vm    vm.VM
	known []answer // by term
	errs  map[int]error
}

// start makes the vocabulary of the facts.
func (s *Set) start(f *tickets.Facts) *scratch {
	x := s.scratch.Get().(*scratch)
	x.vars.fill(f, s.zone(f.Zone))
	clear(x.known)
	clear(x.errs)
	return x
}

// zone is a time zone by name, UTC when there is none of that name.
func (s *Set) zone(name string) *time.Location {
	if z, ok := s.zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		z = time.UTC
	}
	s.zones.Store(name, z)
	return z
}

// ask evaluates a term, once a decision.
func (x *scratch) ask(t *term) answer {
	if a := x.known[t.id]; a != unasked {
		return a
	}
	out, err := x.vm.Run(t.program, &x.vars)
	a := no
	if err != nil {
		a = failed
		if x.errs == nil {
			x.errs = map[int]error{}
		}
		x.errs[t.id] = err
	} else if b, _ := out.(bool); b {
		a = yes
	}
	x.known[t.id] = a
	return a
}

// match asks the terms of a rule in order, and writes the first that is not true
// into the trace.
func (x *scratch) match(r *rule, tr *tickets.RuleTrace) bool {
	for _, t := range r.terms {
		switch x.ask(t) {
		case no:
			tr.Failed = t.text
			return false
		case failed:
			tr.Failed, tr.Error = t.text, oneLine(x.errs[t.id])
			return false
		}
	}
	return true
}

// oneLine is an error of a condition without the source it quotes.
func oneLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}

// Decide asks the rules of the facts' phase, in order. Each rule sees the same
// facts; nothing is done before all have been asked.
func (s *Set) Decide(f tickets.Facts) tickets.Decision {
	rules := s.rules[f.Phase]
	d := tickets.Decision{Version: s.version}
	if len(rules) == 0 {
		return d
	}
	x := s.start(&f)
	defer s.scratch.Put(x)
	d.Rules = make([]tickets.RuleTrace, len(rules))
	c := collector{decision: &d}
	stopped := ""
	for i, r := range rules {
		tr := &d.Rules[i]
		tr.Name, tr.At = r.name, r.at
		if stopped != "" {
			tr.Failed = stopped
			continue
		}
		if f.Phase == tickets.PhaseTimer && !s.due(r, &f, tr) {
			continue
		}
		if tr.Matched = x.match(r, tr); !tr.Matched {
			continue
		}
		c.add(r, tr)
		if r.stop {
			stopped = "stopped by " + r.name
		}
	}
	return d
}

// collector gathers the actions of a run and settles their conflicts.
type collector struct {
	decision *tickets.Decision
	set      map[string]int // single-valued thing → index of the action that set it
}

func (c *collector) add(r *rule, tr *tickets.RuleTrace) {
	for _, a := range r.actions {
		if note := c.one(a); note != "" {
			if tr.Note != "" {
				tr.Note += "; "
			}
			tr.Note += note
		}
	}
}

// one takes an action, or says why not.
func (c *collector) one(a tickets.Action) string {
	switch a.Do {
	case tickets.DoTag, tickets.DoUntag:
		return c.tags(a)
	case tickets.DoNotify:
		for _, b := range c.decision.Actions {
			if b.Do == a.Do && b.Template == a.Template && slices.Equal(b.Values, a.Values) {
				return fmt.Sprintf("notify %s: %s says so already", strings.Join(a.Values, ", "), b.Cause.Rule)
			}
		}
		return c.take("", a)
	}
	thing := string(a.Do)
	if a.Do == tickets.DoReject || a.Do == tickets.DoQuarantine {
		thing = "refuse"
	}
	if i, taken := c.set[thing]; taken {
		b := c.decision.Actions[i]
		return fmt.Sprintf("%s not done: %s came first with %s", said(a), b.Cause.Rule, said(b))
	}
	return c.take(thing, a)
}

// tags takes the tags that no earlier rule has set or removed.
func (c *collector) tags(a tickets.Action) string {
	var left, skipped []string
	for _, t := range a.Values {
		if _, taken := c.set["tag "+t]; taken {
			skipped = append(skipped, t)
			continue
		}
		left = append(left, t)
	}
	note := ""
	if len(skipped) > 0 {
		note = fmt.Sprintf("%s %s: an earlier rule decided about it", a.Do, strings.Join(skipped, ", "))
	}
	if len(left) == 0 {
		return note
	}
	a.Values = left
	if full := c.take("", a); full != "" {
		return full
	}
	for _, t := range left {
		c.mark("tag "+t, len(c.decision.Actions)-1)
	}
	return note
}

func (c *collector) take(thing string, a tickets.Action) string {
	if len(c.decision.Actions) >= MaxActions {
		return fmt.Sprintf("%s not done: more than %d actions", said(a), MaxActions)
	}
	c.decision.Actions = append(c.decision.Actions, a)
	if thing != "" {
		c.mark(thing, len(c.decision.Actions)-1)
	}
	return ""
}

func (c *collector) mark(thing string, i int) {
	if c.set == nil {
		c.set = map[string]int{}
	}
	c.set[thing] = i
}

// said is an action in a few words: "queue vip".
func said(a tickets.Action) string {
	s := string(a.Do)
	for _, w := range append([]string{a.Value, a.Template}, a.Values...) {
		if w != "" {
			s += " " + w
		}
	}
	return s
}
