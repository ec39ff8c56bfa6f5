package replytext

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// Bounds of the page: elements remembered as open, marks shown before a quoted
// line, steps of indentation, and the length of a link target that is shown.
const (
	maxOpen   = 2048
	maxDepth  = 40
	maxIndent = 12
	maxHref   = 2000
)

// rendering is a page made readable.
type rendering struct {
	text   string
	marks  []mark // in the order of their elements
	hidden bool   // something was hidden, or might be
}

// renderer writes the text of a page while its tokens go by.
type renderer struct {
	out       []byte
	show      bool // write hidden text, marked; otherwise leave it out
	sheet     sheet
	open      []element
	count     map[string]int    // open elements by name
	attrs     map[string]string // of the tag at hand
	lists     []list2
	marks     []mark
	waiting   []int // marks whose text has not begun
	breaks    int   // line breaks owed
	low       int   // smallest quote depth while they were owed
	depth     int   // of quotes
	space     bool  // a blank is owed
	midLine   bool  // the line has text
	marker    string
	cells     int  // cell borders owed
	hiding    bool // inside "[hidden] …"
	concealed bool
}

// list2 is an open list.
type list2 struct {
	ordered bool
	n       int
}

// render reads a page. With show, hidden text is written between [hidden] and
// [/hidden]; without, it is left out, and so is what might be hidden.
func render(page string, show bool) rendering {
	r := &renderer{show: show, sheet: readSheets(page), count: map[string]int{}, attrs: map[string]string{}}
	r.out = make([]byte, 0, min(len(page), maxText)/2)
	z := html.NewTokenizer(strings.NewReader(page))
	for len(r.out) < maxText {
		switch z.Next() {
		case html.ErrorToken:
			return r.finish()
		case html.TextToken:
			r.text(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.endTag(tagName(name))
		}
	}
	return r.finish()
}

// notShown ends a text that was cut.
const notShown = "\n[the rest of the page is not shown]"

// finish closes what is open.
func (r *renderer) finish() rendering {
	r.unhide()
	for i := range r.open {
		r.closeMark(&r.open[i])
	}
	text := string(r.out)
	if len(text) >= maxText {
		text = cut(text, maxText-len(notShown)) + notShown
	}
	marks := r.marks[:0]
	for _, m := range r.marks {
		if m.start >= 0 && m.start < len(text) {
			marks = append(marks, m)
		}
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return rendering{text: text, marks: marks, hidden: r.concealed}
}

// text writes a text token.
func (r *renderer) text(b []byte) {
	top := r.top()
	switch {
	case top.drop:
		return
	case top.concealment() != shown && !isBlank(string(b)):
		r.concealed = true
		if !r.show {
			return
		}
	}
	if top.pre {
		r.verbatim(string(b))
		return
	}
	for len(b) > 0 {
		n := 0
		for n < len(b) && !isSpace(b[n]) {
			n++
		}
		if n > 0 {
			r.word(b[:n])
		}
		b = b[n:]
		if len(b) > 0 {
			r.space = true
			for len(b) > 0 && isSpace(b[0]) {
				b = b[1:]
			}
		}
	}
}

// verbatim writes preformatted text.
func (r *renderer) verbatim(s string) {
	for {
		line, rest, more := strings.Cut(s, "\n")
		if line = capMarks(strings.Map(plainRune, line)); line != "" {
			r.space = false
			r.put(line)
		}
		if !more {
			return
		}
		r.owe()
		r.breaks = min(r.breaks+1, 100)
		s = rest
	}
}

// word writes one word, after all that is owed before it.
func (r *renderer) word(b []byte) {
	if simple(b) {
		r.before()
		r.out = append(r.out, b...)
		return
	}
	w := capMarks(strings.Map(plainRune, string(b)))
	if !r.midLine || r.breaks > 0 {
		w = strings.TrimLeft(w, " ")
	}
	if isBlank(w) {
		r.space = r.space || w != ""
		return
	}
	r.put(w)
}

// simple says that a word is written as it stands.
func simple(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7F {
			return false
		}
	}
	return true
}

// plainRune makes hard blanks blanks and drops what cannot be seen.
func plainRune(c rune) rune {
	switch c {
	case 0x00A0:
		return ' '
	case 0, '\r', 0x00AD, 0x034F, 0x200B, 0x2060, 0xFEFF:
		return -1
	}
	return c
}

// put writes s at the end of the text.
func (r *renderer) put(s string) {
	r.before()
	r.out = append(r.out, s...)
}

// before writes what is owed: line breaks and prefix, cell border, a blank, the
// sign of hidden text.
func (r *renderer) before() {
	hidden := r.top().concealment() == hidden
	if r.hiding && (!hidden || r.breaks > 0) {
		r.unhide()
	}
	r.newline()
	switch {
	case r.midLine && r.cells > 0:
		r.trim()
		r.out = append(r.out, strings.Repeat(" |", r.cells)...)
		r.out = append(r.out, ' ')
	case r.midLine && r.space:
		r.out = append(r.out, ' ')
	}
	r.cells, r.space, r.midLine = 0, false, true
	if hidden && !r.hiding {
		r.hiding = true
		r.out = append(r.out, "[hidden] "...)
	}
}

// unhide ends a run of hidden text.
func (r *renderer) unhide() {
	if r.hiding {
		r.hiding = false
		r.out = append(r.out, " [/hidden]"...)
	}
}

// newline writes the line breaks that are owed, and the beginning of a line.
func (r *renderer) newline() {
	if r.midLine && r.breaks == 0 {
		return
	}
	if len(r.out) > 0 && r.breaks > 0 {
		r.trim()
		r.out = append(r.out, '\n')
		for i := 1; i < r.breaks; i++ {
			r.out = append(r.out, strings.Repeat(">", min(r.low, r.depth, maxDepth))...)
			r.out = append(r.out, '\n')
		}
	}
	for _, i := range r.waiting {
		r.marks[i].start = len(r.out)
	}
	r.waiting = r.waiting[:0]
	r.breaks, r.midLine, r.cells = 0, false, 0
	if d := min(r.depth, maxDepth); d > 0 {
		r.out = append(r.out, strings.Repeat(">", d)...)
		r.out = append(r.out, ' ')
	}
	r.indent()
}

// indent writes the indentation of lists and the marker of an item.
func (r *renderer) indent() {
	steps := min(len(r.lists), maxIndent)
	if steps > 0 && r.marker != "" {
		r.out = append(r.out, strings.Repeat("  ", steps-1)...)
		r.out = append(r.out, r.marker...)
	} else {
		r.out = append(r.out, strings.Repeat("  ", steps)...)
	}
	r.marker = ""
}

// trim takes blanks off the end of the text.
func (r *renderer) trim() {
	for len(r.out) > 0 && (r.out[len(r.out)-1] == ' ' || r.out[len(r.out)-1] == '\t') {
		r.out = r.out[:len(r.out)-1]
	}
}

// owe notes the quote depth at a line break.
func (r *renderer) owe() {
	if r.breaks == 0 || r.depth < r.low {
		r.low = r.depth
	}
}

// breakLine owes at least n line breaks.
func (r *renderer) breakLine(n int) {
	r.owe()
	if len(r.out) > 0 {
		r.breaks = max(r.breaks, n)
	}
	r.space, r.cells = false, 0
}

// item begins an item of a list.
func (r *renderer) item() {
	r.breakLine(1)
	if n := len(r.lists); n > 0 && r.lists[n-1].ordered {
		r.marker = strconv.Itoa(r.lists[n-1].n) + ". "
		r.lists[n-1].n++
		return
	}
	r.marker = "- "
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }
