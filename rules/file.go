package rules

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// ruleFile is one file as written.
type ruleFile struct {
	Version value      `yaml:"version"`
	Include value      `yaml:"include"`
	Define  value      `yaml:"define"`
	Rules   []ruleYAML `yaml:"rules"`

	doc    *strictyaml.Doc
	broken bool // mistakes were found while reading it
}

// ruleYAML is one rule as written. Values keep their place.
type ruleYAML struct {
	Name  value `yaml:"name"`
	On    value `yaml:"on"`
	When  value `yaml:"when"`
	Then  value `yaml:"then"`
	Stop  bool  `yaml:"stop"`
	After value `yaml:"after"`
	Since value `yaml:"since"`

	path string
}

// value is a part of a file that is understood later; n is nil when absent.
type value struct{ n *strictyaml.Node }

// UnmarshalNode keeps the node.
func (v *value) UnmarshalNode(n *strictyaml.Node) { v.n = n }

// text is the value as text; it tells of a mistake when it is none, and is "" then.
func (v value) text(what string) string {
	if v.n == nil {
		return ""
	}
	if v.n.Kind != strictyaml.String && v.n.Kind != strictyaml.Int || strings.TrimSpace(v.n.Text) == "" {
		v.n.Fail(fmt.Sprintf("%s must be text, not %s", what, v.n.What()), "")
		return ""
	}
	return strings.TrimSpace(v.n.Text)
}

// rule is one compiled rule. It never changes.
type rule struct {
	name, at string // at is file:line
	phase    tickets.Phase
	terms    []*term
	actions  []tickets.Action
	stop     bool
	clock    bool // the condition may change while time passes

	since  string
	after  time.Duration
	window bool // after is the queue's reopen window
}

// maxName is the length of a rule's name in octets: it is kept with each event.
const maxName = 100

// rule compiles one rule; nil when it has mistakes, which the file then knows.
func (l *loader) rule(f *ruleFile, i int, y *ruleYAML) *rule {
	y.path = fmt.Sprintf("rules[%d]", i)
	if n := f.doc.Node(y.path); n == nil || n.Kind != strictyaml.Map {
		return nil // told already
	}
	before := len(f.doc.Problems())
	line, _ := f.doc.Pos(y.path)
	r := &rule{name: l.name(f, y), at: fmt.Sprintf("%s:%d", f.doc.File, line), phase: tickets.PhaseReceive, stop: y.Stop}
	ok := true
	if on := y.On.text("on"); on != "" {
		r.phase = tickets.Phase(on)
		if p, known := named(on, phases); !known || p != on {
			y.On.n.Fail(fmt.Sprintf("unknown phase %q", on), strictyaml.DidYouMean(on, phases))
			ok = false
		}
	}
	l.timing(f, y, r)
	if ok {
		l.condition(y, r)
		r.actions = l.actions(f, y, r)
	}
	for i := range r.actions {
		r.actions[i].Cause = tickets.Cause{Rule: r.name, At: r.at, Clock: r.phase == tickets.PhaseTimer}
	}
	if !ok || len(f.doc.Problems()) != before {
		return nil
	}
	return r
}

// name checks the rule's name, which must be the only one of its kind.
func (l *loader) name(f *ruleFile, y *ruleYAML) string {
	name := y.Name.text("name")
	if y.Name.n == nil {
		l.fail(f, y.path, "the rule has no name", "give it one: it is shown wherever the rule acts")
		return ""
	}
	if len(name) > maxName || strings.IndexFunc(name, unicode.IsControl) >= 0 {
		y.Name.n.Fail(fmt.Sprintf("the name must be one line of at most %d octets", maxName), "")
	}
	if first, again := l.names[name]; again && name != "" {
		y.Name.n.Fail(fmt.Sprintf("the name %q is used twice; the first is at %s", name, first), "rename one of the two")
	} else if name != "" {
		l.names[name] = fmt.Sprintf("%s:%d", f.doc.File, y.Name.n.Line)
	}
	return name
}

// timing reads after and since, which belong to timer rules.
func (l *loader) timing(f *ruleFile, y *ruleYAML, r *rule) {
	timer := r.phase == tickets.PhaseTimer
	for _, v := range []struct {
		name string
		v    value
	}{{"after", y.After}, {"since", y.Since}} {
		if v.v.n != nil && !timer {
			v.v.n.Fail(fmt.Sprintf("%s is only for timer rules", v.name), "add “on: timer”")
			return
		}
	}
	if !timer {
		return
	}
	if y.After.n == nil {
		l.fail(f, y.path, "a timer rule without after", "add “after: 3d”, counted from “since: status” or another moment")
		return
	}
	r.since = "status"
	if s := y.Since.text("since"); s != "" {
		r.since = s
		if known, ok := named(s, sinces); !ok || known != s {
			y.Since.n.Fail(fmt.Sprintf("unknown moment %q", s), strictyaml.DidYouMean(s, sinces))
		}
	}
	l.after(y.After, r)
}

// after reads how long a timer rule waits.
func (l *loader) after(v value, r *rule) {
	s := v.text("after")
	if s == "reopen-window" {
		r.window = true
		return
	}
	d, err := strictyaml.ParseDuration(s)
	if s == "" {
		return
	}
	switch {
	case err != nil:
		v.n.Fail(fmt.Sprintf("after cannot be %q", s), err.Error()+", or reopen-window")
	case d < time.Minute && r.since != "pending":
		v.n.Fail("a timer rule waits at least one minute", "")
	}
	r.after = d
}

// condition compiles when; without it the rule is for everything.
func (l *loader) condition(y *ruleYAML, r *rule) {
	n := y.When.n
	if n == nil {
		return
	}
	switch n.Kind {
	case strictyaml.List:
		n.Fail("when must be one condition, not a list", "join them with && or ||, under “when: |”")
		return
	case strictyaml.String, strictyaml.Bool:
	default:
		n.Fail(fmt.Sprintf("when must be a condition, not %s", n.What()), "write it as text: when: subject contains \"printer\"")
		return
	}
	ts, flaws := l.terms.compile(n.Text, r.phase)
	for _, w := range flaws {
		line, col := n.At(w.at)
		n.FailAt(line, col, w.text, w.hint)
	}
	for _, t := range ts {
		r.clock = r.clock || t != nil && t.clock
	}
	r.terms = ts
}
