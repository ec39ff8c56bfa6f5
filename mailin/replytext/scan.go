package replytext

import "strings"

// hint is what the page says about a text part: from line at on, all is quoted.
type hint struct {
	at   int
	why  string
	forw bool
}

// noHint says nothing.
var noHint = hint{at: -1}

// scanner goes over the lines of a view once and gives each its class.
type scanner struct {
	*view
	hint
	ended   int    // line of the sign that ended the reply, -1 for none
	endWhy  string // its report
	spoken  bool   // there is a line of the writer's
	signing bool   // below a signature delimiter
	intros  int    // no attribution begins at this line or below
}

// find classes all lines and bounds the reply.
func (v *view) find(h hint) {
	s := &scanner{view: v, hint: h, ended: -1, intros: v.lastIntro()}
	for i := 0; i < len(v.lines); {
		n := s.step(i)
		if n <= 0 {
			break
		}
		i += n
	}
	v.reflow()
	v.footers()
	v.bound(s)
}

// lastIntro is the line from which on no attribution can begin: neither a colon nor
// a quote follows, one of which each has at its end.
func (v *view) lastIntro() int {
	for i := len(v.lines) - 1; i >= 0; i-- {
		if l := v.lines[i]; l.depth > 0 || l.marks&(inQuote|colon) != 0 {
			return i + 1
		}
	}
	return 0
}

// step classes the lines that belong together at i, and returns how many they are.
func (s *scanner) step(i int) int {
	l := &s.lines[i]
	switch {
	case s.hint.at == i && s.hint.forw:
		return s.toForward(i, s.hint.why)
	case s.hint.at == i:
		return s.toRest(i, s.hint.why)
	case l.class == blank:
		return 1
	case l.marks&(restOff|inQuote|inIntro) != 0:
		return s.marked(i)
	case l.depth > 0 && (l.depth < 3 || !groupwise(s.line(i))):
		return s.quote(i)
	}
	if n := s.sign(i); n != 0 {
		return n
	}
	if l.marks&inSign != 0 || s.signing {
		l.class = signature
		return 1
	}
	l.class = own
	s.spoken = true
	return 1
}

// sign looks for the signs of a text that stands at the margin; 0 for none.
func (s *scanner) sign(i int) int {
	text := s.line(i)
	if len(s.marks) == 0 && unsigned(text) {
		if n, code := s.attribution(i); n > 0 {
			return s.introduced(i, n, s.reason("attribution line", code, i), code)
		}
		return 0
	}
	if strings.HasPrefix(strings.TrimSpace(text), Separator[:3]) {
		return s.toRest(i, s.reason("separator", "", i))
	}
	if name, ok := s.elementAtForward(i); ok {
		return s.toForward(i, "html: "+name)
	}
	if kind, code := s.divider(i); kind == forwardLine {
		return s.toForward(i, s.reason("forward", code, i))
	} else if kind == originalLine {
		s.code = first(code, s.code)
		return s.toRest(i, s.reason("original-message line", code, i))
	}
	if b, ok := s.block(s.below(i)); ok {
		return s.header(i, b)
	}
	if n, code := s.attribution(i); n > 0 {
		return s.introduced(i, n, s.reason("attribution line", code, i), code)
	}
	if isDelimiter(text) && (s.spoken || s.quoteAt >= 0) {
		s.signing = true
		s.lines[i].class = signature
		s.end1(i, s.reason("signature", "", i))
		return 1
	}
	return 0
}

// unsigned says that a line can bear no sign but that of an attribution: it begins
// and ends with a letter or digit of ASCII, stops and blanks aside, and has no
// colon where a label ends. Most lines of most texts are so.
func unsigned(s string) bool {
	end := len(s)
	for end > 0 && (s[end-1] == ' ' || s[end-1] == '.' || s[end-1] == ',') {
		end--
	}
	if end == 0 || !alphanumeric(s[0]) || !alphanumeric(s[end-1]) {
		return false
	}
	s = s[:min(len(s), 80)]
	return strings.IndexByte(s, ':') < 0 && strings.IndexByte(s, 0xEF) < 0
}

func alphanumeric(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || isDigit(c) }

// end1 notes the first sign that ended the reply.
func (s *scanner) end1(i int, why string) {
	if s.ended < 0 {
		s.ended, s.endWhy = i, why
	}
}

// quoteBegins notes the first line that is not the writer's because it is quoted.
func (s *scanner) quoteBegins(i int, why string) {
	s.end1(i, why)
	if s.quoteAt < 0 {
		s.quoteAt, s.quoteWhy = i, why
	}
}

// toRest classes all from i on as quoted.
func (s *scanner) toRest(i int, why string) int {
	s.quoteBegins(i, why)
	return s.all(i, len(s.lines), quoted)
}

// toForward classes all from i on as a forwarded message, which is shown.
func (s *scanner) toForward(i int, why string) int {
	s.quoteBegins(i, why)
	s.fwd = i
	s.endWhy, s.ended = why, i
	return s.all(i, len(s.lines), forward)
}

// all gives the lines from i to j a class.
func (s *scanner) all(i, j int, c class) int {
	for k := i; k < j; k++ {
		if s.lines[k].class != blank {
			s.lines[k].class = c
		}
	}
	return j - i
}

// header classes what follows a header block: a forwarded message when nothing was
// written above it or the subject was changed to a forward, else quoted.
func (s *scanner) header(i int, b headerBlock) int {
	s.code = first(b.code, s.code)
	why := s.reason("header block", b.code, b.at)
	if !s.spoken || forwardSubject(s.subject, b.code) {
		return s.toForward(i, s.reason("forward", b.code, b.at))
	}
	return s.toRest(i, why)
}

// introduced classes an attribution of n lines at i. When marked quotes follow,
// the writer may speak again below or between them; when none do, all that
// follows is quoted.
func (s *scanner) introduced(i, n int, why, code string) int {
	s.code = first(code, s.code)
	s.signing = false
	s.all(i, i+n, intro)
	j := i + n
	for j < len(s.lines) && s.lines[j].class == blank {
		j++
	}
	if j < len(s.lines) && (s.lines[j].depth > 0 || s.lines[j].marks&inQuote != 0) {
		if b, ok := s.block(j); ok && code == "" && b.quotedBlock && !s.spoken {
			return s.toForward(i, s.reason("forward", b.code, i))
		}
		s.quoteBegins(i, why)
		return n
	}
	return s.toRest(i, why)
}

// marked classes a line that an element of the page marks.
func (s *scanner) marked(i int) int {
	name, found := s.elementAt(i, rest, quotes, introduce, holds)
	if _, code := s.divider(i); s.lines[i].marks&inIntro != 0 {
		if kind, _ := s.divider(i); kind == forwardLine {
			return s.toForward(i, s.reason("forward", code, i))
		}
		return s.introducedByPage(i, name)
	}
	j := i
	for j < len(s.lines) && (s.lines[j].class == blank || s.rule(j)) {
		j++
	}
	if j < len(s.lines) {
		if kind, code := s.divider(j); kind == forwardLine {
			return s.toForward(i, s.reason("forward", code, j))
		}
		if b, ok := s.block(j); ok && (!s.spoken || forwardSubject(s.subject, b.code)) {
			return s.toForward(i, s.reason("forward", b.code, j))
		} else if ok {
			s.code = first(b.code, s.code)
		}
	}
	if !found {
		name = "a quoting element"
	}
	if s.lines[i].marks&restOff != 0 {
		return s.toRest(i, "html: "+name)
	}
	s.signing = false
	s.quoteBegins(i, "html: "+name)
	s.lines[i].class = quoted
	return 1
}

// introducedByPage classes the lines of an element that introduces a quote. The
// words of the line still tell the language.
func (s *scanner) introducedByPage(i int, name string) int {
	n := 0
	for i+n < len(s.lines) && s.lines[i+n].marks&inIntro != 0 {
		n++
	}
	if b, ok := s.block(i); ok && !s.spoken {
		return s.toForward(i, s.reason("forward", b.code, i))
	}
	code := wroteIn(lower(s.span(i, n)))
	if outer, ok := s.elementAt(i, holds, quotes); ok {
		name = outer
	}
	return s.introduced(i, n, "html: "+name, code)
}

// quote classes a line that begins with a quote mark.
func (s *scanner) quote(i int) int {
	s.signing = false
	if s.quoteAt >= 0 {
		s.lines[i].class = quoted
		return 1
	}
	if n := s.quotedForward(i); n > 0 {
		return n
	}
	s.lines[i].class = quoted
	why := s.reason("quoted lines", "", i)
	if name, ok := s.elementAt(i, holds, quotes); ok {
		why = "html: " + name
	}
	s.quoteBegins(i, why)
	return 1
}

// quotedForward classes a forwarded message that stands in the first quote, as
// Apple's Mail sets it; 0 when it is none.
func (s *scanner) quotedForward(i int) int {
	k := i
	for k+1 < len(s.lines) && isBlank(unquoted(s.line(k))) && s.lines[k].depth > 0 {
		k++
	}
	if kind, code := s.divider(k); kind == forwardLine {
		return s.toForward(i, s.reason("forward", code, k))
	}
	if b, ok := s.block(k); ok && (!s.spoken || forwardSubject(s.subject, b.code)) {
		return s.toForward(i, s.reason("forward", b.code, k))
	}
	return 0
}

// elementAtForward is the element at line i that holds a forwarded message.
func (s *scanner) elementAtForward(i int) (string, bool) {
	if len(s.marks) == 0 {
		return "", false
	}
	return s.elementAt(i, forwards)
}

// first is the first of two that is not empty.
func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
