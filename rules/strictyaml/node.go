package strictyaml

import (
	"strings"
	"unicode"
)

// Kind is the shape of a value.
type Kind int

// The kinds of value.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String names the kind as messages do.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a whole number", "a number", "text", "a list", "a mapping"}[k]
}

// Node is one value of a file with its place. Types that take values of several
// shapes implement Unmarshaler and look at it.
type Node struct {
	Kind Kind
	Path string
	Line int
	Col  int
	// Text is the value of a scalar as written, quotes and escapes resolved.
	Text string
	// Quoted says that the scalar stood in quotes or is a block (| or >).
	Quoted bool
	Items  []*Node // of a list
	Pairs  []Pair  // of a mapping, in the order of the file

	doc     *Doc
	literal rune // '"', '\'', '|' or 0
}

// Pair is one key of a mapping and its value.
type Pair struct {
	Key       string
	Line, Col int // of the key
	Value     *Node
}

// Unmarshaler is a type that reads itself from a Node. Mistakes are told with
// Node.Fail and parts decoded with Node.Into; both may be called often.
type Unmarshaler interface {
	UnmarshalNode(n *Node)
}

// Fail tells of a mistake at the node.
func (n *Node) Fail(text, hint string) { n.doc.at(n.Line, n.Col, text, hint) }

// FailAt tells of a mistake at another place of the same file.
func (n *Node) FailAt(line, col int, text, hint string) { n.doc.at(line, col, text, hint) }

// Doc is the file the node stands in.
func (n *Node) Doc() *Doc { return n.doc }

// Into decodes the node into v, a pointer, as Decode does. It reports whether
// no mistake was found.
func (n *Node) Into(v any) bool { return n.doc.into(n, v) }

// What describes the value in a message: `the text "five"`.
func (n *Node) What() string {
	switch n.Kind {
	case Null, List, Map:
		return n.Kind.String()
	case String:
		return quote(n.Text)
	}
	return n.Text
}

// At is the place in the file of the octet offset of a scalar's Text, so that a
// mistake inside a condition is shown where it stands, however it is quoted.
func (n *Node) At(offset int) (line, col int) {
	line, col = n.Line, n.Col
	if n.literal == '|' {
		line, col = line+1, 1
	}
	if strings.TrimSpace(n.Text) == "" {
		return line, col
	}
	want := []rune{} // the visible characters before the offset
	for i, r := range n.Text {
		if i >= offset {
			break
		}
		if !unicode.IsSpace(r) {
			want = append(want, r)
		}
	}
	if n.literal == '"' || n.literal == '\'' {
		col++
	}
	return n.walk(line, col, want, offset >= len(strings.TrimRight(n.Text, " \n")))
}

// walk goes through the source from line:col over the visible characters in
// want, and to the next visible one unless this is the end of the text.
func (n *Node) walk(line, col int, want []rune, end bool) (int, int) {
	lastLine, lastCol := line, col
	for ; line <= len(n.doc.lines); line, col = line+1, 1 {
		src := []rune(n.doc.line(line))
		for i := col - 1; i >= 0 && i < len(src); i++ {
			r := src[i]
			if unicode.IsSpace(r) {
				continue
			}
			switch {
			case len(want) == 0 && end:
				return lastLine, lastCol
			case len(want) == 0:
				return line, i + 1
			}
			if r != want[0] && r == '\\' || r == '\\' && n.literal == '"' || r == '\'' && n.literal == '\'' {
				i++ // an escape: two characters of source for one of text
			}
			want, lastLine, lastCol = want[1:], line, i+2
		}
	}
	return lastLine, lastCol
}

// join is the path of key below path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
