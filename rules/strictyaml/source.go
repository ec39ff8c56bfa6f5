package strictyaml

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a file.
const (
	MaxSize  = 10 << 20 // octets
	MaxDepth = 64       // levels of nesting
	MaxKeys  = 5000     // of one mapping; the grammar's time grows with their square
	// MaxProblems is the number of mistakes reported of one file.
	MaxProblems = 100
)

// Doc is a file that was read. It knows where each value stands, so that
// mistakes found later can be shown in place.
type Doc struct {
	File  string
	lines []string
	nodes map[string]*Node // by path

	problems Problems
}

// newDoc checks the octets of a file and splits it in lines; ok is false when it
// is no text at all. text has LF line ends and no byte order mark.
func newDoc(file string, src []byte) (d *Doc, text string, ok bool) {
	d = &Doc{File: file, nodes: map[string]*Node{}}
	if len(src) > MaxSize {
		d.add(Problem{File: file, Text: fmt.Sprintf("the file has %d octets, more than the %s allowed", len(src), Size(MaxSize)), Hint: "split it into several files"})
		return d, "", false
	}
	if bytes.HasPrefix(src, []byte{0xff, 0xfe}) || bytes.HasPrefix(src, []byte{0xfe, 0xff}) {
		d.add(Problem{File: file, Line: 1, Col: 1, Text: "the file is UTF-16", Hint: "save it as UTF-8"})
		return d, "", false
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	text = strings.ReplaceAll(string(src), "\r\n", "\n")
	d.lines = strings.Split(text, "\n")
	for i, l := range d.lines {
		d.checkLine(i+1, l)
	}
	if len(d.problems) > 0 {
		return d, "", false
	}
	if strings.TrimSpace(text) == "" {
		d.add(Problem{File: file, Line: 1, Text: "the file is empty", Hint: "a file that should say nothing is better removed"})
		return d, "", false
	}
	return d, text, true
}

// checkLine finds octets that no text has, and tabs where YAML wants spaces.
func (d *Doc) checkLine(n int, l string) {
	if !utf8.ValidString(l) {
		d.at(n, invalidAt(l), "this is not UTF-8", "save the file as UTF-8")
		return
	}
	col := 0
	for _, r := range l {
		col++
		switch {
		case r == '\r':
			d.at(n, col, "a carriage return without line feed", "end lines with LF or CRLF")
			return
		case r == '\ufeff':
			d.at(n, col, "a byte order mark inside the file", "remove it; files joined together often have one at the seam")
			return
		case r < ' ' && r != '\t' || r == 0x7f:
			d.at(n, col, fmt.Sprintf("a control character (U+%04X)", r), "remove it, or write it as an escape in double quotes")
			return
		}
	}
	if i := strings.IndexFunc(l, func(r rune) bool { return r != ' ' }); i >= 0 && l[i] == '\t' && strings.TrimSpace(l) != "" {
		d.at(n, i+1, "a tab in the indentation", "YAML is indented by spaces")
	}
}

// invalidAt is the column of the first octet that is not UTF-8.
func invalidAt(l string) int {
	col := 1
	for len(l) > 0 {
		r, n := utf8.DecodeRuneInString(l)
		if r == utf8.RuneError && n == 1 {
			break
		}
		l, col = l[n:], col+1
	}
	return col
}

// line is line n of the file, "" beyond its end.
func (d *Doc) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
}

// ProblemAt makes a problem at a line and column of the file.
func (d *Doc) ProblemAt(line, col int, text, hint string) Problem {
	p := Problem{File: d.File, Line: line, Col: col, Text: text, Hint: hint}
	if line > 0 {
		p.Snippet = snippet(d.line(line), line, col)
	}
	return p
}

// Problem makes a problem at the value with the given path ("queues[0].addresses[1]").
func (d *Doc) Problem(path, text, hint string) Problem {
	line, col := d.Pos(path)
	return d.ProblemAt(line, col, text, hint)
}

// Pos is where the value with the given path stands: scalars at their text, lists
// and mappings at their key. A path that is not in the file has the position of
// what it would stand in; (1, 1) when there is nothing.
func (d *Doc) Pos(path string) (line, col int) {
	for {
		if n := d.nodes[path]; n != nil {
			return n.Line, n.Col
		}
		i := strings.LastIndexAny(path, ".[")
		if i < 0 {
			break
		}
		path = path[:i]
	}
	if n := d.nodes[""]; n != nil {
		return n.Line, n.Col
	}
	return 1, 1
}

// Has reports whether the file gives the value with this path.
func (d *Doc) Has(path string) bool { return d.nodes[path] != nil }

// Node is the value with this path, nil when the file does not give it.
func (d *Doc) Node(path string) *Node { return d.nodes[path] }

func (d *Doc) at(line, col int, text, hint string) { d.add(d.ProblemAt(line, col, text, hint)) }

func (d *Doc) add(p Problem) {
	if len(d.problems) < MaxProblems {
		d.problems = append(d.problems, p)
	}
}

// Problems are the mistakes told of the file so far, sorted and without doubles.
func (d *Doc) Problems() Problems { return d.problems.Sorted() }
