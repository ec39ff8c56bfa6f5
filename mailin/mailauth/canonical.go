package mailauth

import (
	"hash"
	"strings"
)

// canonField writes a header field in its canonical form (RFC 6376, sections 3.4.1 and 3.4.2).
func canonField(raw string, relaxed bool) string {
	if !relaxed {
		return raw
	}
	name, value, _ := strings.Cut(raw, ":")
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' })
	return strings.ToLower(strings.TrimRight(name, " \t")) + ":" + strings.Join(words, " ") + "\r\n"
}

// bodyHash hashes a body in its canonical form (RFC 6376, sections 3.4.3 and
// 3.4.4) while it goes by. A lone LF counts as a line end, a lone CR as any other octet.
// It remembers counts, not octets, whatever the body.
type bodyHash struct {
	hash    hash.Hash
	relaxed bool

	out    []byte // not yet hashed
	blank  int    // line ends held back, because they may be the last ones
	cr     bool   // a CR was seen that may belong to a line end
	blanks bool   // relaxed: white space held back
	any    bool   // something was written
}

// Write takes more of the body; it never fails.
func (b *bodyHash) Write(p []byte) (int, error) {
	for _, c := range p {
		if b.cr {
			b.cr = false
			if c != '\n' {
				b.octet('\r')
			}
		}
		switch {
		case c == '\r':
			b.cr = true
		case c == '\n':
			b.blank++
			b.blanks = false
		case b.relaxed && (c == ' ' || c == '\t'):
			b.blanks = true
		default:
			b.octet(c)
		}
	}
	return len(p), nil
}

// octet writes one octet that belongs to a line, and what was held back before it.
func (b *bodyHash) octet(c byte) {
	for ; b.blank > 0; b.blank-- {
		b.put("\r\n")
	}
	if b.blanks {
		b.put(" ")
		b.blanks = false
	}
	b.any = true
	b.out = append(b.out, c)
	if len(b.out) >= 8<<10 {
		b.flush()
	}
}

func (b *bodyHash) put(s string) {
	b.out = append(b.out, s...)
	if len(b.out) >= 8<<10 {
		b.flush()
	}
}

func (b *bodyHash) flush() {
	b.hash.Write(b.out)
	b.out = b.out[:0]
}

// sum ends the body: without the empty lines at its end, with one line end, which an
// empty body lacks in the relaxed form.
func (b *bodyHash) sum() []byte {
	if b.cr {
		b.cr = false
		b.octet('\r')
	}
	if b.any || !b.relaxed {
		b.put("\r\n")
	}
	b.flush()
	return b.hash.Sum(nil)
}
