package rules

import (
	"fmt"
	"slices"
	"strings"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// verb is one word that may stand under then.
type verb struct {
	name   string
	do     tickets.Do
	phases string // in which it makes sense
	read   func(l *loader, n *strictyaml.Node, a *tickets.Action)
}

// verbs are the actions, in the order of the manual.
var verbs = []verb{
	{"queue", tickets.DoQueue, "receive change timer", readQueue},
	{"assign", tickets.DoAssign, "receive change timer", readAssign},
	{"priority", tickets.DoPriority, "receive change timer", readWord("priority", words(tickets.Priorities))},
	{"type", tickets.DoType, "receive change timer", readWord("type", words(tickets.Types))},
	{"status", tickets.DoStatus, "receive change timer", readWord("status", words(tickets.Statuses[1:]))},
	{"tags", tickets.DoTag, "receive change timer", readTags},
	{"untag", tickets.DoUntag, "receive change timer", readTags},
	{"acknowledge", tickets.DoAcknowledge, "change", readTemplate},
	{"relay", tickets.DoRelay, "change", readTrue},
	{"notify", tickets.DoNotify, "change timer", readNotify},
	{"remind", tickets.DoRemind, "change timer", readTemplate},
	{"reject", tickets.DoReject, "smtp receive", readReason},
	{"quarantine", tickets.DoQuarantine, "receive", readReason},
}

// actions reads then: a mapping, or a list of mappings when one action is wanted
// more than once.
func (l *loader) actions(f *ruleFile, y *ruleYAML, r *rule) []tickets.Action {
	n := y.Then.n
	if n == nil {
		if !y.Stop {
			l.fail(f, y.path, "the rule does nothing", "give it “then:” with actions, or “stop: true”")
		}
		return nil
	}
	parts := []*strictyaml.Node{n}
	if n.Kind == strictyaml.List {
		parts = n.Items
	}
	var out []tickets.Action
	for _, p := range parts {
		if p.Kind != strictyaml.Map {
			p.Fail(fmt.Sprintf("then must be a mapping of actions, not %s", p.What()), "write then: {queue: it, priority: high}")
			continue
		}
		for _, pair := range p.Pairs {
			if a, ok := l.action(p, pair, r); ok {
				out = append(out, a)
			}
		}
	}
	l.twice(n, parts, r)
	if len(parts) == 0 || n.Kind == strictyaml.Map && len(n.Pairs) == 0 {
		n.Fail("then is empty", "give it an action")
	}
	return out
}

func (l *loader) action(at *strictyaml.Node, pair strictyaml.Pair, r *rule) (tickets.Action, bool) {
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == pair.Key })
	if i < 0 {
		hint := strictyaml.DidYouMean(pair.Key, verbNames())
		if pair.Key == "stop" {
			hint = "stop stands beside then, not below it"
		}
		at.FailAt(pair.Line, pair.Col, fmt.Sprintf("unknown action %q", pair.Key), hint)
		return tickets.Action{}, false
	}
	v := verbs[i]
	if !slices.Contains(strings.Fields(v.phases), string(r.phase)) {
		at.FailAt(pair.Line, pair.Col, fmt.Sprintf("%s makes no sense in phase %s", v.name, r.phase),
			"it is for phase "+strings.Join(strings.Fields(v.phases), ", "))
		return tickets.Action{}, false
	}
	a := tickets.Action{Do: v.do}
	v.read(l, pair.Value, &a)
	return a, true
}

// twice finds an action that can be done once and stands twice in a list.
func (l *loader) twice(n *strictyaml.Node, parts []*strictyaml.Node, r *rule) {
	seen := map[string]int{}
	for _, p := range parts {
		for _, pair := range p.Pairs {
			first, again := seen[pair.Key]
			switch {
			case again && pair.Key != "notify" && pair.Key != "tags" && pair.Key != "untag":
				n.FailAt(pair.Line, pair.Col, fmt.Sprintf("%s stands twice in one rule; the first is on line %d", pair.Key, first), "keep one of the two")
			case !again:
				seen[pair.Key] = pair.Line
			}
		}
	}
}

func verbNames() []string {
	out := make([]string, len(verbs))
	for i, v := range verbs {
		out[i] = v.name
	}
	return out
}

// word reads a value that is one word; "" after a mistake.
func word(n *strictyaml.Node) string {
	v := value{n}
	return v.text(last(n.Path))
}

// last is the last part of a path, to name a value in messages.
func last(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[i+1:]
	}
	return path
}

// known reads a word out of a list; a nil list takes every word.
func known(n *strictyaml.Node, what string, list []string) string {
	w := word(n)
	if w == "" || list == nil {
		return w
	}
	v, ok := named(w, list)
	if !ok {
		n.Fail(fmt.Sprintf("unknown %s %q", what, w), strictyaml.DidYouMean(w, list))
	}
	return v
}

func readWord(what string, list []string) func(*loader, *strictyaml.Node, *tickets.Action) {
	return func(_ *loader, n *strictyaml.Node, a *tickets.Action) { a.Value = known(n, what, list) }
}

func readQueue(l *loader, n *strictyaml.Node, a *tickets.Action) {
	a.Value = known(n, "queue", l.opts.queues())
}

func readAssign(l *loader, n *strictyaml.Node, a *tickets.Action) {
	list := l.opts.agents()
	if list != nil {
		list = append(list, "none")
	}
	a.Value = known(n, "agent", list)
}

// readTags reads one tag or a list of them.
func readTags(_ *loader, n *strictyaml.Node, a *tickets.Action) {
	for _, item := range list(n) {
		t := word(item)
		if strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r == ',' }) || len(t) > 50 {
			item.Fail(fmt.Sprintf("%q is no tag", t), "a tag is one word of at most 50 octets; write [a, b] for two")
		}
		a.Values = append(a.Values, strings.ToLower(t))
	}
}

// list is the items of a list, or the one value.
func list(n *strictyaml.Node) []*strictyaml.Node {
	if n.Kind == strictyaml.List {
		if len(n.Items) == 0 {
			n.Fail(last(n.Path)+" is an empty list", "")
		}
		return n.Items
	}
	return []*strictyaml.Node{n}
}

// readTemplate reads true, or the name of a template.
func readTemplate(l *loader, n *strictyaml.Node, a *tickets.Action) {
	if n.Kind == strictyaml.Bool {
		readTrue(l, n, a)
		return
	}
	a.Template = known(n, "template", l.opts.Templates)
}

func readTrue(_ *loader, n *strictyaml.Node, _ *tickets.Action) {
	what := last(n.Path)
	switch {
	case n.Kind == strictyaml.Bool && n.Text == "true":
	case n.Kind == strictyaml.Bool:
		n.Fail(what+": false says nothing", "leave it out; what another rule does is changed there")
	default:
		n.Fail(fmt.Sprintf("%s must be true, not %s", what, n.What()), "")
	}
}

func readReason(_ *loader, n *strictyaml.Node, a *tickets.Action) {
	if a.Value = word(n); strings.ContainsAny(a.Value, "\n\r") || len(a.Value) > 200 {
		n.Fail("the reason must be one line of at most 200 octets", "")
	}
}

// readNotify reads whom to tell, or {to: whom, template: name}.
func readNotify(l *loader, n *strictyaml.Node, a *tickets.Action) {
	to := n
	if n.Kind == strictyaml.Map {
		other := false
		to = nil
		for _, p := range n.Pairs {
			switch p.Key {
			case "to":
				to = p.Value
			case "template":
				a.Template = known(p.Value, "template", l.opts.Templates)
			default:
				other = true
				n.FailAt(p.Line, p.Col, fmt.Sprintf("unknown key %q", p.Key), strictyaml.DidYouMean(p.Key, []string{"to", "template"}))
			}
		}
		if to == nil && other {
			return
		}
		if to == nil {
			n.Fail("notify does not say whom", "add “to: agents”, or another of "+strings.Join(groups, ", "))
			return
		}
	}
	var everybody []string
	if agents := l.opts.agents(); agents != nil {
		everybody = append(slices.Clone(groups), agents...)
	}
	for _, item := range list(to) {
		a.Values = append(a.Values, known(item, "recipient", everybody))
	}
}
