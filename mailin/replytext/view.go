package replytext

import (
	"fmt"
	"sort"
	"strings"
)

// view is a text cut into lines, and what was found in it.
type view struct {
	text       string
	lines      []line
	marks      []mark // of the page, nil for a text part
	start, end int    // of the reply
	why        string
	code       string // the language of the line that ended the reply, if it tells
	fwd        int    // line where a forwarded message begins, -1 for none
	quoteAt    int    // line where the first quote, its introduction or a forward begins, -1
	quoteWhy   string // its sign
	footerAt   int    // line of the footer of a program, if footerWhy is set
	footerWhy  string
	budget     int // attempts left at attributions and header blocks
	subject    string
	concealed  bool // the page hides text, or might
}

// maxAttempts bounds how often an attribution or a header block is tried for, so
// that a text made of their beginnings costs no more than any other.
const maxAttempts = 20_000

// viewHTML reads a page.
func viewHTML(page, subject string, show bool) *view {
	r := render(page, show)
	v := newView(r.text, subject)
	v.marks, v.concealed = r.marks, r.hidden
	v.flag()
	v.find(noHint)
	return v
}

// newView cuts a text into lines.
func newView(text, subject string) *view {
	return &view{text: text, lines: split(text), subject: subject, budget: maxAttempts, fwd: -1, quoteAt: -1}
}

// viewText reads a text part; when there is a page too, the place where its reply
// ends is looked for among the lines of the text.
func viewText(text, subject string, page *view) *view {
	v := newView(text, subject)
	v.find(v.hintFrom(page))
	return v
}

// flag carries the marks of the page over to its lines.
func (v *view) flag() {
	at := 0
	for _, m := range v.marks {
		for at > 0 && int(v.lines[at-1].start) >= m.start {
			at--
		}
		for at < len(v.lines) && int(v.lines[at].start) < m.start {
			at++
		}
		set := flags(0)
		switch m.kind {
		case quotes:
			set = inQuote
		case introduce:
			set = inIntro
		case signs:
			set = inSign
		case rest:
			if at < len(v.lines) {
				v.lines[at].marks |= restOff
			}
		}
		if set == 0 {
			continue
		}
		for i := at; i < len(v.lines) && int(v.lines[i].start) < m.end; i++ {
			if v.lines[i].marks&set != 0 {
				break // nested in one of its kind: already said
			}
			v.lines[i].marks |= set
		}
	}
}

// line is the text of line i.
func (v *view) line(i int) string {
	return v.text[v.lines[i].start:v.lines[i].end]
}

// shownLine is line i as reports show it.
func (v *view) shownLine(i int) string {
	s := strings.TrimSpace(v.line(i))
	if c := cut(s, 60); c != s {
		s = strings.TrimSpace(c) + "…"
	}
	return s
}

// reason is the report of a sign at line i.
func (v *view) reason(sign, code string, i int) string {
	if code != "" {
		sign += " (" + strings.ReplaceAll(code, " ", "/") + ")"
	}
	return fmt.Sprintf("%s: %q", sign, v.shownLine(i))
}

// elementAt is the name of the outermost mark of these kinds that begins at line i.
func (v *view) elementAt(i int, kinds ...markKind) (string, bool) {
	at := int(v.lines[i].start)
	n := sort.Search(len(v.marks), func(k int) bool { return v.marks[k].start >= at })
	for ; n < len(v.marks) && v.marks[n].start == at; n++ {
		m := v.marks[n]
		for _, k := range kinds {
			if m.kind == k {
				return m.name, true
			}
		}
	}
	return "", false
}
