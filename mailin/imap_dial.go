package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// TLSMode says how a connection to a server is protected.
type TLSMode string

// The modes. TLSNone is for loopback only, unless Insecure says otherwise.
const (
	TLSImplicit TLSMode = "tls"
	TLSStart    TLSMode = "starttls"
	TLSNone     TLSMode = "none"
)

var (
	errNoTLS = errors.New("the server offers no TLS")
	errPlain = errors.New("refusing to log in without TLS to a host that is not this one")
)

// dial connects and protects the connection. What it returns has a greeting to read.
func (p *Poller) dial(ctx context.Context) (*guard, error) {
	dialCtx, cancel := context.WithTimeout(ctx, p.Timeouts.Command)
	defer cancel()
	raw, err := p.Dial(dialCtx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	w := newWire(raw, p.Timeouts.Command)
	stop := context.AfterFunc(ctx, func() { w.Close() })
	c, err := p.protect(dialCtx, w)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return newGuard(c, w), nil
}

func (p *Poller) protect(ctx context.Context, w *wire) (net.Conn, error) {
	switch p.Mode {
	case TLSNone:
		if !p.Insecure && !loopback(w.RemoteAddr()) {
			return nil, errPlain
		}
		return w, nil
	case TLSStart:
		if err := startTLS(w); err != nil {
			return nil, fmt.Errorf("starttls: %w", err)
		}
		c, err := p.handshake(ctx, w)
		// The library waits for a greeting; the one before TLS proved nothing.
		return &greeted{Conn: c, first: strings.NewReader("* OK TLS runs\r\n")}, err
	default:
		return p.handshake(ctx, w)
	}
}

// handshake verifies the server. No ALPN is offered: some providers refuse "imap".
func (p *Poller) handshake(ctx context.Context, w *wire) (net.Conn, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.TLS != nil {
		cfg = p.TLS.Clone()
	}
	cfg.NextProtos = nil
	if cfg.ServerName == "" {
		host, _, err := net.SplitHostPort(p.Addr)
		if err != nil {
			return nil, fmt.Errorf("address %q: %w", p.Addr, err)
		}
		cfg.ServerName = host
	}
	c := tls.Client(w, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return c, nil
}

// startTLS asks for TLS in clear (RFC 9051 section 6.2.1). It reads octet by octet, so
// that whatever a man in the middle puts behind the OK goes to the handshake and breaks it.
func startTLS(w *wire) error {
	line, err := clearLine(w)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(strings.ToUpper(line), "* OK") {
		return fmt.Errorf("%w: greeting %q before it", errNoTLS, clean(line))
	}
	if _, err := io.WriteString(w, "S1 STARTTLS\r\n"); err != nil {
		return err
	}
	for range 100 {
		if line, err = clearLine(w); err != nil {
			return err
		}
		if strings.HasPrefix(line, "* ") && !strings.HasPrefix(strings.ToUpper(line), "* PREAUTH") {
			continue
		}
		if strings.HasPrefix(strings.ToUpper(line), "S1 OK") {
			return nil
		}
		break
	}
	return fmt.Errorf("%w: it answered %q", errNoTLS, clean(line))
}

func clearLine(w *wire) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < 8<<10; {
		if _, err := w.Read(one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		line = append(line, one[0])
	}
	return "", errLongLine
}

// greeted is a connection with something to read before it.
type greeted struct {
	net.Conn
	first *strings.Reader
}

func (g *greeted) Read(p []byte) (int, error) {
	if g.first.Len() > 0 {
		return g.first.Read(p)
	}
	return g.Conn.Read(p)
}

// loopback tells whether an address is this host's.
func loopback(a net.Addr) bool {
	if a == nil {
		return false
	}
	host, _, err := net.SplitHostPort(a.String())
	ip := net.ParseIP(host)
	return a.Network() == "unix" || err == nil && ip != nil && ip.IsLoopback()
}

// dialTCP is the usual way to a server.
func dialTCP(addr string) func(context.Context) (net.Conn, error) {
	d := &net.Dialer{Timeout: 30 * time.Second}
	return func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
}
