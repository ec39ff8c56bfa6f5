package mimetree

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// DecodeWords decodes the encoded-words of RFC 2047 wherever they stand, as
// mailers write them and not only as the RFC allows: inside quotes, with blanks
// in the text, without white space between, with a letter cut in two between
// words. Octets that are no ASCII are read as UTF-8, else in the charset hint
// (a charset name; may be empty), else as Windows-1252. The result is valid
// UTF-8 on one line, without control characters.
func DecodeWords(s, hint string) string {
	if plain(s) {
		return s
	}
	return CleanLine(decodeWords(s, hint))
}

// decodeWords decodes without cleaning: the result may hold control characters.
func decodeWords(s, hint string) string {
	var b strings.Builder
	var run wordRun
	for s != "" {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, n := parseWord(s[i:])
		if n == 0 {
			run.flush(&b)
			b.WriteString(toText(s[:i+2], hint))
			s = s[i+2:]
			continue
		}
		if gap := s[:i]; strings.TrimLeft(gap, " \t\r\n") != "" || !run.any {
			run.flush(&b)
			b.WriteString(toText(gap, hint))
		}
		run.add(w, &b)
		s = s[i+n:]
	}
	run.flush(&b)
	b.WriteString(toText(s, hint))
	return b.String()
}

// plain says that nothing is to be decoded or cleaned.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '=' && i+1 < len(s) && s[i+1] == '?' {
			return false
		}
	}
	return true
}

func toText(s, hint string) string {
	if utf8.ValidString(s) {
		return s
	}
	if utf8Labels[cleanLabel(hint)] {
		hint = ""
	}
	return wordText(hint, []byte(s))
}

// wordText decodes the few octets of a header: where the label says nothing they are
// UTF-8 or Western, for they are too few, and can be too many times, to guess.
func wordText(label string, b []byte) string {
	name := cleanLabel(label)
	if !utf8Labels[name] && !never[name] && lookup(name) == nil && !escapes(b) {
		if utf8.Valid(b) {
			return string(b)
		}
		name = "windows-1252"
	}
	text, _ := ToUTF8(name, b)
	return text
}

// What an encoded-word may measure here, so that broken ones cost no more than their length.
const (
	maxLabel = 64
	maxWord  = 8 << 10
)

type word struct {
	charset string
	octets  []byte
}

// wordRun gathers the octets of adjacent words of one charset, because senders cut letters in two.
type wordRun struct {
	word
	any bool
}

func (r *wordRun) add(w word, b *strings.Builder) {
	if r.any && !strings.EqualFold(r.charset, w.charset) {
		r.flush(b)
	}
	r.any = true
	r.charset = w.charset
	r.octets = append(r.octets, w.octets...)
}

func (r *wordRun) flush(b *strings.Builder) {
	if r.any {
		b.WriteString(wordText(r.charset, r.octets))
	}
	r.any, r.octets = false, r.octets[:0]
}

// parseWord reads =?charset?b|q?text?= at the start of s; n is its length, 0 when it is none.
func parseWord(s string) (w word, n int) {
	mark := strings.IndexByte(s[2:min(len(s), 2+maxLabel)], '?')
	if mark < 1 {
		return word{}, 0
	}
	charset, rest := s[2:2+mark], s[3+mark:]
	if strings.ContainsAny(charset, " \t\r\n=") || len(rest) < 3 || rest[1] != '?' {
		return word{}, 0
	}
	charset, _, _ = strings.Cut(charset, "*") // RFC 2231, 5: a language follows
	text := rest[2:]
	end := wordEnd(text)
	if end < 0 {
		return word{}, 0
	}
	switch rest[0] {
	case 'q', 'Q':
		w = word{charset, qWord(text[:end])}
	case 'b', 'B':
		w = word{charset, bWord(text[:end])}
	default:
		return word{}, 0
	}
	return w, len(s) - len(text) + end + 2
}

// wordEnd finds the "?=" that ends a word, not far away: RFC 2047 allows 75 octets.
func wordEnd(text string) int { return strings.Index(text[:min(len(text), maxWord)], "?=") }

func qWord(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		case c == '\r' || c == '\n':
		default:
			out = append(out, c)
		}
	}
	return out
}

func bWord(s string) []byte {
	in := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if base64Value[s[i]] < 64 {
			in = append(in, s[i])
		}
	}
	if len(in)%4 == 1 {
		in = in[:len(in)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(in)))
	n, _ := base64.RawStdEncoding.Decode(out, in)
	return out[:n]
}
