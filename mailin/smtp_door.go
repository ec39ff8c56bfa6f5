package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// listen opens the socket. A Unix socket whose owner is gone is replaced, one that
// answers is not.
func listen(network, addr string, mode fs.FileMode) (net.Listener, error) {
	if network != "unix" {
		return net.Listen(network, addr)
	}
	ln, err := net.Listen(network, addr)
	if errors.Is(err, syscall.EADDRINUSE) && abandoned(addr) {
		if err = os.Remove(addr); err == nil {
			ln, err = net.Listen(network, addr)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(addr, mode); err != nil {
		ln.Close()
		return nil, err
	}
	return ln, nil
}

// abandoned tells whether a path is a socket that nobody answers at.
func abandoned(path string) bool {
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&os.ModeSocket != 0
}

// A door is the listener's own set of connections: it bounds them, and it can
// tell those inside a message from idle ones when we shut down, which the
// library cannot.
type door struct {
	l *Listener

	mu    sync.Mutex
	conns map[*conn]netip.Prefix
	shut  bool
	empty chan struct{} // closed when shut and the last connection went
}

// Accept waits for the next connection that may stay (net.Listener).
func (d *door) Accept() (net.Conn, error) {
	for {
		raw, err := d.l.socket.Accept()
		if err != nil {
			return nil, err
		}
		c := newConn(raw, d.l)
		if why := d.admit(c); why != "" {
			d.l.Count(MetricTurnedAway)
			d.l.Log.Info("connection turned away", "listener", d.l.Name, "peer", c.peer, "why", why)
			c.timer.Stop()
			go turnAway(raw, why)
			continue
		}
		d.l.Count(MetricConnection)
		if d.l.Implicit {
			return tls.Server(c, d.l.TLS), nil
		}
		return c, nil
	}
}

// Close closes the socket (net.Listener).
func (d *door) Close() error { return d.l.socket.Close() }

// Addr is where the socket hears (net.Listener).
func (d *door) Addr() net.Addr { return d.l.socket.Addr() }

// admit enters a connection, or says why not.
func (d *door) admit(c *conn) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch near := d.near(c.net); {
	case d.shut:
		return "421 4.3.2 Shutting down, try again later"
	case len(d.conns) >= d.l.MaxConns:
		return "421 4.7.0 Too many connections, try again later"
	case near >= d.l.MaxPerNet:
		return "421 4.7.0 Too many connections from your network, try again later"
	}
	d.conns[c] = c.net
	return ""
}

func (d *door) near(p netip.Prefix) (n int) {
	for _, q := range d.conns {
		if p == q {
			n++
		}
	}
	return n
}

// busy tells that four fifths of the connections are taken.
func (d *door) busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)*5 >= d.l.MaxConns*4
}

// leave forgets a connection.
func (d *door) leave(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
	if d.shut && len(d.conns) == 0 && d.empty != nil {
		close(d.empty)
		d.empty = nil
	}
}

// turnAway says one line to a connection that may not stay.
func turnAway(c net.Conn, line string) {
	defer time.AfterFunc(time.Second, func() { c.Close() }).Stop()
	defer c.Close()
	io.WriteString(c, line+"\r\n")
}

// all lists the connections.
func (d *door) all() []*conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]*conn, 0, len(d.conns))
	for c := range d.conns {
		list = append(list, c)
	}
	return list
}

// close shuts the door and tells when the last connection is gone.
func (d *door) close() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	done := make(chan struct{})
	if len(d.conns) == 0 {
		close(done)
	} else {
		d.empty = done
	}
	return done
}

// Shutdown takes no new connection, sends idle ones away with 421 4.3.2 and lets a
// message under way come to its end, for Limits.Grace at most or until ctx ends.
func (l *Listener) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	if l.stop {
		l.mu.Unlock()
		return nil
	}
	l.stop = true
	l.mu.Unlock()
	gone := l.door.close()
	err := l.socket.Close()
	for _, c := range l.door.all() {
		c.sendAway("421", "4.3.2", "Shutting down, try again later")
	}
	grace, cancel := context.WithTimeout(ctx, l.Limits.Grace)
	defer cancel()
	select {
	case <-gone:
	case <-grace.Done():
		for _, c := range l.door.all() {
			c.Close()
		}
		err = errors.Join(err, fmt.Errorf("listener %s: messages cut by shutdown: %w", l.Name, grace.Err()))
	}
	l.srv.Close() // the socket is closed already; this makes Serve return
	return err
}
