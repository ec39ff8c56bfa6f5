package rules

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// definition is a named condition or list of define:.
type definition struct {
	text string   // a condition, when list is nil
	list []string // a list of texts
	// broken says that the condition has mistakes, told where it stands; whoever
	// uses it is checked as if it were true.
	broken bool
	at     string // file:line
}

// maxExpansions bounds how often names are replaced in one term, so that
// definitions that name each other cannot grow without bound.
const maxExpansions = 200

// definitions replaces the names of define: by what they stand for.
func (g *guard) definitions(root *ast.Node) {
	if len(g.terms.defined) == 0 {
		return
	}
	left := maxExpansions
	var expand func(n *ast.Node, at ast.Node, open map[string]bool)
	expand = func(root *ast.Node, at ast.Node, open map[string]bool) {
		ast.Walk(root, visit(func(n *ast.Node) {
			id, ok := (*n).(*ast.IdentifierNode)
			if !ok {
				return
			}
			def, ok := g.terms.defined[id.Value]
			if !ok {
				return
			}
			where := at
			if where == nil {
				where = id
			}
			if left--; left < 0 || open[id.Value] {
				g.fail(where, "a definition cannot use itself, nor be used more than 200 times in one condition", "%s goes round in circles", id.Value)
				return
			}
			body := def.node(g.terms)
			relocate(&body, where)
			open[id.Value] = true
			expand(&body, where, open)
			delete(open, id.Value)
			*n = body
		}))
	}
	expand(root, nil, map[string]bool{})
}

// node is a fresh tree of what the definition stands for.
func (d definition) node(t *terms) ast.Node {
	if d.list != nil {
		a := &ast.ArrayNode{}
		for _, s := range d.list {
			a.Nodes = append(a.Nodes, &ast.StringNode{Value: s})
		}
		return a
	}
	tree, err := parser.ParseWithConfig(d.text, t.config)
	if err != nil || d.broken {
		return &ast.BoolNode{Value: true}
	}
	return tree.Node
}

// relocate gives all nodes the place of the name they replace, so that a
// mistake is shown there.
func relocate(root *ast.Node, at ast.Node) {
	ast.Walk(root, visit(func(n *ast.Node) { (*n).SetLocation(at.Location()) }))
}
