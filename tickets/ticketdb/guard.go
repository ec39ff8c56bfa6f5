package ticketdb

import (
	"context"
	"net"
	"time"
)

// guard dials connections that do not wait for ever.
type guard struct{ silence time.Duration }

// Dial connects.
func (g guard) Dial(network, address string) (net.Conn, error) {
	return g.DialContext(context.Background(), network, address)
}

// DialTimeout connects within a time.
func (g guard) DialTimeout(network, address string, d time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return g.DialContext(ctx, network, address)
}

// DialContext connects.
func (g guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &guarded{c, g.silence}, nil
}

// guarded is a connection that closes itself when a read or a write takes longer than
// silence. The driver's own cancelling by context would dial the silent server again
// and wait for that.
type guarded struct {
	net.Conn
	silence time.Duration
}

// Read reads, or closes.
func (c *guarded) Read(p []byte) (int, error) {
	defer c.watch().Stop()
	return c.Conn.Read(p)
}

// Write writes, or closes.
func (c *guarded) Write(p []byte) (int, error) {
	defer c.watch().Stop()
	return c.Conn.Write(p)
}

func (c *guarded) watch() *time.Timer {
	return time.AfterFunc(c.silence, func() { c.Conn.Close() })
}
