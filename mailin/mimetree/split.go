package mimetree

import (
	"bytes"
	"context"
	"io"
	"strings"
)

const (
	maxBoundary = 2 << 10 // octets of a boundary that is believed (RFC 2046 allows 70)
	maxResplit  = 3       // how many wrong boundaries of one message are guessed
)

// Node is one part of the tree: the message itself, or a part of a multipart.
type Node struct {
	Header        Header
	Type          string // lower case type/subtype
	Params        Params
	Disposition   string // lower case, "" when there is none
	DispParams    Params
	Encoding      string // "base64", "quoted-printable" or ""
	RawEncoding   bool   // the encoding is ambiguous: hand out the octets as they are
	Children      []*Node
	Depth         int
	Start         int64 // of the header in the raw octets
	Body, End     int64 // of the body: End is behind its last octet
	hasChildren   bool  // it was looked into as a multipart
	guessBoundary string
}

// Descended says that the node is a multipart whose parts are its Children.
func (n *Node) Descended() bool { return n.hasChildren }

// Length is the number of octets of the body, still encoded.
func (n *Node) Length() int64 { return n.End - n.Body }

// Tree is a message as parts.
type Tree struct {
	Root    *Node
	Parts   int     // parts found, those beyond the limit included
	Key     string  // the content key, hex
	Defects Defects // in the order of finding
}

// Split reads r, size octets, as a tree of at most MaxDepth levels and MaxParts
// parts. It stops early only when r cannot be read or ctx ends: DefectReadError.
func Split(ctx context.Context, r io.ReaderAt, size int64) *Tree {
	t := &Tree{}
	src := newSource(ctx, r, size)
	defer src.close()
	src.key = newBodyKey()
	p := &splitter{src: src, tree: t, size: size, match: map[string]int{}}
	p.root()
	p.body()
	p.retry()
	p.toEnd()
	t.Key = src.key.hex()
	if src.failed {
		t.Defects.Add(DefectReadError)
	}
	return t
}

// level is one multipart that is open: its node and the part being read in it.
type level struct {
	node     *Node
	part     *Node // nil in preamble, between parts and beyond the limits
	boundary string
}

type splitter struct {
	src   *source
	tree  *Tree
	size  int64
	open  []level
	match map[string]int // boundary → index in open, the innermost of equal ones
	left  budget         // for the headers of parts
	tries int

	guesses           int // dashed lines that were looked at for a guess
	shortest, longest int // of the boundaries that are open
}

func (p *splitter) root() {
	d := &p.tree.Defects
	p.skipLead()
	start := p.src.offset()
	r := headerReader{src: p.src, left: &budget{MaxHeader, MaxFields}, defects: d}
	h := r.read()
	if len(h.Fields) == 0 && h.Froms == 0 {
		d.Add(DefectNoHeader)
	}
	n := &Node{Header: h, Start: start, Body: p.src.offset(), End: p.size}
	p.tree.Root = n
	p.left = budget{2 * MaxHeader, 4 * MaxFields}
	n.describe("text/plain", d)
	p.src.key.start(h, n.Body)
	p.src.key.feed(p.src.base, p.src.buf[:p.src.end])
	p.enter(n)
}

// skipLead skips what real stores put above a header: a byte order mark, blank lines, an mbox line.
func (p *splitter) skipLead() {
	d := &p.tree.Defects
	if bytes.HasPrefix(p.src.peek(3), []byte("\xEF\xBB\xBF")) {
		p.src.pos += 3
		d.Add(DefectByteOrderMark)
	}
	for {
		w := p.src.peek(6)
		switch {
		case len(w) == 0:
			d.Add(DefectEmpty)
			return
		case w[0] == '\r' || w[0] == '\n':
			d.Add(DefectLeadingBlank)
			w = p.src.all()
			p.src.pos += len(w) - len(bytes.TrimLeft(w, "\r\n"))
		case bytes.HasPrefix(w, []byte("From ")) || bytes.HasPrefix(w, []byte(">From ")):
			if line := p.src.peek(maxLine); p.colonName(line) {
				return
			}
			d.Add(DefectMboxFrom)
			for line := p.src.line(); len(line) > 0 && !ended(line); {
				line = p.src.line()
			}
		default:
			return
		}
	}
}

// colonName says that the line is a field after all: "From : ann@example.net".
func (p *splitter) colonName(line []byte) bool {
	colon, _ := fieldName(line)
	return colon > 0
}

// enter opens a multipart.
func (p *splitter) enter(n *Node) {
	if !strings.HasPrefix(n.Type, "multipart/") {
		return
	}
	if n.Depth >= MaxDepth {
		p.tree.Defects.Add(DefectTooDeep)
		return
	}
	n.hasChildren = true
	boundary := strings.TrimRight(n.Params.Get("boundary"), " \t\r\n")
	if boundary == "" || len(boundary) > maxBoundary {
		p.tree.Defects.Add(DefectNoBoundary)
		boundary = ""
	}
	p.push(n, boundary)
}

func (p *splitter) push(n *Node, boundary string) {
	p.open = append(p.open, level{node: n})
	p.setBoundary(boundary)
}

// setBoundary gives the innermost level its boundary.
func (p *splitter) setBoundary(boundary string) {
	p.open[len(p.open)-1].boundary = boundary
	if boundary != "" {
		p.match[boundary] = len(p.open) - 1
	}
	p.measure()
}

func (p *splitter) measure() {
	p.shortest, p.longest = maxBoundary, 0
	for b := range p.match {
		p.shortest, p.longest = min(p.shortest, len(b)), max(p.longest, len(b))
	}
}

func (p *splitter) pop() {
	last := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	delete(p.match, last.boundary)
	for i, l := range p.open {
		if l.boundary == last.boundary && l.boundary != "" {
			p.match[l.boundary] = i
		}
	}
	p.measure()
}

// body reads on to the end of the window's limit, part by part.
func (p *splitter) body() {
	for len(p.open) > 0 {
		at, line, ok := p.nextDash()
		if !ok {
			p.unwind(0, p.src.size, true)
			return
		}
		p.dashLine(at, line)
	}
}

// dashLine takes a line that starts with two dashes; at is where it starts.
func (p *splitter) dashLine(at int64, line []byte) {
	name := bytes.TrimRight(line[2:], " \t\r\n")
	if i, ok := p.match[string(name)]; ok {
		p.part(i, p.endBefore(at), len(line))
		return
	}
	if bytes.HasSuffix(name, []byte("--")) {
		if i, ok := p.match[string(name[:len(name)-2])]; ok {
			end := p.endBefore(at)
			p.src.pos += len(line)
			p.closeLevel(i, end)
			return
		}
	}
	top := &p.open[len(p.open)-1]
	if len(top.node.Children) == 0 && top.node.guessBoundary == "" && len(name) > 0 && p.contentAhead(len(line)) {
		// contentAhead may have moved the window: read the line again.
		guess := string(bytes.TrimRight(p.src.peek(len(line))[2:], " \t\r\n"))
		top.node.guessBoundary = guess
		if top.boundary == "" {
			p.setBoundary(guess)
			return
		}
	}
	p.src.pos += len(line)
}

// contentAhead says that a MIME field follows the line of n octets.
func (p *splitter) contentAhead(n int) bool {
	w := p.src.peek(n + 8)
	return len(w) == n+8 && bytes.EqualFold(w[n:], []byte("content-"))
}

// endBefore is where the octets before a boundary line end: its line end is the boundary's.
func (p *splitter) endBefore(at int64) int64 {
	switch p.src.before(1) {
	case '\n':
		at--
		if p.src.before(2) == '\r' {
			at--
		}
	case '\r':
		at--
	}
	return at
}

// unwind closes all levels behind keep at offset end.
func (p *splitter) unwind(keep int, end int64, cut bool) {
	for len(p.open) > keep {
		l := p.open[len(p.open)-1]
		if l.part != nil {
			l.part.End = max(end, l.part.Body)
		}
		l.node.End = max(end, l.node.Body)
		if cut && l.boundary != "" && len(l.node.Children) > 0 {
			p.tree.Defects.Add(DefectNotClosed)
		}
		p.pop()
	}
}

// part begins a new part at level i, behind a boundary line of n octets.
func (p *splitter) part(i int, end int64, n int) {
	p.unwind(i+1, end, true)
	l := &p.open[i]
	if l.part != nil {
		l.part.End = max(end, l.part.Body)
		l.part = nil
	}
	p.src.pos += n
	p.tree.Parts++
	if p.tree.Parts > MaxParts {
		p.tree.Defects.Add(DefectTooManyParts)
		return
	}
	start := p.src.offset()
	r := headerReader{src: p.src, left: &p.left, stop: p.isBoundary, defects: &p.tree.Defects}
	h := r.read()
	node := &Node{Header: h, Start: start, Body: p.src.offset(), Depth: l.node.Depth + 1}
	node.End = node.Body
	usual := "text/plain"
	if l.node.Type == "multipart/digest" {
		usual = "message/rfc822"
	}
	node.describe(usual, &p.tree.Defects)
	l.node.Children = append(l.node.Children, node)
	l.part = node
	p.enter(node)
}

// isBoundary says that a line inside a header is a boundary of an open multipart.
func (p *splitter) isBoundary(line []byte) bool {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' {
		return false
	}
	name := bytes.TrimRight(line[2:], " \t\r\n")
	if _, ok := p.match[string(name)]; ok {
		return true
	}
	_, ok := p.match[string(bytes.TrimSuffix(name, []byte("--")))]
	return ok
}

// closeLevel ends level i with its closing boundary; what follows is epilogue.
func (p *splitter) closeLevel(i int, end int64) {
	p.unwind(i+1, end, true)
	l := &p.open[i]
	if l.part != nil {
		l.part.End = max(end, l.part.Body)
		l.part = nil
	}
	l.node.End = p.src.offset()
	p.pop()
}
