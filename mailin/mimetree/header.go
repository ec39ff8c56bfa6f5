package mimetree

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"net/textproto"
	"strings"
	"sync"
)

// The limits of policy section 2. What lies beyond is kept as octets.
const (
	MaxHeader = 1 << 20   // octets of a message's header; twice as much for those of all its parts
	MaxField  = 256 << 10 // octets of one field
	MaxFields = 5000      // fields of a message; four times as many for those of all its parts
	MaxDepth  = 50        // levels of parts
	MaxParts  = 1000      // parts of a message
)

// Field is one header field.
type Field struct {
	Key   string // canonical name: Message-Id
	Raw   string // the value as it stands, folds included, line end excluded; any octets
	Above int    // number of Received fields above it
}

// Header is the header of a message or part, in the order of its fields.
type Header struct {
	Fields []Field
	// Froms and Received count fields, those beyond the limits included.
	Froms, Received int
	beyond          []byte // hash of what lies beyond the limits
}

// Get returns the first field of that canonical name.
func (h Header) Get(key string) (Field, bool) {
	for _, f := range h.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Count is the number of fields of that canonical name.
func (h Header) Count(key string) int {
	n := 0
	for _, f := range h.Fields {
		if f.Key == key {
			n++
		}
	}
	return n
}

// Value is the value unfolded: line ends dropped (RFC 5322, 2.2.3), blanks around it trimmed.
func (f Field) Value() string {
	if strings.IndexByte(f.Raw, '\n') < 0 && strings.IndexByte(f.Raw, '\r') < 0 {
		return trimBlanks(f.Raw)
	}
	out := make([]byte, 0, len(f.Raw))
	for i := 0; i < len(f.Raw); i++ {
		if c := f.Raw[i]; c != '\r' && c != '\n' {
			out = append(out, c)
		}
	}
	return trimBlanks(string(out))
}

// trimBlanks is strings.Trim of blanks and tabs, for values that have one at most.
func trimBlanks(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// budget is what is left for the headers of parts.
type budget struct{ octets, fields int }

// span says where a field lies in the block.
type span struct{ start, nameEnd, value int }

// headerReader reads one header block; it owns the octets until they become a string.
type headerReader struct {
	src     *source
	left    *budget
	stop    func(line []byte) bool // a line that ends the block without a blank line; may be nil
	defects *Defects
	block   []byte
	spans   []span
	size    int   // octets of the current field
	skip    bool  // the current field is not recorded
	open    bool  // a field has begun, a fold belongs to it
	known   int64 // offset of a field that was seen ahead
	out     Header
	beyond  hash.Hash
	spill   []byte // not yet in beyond
}

var blocks = sync.Pool{New: func() any { b := make([]byte, 0, 8<<10); return &b }}

// read consumes the block and the blank line behind it.
func (r *headerReader) read() Header {
	scratch := blocks.Get().(*[]byte)
	r.block = (*scratch)[:0]
	whole := true
	for {
		at := r.src.offset()
		line := r.src.line()
		if len(line) == 0 {
			break
		}
		if !whole {
			r.more(line)
			whole = ended(line)
			continue
		}
		whole = ended(line)
		if r.done(line, at) {
			break
		}
	}
	r.finish()
	*scratch = r.block[:0]
	blocks.Put(scratch)
	return r.out
}

// done takes one line and says whether the header is over.
func (r *headerReader) done(line []byte, at int64) bool {
	text := trimEOL(line)
	switch {
	case len(text) == 0:
		return true
	case r.stop != nil && r.stop(line):
		r.src.seek(at)
		if r.open {
			r.defects.Add(DefectHeaderNotEnded)
		}
		return true
	case (text[0] == ' ' || text[0] == '\t') && r.open:
		r.more(line)
		return false
	}
	trimmed := text
	if text[0] == ' ' || text[0] == '\t' {
		trimmed = bytes.TrimLeft(text, " \t")
	}
	colon, name := fieldName(trimmed)
	if colon < 0 {
		return r.junk(line, at)
	}
	if len(trimmed) < len(text) {
		r.defects.Add(DefectLeadingFold)
	}
	if name < colon {
		r.defects.Add(DefectSpaceBeforeColon)
	}
	if line[len(line)-1] == '\r' {
		r.defects.Add(DefectBareCR)
	}
	r.begin(line[len(text)-len(trimmed):], name, colon)
	return false
}

// junk decides about a line that is no field: fields follow soon, or the body begins here.
func (r *headerReader) junk(line []byte, at int64) bool {
	subject := r.inSubject()
	if subject {
		line = append([]byte{' '}, line...) // looking ahead may move the window
	}
	if ended(line) && (at < r.known || r.fieldAhead()) {
		r.defects.Add(DefectJunkLine)
		if subject {
			r.more(line)
		}
		return false
	}
	r.src.seek(at)
	r.defects.Add(DefectHeaderNotEnded)
	return true
}

// inSubject says that the current field is the Subject, whose broken lines are its own.
func (r *headerReader) inSubject() bool {
	if len(r.spans) == 0 || r.skip {
		return false
	}
	s := r.spans[len(r.spans)-1]
	return bytes.EqualFold(r.block[s.start:s.nameEnd], []byte("subject"))
}

// fieldAhead looks at most 8 lines ahead for a field, not beyond a blank line.
func (r *headerReader) fieldAhead() bool {
	w := r.src.peek(maxLine)
	at := r.src.offset()
	for range 8 {
		n := lineLen(w)
		text := trimEOL(w[:n])
		if n == 0 || len(text) == 0 || r.stop != nil && r.stop(w[:n]) {
			return false
		}
		if colon, _ := fieldName(text); colon > 0 {
			r.known = at
			return true
		}
		w, at = w[n:], at+int64(n)
	}
	return false
}

// fieldName finds the colon and the end of the name of a field; -1 when it is none.
func fieldName(text []byte) (colon, name int) {
	colon = bytes.IndexByte(text, ':')
	if colon < 1 {
		return -1, 0
	}
	name = colon
	for name > 0 && (text[name-1] == ' ' || text[name-1] == '\t') {
		name--
	}
	for _, c := range text[:name] {
		if c <= ' ' || c >= 127 {
			return -1, 0
		}
	}
	if name == 0 {
		return -1, 0
	}
	return colon, name
}

func (r *headerReader) begin(line []byte, name, colon int) {
	r.open, r.size, r.skip = true, 0, false
	key := line[:name]
	from := len(key) == 4 && bytes.EqualFold(key, []byte("from"))
	received := len(key) == 8 && bytes.EqualFold(key, []byte("received"))
	if from {
		r.out.Froms++
	}
	if r.left.fields <= 0 || r.left.octets <= colon {
		r.over()
		r.more(line)
	} else {
		r.left.fields--
		at := len(r.block)
		if r.spans == nil {
			r.spans = make([]span, 0, 24)
		}
		r.spans = append(r.spans, span{at, at + name, at + colon + 1})
		r.more(line)
	}
	if received {
		r.out.Received++
	}
}

func (r *headerReader) over() {
	r.skip = true
	if r.left.fields <= 0 {
		r.defects.Add(DefectTooManyFields)
	} else {
		r.defects.Add(DefectHeaderTooLong)
	}
}

// more adds octets to the current field, within the limits.
func (r *headerReader) more(line []byte) {
	if r.skip {
		r.drop(line)
		return
	}
	room := min(MaxField-r.size, r.left.octets)
	if len(line) > room {
		r.drop(line[room:])
		line = line[:room]
		r.skip = true
		if r.size+room >= MaxField {
			r.defects.Add(DefectFieldTooLong)
		} else {
			r.defects.Add(DefectHeaderTooLong)
		}
	}
	r.size += len(line)
	r.left.octets -= len(line)
	r.block = append(r.block, line...)
}

func (r *headerReader) drop(line []byte) {
	if r.beyond == nil {
		r.beyond = sha256.New()
	}
	if r.spill = append(r.spill, trimEOL(line)...); len(r.spill) > maxLine {
		r.beyond.Write(r.spill)
		r.spill = r.spill[:0]
	}
}

// finish turns the octets into fields, all of them pieces of one string.
func (r *headerReader) finish() {
	if r.beyond != nil {
		r.beyond.Write(r.spill)
		r.out.beyond = r.beyond.Sum(nil)
	}
	text := string(r.block)
	r.out.Fields = make([]Field, len(r.spans))
	above := 0
	for i, s := range r.spans {
		end := len(text)
		if i+1 < len(r.spans) {
			end = r.spans[i+1].start
		}
		f := Field{Key: textproto.CanonicalMIMEHeaderKey(text[s.start:s.nameEnd]), Above: above}
		if s.value < end {
			f.Raw = strings.TrimRight(text[s.value:end], "\r\n")
		}
		if f.Key == "Received" {
			above++
		}
		r.out.Fields[i] = f
	}
}
