package mailin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errSilent     = errors.New("the server was silent for too long")
	errLongLine   = errors.New("the server sent a line without end")
	errBigLiteral = errors.New("the server sent more than was asked for")
)

// A wire is the connection to an IMAP server, below TLS. Every octet read renews
// its own deadline, the library's are ignored (it has none for commands, and one of
// five minutes for a whole literal); the first error closes it and is kept.
type wire struct {
	net.Conn
	timer *time.Timer

	mu    sync.Mutex
	limit time.Duration
	err   error
}

func newWire(c net.Conn, limit time.Duration) *wire {
	w := &wire{Conn: c, limit: limit}
	w.mu.Lock()
	w.timer = time.AfterFunc(limit, func() { w.fail(errSilent) })
	w.mu.Unlock()
	return w
}

// patience sets how long the server may be silent from now on.
func (w *wire) patience(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit = d
	if w.err == nil {
		w.timer.Reset(d)
	}
}

// Read reads; its first error is its last.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		return n, w.fail(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.timer.Reset(w.limit)
	}
	return n, w.err
}

// fail keeps the first error and closes. An end of the stream is a cut: nobody but
// us ends a session.
func (w *wire) fail(err error) error {
	if err == io.EOF {
		err = errCut
	}
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	err = w.err
	w.timer.Stop()
	w.mu.Unlock()
	w.Conn.Close()
	return err
}

// Err is why the connection ended; nil while it lasts.
func (w *wire) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close ends the connection.
func (w *wire) Close() error {
	w.fail(net.ErrClosed)
	return nil
}

// SetReadDeadline is ignored.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetDeadline sets that of writing only.
func (w *wire) SetDeadline(t time.Time) error { return w.Conn.SetWriteDeadline(t) }

// Bounds of what a server may send without a literal of ours.
const (
	greetingLine = 64 << 10
	sessionLine  = 16 << 20 // SEARCH answers with two million UIDs
	smallLiteral = 64 << 10
)

// A guard stands above TLS and bounds lines and literals, which the library reads
// into memory. It counts only, it does not parse: a literal is a line's end of the
// form {n} (RFC 9051 section 4.3).
type guard struct {
	net.Conn
	wire       *wire
	maxLine    atomic.Int64
	maxLiteral atomic.Int64

	line    int64
	literal int64  // octets of a literal still to come
	tail    []byte // the end of the line
}

func newGuard(c net.Conn, w *wire) *guard {
	g := &guard{Conn: c, wire: w}
	g.maxLine.Store(greetingLine)
	g.maxLiteral.Store(smallLiteral)
	return g
}

// Read reads and counts.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if bad := g.look(p[:n]); bad != nil {
		return 0, g.wire.fail(bad)
	}
	if err == io.EOF { // by TLS close_notify
		err = g.wire.fail(errCut)
	}
	return n, err
}

func (g *guard) look(p []byte) error {
	for len(p) > 0 {
		if g.literal > 0 {
			n := min(g.literal, int64(len(p)))
			g.literal -= n
			p = p[n:]
			continue
		}
		part, rest, whole := cutLine(p)
		p = rest
		g.line += int64(len(part))
		g.tail = append(g.tail, part[max(0, len(part)-32):]...)
		g.tail = g.tail[max(0, len(g.tail)-32):]
		if g.line > g.maxLine.Load() {
			return errLongLine
		}
		if whole {
			if err := g.endLine(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *guard) endLine() error {
	tail := bytes.TrimSuffix(bytes.TrimSuffix(g.tail, []byte("\n")), []byte("\r"))
	g.tail = g.tail[:0]
	open := bytes.LastIndexByte(tail, '{')
	if open < 0 || !bytes.HasSuffix(tail, []byte("}")) {
		g.line = 0
		return nil
	}
	n, err := strconv.ParseInt(string(tail[open+1:len(tail)-1]), 10, 64)
	if err != nil || n < 0 {
		g.line = 0
		return nil // no literal; the library complains if it has to
	}
	if n > g.maxLiteral.Load() {
		return fmt.Errorf("%w: a literal of %d octets", errBigLiteral, n)
	}
	g.literal = n
	return nil // the line goes on behind the literal
}
