package mailin

import (
	"bytes"
	"net/mail"
	"strings"
	"time"
)

// headMax is how much of a header block is kept for the rules in the dialogue.
const headMax = 256 << 10

// lineMax is how much of a header line is looked at.
const lineMax = 1 << 10

// A headScan watches a message go by and remembers what the door needs of its
// header block. It is a door's glance, not a reading: bounded, and never wrong
// about where the body is, since it only counts lines.
type headScan struct {
	received  int
	messageID bool

	head  []byte // the header block as received, at most headMax
	line  []byte // the beginning of the line that is being read
	field string // that we care for, of the line before; for continuations
	body  bool

	firstReceived string // the topmost Received, unfolded, at most lineMax octets
	date          string
}

// Write looks at more of the message; it never fails.
func (h *headScan) Write(p []byte) (int, error) {
	n := len(p)
	for !h.body && len(p) > 0 {
		part, rest, whole := cutLine(p)
		if len(h.head)+len(part) <= headMax {
			h.head = append(h.head, part...)
		}
		h.line = append(h.line, part[:min(len(part), lineMax-len(h.line))]...)
		if whole {
			h.endLine()
		}
		p = rest
	}
	return n, nil
}

// cutLine splits p behind its first line feed.
func cutLine(p []byte) (line, rest []byte, whole bool) {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		return p[:i+1], p[i+1:], true
	}
	return p, nil, false
}

func (h *headScan) endLine() {
	line := bytes.TrimRight(h.line, "\r\n")
	h.line = h.line[:0]
	if len(line) == 0 {
		h.body = true
		return
	}
	if line[0] == ' ' || line[0] == '\t' {
		h.value(line)
		return
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	h.field = ""
	for _, known := range []string{"Received", "Message-ID", "Date"} {
		if ok && strings.EqualFold(string(bytes.TrimRight(name, " \t")), known) {
			h.field = known
		}
	}
	if h.field == "Received" {
		h.received++
	}
	h.value(value)
}

// value takes a piece of the current field's value.
func (h *headScan) value(v []byte) {
	switch {
	case h.field == "Message-ID":
		h.messageID = h.messageID || len(bytes.TrimSpace(v)) > 0
	case h.field == "Received" && h.received == 1 && len(h.firstReceived) < lineMax:
		h.firstReceived += string(v)
	case h.field == "Date" && h.date == "":
		h.date = string(bytes.TrimSpace(v))
	}
}

// arrived is when the message reached the server that keeps it, as far as the
// header tells: the date of the topmost Received, which survives a move of the
// mailbox and does not depend on the sender's clock; else the Date.
func (h *headScan) arrived() (time.Time, bool) {
	stamp := h.date
	if i := strings.LastIndexByte(h.firstReceived, ';'); i >= 0 {
		stamp = strings.TrimSpace(h.firstReceived[i+1:])
	}
	at, err := mail.ParseDate(stamp)
	return at, err == nil
}
