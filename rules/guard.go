package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/expr-lang/expr/ast"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// guard looks through a condition for what the expression language allows and
// rules do not: work without bound, patterns compiled on every run, parts of the
// vocabulary that are empty in the phase, words that can never match.
type guard struct {
	terms *terms
	phase tickets.Phase
	text  string
	clock bool // at, hour, weekday or an age is used
	flaws []flaw
}

func (g *guard) fail(n ast.Node, hint, text string, args ...any) {
	g.flaws = append(g.flaws, flaw{octets(g.text, n.Location().From), fmt.Sprintf(text, args...), hint})
}

// Visit lets ast.Walk call a function on each node.
type visit func(*ast.Node)

func (v visit) Visit(n *ast.Node) { v(n) }

// look finds what is wrong before types are known.
func (g *guard) look(root *ast.Node) {
	ast.Walk(root, visit(func(n *ast.Node) {
		switch n := (*n).(type) {
		case *ast.IdentifierNode:
			g.name(n)
		case *ast.MemberNode:
			if path(n) == "ticket.age" {
				g.clock = true
			}
		case *ast.BinaryNode:
			g.binary(n)
		case *ast.BuiltinNode:
			g.builtin(n)
		case *ast.CallNode:
			g.call(n)
		case *ast.VariableDeclaratorNode, *ast.SequenceNode:
			g.fail(n, "write the value where it is used, or give it a name under define:", "variables are not allowed in rules")
		}
	}))
}

// name checks a name of the vocabulary against the phase.
func (g *guard) name(n *ast.IdentifierNode) {
	switch n.Value {
	case "at", "hour", "weekday":
		g.clock = true
	case "$env":
		g.fail(n, "name the field", "$env is not allowed in rules")
	}
	if hint, ok := unknownIn[g.phase][n.Value]; ok {
		g.fail(n, hint, "%s is not known in phase %s", n.Value, g.phase)
	}
}

func (g *guard) binary(n *ast.BinaryNode) {
	switch n.Operator {
	case "..":
		g.fail(n, "compare instead: hour >= 8 && hour < 18", "ranges (..) are not allowed in rules")
	case "matches":
		g.pattern(n)
	case "==", "!=":
		g.constant(n.Left, n.Right)
		g.constant(n.Right, n.Left)
	case "in":
		if a, ok := n.Right.(*ast.ArrayNode); ok {
			for _, item := range a.Nodes {
				g.constant(n.Left, item)
			}
		}
	}
}

// pattern checks a regular expression while its place is known.
func (g *guard) pattern(n *ast.BinaryNode) {
	s, ok := n.Right.(*ast.StringNode)
	if !ok {
		g.fail(n.Right, "write the pattern out as text; use contains to look for the value of a field", "the pattern after matches is not constant")
		return
	}
	if len(s.Value) > MaxPattern {
		g.fail(s, "split it into several", "the pattern has %d octets, more than %d", len(s.Value), MaxPattern)
		return
	}
	re, err := syntax.Parse(s.Value, syntax.Perl)
	if err == nil && weight(re) > MaxPatternWeight {
		g.fail(s, "use smaller counts in {…}", "the pattern is too large when its repetitions are written out")
		return
	}
	if err != nil {
		hint := "patterns are RE2: no look-ahead, no back-references; a literal bracket is written \\\\( in double quotes"
		g.fail(s, hint, "%s", strings.Replace(err.Error(), "error parsing regexp: ", "a broken pattern: ", 1))
	}
}

// weight is about the number of steps of a compiled pattern.
func weight(re *syntax.Regexp) int {
	sum := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		sum += weight(sub)
	}
	if re.Op == syntax.OpRepeat {
		sum *= max(re.Min, re.Max, 1)
	}
	return min(sum, 1<<30)
}

// constant finds a comparison with a word that the field never has.
func (g *guard) constant(field, value ast.Node) {
	s, ok := value.(*ast.StringNode)
	if !ok || s.Value == "" {
		return
	}
	p := path(field)
	known, ok := g.terms.constants[p]
	if !ok {
		return
	}
	for _, k := range known {
		if k == s.Value {
			return
		}
	}
	g.fail(s, strictyaml.DidYouMean(s.Value, known), "%s is never %q", p, s.Value)
}

// path is "ticket.status" for such a node, "" for others.
func path(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.MemberNode:
		if s, ok := n.Property.(*ast.StringNode); ok {
			if p := path(n.Node); p != "" {
				return p + "." + s.Value
			}
		}
	case *ast.ChainNode:
		return path(n.Node)
	}
	return ""
}

// builtin forbids what could work for ever: a loop inside a loop may only run
// over a list that is written out.
func (g *guard) builtin(n *ast.BuiltinNode) {
	if !allowed[n.Name] {
		g.fail(n, insteadOf(n.Name), "the function %s is not allowed in rules", n.Name)
		return
	}
	for _, a := range n.Arguments {
		p, ok := a.(*ast.PredicateNode)
		if !ok {
			continue
		}
		ast.Walk(&p.Node, visit(func(inner *ast.Node) {
			b, ok := (*inner).(*ast.BuiltinNode)
			if !ok || len(b.Arguments) == 0 {
				return
			}
			_, written := b.Arguments[0].(*ast.ArrayNode)
			if _, loop := b.Arguments[len(b.Arguments)-1].(*ast.PredicateNode); loop && !written {
				g.fail(b, "only a list that is written out can stand inside: any([\"a\", \"b\"], …)", "a loop (%s) inside a loop over a message's list", b.Name)
			}
		}))
	}
}

func insteadOf(name string) string {
	switch name {
	case "now":
		return "use at, the moment of the decision"
	case "map":
		return "use any(list, …) or count(list, …)"
	case "split", "join", "replace", "concat":
		return "use contains or matches"
	}
	return ""
}

// call checks the constant argument of duration(), and forbids what is no
// function of ours.
func (g *guard) call(n *ast.CallNode) {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		g.fail(n, "", "only functions can be called")
		return
	}
	if hint := insteadOf(id.Value); hint != "" || id.Value == "repeat" {
		g.fail(n, hint, "the function %s is not allowed in rules", id.Value)
	}
	if id.Value != "duration" || len(n.Arguments) != 1 {
		return
	}
	if s, ok := n.Arguments[0].(*ast.StringNode); ok {
		if _, err := strictyaml.ParseDuration(s.Value); err != nil {
			g.fail(s, err.Error(), "%q is no duration", s.Value)
		}
	}
}

// joined forbids texts put together: they could grow without use. It runs when
// types are known.
func (g *guard) joined(root ast.Node) {
	ast.Walk(&root, visit(func(n *ast.Node) {
		b, ok := (*n).(*ast.BinaryNode)
		if !ok || b.Operator != "+" {
			return
		}
		if t := b.Type(); t != nil && t.Kind().String() == "string" {
			g.fail(b, "use contains, startsWith or matches on each", "texts cannot be put together in rules")
		}
	}))
}
