package mailauth

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// field is one header field as DKIM sees it: its name in lower case, and its octets with
// every line end as CRLF, the last one included.
type field struct {
	name string
	raw  string
}

// value is what stands behind the colon, folds included.
func (f field) value() string {
	_, v, _ := strings.Cut(f.raw, ":")
	return v
}

// head is a header block read strictly.
type head struct {
	fields []field
	body   int64 // offset of the body
	// odd says why no signature over this header can be believed: a line two
	// readers could take for different things. Empty for a sound header.
	odd string
	err error // reading failed
}

// count is the number of fields of that name.
func (h *head) count(name string) int {
	n := 0
	for _, f := range h.fields {
		if f.name == name {
			n++
		}
	}
	return n
}

// readHead reads the header block. It ends at the first empty line (a line end is CRLF
// or LF), or with the message.
func readHead(raw tickets.Raw) *head {
	h := &head{}
	in := bufio.NewReaderSize(io.NewSectionReader(raw, 0, raw.Size()), 16<<10)
	var open []byte // the field that is being read
	for n := 1; ; n++ {
		line, err := readLine(in, mimetree.MaxHeader-int(h.body))
		h.body += int64(len(line))
		switch {
		case errors.Is(err, errLong):
			h.mark("the header is larger than 1 MiB")
		case err != nil && err != io.EOF:
			h.err = err
		}
		text := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(text) == 0 || h.err != nil || errors.Is(err, errLong) {
			h.add(open)
			return h
		}
		if why := lineFault(text, open == nil); why != "" {
			h.mark(fmt.Sprintf("line %d of the header %s", n, why))
		}
		if text[0] != ' ' && text[0] != '\t' {
			h.add(open)
			open = nil
		}
		open = append(append(open, text...), "\r\n"...)
		if len(h.fields) > mimetree.MaxFields {
			h.mark("the header has more than 5000 fields")
			return h
		}
	}
}

var errLong = errors.New("the header is too large")

// readLine reads one line with its end; at most limit octets.
func readLine(in *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		piece, err := in.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case len(line) > limit:
			return line[:max(limit, 0)], errLong
		case err != bufio.ErrBufferFull:
			return line, err
		}
	}
}

// lineFault says why a line of the header is none. first: no field stands above it.
func lineFault(text []byte, first bool) string {
	if bytes.IndexByte(text, '\r') >= 0 {
		return "has a lone CR"
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return "has a NUL"
	}
	if text[0] == ' ' || text[0] == '\t' {
		if first {
			return "continues nothing"
		}
		return ""
	}
	name, _, ok := bytes.Cut(text, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "is no field"
	}
	return ""
}

// mark remembers the first oddity.
func (h *head) mark(why string) {
	if h.odd == "" {
		h.odd = why
	}
}

func (h *head) add(raw []byte) {
	if raw == nil {
		return
	}
	name, _, _ := bytes.Cut(raw, []byte(":"))
	h.fields = append(h.fields, field{strings.ToLower(string(bytes.Trim(name, " \t\r\n"))), string(raw)})
}

// picker hands out fields in the order of RFC 6376 section 5.4.2: of each name
// the lowest first, each once.
type picker map[string][]int

func (h *head) picker() picker {
	p := picker{}
	for i, f := range h.fields {
		p[f.name] = append(p[f.name], i)
	}
	return p
}

// pick is the next field of that name, if one is left.
func (p picker) pick(h *head, name string) (field, bool) {
	list := p[name]
	if len(list) == 0 {
		return field{}, false
	}
	p[name] = list[:len(list)-1]
	return h.fields[list[len(list)-1]], true
}
