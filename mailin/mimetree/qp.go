package mimetree

import "bytes"

// maxTail is how far back from the end of a chunk the codec may wait for more:
// a soft line break with blanks, or blanks that may turn out to end a line.
const maxTail = 1024

// qpCodec decodes quoted-printable (RFC 2045, 6.7): an escape that is none
// stands for itself, blanks before a line end are dropped, a soft break at the
// very end is nothing.
type qpCodec struct {
	rest []byte // the tail of the last chunk, not yet decoded
	bad  bool
}

func (c *qpCodec) defect() string {
	if c.bad {
		return DefectQuotedPrintable
	}
	return ""
}

func (c *qpCodec) decode(in []byte, final bool, w *work) []byte {
	w.out = w.out[:0]
	if len(c.rest) > 0 {
		w.packed = append(append(w.packed[:0], c.rest...), in...)
		in = w.packed
	}
	end := len(in)
	if !final {
		end = safeEnd(in)
	}
	c.rest = append(c.rest[:0], in[end:]...)
	c.run(in[:end], w)
	return w.out
}

// safeEnd is where decoding can stop without having to know what comes next.
func safeEnd(in []byte) int {
	from := max(len(in)-maxTail, 0)
	end := len(in)
	for end > from && (in[end-1] == ' ' || in[end-1] == '\t' || in[end-1] == '\r') {
		end--
	}
	for back := end - 1; back >= max(end-2, from); back-- {
		if in[back] == '=' {
			return back
		}
	}
	return end
}

func (c *qpCodec) run(in []byte, w *work) {
	for len(in) > 0 {
		n := bytes.IndexByte(in, '\n') + 1
		if n == 0 {
			c.line(in, w)
			return
		}
		end := n - 1
		for end > 0 && in[end-1] == '\r' {
			end--
		}
		stop := end
		for stop > 0 && (in[stop-1] == ' ' || in[stop-1] == '\t') {
			stop--
		}
		if !c.line(in[:stop], w) {
			w.out = append(w.out, in[end:n]...)
		}
		in = in[n:]
	}
}

// line decodes the text of a line; soft says that it goes on in the next.
func (c *qpCodec) line(in []byte, w *work) (soft bool) {
	for {
		i := bytes.IndexByte(in, '=')
		if i < 0 {
			w.out = append(w.out, in...)
			return false
		}
		w.out = append(w.out, in[:i]...)
		if in = in[i+1:]; len(in) == 0 {
			return true
		}
		in = in[c.escape(in, w):]
	}
}

// escape decodes what stands behind "=" and returns its length.
func (c *qpCodec) escape(in []byte, w *work) int {
	if len(in) >= 2 {
		if hi, lo := hexValue[in[0]], hexValue[in[1]]; hi|lo < 16 {
			w.out = append(w.out, hi<<4|lo)
			return 2
		}
	}
	n := 0
	for n < len(in) && (in[n] == ' ' || in[n] == '\t') {
		n++
	}
	if n == len(in) || in[n] == '\r' {
		return min(n+1, len(in)) // a soft break at the end, or before a lone CR
	}
	c.bad = true
	w.out = append(w.out, '=')
	return 0
}

// hexValue maps a hex digit to its value, anything else to 255.
var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
		if v := unhex(byte(i)); v >= 0 {
			t[i] = byte(v)
		}
	}
	return t
}()
