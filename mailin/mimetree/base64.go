package mimetree

import (
	"bytes"
	"encoding/base64"
)

// base64Value maps an octet to its six bits; 64 is the padding, 65 a blank, 255 foreign.
var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['='] = 64
	for _, c := range []byte(" \t\r\n\v\f\x00") {
		t[c] = 65
	}
	return t
}()

// base64Codec decodes as RFC 2045, 6.8 asks: foreign characters are ignored,
// missing padding is tolerated, and text that a gateway put behind the data is
// left out. Clean data runs at the speed of the standard library; at the first
// oddity the rest is decoded octet by octet.
type base64Codec struct {
	carry  [4]byte // octets of an unfinished group
	held   int
	slow   bool
	bad    bool
	padded bool // a padded group was seen: what follows must prove itself
	over   bool // text behind the data has begun
	acc    uint32
	bits   int // characters in acc
}

func (c *base64Codec) defect() string {
	if c.bad {
		return DefectBase64
	}
	return ""
}

func (c *base64Codec) decode(in []byte, final bool, w *work) []byte {
	w.out = w.out[:0]
	if !c.slow && !c.fast(in, w) {
		c.slow = true
		for _, b := range c.carry[:c.held] {
			c.push(base64Value[b], w)
		}
	}
	if c.slow {
		c.lines(in, w)
	}
	if final {
		c.finish(w)
	}
	return w.out
}

// fast decodes whole groups of clean lines; false leaves everything undone.
func (c *base64Codec) fast(in []byte, w *work) bool {
	w.packed = append(w.packed[:0], c.carry[:c.held]...)
	for rest := in; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n')
		line := rest
		if n >= 0 {
			line, rest = rest[:n], rest[n+1:]
		} else {
			rest = nil
		}
		if len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		w.packed = append(w.packed, line...)
	}
	whole := len(w.packed) &^ 3
	if need := whole / 4 * 3; cap(w.out) < need {
		w.out = make([]byte, 0, max(need, chunkSize))
	}
	n, err := base64.RawStdEncoding.Decode(w.out[:cap(w.out)], w.packed[:whole])
	if err != nil || bytes.IndexByte(w.packed[whole:], '=') >= 0 {
		return false
	}
	w.out = w.out[:n]
	c.held = copy(c.carry[:], w.packed[whole:])
	return true
}

// lines decodes octet by octet; at the start of a line it asks whether this is still data.
func (c *base64Codec) lines(in []byte, w *work) {
	start := true
	for i := 0; i < len(in) && !c.over; i++ {
		if start && c.footer(in[i:]) {
			c.over, c.bad = true, true
			return
		}
		b := in[i]
		start = b == '\n'
		c.push(base64Value[b], w)
	}
}

func (c *base64Codec) push(v byte, w *work) {
	switch {
	case v < 64:
		c.acc = c.acc<<6 | uint32(v)
		if c.bits++; c.bits == 4 {
			w.out = append(w.out, byte(c.acc>>16), byte(c.acc>>8), byte(c.acc))
			c.acc, c.bits = 0, 0
		}
	case v == 64:
		c.pad(w)
	case v == 255:
		c.bad = true
	}
}

// pad ends a group early. A padding character where none may stand is ignored.
func (c *base64Codec) pad(w *work) {
	if c.bits < 2 {
		c.bad = c.bad || !c.padded
		return
	}
	c.flush(w)
	c.padded = true
}

// flush writes the octets of an unfinished group.
func (c *base64Codec) flush(w *work) {
	switch c.bits {
	case 2:
		w.out = append(w.out, byte(c.acc>>4))
	case 3:
		w.out = append(w.out, byte(c.acc>>10), byte(c.acc>>2))
	}
	c.acc, c.bits = 0, 0
}

// footer says that the line at the start of b is not data: behind padding, anything
// that is no whole number of groups; else a signature mark, or words.
func (c *base64Codec) footer(b []byte) bool {
	line := b[:min(len(b), 1024)]
	if n := bytes.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return false
	}
	if c.padded && c.bits == 0 {
		return !groups(line)
	}
	if bytes.HasPrefix(line, []byte("--")) || bytes.HasPrefix(line, []byte("__")) {
		return true
	}
	blanks := bytes.Count(line, []byte{' '})
	return blanks >= 2 && len(line)/(blanks+1) < 16
}

func groups(line []byte) bool {
	for _, c := range line {
		if base64Value[c] > 64 {
			return false
		}
	}
	return len(line)%4 == 0 || string(line) == "="
}

func (c *base64Codec) finish(w *work) {
	if !c.slow {
		for _, b := range c.carry[:c.held] {
			c.push(base64Value[b], w)
		}
	}
	if c.bits > 0 {
		c.bad = true
	}
	c.flush(w)
}
