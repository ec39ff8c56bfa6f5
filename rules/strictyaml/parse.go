package strictyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse turns the text into nodes; nil when there was a mistake that leaves no tree.
func (d *Doc) parse(text string) (root *Node) {
	defer func() {
		// The grammar is foreign code, fed by files half written. Its bugs are a
		// mistake of the file to us, never the end of the service.
		if r := recover(); r != nil {
			d.at(1, 1, fmt.Sprintf("the YAML reader gave up: %v", r), "simplify the file until it reads")
			root = nil
		}
	}()
	tokens := lexer.Tokenize(text)
	if !d.checkTokens(tokens) {
		return nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return nil
	}
	body := d.onlyBody(f)
	if body == nil {
		return nil
	}
	return d.node(body, "", 0)
}

// onlyBody is the content of the one document a file may have.
func (d *Doc) onlyBody(f *ast.File) ast.Node {
	var body ast.Node
	for _, doc := range f.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentType:
		case body == nil:
			body = doc.Body
		default:
			line, col := pos(doc.Body.GetToken())
			if doc.Start != nil {
				line, col = pos(doc.Start)
			}
			d.at(line, col, "a second document begins here, and would not be read", "one file holds one document; remove the line “---” or make two files")
			return nil
		}
	}
	if body == nil {
		d.at(1, 0, "the file holds nothing but comments", "a file that should say nothing is better removed")
	}
	return body
}

func pos(t *token.Token) (line, col int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return max(t.Position.Line, 1), max(t.Position.Column, 1)
}

// node converts the grammar's tree to ours, and finds repeated keys on the way.
func (d *Doc) node(a ast.Node, path string, depth int) *Node {
	n := &Node{Path: path, doc: d}
	n.Line, n.Col = pos(a.GetToken())
	d.nodes[path] = n
	if depth > 2*MaxDepth {
		n.Fail(fmt.Sprintf("nested more than %d deep", MaxDepth), "")
		return n
	}
	switch v := a.(type) {
	case *ast.MappingNode:
		n.Kind = Map
		d.pairs(n, v.Values, depth)
	case *ast.MappingValueNode:
		n.Kind = Map
		d.pairs(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.Kind = List
		for i, item := range v.Values {
			n.Items = append(n.Items, d.node(item, fmt.Sprintf("%s[%d]", path, i), depth+1))
		}
	default:
		d.scalarNode(n, a)
	}
	return n
}

func (d *Doc) pairs(n *Node, values []*ast.MappingValueNode, depth int) {
	seen := map[string]int{}
	for i, v := range values {
		kt := v.Key.GetToken()
		line, col := pos(kt)
		if i == 0 {
			n.Line, n.Col = line, col
		}
		key := kt.Value
		if first, again := seen[key]; again {
			d.at(line, col, fmt.Sprintf("the key %s is given twice; the first is on line %d", quote(key), first), "keep one of the two")
			continue
		}
		seen[key] = line
		child := d.node(v.Value, join(n.Path, key), depth+1)
		if child.Kind == Map || child.Kind == List || child.Kind == Null {
			child.Line, child.Col = line, col
		}
		n.Pairs = append(n.Pairs, Pair{Key: key, Line: line, Col: col, Value: child})
	}
}

func (d *Doc) scalarNode(n *Node, a ast.Node) {
	t := a.GetToken()
	switch v := a.(type) {
	case *ast.NullNode:
		n.Kind = Null
	case *ast.BoolNode:
		n.Kind, n.Text = Bool, t.Value
	case *ast.IntegerNode:
		n.Kind, n.Text = Int, t.Value
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.Kind, n.Text = Float, t.Value
	case *ast.LiteralNode:
		n.Kind, n.Text, n.Quoted, n.literal = String, v.Value.Value, true, '|'
		n.Line, n.Col = pos(v.Start)
	case *ast.StringNode:
		n.Kind, n.Text = String, v.Value
		switch t.Type {
		case token.DoubleQuoteType:
			n.Quoted, n.literal = true, '"'
		case token.SingleQuoteType:
			n.Quoted, n.literal = true, '\''
		}
	default:
		n.Fail("this YAML construct is not used here", "write plain keys, values and lists")
	}
}

// syntax tells of a mistake in the grammar, in our words where we have them.
func (d *Doc) syntax(err error) {
	var e *yaml.SyntaxError
	if !errors.As(err, &e) {
		d.at(1, 1, "this is not YAML: "+firstLine(err.Error()), "")
		return
	}
	line, col := pos(e.Token)
	text, hint := reword(e.Message)
	d.at(line, min(col, len([]rune(d.line(line)))+1), text, hint)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
