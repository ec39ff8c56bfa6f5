package mailout

import (
	"errors"
	"net"
	"sync"
	"time"
)

// maxReply bounds what a relay may say before we speak again: replies are short,
// and a TLS handshake with its certificates fits as well.
const maxReply = 128 << 10

var (
	errChatty = errors.New("the relay talks without end")
	errSilent = errors.New("the relay fell silent")
)

// A watched connection gives each read and write its own time, so that a steady
// peer is never cut and a silent one always is, and bounds what the peer may say
// at once. Deadlines set from above are ignored: they know neither the phase nor
// our clock. It closes itself when time is up.
type watched struct {
	net.Conn
	timer *time.Timer

	mu       sync.Mutex
	patience time.Duration
	left     int
	late     bool
}

func watch(c net.Conn, patience time.Duration) *watched {
	w := &watched{Conn: c, patience: patience, left: maxReply}
	w.timer = time.AfterFunc(time.Hour, func() {
		w.mu.Lock()
		w.late = true
		w.mu.Unlock()
		_ = c.Close()
	})
	w.timer.Stop()
	return w
}

// wait sets the time that each following read or write may take.
func (w *watched) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.patience = d
}

func (w *watched) begin(fresh int) (room int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if fresh > 0 {
		w.left = fresh
	}
	w.timer.Reset(w.patience)
	return w.left
}

func (w *watched) end(n int, err error) error {
	w.timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left -= n
	if err != nil && w.late {
		return errSilent
	}
	return err
}

// Read implements net.Conn.
func (w *watched) Read(p []byte) (int, error) {
	room := w.begin(0)
	if room <= 0 {
		_ = w.end(0, nil)
		return 0, errChatty
	}
	n, err := w.Conn.Read(p[:min(len(p), room)])
	return n, w.end(n, err)
}

// Write implements net.Conn: each 16 KiB of progress earns new time.
func (w *watched) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) || len(p) == 0 {
		w.begin(maxReply)
		n, err := w.Conn.Write(p[sent:min(len(p), sent+16<<10)])
		sent += n
		if err = w.end(0, err); err != nil || len(p) == 0 {
			return sent, err
		}
	}
	return sent, nil
}

// SetDeadline does nothing; see watched.
func (w *watched) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing; see watched.
func (w *watched) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing; see watched.
func (w *watched) SetWriteDeadline(time.Time) error { return nil }

// Close implements net.Conn.
func (w *watched) Close() error {
	w.timer.Stop()
	return w.Conn.Close()
}
