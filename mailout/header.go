package mailout

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// ErrAddress says that an address cannot be written safely into a header or an
// SMTP command. No mail can go there.
var ErrAddress = errors.New("address cannot be written")

const (
	foldAt  = 76  // octets after which a header line is folded where it can be
	maxWord = 62  // octets of an encoded-word; RFC 2047 allows 75, and 76 for its line
	maxLine = 998 // octets of a line without CRLF, RFC 5322 section 2.1.1
	maxID   = 900 // octets of a message identifier that we repeat
)

// header collects the fields of one header block.
type header struct{ bytes.Buffer }

// field writes one field from words that may be separated by folds. Words hold
// neither spaces nor control characters.
func (h *header) field(name string, words ...string) {
	h.WriteString(name + ":")
	col := len(name) + 1
	for i, w := range words {
		if col+1+len(w) > foldAt && (i > 0 || strings.HasPrefix(w, "=?")) {
			h.WriteString("\r\n")
			col = 0
		}
		h.WriteString(" " + w)
		col += 1 + len(w)
	}
	h.WriteString("\r\n")
}

// text writes a field of free text, in encoded-words where needed.
func (h *header) text(name, s string) { h.field(name, words(s)...) }

// words splits free text for a header: plain words where everything is plain,
// else encoded-words (RFC 2047).
func words(s string) []string {
	s = oneLine(s)
	if plainText(s) {
		return strings.Fields(s)
	}
	return encoded(s)
}

// plainText reports whether s can stand in a header as it is.
func plainText(s string) bool {
	run := 0
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
		if run++; s[i] == ' ' {
			run = 0
		}
		if run > maxWord {
			return false
		}
	}
	return !strings.Contains(s, "=?")
}

// encoded makes encoded-words of whole runes, in base64: shorter than Q for
// most scripts, and indifferent to what the text holds.
func encoded(s string) []string {
	const room = (maxWord - len("=?utf-8?b??=")) / 4 * 3
	var out []string
	for len(s) > 0 {
		n := 0
		for n < len(s) {
			_, w := utf8.DecodeRuneInString(s[n:])
			if n+w > room {
				break
			}
			n += w
		}
		out = append(out, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return out
}

// oneLine makes any string fit for a header: valid UTF-8, one line, single
// spaces, no control characters and none that turn the direction of writing.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || invisible(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// invisible reports whether r hides or turns the text around it.
func invisible(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
}

// cut shortens s to at most n runes, and shows that it did.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

// mailbox writes "Name <addr>" as words of an address field.
func mailbox(name, addr string) ([]string, error) {
	a, err := SafeAddress(addr)
	if err != nil {
		return nil, err
	}
	name = cut(oneLine(name), 120)
	if name == "" {
		return []string{a}, nil
	}
	return append(phrase(name), "<"+a+">"), nil
}

// phrase writes a display name: quoted when it is plain, else encoded.
func phrase(name string) []string {
	if !plainText(name) || len(name) > foldAt-10 {
		return encoded(name)
	}
	q := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
	return []string{`"` + q + `"`}
}

// SafeAddress writes an address so that it is one address wherever it stands: in
// a header field and between the angle brackets of MAIL and RCPT. The domain
// comes out in ASCII (RFC 5891); a local part that needs it is quoted; one
// outside ASCII stays as it is and needs SMTPUTF8. Anything else is ErrAddress.
func SafeAddress(addr string) (string, error) {
	at := strings.LastIndexByte(addr, '@')
	if at < 1 || at == len(addr)-1 || len(addr) > 320 || !utf8.ValidString(addr) {
		return "", fmt.Errorf("%q: %w", addr, ErrAddress)
	}
	local, ok := localPart(addr[:at])
	domain, okd := domainPart(addr[at+1:])
	if !ok || !okd {
		return "", fmt.Errorf("%q: %w", addr, ErrAddress)
	}
	return local + "@" + domain, nil
}

// localPart quotes what is not a dot-atom (RFC 5321 section 4.1.2). A part that
// comes quoted already is taken out of its quotes first.
func localPart(s string) (string, bool) {
	if n := len(s); n > 2 && s[0] == '"' && s[n-1] == '"' {
		s = unescape(s[1 : n-1])
	}
	if strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || invisible(r) || r == '<' || r == '>' }) >= 0 {
		return "", false
	}
	if dotAtom(s) {
		return s, true
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`, s != ""
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.IndexFunc(atom, func(r rune) bool { return !atext(r) }) >= 0 {
			return false
		}
	}
	return true
}

// atext is RFC 5322 section 3.2.3 with the letters of RFC 6532.
func atext(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) || r > 0x9f && unicode.IsPrint(r)
}

// domainPart gives the ASCII form of a domain or keeps an address literal.
func domainPart(s string) (string, bool) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s, strings.Trim(s[1:len(s)-1], "0123456789abcdefABCDEFIPv:.") == "" && len(s) > 2
	}
	a, err := idna.Lookup.ToASCII(s)
	if err != nil && ascii(s) {
		a = strings.ToLower(s) // an underscore or a long label: the relay knows better
	} else if err != nil {
		return "", false
	}
	if a == "" || len(a) > 255 || strings.Trim(a, "0123456789abcdefghijklmnopqrstuvwxyz-_.") != "" ||
		strings.HasPrefix(a, ".") || strings.Contains(a, "..") {
		return "", false
	}
	return a, true
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0
}

// msgID writes an identifier in angle brackets; ok is false when it is none
// that may be repeated (RFC 5322 section 3.6.4, with the usual looseness inside).
func msgID(id string, limit int) (string, bool) {
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	at := strings.IndexByte(id, '@')
	if at < 1 || at == len(id)-1 || len(id) > limit {
		return "", false
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || strings.IndexByte(`<>()\"`, c) >= 0 {
			return "", false
		}
	}
	return "<" + id + ">", true
}
