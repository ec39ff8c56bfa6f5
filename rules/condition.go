package rules

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// Limits of a condition.
const (
	MaxCondition = 16 << 10 // octets of a condition
	MaxNodes     = 1000     // parts of a condition
	MaxPattern   = 4 << 10  // octets of a regular expression
	// MaxPatternWeight is the greatest number of steps of a compiled pattern.
	MaxPatternWeight = 20_000
)

// term is one part of a condition that && joins to the others. Equal terms of a
// Set are one, and evaluated once a decision.
type term struct {
	id      int
	text    string // on one line, as written
	program *vm.Program
	clock   bool // it may change while time passes
}

// flaw is a mistake in a condition, at an octet offset of its text.
type flaw struct {
	at         int
	text, hint string
}

// terms compiles conditions, and keeps each term once.
type terms struct {
	config    *conf.Config
	constants map[string][]string
	defined   map[string]definition
	byText    map[string]*term
	all       []*term
}

func newTerms(o Options) *terms {
	c := conf.New(&vars{})
	c.MaxNodes = MaxNodes
	expr.AsBool()(c)
	c.ExpectAny = false
	for name := range c.Builtins {
		if !allowed[name] {
			c.Disabled[name] = true
		}
	}
	c.Disabled["duration"] = true
	expr.Function("duration", duration, new(func(string) time.Duration))(c)
	for name := range c.Disabled {
		delete(c.Builtins, name)
	}
	return &terms{config: c, constants: o.constants(), byText: map[string]*term{}}
}

// allowed are the built-in functions of conditions: those whose work is bounded
// by the message, and whose answer depends on nothing else.
var allowed = map[string]bool{"all": true, "any": true, "none": true, "one": true, "filter": true, "find": true, "count": true,
	"len": true, "lower": true, "upper": true, "trim": true, "hasPrefix": true, "hasSuffix": true, "trimPrefix": true,
	"trimSuffix": true, "indexOf": true, "lastIndexOf": true, "abs": true, "min": true, "max": true, "int": true, "date": true,
	"first": true, "last": true, "keys": true, "values": true}

// duration is like expr's, but knows days and weeks: duration("3d").
func duration(params ...any) (any, error) {
	s, _ := params[0].(string)
	return strictyaml.ParseDuration(s)
}

// compile makes a condition's terms, or says all that is wrong with it.
func (t *terms) compile(text string, phase tickets.Phase) ([]*term, []flaw) {
	if len(text) > MaxCondition {
		return nil, []flaw{{0, fmt.Sprintf("the condition has %d octets, more than %d", len(text), MaxCondition), "split it into several rules"}}
	}
	if strings.TrimSpace(text) == "" {
		return nil, []flaw{{0, "the condition is empty", "write “when: true”, or leave it out, if the rule is for everything"}}
	}
	tree, err := parser.ParseWithConfig(text, t.config)
	if err != nil {
		return nil, []flaw{t.flaw(text, 0, err)}
	}
	var out []*term
	var flaws []flaw
	for _, p := range t.split(text, tree.Node, 0) {
		one, wrong := t.term(p.text, phase)
		for _, w := range wrong {
			w.at += p.at
			flaws = append(flaws, w)
		}
		out = append(out, one)
	}
	return out, flaws
}

type piece struct {
	at   int
	text string
}

// split cuts a condition at its outermost && and and. What does not read as a
// condition of its own (because the operator stood in brackets) stays whole.
func (t *terms) split(text string, n ast.Node, at int) []piece {
	b, ok := n.(*ast.BinaryNode)
	if ok && (b.Operator == "&&" || b.Operator == "and") {
		op := octets(text, b.Location().From)
		left, right := text[:op], text[min(op+len(b.Operator), len(text)):]
		lt, lerr := parser.ParseWithConfig(left, t.config)
		rt, rerr := parser.ParseWithConfig(right, t.config)
		if lerr == nil && rerr == nil {
			return append(t.split(left, lt.Node, at), t.split(right, rt.Node, at+op+len(b.Operator))...)
		}
	}
	return []piece{{at, text}}
}

// octets is the octet offset of the n-th code point.
func octets(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// term compiles one term, or finds the equal one.
func (t *terms) term(text string, phase tickets.Phase) (*term, []flaw) {
	key := string(phase) + "\x00" + strings.TrimSpace(text)
	if known := t.byText[key]; known != nil {
		return known, nil
	}
	tree, err := parser.ParseWithConfig(text, t.config)
	if err != nil {
		return nil, []flaw{t.flaw(text, 0, err)}
	}
	g := guard{terms: t, phase: phase, text: text}
	g.definitions(&tree.Node)
	g.look(&tree.Node)
	if len(g.flaws) > 0 {
		return nil, g.flaws
	}
	program, err := t.program(tree)
	if err != nil {
		return nil, []flaw{t.flaw(text, 0, err)}
	}
	if g.joined(tree.Node); len(g.flaws) > 0 {
		return nil, g.flaws
	}
	one := &term{id: len(t.all), text: strings.Join(strings.Fields(text), " "), program: program, clock: g.clock}
	t.all, t.byText[key] = append(t.all, one), one
	return one, nil
}

// program checks the types of a tree and compiles it.
func (t *terms) program(tree *parser.Tree) (p *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil { // foreign code, fed by an admin's typing
			p, err = nil, fmt.Errorf("the condition cannot be compiled: %v", r)
		}
	}()
	if _, err = checker.Check(tree, t.config); err != nil {
		return nil, err
	}
	if err = optimizer.Optimize(&tree.Node, t.config); err != nil {
		return nil, err
	}
	return compiler.Compile(tree, t.config)
}

// flaw puts an error of the expression library in our words.
func (t *terms) flaw(text string, at int, err error) flaw {
	msg := err.Error()
	var e *file.Error
	if errors.As(err, &e) {
		at += octets(text, e.From)
		msg = e.Message
	} else {
		at += len(text) - len(strings.TrimLeft(text, " \n"))
	}
	msg, hint := t.reword(msg, text, at)
	return flaw{at, msg, hint}
}
