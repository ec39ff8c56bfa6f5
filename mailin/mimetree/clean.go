package mimetree

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks one letter may carry; writing systems need far fewer.
const maxMarks = 32

// CleanText makes a text storable: line ends are LF, NUL is dropped, UTF-8 is
// valid, and no letter carries more than 32 combining marks. b may be changed.
func CleanText(b []byte, d *Defects) string {
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, replacement)
	}
	return cleanValid(b, d)
}

// cleanValid is CleanText for octets that are valid UTF-8.
func cleanValid(b []byte, d *Defects) string {
	b = lineEnds(b)
	if bytes.IndexByte(b, 0) >= 0 {
		d.Add(DefectNUL)
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	if !longRun(b) {
		return string(b)
	}
	s, cut := capMarks(string(b))
	if cut {
		d.Add(DefectCombining)
	}
	return s
}

// lineEnds turns CRLF, CRs before LF and a lone CR into LF, in place.
func lineEnds(b []byte) []byte {
	i := bytes.IndexByte(b, '\r')
	if i < 0 {
		return b
	}
	out := b[:i]
	for i < len(b) {
		j := i
		for j < len(b) && b[j] == '\r' {
			j++
		}
		if j < len(b) && b[j] == '\n' {
			j++
			out = append(out, '\n')
		} else {
			out = append(out, "\n\n\n\n\n\n\n\n"[:min(j-i, 8)]...)
		}
		next := bytes.IndexByte(b[j:], '\r')
		if next < 0 {
			return append(out, b[j:]...)
		}
		out = append(out, b[j:j+next]...)
		i = j + next
	}
	return out
}

// longRun says that so many letters beyond ASCII stand in a row that too many
// marks may be among them. Such a run cannot hide between two probes.
func longRun(b []byte) bool {
	const run = 2*maxMarks + 1
	for i := run - 1; i < len(b); i += run {
		if b[i] < 0x80 {
			continue
		}
		from, to := i, i
		for from > 0 && b[from-1] >= 0x80 && i-from < run {
			from--
		}
		for to < len(b) && b[to] >= 0x80 && to-i < run {
			to++
		}
		if to-from >= run {
			return true
		}
	}
	return false
}

func capMarks(s string) (string, bool) {
	marks, cut := 0, false
	for _, r := range s {
		if marks = countMark(r, marks); marks > maxMarks {
			cut = true
			break
		}
	}
	if !cut {
		return s, false
	}
	var b strings.Builder
	marks = 0
	for _, r := range s {
		if marks = countMark(r, marks); marks <= maxMarks {
			b.WriteRune(r)
		}
	}
	return b.String(), true
}

func countMark(r rune, marks int) int {
	if r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) {
		return marks + 1
	}
	return 0
}

// CleanLine makes a value of one line: valid UTF-8, blanks for control
// characters, the bidirectional overrides made visible as <U+202E>.
func CleanLine(s string) string {
	if plain(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s, _ = capMarks(s)
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0 || r == '\r' && i+1 < len(s) && s[i+1] == '\n' || r == '\ufeff':
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case isBidi(r):
			b.WriteString("<U+" + strings.ToUpper(hex4(r)) + ">")
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func isBidi(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

func hex4(r rune) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15]})
}
