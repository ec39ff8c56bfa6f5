package mailin

import (
	"errors"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
)

// wired gives a wire and the server's end of it.
func wired(limit time.Duration) (*wire, net.Conn) {
	ours, theirs := net.Pipe()
	return newWire(ours, limit), theirs
}

// Traps 3, 5 and 6: each octet renews the patience, its end closes, and the first error stays.
func TestWirePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, server := wired(time.Minute)
		w.SetReadDeadline(time.Now().Add(time.Second)) // the library's, ignored
		go func() {
			for range 10 {
				pass(59 * time.Second)
				server.Write([]byte("x"))
			}
		}()
		begin := time.Now()
		b := make([]byte, 10)
		for range 10 {
			if _, err := w.Read(b); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.Read(b)
		if took := time.Since(begin); !errors.Is(err, errSilent) || took != 10*59*time.Second+time.Minute {
			t.Errorf("%v after %v", err, took)
		}
		if _, err := server.Write([]byte("late")); err == nil {
			t.Error("the connection is still open")
		}
		if _, err := w.Read(b); !errors.Is(err, errSilent) || !errors.Is(w.Err(), errSilent) {
			t.Errorf("afterwards %v, %v", err, w.Err())
		}
	})
}

// A hang-up is a cut and not an end, below TLS and above it.
func TestWireCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, server := wired(time.Minute)
		server.Close()
		if _, err := w.Read(make([]byte, 1)); !errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			t.Errorf("%v", err)
		}
		w, server = wired(time.Minute)
		g := newGuard(eofConn{w}, w)
		if _, err := g.Read(make([]byte, 1)); !errors.Is(err, errCut) {
			t.Errorf("close_notify: %v", err)
		}
		server.Close()
	})
}

type eofConn struct{ net.Conn }

func (eofConn) Read([]byte) (int, error) { return 0, io.EOF }

// IN-P01, IN-P09: lines and literals are bounded, literals are no lines, and what only
// looks like a literal is none.
func TestGuard(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"short lines":      {strings.Repeat("* OK x\r\n", 100), nil},
		"long line":        {"* OK " + long, errLongLine},
		"long literal":     {"* 1 FETCH (BODY[] {100}\r\n" + long + ")\r\n* OK x\r\n", nil},
		"its lines":        {"{12}\r\n" + "{9999}\r\n{99)\r\n* OK x\r\n", nil},
		"too large":        {"{101}\r\n", errBigLiteral},
		"huge":             {"{99999999999999999999}\r\n* OK x\r\n", nil}, // no number: the library's affair
		"negative":         {"{-1}\r\n* OK x\r\n", nil},
		"in a text":        {"* OK {7}x\r\n" + strings.Repeat("* OK\r\n", 30), nil},
		"line around them": {strings.Repeat("{1}\r\nx", 30), errLongLine},
		"bare line feeds":  {strings.Repeat("* OK {1}\nx", 30), errLongLine},
	} {
		for _, step := range []int{1, 3, 1000} {
			g := &guard{}
			g.maxLine.Store(80)
			g.maxLiteral.Store(100)
			var err error
			for text := c.text; len(text) > 0 && err == nil; {
				n := min(step, len(text))
				err = g.look([]byte(text[:n]))
				text = text[n:]
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%s in pieces of %d: %v", name, step, err)
			}
		}
	}
}

// Pauses grow to five minutes and no further; a login is left alone for five at once.
func TestPauses(t *testing.T) {
	d := newDesk(t)
	p := newPoller(t, d, nil, nil)
	busy := &imap.Error{Type: imap.StatusResponseTypeNo, Code: "THROTTLED"}
	for _, c := range []struct {
		err      error
		fails    int
		from, to time.Duration
	}{
		{io.EOF, 0, 4 * time.Second, 5 * time.Second},
		{io.EOF, 3, 32 * time.Second, 40 * time.Second},
		{io.EOF, 30, 4 * time.Minute, 5 * time.Minute},
		{io.EOF, math.MaxInt, 4 * time.Minute, 5 * time.Minute},
		{busy, 0, 48 * time.Second, time.Minute},
		{busy, 9, 4 * time.Minute, 5 * time.Minute},
		{authError{busy}, 0, 5 * time.Minute, 5 * time.Minute},
		{errLease, 9, 4 * time.Second, 5 * time.Second},
	} {
		if got := p.pause(c.err, c.fails); got < c.from || got > c.to {
			t.Errorf("%v after %d: %v", c.err, c.fails, got)
		}
	}
}

// INV-D8: whatever form of the password a server sends back, nobody reads it.
func TestPasswordIsHidden(t *testing.T) {
	p := newPoller(t, newDesk(t), nil, func(c *PollerConfig) {
		c.Password = func() (string, error) { return `pa\ss "word"`, nil }
	})
	for _, echo := range []string{
		`BAD LOGIN help pa\ss "word"`, `NO LOGIN "help" "pa\\ss \"word\""`, "NO " + b64("\x00help\x00pa\\ss \"word\""),
	} {
		if got := p.hide(errors.New("login: " + echo)); strings.Contains(got, "word") || strings.Contains(got, b64("help")[:6]) || !strings.Contains(got, "***") {
			t.Errorf("%s: %s", echo, got)
		}
	}
}
