package replytext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks may sit on one letter.
const maxMarks = 32

// clean makes valid UTF-8 without NUL and with LF line ends, at most limit
// octets. Towers of combining marks are cut: they freeze the programs that show them.
func clean(s string, limit int, r *Reading) string {
	if len(s) > 2*limit {
		s = cut(s, 2*limit)
	}
	if !dirty(s) {
		return capped(s, limit, r)
	}
	var b strings.Builder
	b.Grow(len(s))
	marks := 0
	for i := 0; i < len(s); {
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == 0:
		case c == '\r':
			if i+1 >= len(s) || s[i+1] != '\n' {
				b.WriteByte('\n')
			}
		case c < utf8.RuneSelf:
			marks = 0
			b.WriteByte(byte(c))
		case unicode.Is(unicode.Mn, c) || unicode.Is(unicode.Me, c):
			if marks++; marks <= maxMarks {
				b.WriteRune(c)
			}
		default:
			marks = 0
			b.WriteRune(c) // an invalid octet was decoded to U+FFFD
		}
		i += n
	}
	return capped(b.String(), limit, r)
}

// capped cuts s to limit octets.
func capped(s string, limit int, r *Reading) string {
	if len(s) <= limit {
		return s
	}
	r.defect(DefectTextCut)
	return cut(s, limit)
}

// dirty says that s needs more than a copy.
func dirty(s string) bool {
	if strings.IndexByte(s, 0) >= 0 || strings.IndexByte(s, '\r') >= 0 || !utf8.ValidString(s) {
		return true
	}
	return longRun(s) && towers(s)
}

// longRun says that so many octets beyond ASCII stand in a row that too many marks
// may be among them. Such a run cannot hide between two probes.
func longRun(s string) bool {
	const run = 2*maxMarks + 1
	for i := run - 1; i < len(s); i += run {
		if s[i] < utf8.RuneSelf {
			continue
		}
		from, to := i, i
		for from > 0 && s[from-1] >= utf8.RuneSelf && i-from < run {
			from--
		}
		for to < len(s) && s[to] >= utf8.RuneSelf && to-i < run {
			to++
		}
		if to-from >= run {
			return true
		}
	}
	return false
}

// towers says that more than maxMarks combining marks sit on one letter.
func towers(s string) bool {
	marks := 0
	for _, c := range s {
		if c < 0x300 || !unicode.Is(unicode.Mn, c) && !unicode.Is(unicode.Me, c) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return true
		}
	}
	return false
}

// unflow joins the lines of format=flowed (RFC 3676 section 4): a line that ends
// with a space goes on in the next one of the same quote depth; "-- " never does.
func unflow(s string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(s))
	open, depth := false, 0
	for len(s) > 0 {
		line, rest, more := strings.Cut(s, "\n")
		s = rest
		d, body := stuffed(line)
		sig := body == "-- "
		if open && (d != depth || sig) {
			b.WriteByte('\n')
			open = false
		}
		if !open && d > 0 {
			b.WriteString(strings.Repeat(">", d))
			b.WriteByte(' ')
		}
		open = !sig && strings.HasSuffix(body, " ") && more
		if open && delsp {
			body = body[:len(body)-1]
		}
		b.WriteString(body)
		if depth = d; !open && more {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// stuffed takes the quote marks and the stuffed space off a flowed line.
func stuffed(line string) (depth int, body string) {
	for depth < len(line) && line[depth] == '>' {
		depth++
	}
	body = strings.TrimPrefix(line[depth:], " ")
	return depth, body
}

// capMarks cuts towers of combining marks, which a page may build of entities.
func capMarks(s string) string {
	if len(s) <= maxMarks || !dirty(s) {
		return s
	}
	marks := 0
	return strings.Map(func(c rune) rune {
		if !unicode.Is(unicode.Mn, c) && !unicode.Is(unicode.Me, c) {
			marks = 0
		} else if marks++; marks > maxMarks {
			return -1
		}
		return c
	}, s)
}
