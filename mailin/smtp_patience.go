package mailin

import (
	"errors"
	"os"
	"time"
)

// patience is how long to wait for a command.
func (c *conn) patience() time.Duration {
	if c.l.door.busy() {
		return c.l.Limits.Busy
	}
	return c.l.Limits.Command
}

// busyTurn is how long the peer is not to blame after we were found at work.
const busyTurn = 10 * time.Second

// expire ends a connection whose peer makes no progress. While we are at work, not
// waiting for the peer, it is given another turn.
func (c *conn) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
	case !c.reading:
		c.timer.Reset(busyTurn)
	default:
		c.err = os.ErrDeadlineExceeded
		c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// enter and leave mark that a message is coming in, whose peer must make progress
// and is not sent away. Between the chunks of BDAT there are commands, so that
// lines stay bounded: consumed tells of the octets that were the message's.
func (c *conn) enter(bdat bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inside, c.unbounded, c.got = true, !bdat, 0
	c.timer.Reset(c.l.Limits.Window)
}

func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inside {
		c.inside, c.unbounded, c.got = false, false, 0
		c.timer.Reset(c.l.Limits.Command)
	}
}

func (c *conn) consumed(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secure {
		n += n / 8 // what TLS adds
	}
	c.line = max(0, c.line-int64(n))
}

// failed is why nothing more can be read; nil while the peer is there.
func (c *conn) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// useful forgets the answers given for nothing.
func (c *conn) useful() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.junk = 0
}

// sendAway says the peer good-bye as soon as no message is under way.
func (c *conn) sendAway(code, status, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = code + " " + status + " " + text
	if !c.inside {
		c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// Close hangs up.
func (c *conn) Close() error {
	c.timer.Stop()
	c.l.door.leave(c)
	return c.Conn.Close()
}
