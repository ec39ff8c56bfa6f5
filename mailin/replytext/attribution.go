package replytext

import (
	"strings"
	"unicode/utf8"
)

// An attribution has at most so many lines and octets, wrapped.
const (
	maxIntroLines = 4
	maxIntro      = 500
)

// attribution looks for the line, wrapped or not, that introduces a quote at line
// i: "Am 3. Mai 2024 um 10:12 schrieb Ann <ann@example.org>:". It returns how many
// lines it has (0 for none) and in which languages it is written.
//
// General signs carry it, not whole sentences: it ends with a colon, and has a
// date, a time, an address, a word for writing. Fewer are asked for when marked
// quotes follow at once.
func (s *scanner) attribution(i int) (int, string) {
	if s.lines[i].depth > 0 {
		return groupwiseLines(s.line(i)), ""
	}
	if i >= s.intros {
		return 0, ""
	}
	for n := 1; n <= maxIntroLines && i+n <= len(s.lines); n++ {
		l := s.lines[i+n-1]
		if l.class == blank || n > 1 && l.depth > 0 || l.end-l.start > maxIntro {
			return 0, ""
		}
		if l.marks&colon == 0 && !s.quoteFollows(i+n) {
			continue
		}
		if s.budget--; s.budget < 0 {
			return 0, ""
		}
		text := s.span(i, n)
		if len(text) > maxIntro {
			return 0, ""
		}
		if code, ok := introduces(text, s.quoteFollows(i+n)); ok && s.beginsHere(i, n) {
			return n, code
		}
	}
	return 0, ""
}

// span is n lines from line i on, joined by blanks.
func (s *scanner) span(i, n int) string {
	var b strings.Builder
	for k := i; k < min(i+n, len(s.lines)) && b.Len() < 2*maxIntro; k++ {
		if k > i {
			b.WriteByte(' ')
		}
		b.WriteString(cut(strings.TrimSpace(s.line(k)), maxIntro))
	}
	return b.String()
}

// quoteFollows says that the next line with text, at most two further, is a quote.
func (s *scanner) quoteFollows(i int) bool {
	for k := i; k < min(i+3, len(s.lines)); k++ {
		if l := s.lines[k]; l.class != blank {
			return l.depth > 0 || l.marks&inQuote != 0
		}
	}
	return false
}

// beginsHere says that an attribution of n lines begins at line i and not further
// down: words of the writer's may stand directly above it.
func (s *scanner) beginsHere(i, n int) bool {
	if n == 1 {
		return true
	}
	f := factsOf(s.line(i))
	if f.opener {
		return true
	}
	for k := 1; k < n; k++ {
		if g := factsOf(s.line(i + k)); g.opener && (g.date || g.day) {
			return false
		}
	}
	if _, ok := introduces(s.span(i+1, n-1), s.quoteFollows(i+n)); ok && !f.date && !f.addr {
		return false
	}
	return f.date || f.time || f.addr || f.day
}

// facts are the general signs of a line.
type facts struct {
	date, time, addr bool
	day              bool // begins with a number or a short word and a number: "fre. 3."
	opener           bool // begins with a word that opens attributions, a number or address soon after
}

// factsOf looks for the general signs.
func factsOf(s string) facts {
	s = lower(strings.Trim(s, " \t*_"))
	f := facts{date: hasDate(s), time: hasTime(s), addr: hasAddr(s)}
	for _, w := range openers {
		if strings.HasPrefix(s, w.text) && bordered(s, 0, len(w.text), false) && strings.ContainsAny(cut(s, 32), "0123456789@") {
			f.opener = true
			break
		}
	}
	head := strings.Fields(cut(s, 40))
	f.day = len(head) > 0 && (isDigit(head[0][0]) || len(head) > 1 && utf8.RuneCountInString(head[0]) <= 5 && isDigit(head[1][0]))
	return f
}

// introduces judges a joined attribution by its signs.
func introduces(text string, marked bool) (code string, ok bool) {
	low := lower(text)
	f := factsOf(low)
	code = wroteIn(low)
	colon := endsWithColon(text)
	switch {
	case marked && code != "":
		return code, colon || f.date || f.addr
	case marked:
		return "", colon && (f.addr || f.date && f.time)
	case code != "" && colon:
		return code, f.date && (f.addr || f.time || f.opener)
	}
	return "", colon && f.date && f.time && f.addr
}

// wroteIn is the languages, blank-separated, whose word for writing stands in an
// attribution (lower case).
func wroteIn(low string) string {
	w, ok := verbs.find(low, whole)
	if !ok {
		return ""
	}
	var codes []string
	for _, x := range verbs.words {
		if x.text == w.text || strings.Contains(x.text, w.text) && strings.Contains(low, x.text) {
			codes = appendNew(codes, x.code)
		}
	}
	return strings.Join(codes, " ")
}

// appendNew appends s unless it is there.
func appendNew(to []string, s string) []string {
	for _, x := range to {
		if x == s {
			return to
		}
	}
	return append(to, s)
}

// endsWithColon says that a line ends with a colon, in whatever script and emphasis.
func endsWithColon(s string) bool {
	for n := len(s); n > 0; n = len(s) {
		switch s[n-1] {
		case ':':
			return true
		case ' ', '\t', '*', '_', '\r':
			s = s[:n-1]
			continue
		case 0x9A: // the last octet of the wide colon
			return strings.HasSuffix(s, "：")
		case 0xA0, 0x80: // of a hard blank, of a wide one
			if t := strings.TrimSuffix(strings.TrimSuffix(s, "\u00A0"), "\u3000"); t != s {
				s = t
				continue
			}
		}
		return false
	}
	return false
}

// groupwiseLines is 1 for GroupWise's line, else 0.
func groupwiseLines(s string) int {
	if groupwise(s) {
		return 1
	}
	return 0
}

// groupwise knows the line that GroupWise sets above a quote:
// ">>> Ann Example <ann@example.org> 03.05.2024 10:12 >>>".
func groupwise(s string) bool {
	if len(s) == 0 || s[0] != '>' && s[0] != ' ' {
		return false
	}
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, ">>> ") || len(s) > maxIntro {
		return false
	}
	f := factsOf(s[4:])
	return strings.HasSuffix(s, ">>>") && (f.date || f.addr) || endsWithColon(s) && f.date && (f.addr || f.time)
}
