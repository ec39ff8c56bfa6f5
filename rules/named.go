package rules

import (
	"fmt"
	"regexp"
	"slices"

	"postern/rules/strictyaml"
	"postern/tickets"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// define reads the named conditions and lists of all files; they may be used in
// every file.
func (l *loader) define(files []*ruleFile) {
	l.terms.defined = map[string]definition{}
	for _, f := range files {
		n := f.Define.n
		if n == nil {
			continue
		}
		if n.Kind != strictyaml.Map {
			n.Fail(fmt.Sprintf("define must be a mapping of names, not %s", n.What()), "write “vip: from.domain == \"acme.example\"” lines, indented below it")
			continue
		}
		for _, p := range n.Pairs {
			l.defineOne(f, p)
		}
	}
	for _, f := range files {
		if n := f.Define.n; n != nil && n.Kind == strictyaml.Map {
			l.checkDefined(n)
		}
	}
}

func (l *loader) defineOne(f *ruleFile, p strictyaml.Pair) {
	n := p.Value
	tell := func(text, hint string) { n.FailAt(p.Line, p.Col, text, hint) }
	switch first, again := l.terms.defined[p.Key]; {
	case !nameForm.MatchString(p.Key):
		tell(fmt.Sprintf("%q cannot be a name", p.Key), "use small letters, digits and _, beginning with a letter")
		return
	case slices.Contains(fieldNames(""), p.Key) || allowed[p.Key] || p.Key == "duration":
		tell(fmt.Sprintf("%q is taken: it belongs to the vocabulary", p.Key), "choose another name")
		return
	case again:
		tell(fmt.Sprintf("%q is defined twice; the first is at %s", p.Key, first.at), "rename one of the two")
		return
	}
	d := definition{at: fmt.Sprintf("%s:%d", f.doc.File, p.Line), text: n.Text}
	switch n.Kind {
	case strictyaml.List:
		for _, item := range n.Items {
			d.list = append(d.list, word(item))
		}
	case strictyaml.String, strictyaml.Bool:
	default:
		tell(fmt.Sprintf("%s must be a condition or a list of texts, not %s", p.Key, n.What()), "")
		return
	}
	l.terms.defined[p.Key] = d
}

// anyPhase knows the whole vocabulary.
const anyPhase tickets.Phase = ""

// checkDefined compiles each named condition by itself, so that its mistakes are
// shown where it stands and even when no rule uses it. What the phase of a rule
// does not know is told where the rule uses it.
func (l *loader) checkDefined(n *strictyaml.Node) {
	for _, p := range n.Pairs {
		d, ok := l.terms.defined[p.Key]
		if !ok || d.list != nil {
			continue
		}
		_, flaws := l.terms.compile(d.text, anyPhase)
		if len(flaws) > 0 {
			d.broken = true
			l.terms.defined[p.Key] = d
		}
		for _, w := range flaws {
			line, col := p.Value.At(w.at)
			n.FailAt(line, col, w.text, w.hint)
		}
	}
}
