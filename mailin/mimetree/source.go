package mimetree

import (
	"bytes"
	"context"
	"io"
	"sync"
)

const (
	windowSize = 64 << 10
	maxPeek    = windowSize / 2
	history    = 2 // octets before pos that stay readable
	maxLine    = 16 << 10
)

var windows = sync.Pool{New: func() any { b := make([]byte, windowSize); return &b }}

// source is a window over the raw octets that moves forward; going back is
// possible and costs a read. Whatever it reads for the first time goes to key.
type source struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64 // nothing is read at or behind it
	base   int64 // offset of buf[0]
	pos    int
	end    int
	buf    []byte
	pool   *[]byte
	failed bool
	key    *bodyKey
}

func newSource(ctx context.Context, r io.ReaderAt, size int64) *source {
	p := windows.Get().(*[]byte)
	return &source{ctx: ctx, r: r, size: size, buf: *p, pool: p}
}

func (s *source) close() { windows.Put(s.pool) }

func (s *source) offset() int64 { return s.base + int64(s.pos) }

func (s *source) seek(off int64) {
	if off >= s.base && off <= s.base+int64(s.end) {
		s.pos = int(off - s.base)
		return
	}
	from := max(off-history, 0)
	s.base, s.pos, s.end = from, 0, 0
	s.fill()
	s.pos = min(int(off-from), s.end)
}

// peek returns up to n octets at the position, fewer only before the end; n is at most maxPeek.
func (s *source) peek(n int) []byte {
	if s.end-s.pos < n && s.base+int64(s.end) < s.size {
		s.fill()
	}
	return s.buf[s.pos:min(s.pos+n, s.limit())]
}

// all returns what the window holds at the position, at least maxPeek octets unless the end is near.
func (s *source) all() []byte {
	s.peek(maxPeek)
	return s.buf[s.pos:s.limit()]
}

func (s *source) limit() int {
	return max(s.pos, int(min(int64(s.end), s.size-s.base)))
}

// before returns the octet d places before the position; 0 at the start.
func (s *source) before(d int) byte {
	if s.pos < d {
		return 0
	}
	return s.buf[s.pos-d]
}

func (s *source) fill() {
	if s.failed || s.ctx.Err() != nil {
		s.failed = true
		s.size = s.base + int64(s.end)
		return
	}
	keep := max(s.pos-history, 0)
	copy(s.buf, s.buf[keep:s.end])
	s.base, s.pos, s.end = s.base+int64(keep), s.pos-keep, s.end-keep
	for s.end < len(s.buf) && s.base+int64(s.end) < s.size {
		room := min(int64(len(s.buf)-s.end), s.size-s.base-int64(s.end))
		n, err := s.r.ReadAt(s.buf[s.end:s.end+int(room)], s.base+int64(s.end))
		fresh := s.buf[s.end : s.end+n]
		s.key.feed(s.base+int64(s.end), fresh)
		s.end += n
		if n == 0 || err != nil && err != io.EOF {
			s.failed = true
			s.size = s.base + int64(s.end)
			return
		}
	}
}

// line consumes and returns the next line with its end: LF, CRLF, CRs before LF,
// or a lone CR. A line longer than maxLine comes in pieces.
func (s *source) line() []byte {
	w := s.peek(maxLine)
	n := lineLen(w)
	if n == 0 {
		n = len(w)
		for len(w) == maxLine && n > maxLine-4 && w[n-1] == '\r' {
			n-- // its LF may come next
		}
	}
	s.pos += n
	return w[:n]
}

// lineLen is the length of the first line of w including its end; 0 when none
// ends there. It looks no further than it must, so that many short lines cost
// no more than one long one.
func lineLen(w []byte) int {
	const near = 256
	for from, to := 0, min(near, len(w)); from < len(w); from, to = to, len(w) {
		seg := w[from:to]
		lf := bytes.IndexByte(seg, '\n')
		if lf >= 0 {
			seg = seg[:lf]
		}
		if cr := bytes.IndexByte(seg, '\r'); cr >= 0 {
			return crLen(w, from+cr)
		}
		if lf >= 0 {
			return from + lf + 1
		}
	}
	return 0
}

// crLen is the length of the line that ends with the CR at i: at it, or at the LF
// behind it and up to three more CRs. At the very end of a full window the LF
// may still come: 0.
func crLen(w []byte, i int) int {
	stop := i + 1
	for stop < len(w) && stop < i+4 && w[stop] == '\r' {
		stop++
	}
	switch {
	case stop == len(w) && len(w) >= maxLine:
		return 0
	case stop < len(w) && w[stop] == '\n':
		return stop + 1
	}
	return i + 1
}

// trimEOL drops the line end. It runs once or twice a line, so it is written out.
func trimEOL(line []byte) []byte {
	n := len(line)
	for n > 0 && (line[n-1] == '\n' || line[n-1] == '\r') {
		n--
	}
	return line[:n]
}

func ended(line []byte) bool {
	return len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r')
}
