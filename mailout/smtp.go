package mailout

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// TLSMode says how a connection to a relay is protected.
type TLSMode string

// The modes. In the first two nothing is sent in clear, whatever the relay offers.
const (
	TLSStart    TLSMode = "starttls" // the default
	TLSImplicit TLSMode = "tls"
	TLSNone     TLSMode = "none"
)

// Timeouts bound the parts of one attempt. Zero values are replaced by those of
// DefaultTimeouts.
type Timeouts struct {
	Connect  time.Duration // the connection alone
	Command  time.Duration // each answer, and each 16 KiB written
	Dialogue time.Duration // everything before the end of the message
	Dot      time.Duration // the answer after it: at least ten minutes, RFC 5321 section 4.5.3.2.6
	Idle     time.Duration // an unused connection is kept that long
}

// DefaultTimeouts fit into a lease of a quarter of an hour.
func DefaultTimeouts() Timeouts {
	return Timeouts{Connect: 30 * time.Second, Command: 90 * time.Second, Dialogue: 4 * time.Minute,
		Dot: 10*time.Minute + 15*time.Second, Idle: 20 * time.Second}
}

// SMTP is a relay that speaks SMTP submission or plain SMTP (RFC 5321, 6409).
// Its fields are set before the first use and not changed afterwards.
type SMTP struct {
	Addr     string // host:port
	TLS      TLSMode
	Hostname string // said in EHLO
	// Login and Password; an empty login means none. The password is asked for
	// at each connection, so that a changed file counts at once.
	Login    string
	Password func(context.Context) (string, error)
	// ClearAuth allows the password to travel without TLS to another host.
	ClearAuth bool
	// ServerName in the certificate, when it is not the host of Addr.
	ServerName string
	// Roots that certificates are verified against; nil for the system's.
	Roots *x509.CertPool
	// MaxPerConn is the number of messages on one connection; 0 means 100.
	MaxPerConn int
	Timeouts   Timeouts
	// Dial replaces the network, for tests and proxies; nil for TCP.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex
	idle   []*session // owned by take and keep
	closed bool
}

// Longest implements Relay.
func (r *SMTP) Longest() time.Duration {
	t := r.timeouts()
	return t.Dialogue + t.Dot
}

func (r *SMTP) timeouts() Timeouts {
	t, d := r.Timeouts, DefaultTimeouts()
	for _, x := range []struct{ have, def *time.Duration }{{&t.Connect, &d.Connect}, {&t.Command, &d.Command},
		{&t.Dialogue, &d.Dialogue}, {&t.Dot, &d.Dot}, {&t.Idle, &d.Idle}} {
		if *x.have <= 0 {
			*x.have = *x.def
		}
	}
	return t
}

// dialError is a failure before a transaction, with its phase.
type dialError struct {
	phase phase
	err   error
}

func (e *dialError) Error() string { return fmt.Sprintf("%s: %v", e.phase, e.err) }
func (e *dialError) Unwrap() error { return e.err }

// connect opens, protects and authenticates a connection.
func (r *SMTP) connect(ctx context.Context) (*session, error) {
	c, err := r.dial(ctx)
	if err != nil {
		return nil, &dialError{phaseConnect, err}
	}
	w := watch(c, r.timeouts().Command)
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	s := &session{conn: w, host: first(r.Hostname, "localhost")}
	if err := r.greet(s); err != nil {
		s.close()
		return nil, err
	}
	if err := r.login(ctx, s); err != nil {
		s.close()
		return nil, &dialError{phaseAuth, err}
	}
	return s, nil
}

func (r *SMTP) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeouts().Connect)
	defer cancel()
	if r.Dial != nil {
		return r.Dial(ctx, "tcp", r.Addr)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", r.Addr)
}

// greet brings the connection to the point where both have said hello under the
// protection asked for. The handshake is done here, so that a bad certificate shows at once.
func (r *SMTP) greet(s *session) error {
	var err error
	switch r.TLS {
	case TLSImplicit:
		t := tls.Client(s.conn, r.config())
		if err := t.Handshake(); err != nil {
			return &dialError{phaseTLS, err}
		}
		s.client = smtp.NewClient(t)
	case TLSNone:
		s.client = smtp.NewClient(s.conn)
	default:
		if s.client, err = smtp.NewClientStartTLS(s.conn, r.config()); err != nil {
			return &dialError{phaseTLS, err}
		}
	}
	if err := s.client.Hello(s.host); err != nil {
		return &dialError{phaseHello, err}
	}
	return nil
}

func (r *SMTP) config() *tls.Config {
	host, _, _ := net.SplitHostPort(r.Addr)
	return &tls.Config{ServerName: first(r.ServerName, host), RootCAs: r.Roots, MinVersion: tls.VersionTLS12}
}

// login authenticates when a login is set. The password never travels in clear,
// except to this host or where the admin said so.
func (r *SMTP) login(ctx context.Context, s *session) error {
	if r.Login == "" {
		return nil
	}
	if _, tls := s.client.TLSConnectionState(); !tls && !r.ClearAuth && !loopback(s.conn.RemoteAddr()) {
		return errors.New("no login in clear: the connection has no TLS")
	}
	if r.Password == nil {
		return errors.New("a login, but no password")
	}
	password, err := r.Password(ctx)
	if err != nil {
		return fmt.Errorf("the password: %w", err)
	}
	var mech sasl.Client
	switch {
	case s.client.SupportsAuth(sasl.Plain):
		s.auth, mech = sasl.Plain, sasl.NewPlainClient("", r.Login, password)
	case s.client.SupportsAuth(sasl.Login):
		s.auth, mech = sasl.Login, sasl.NewLoginClient(r.Login, password)
	default:
		return errors.New("the relay offers neither AUTH PLAIN nor AUTH LOGIN")
	}
	return withoutWords(s.client.Auth(mech))
}

// withoutWords drops what a relay says to a failed login beyond its code: it
// may repeat the password.
func withoutWords(err error) error {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return &smtp.SMTPError{Code: e.Code, EnhancedCode: e.EnhancedCode, Message: "the relay refuses our login"}
	}
	return err
}

func loopback(a net.Addr) bool {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.Network() == "unix"
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// take gives an idle connection, or a new one.
func (r *SMTP) take(ctx context.Context, fresh bool) (*session, error) {
	r.mu.Lock()
	if n := len(r.idle); n > 0 && !fresh {
		s := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		s.expiry.Stop()
		return s, nil
	}
	r.mu.Unlock()
	return r.connect(ctx)
}

// keep puts a connection back for the next message.
func (r *SMTP) keep(s *session) {
	limit := r.MaxPerConn
	if limit <= 0 {
		limit = 100
	}
	s.used++
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || s.used >= limit {
		go s.quit()
		return
	}
	r.idle = append(r.idle, s)
	s.expiry = time.AfterFunc(r.timeouts().Idle, func() { r.expire(s) })
}

// expire ends a connection that nobody used.
func (r *SMTP) expire(s *session) {
	r.mu.Lock()
	for i, x := range r.idle {
		if x == s {
			r.idle = append(r.idle[:i], r.idle[i+1:]...)
			r.mu.Unlock()
			s.quit()
			return
		}
	}
	r.mu.Unlock()
}

// Close implements Relay.
func (r *SMTP) Close() {
	r.mu.Lock()
	idle := r.idle
	r.idle, r.closed = nil, true
	r.mu.Unlock()
	for _, s := range idle {
		s.expiry.Stop()
		s.quit()
	}
}

// Deliver implements Relay.
func (r *SMTP) Deliver(ctx context.Context, o tickets.Outgoing, open Opener) Answer {
	l, never := newLetter(o, open)
	if never != nil {
		return *never
	}
	before, cancel := context.WithCancel(ctx)
	defer cancel()
	l.limit = time.AfterFunc(r.timeouts().Dialogue, cancel)
	defer l.limit.Stop()
	l.dot = r.timeouts().Dot
	a, begun := r.attempt(before, l, false)
	if !begun {
		a, _ = r.attempt(before, l, true) // the idle connection had died meanwhile
	}
	switch {
	case a.Kind != tickets.VerdictLater || before.Err() == nil:
	case ctx.Err() != nil && !l.dotted:
		return Answer{Kind: tickets.VerdictBack, Text: "interrupted"}
	case ctx.Err() == nil:
		a.Text = oneAnswer(fmt.Sprintf("the relay is too slow, cut off at %s", l.phase))
	}
	return a
}

// attempt makes one transaction; begun is false when a kept connection turned
// out to be dead before the relay had said anything to it.
func (r *SMTP) attempt(ctx context.Context, l *letter, fresh bool) (a Answer, begun bool) {
	s, err := r.take(ctx, fresh)
	if err != nil {
		var d *dialError
		errors.As(err, &d)
		return judge(d.phase, d.err), true
	}
	kept := s.used > 0
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Conn.Close() })
	a, err = s.send(l)
	if !stop() || lost(err) && err != nil {
		s.close()
	} else {
		r.keep(s)
	}
	return a, !(kept && err != nil && lost(err) && l.phase == phaseMail && ctx.Err() == nil)
}
