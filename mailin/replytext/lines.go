package replytext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLines bounds how many lines are judged; what follows them is one line more.
const maxLines = 200_000

// class says what a line is.
type class uint8

const (
	own       class = iota // written this time
	blank                  // nothing
	quoted                 // somebody else's words
	intro                  // the line that introduces a quote
	signature              // a signature or the footer of a program
	forward                // a forwarded message, shown
)

// line is one line of a text. Offsets are 32 bits so that a text of empty lines
// stays small.
type line struct {
	start, end int32 // without the LF
	class      class
	depth      uint8 // quote marks at its beginning, at most 255
	marks      flags // what the HTML says of it
}

// flags is what an element of the HTML part says of a line, and how the line ends.
type flags uint8

const (
	inQuote flags = 1 << iota // inside an element that holds a quote
	inIntro                   // inside an element that introduces one
	inSign                    // inside a signature element
	restOff                   // from here on all is quoted
	colon                     // the line ends with a colon
)

// split cuts a text into lines.
func split(text string) []line {
	n := strings.Count(text, "\n") + 1
	lines := make([]line, 0, min(n, maxLines))
	for at := 0; at < len(text); {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 || len(lines) == maxLines-1 {
			end = len(text) - at
		}
		l := line{start: int32(at), end: int32(at + end)}
		s := text[at : at+end]
		if isBlank(s) {
			l.class = blank
		}
		l.depth = depthOf(s)
		if endsWithColon(s) {
			l.marks = colon
		}
		lines = append(lines, l)
		at += end + 1
	}
	return lines
}

// depthOf counts the quote marks at the beginning of a line, blanks between them allowed.
func depthOf(s string) uint8 {
	d := 0
	for i := initials(s); i < len(s) && d < 255; i++ {
		switch s[i] {
		case '>':
			d++
		case ' ', '\t':
			if d == 0 && i > 0 { // one leading blank is a client's, more is prose
				return 0
			}
		default:
			return uint8(d)
		}
	}
	return uint8(d)
}

// initials is how many capital letters stand before the first quote mark, as The
// Bat! quotes ("AE> text"); 0 when there is none.
func initials(s string) int {
	n := 0
	for n < len(s) && n < 4 && s[n] >= 'A' && s[n] <= 'Z' {
		n++
	}
	if n == 0 || n == 4 || !strings.HasPrefix(s[n:], ">") || len(s) > n+1 && s[n+1] != ' ' && s[n+1] != '>' {
		return 0
	}
	return n
}

// unquoted is a line without its quote marks.
func unquoted(s string) string {
	i := initials(s)
	for i < len(s) && (s[i] == '>' || s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return s[i:]
}

// isBlank says that nothing can be seen of s: white space and marks without width.
func isBlank(s string) bool {
	for _, c := range s {
		if c > ' ' && c < 0x7F {
			return false
		}
		if !unicode.IsSpace(c) && !invisible(c) {
			return false
		}
	}
	return true
}

// invisible says that a rune has no width.
func invisible(c rune) bool {
	switch c {
	case 0x00AD, 0x034F, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF:
		return true
	}
	return false
}

// key is what stays the same of a line when a program wraps, quotes, underlines
// or links it: its letters and digits in lower case, without link targets.
func key(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf && c != '<' {
			if alphanumeric(c) {
				if 'A' <= c && c <= 'Z' {
					c |= 0x20
				}
				b.WriteByte(c)
			}
			i++
			continue
		}
		if s[i] == '<' {
			if n := target(s[i:]); n > 0 {
				i += n
				continue
			}
		}
		c, n := utf8.DecodeRuneInString(s[i:])
		if wordy(c) {
			b.WriteRune(unicode.ToLower(c))
		}
		i += n
	}
	return b.String()
}

// target is the length of a link target in angle brackets at the beginning of s:
// <mailto:…> or <http…>, as programs write them beside a link in the text part.
func target(s string) int {
	if !hasFold(s[1:], "mailto:") && !hasFold(s[1:], "http") && !hasFold(s[1:], "tel:") {
		return 0
	}
	return strings.IndexByte(s[:min(len(s), 4096)], '>') + 1
}

// hasFold says that s begins with prefix (ASCII, lower case).
func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// lower is s in lower case; the Turkish İ becomes an i without a dot of its own.
func lower(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "İ", "i"))
}

func wordy(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

func firstRune(s string) rune { c, _ := utf8.DecodeRuneInString(s); return c }

func lastRune(s string) rune { c, _ := utf8.DecodeLastRuneInString(s); return c }
