package mailin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// errCut says that a peer went away in the middle. It is not io.ErrUnexpectedEOF
// itself, since crypto/tls turns that into a plain io.EOF between two records,
// and a plain EOF looks like the end of a BDAT chunk.
var errCut = fmt.Errorf("connection cut: %w", io.ErrUnexpectedEOF)

// A conn is a peer's connection, below TLS. It keeps the first error of reading
// for ever, so that no octet behind a timeout is ever read as a command; it has
// its own clock for a peer that makes no progress, and ignores the library's; and
// it can send the peer away with a word.
//
// The library calls Read and writes its answers from one goroutine, the server's;
// only Data by BDAT, Shutdown and the timer come from others.
type conn struct {
	net.Conn
	l    *Listener
	peer string       // address without port, or "local"
	ip   netip.Addr   // zero for a Unix socket
	net  netip.Prefix // the /24 or /64

	timer *time.Timer

	mu      sync.Mutex
	err     error // the first of reading or writing; final
	inside  bool  // a message is coming in
	secure  bool  // below us runs TLS: line ends cannot be seen
	reading bool  // the server waits for the peer
	got     int64 // in the window of a message
	line    int64 // octets of a command that has no end yet
	// unbounded: octets are a message's, whose lines may be long.
	unbounded bool
	junk      int        // answers since something was taken
	away      string     // what to say to the peer before hanging up
	smtp      *smtp.Conn // for saying it, inside TLS if that runs
}

func newConn(raw net.Conn, l *Listener) *conn {
	c := &conn{Conn: raw, l: l, peer: "local"}
	if a, err := netip.ParseAddrPort(raw.RemoteAddr().String()); err == nil {
		c.ip = a.Addr().Unmap().WithZone("")
		c.peer = c.ip.String()
		bits := 64
		if c.ip.Is4() {
			bits = 24
		}
		c.net, _ = c.ip.Prefix(bits)
	}
	c.timer = time.AfterFunc(l.Limits.Command, c.expire)
	return c
}

// SetReadDeadline is ignored: the library's covers a whole message.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// SetDeadline sets that of writing only.
func (c *conn) SetDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(t) }

// Read reads for the server.
func (c *conn) Read(p []byte) (int, error) {
	for {
		if err := c.before(); err != nil {
			return 0, err
		}
		n, err := c.Conn.Read(p)
		if n, err, done := c.after(p[:n], err); done {
			return n, err
		}
	}
}

func (c *conn) before() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && !c.inside && c.away != "" {
		c.farewell()
	}
	c.reading = c.err == nil
	return c.err
}

// after judges what came. It is not done when Shutdown woke us up in a message
// that had just begun.
func (c *conn) after(p []byte, err error) (n int, _ error, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	switch {
	case c.err != nil: // expired meanwhile
		return 0, c.err, true
	case err == nil:
		if err = c.progress(p); err != nil {
			return 0, err, true
		}
		return len(p), nil, true
	case c.away != "" && isTimeout(err) && c.inside:
		c.Conn.SetReadDeadline(time.Time{})
		return len(p), nil, len(p) > 0
	case c.away != "" && isTimeout(err):
		c.farewell()
	case errors.Is(err, io.EOF):
		c.err = errCut
	default:
		c.err = err
	}
	return len(p), c.err, true
}

// progress books octets and refuses a command without end.
func (c *conn) progress(p []byte) error {
	c.got += int64(len(p))
	c.line += int64(len(p))
	if c.inside && c.got >= c.l.Limits.Progress {
		c.got = 0
		c.timer.Reset(c.l.Limits.Window)
	}
	if c.away == "" && c.junk > c.l.Limits.Junk {
		c.away = "421 4.7.0 Too many commands for nothing"
	}
	if c.away != "" && !c.inside {
		c.farewell()
		return c.err
	}
	limit, away := int64(c.l.Limits.Line), "500 5.5.2 Line too long"
	if c.secure { // perhaps a chunk that nobody wants, not a line
		limit, away = 16*limit, "421 4.7.0 Too much for one answer"
	} else if i := bytes.LastIndexByte(p, '\n'); i >= 0 {
		c.line = int64(len(p) - i - 1)
	}
	if !c.unbounded && c.line > limit {
		c.away = away
		c.farewell()
		return c.err
	}
	return nil
}

// farewell says the last word, inside TLS if that runs. It is called with mu held,
// in the server's goroutine.
func (c *conn) farewell() {
	c.err = errAway
	word := c.away + "\r\n"
	c.Conn.SetReadDeadline(time.Time{})
	c.Conn.SetWriteDeadline(time.Time{}) // the last answer's has passed perhaps
	watch := time.AfterFunc(c.l.Limits.Write, func() { c.Conn.Close() })
	out := io.Writer(c)
	if c.smtp != nil {
		out = c.smtp.Conn()
	}
	c.mu.Unlock() // it is written through this conn
	io.WriteString(out, word)
	watch.Stop()
	c.mu.Lock()
	c.err = errGone
}

var (
	errAway = errors.New("the peer is sent away") // the last word may still be written
	errGone = errors.New("the peer was sent away")
)

// Write sends an answer. After the last word nothing goes out any more.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	mute := c.err != nil && c.err != errAway && !isTimeout(c.err)
	c.mu.Unlock()
	if mute {
		return len(p), nil
	}
	n, err := c.Conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.err == nil {
		c.err = err
	}
	c.line = 0
	if !c.inside {
		c.junk++
		c.timer.Reset(c.patience())
	}
	return n, err
}
