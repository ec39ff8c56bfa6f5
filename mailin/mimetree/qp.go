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
		i := bytes.IndexAny(in[:min(len(in), 512)], "= \t")
		if i < 0 {
			i = min(len(in), 512)
			w.out = append(w.out, in[:i]...)
			in = in[i:]
			continue
		}
		w.out = append(w.out, in[:i]...)
		if in[i] == '=' {
			in = in[i+c.escape(in[i:], w):]
		} else {
			in = in[i+blanks(in[i:], w):]
		}
	}
}

// escape decodes what starts with "=" and returns its length.
func (c *qpCodec) escape(in []byte, w *work) int {
	if len(in) >= 3 {
		if hi, lo := unhex(in[1]), unhex(in[2]); hi >= 0 && lo >= 0 {
			w.out = append(w.out, byte(hi<<4|lo))
			return 3
		}
	}
	n := 1
	for n < len(in) && (in[n] == ' ' || in[n] == '\t' || in[n] == '\r') {
		n++
	}
	if n == len(in) {
		return n
	}
	if in[n] == '\n' {
		return n + 1
	}
	if in[n-1] == '\r' {
		return n // soft break before a lone CR
	}
	c.bad = true
	w.out = append(w.out, '=')
	return 1
}

// blanks keeps blanks unless they end a line, and returns how many octets it took.
func blanks(in []byte, w *work) int {
	n := 0
	for n < len(in) && (in[n] == ' ' || in[n] == '\t') {
		n++
	}
	if n < len(in) && (in[n] == '\n' || in[n] == '\r' && n+1 < len(in) && in[n+1] == '\n') {
		return n
	}
	w.out = append(w.out, in[:n]...)
	return n
}
