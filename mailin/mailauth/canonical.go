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
	n := len(p)
	for len(p) > 0 {
		if b.cr {
			b.cr = false
			if p[0] != '\n' {
				b.octets([]byte{'\r'})
			}
		}
		run := 1
		switch c := p[0]; {
		case c == '\r':
			b.cr = true
		case c == '\n':
			b.blank++
			b.blanks = false
		case b.relaxed && (c == ' ' || c == '\t'):
			b.blanks = true
		default:
			run = b.run(p)
			b.octets(p[:run])
		}
		p = p[run:]
	}
	return n, nil
}

// run is how many octets at the start of p are copied as they are.
func (b *bodyHash) run(p []byte) int {
	for i, c := range p {
		if c == '\r' || c == '\n' || b.relaxed && (c == ' ' || c == '\t') {
			return i
		}
	}
	return len(p)
}

// octets writes octets that belong to a line, and what was held back before them.
func (b *bodyHash) octets(p []byte) {
	for ; b.blank > 0; b.blank-- {
		b.put("\r\n")
	}
	if b.blanks {
		b.put(" ")
		b.blanks = false
	}
	b.any = true
	if len(p) >= 1<<10 {
		b.flush()
		b.hash.Write(p)
		return
	}
	b.out = append(b.out, p...)
	b.full()
}

func (b *bodyHash) put(s string) {
	b.out = append(b.out, s...)
	b.full()
}

func (b *bodyHash) full() {
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
		b.octets([]byte{'\r'})
	}
	if b.any || !b.relaxed {
		b.put("\r\n")
	}
	b.flush()
	return b.hash.Sum(nil)
}
