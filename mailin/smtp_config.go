package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"postern/tickets"
)

// ListenerConfig says how a Listener hears and what it may decide. The functions
// are the desk and the rules; a nil one asks nothing.
type ListenerConfig struct {
	Name    string       // of the listener, in arrivals and logs
	Network string       // "tcp" or "unix"; empty is tcp
	Addr    string       // host:port or the path of the socket
	Socket  net.Listener // an open listener instead of Network and Addr
	// SocketMode is of a Unix socket. 0 is 0666, so that a mail server running as
	// another user may connect, as it might to a port of loopback; its folder can
	// keep others out.
	SocketMode fs.FileMode

	LMTP     bool         // LMTP (RFC 2033) instead of SMTP
	Role     tickets.Role // mx, mta or submission
	Hostname string       // in the greeting
	TLS      *tls.Config  // offers STARTTLS; see Certificate
	Implicit bool         // TLS from the first octet (RFC 8314)
	// ClearAuth lets AUTH run without TLS; loopback and Unix sockets may anyway.
	ClearAuth bool
	// Trusted are networks whose peers need no login. Only with role submission and
	// never on a Unix socket.
	Trusted []netip.Prefix

	MaxSize       int64 // octets of the largest message taken; 0 is 64 MiB
	MaxRecipients int   // of one message; 0 is 100
	MaxConns      int   // at a time; 0 is 200
	// MaxPerNet is for one /24 or /64. 0 is 10; with role mta, where one server brings
	// everything, and on Unix sockets it is MaxConns.
	MaxPerNet int
	Limits    Limits

	Queue string        // of mail whose recipients name none
	Trust tickets.Trust // what headers prove

	Spool *SpoolDir
	// Accept makes a message durable; nil is the promise behind 250. The context does
	// not end with the connection. The Raw is good until Accept returns.
	Accept func(context.Context, tickets.Arrival, tickets.Raw) error
	// Recipient is asked at RCPT. ErrForeign refuses a domain that is not ours, ErrForged
	// a reply address with a wrong signature; any other error is ours and temporary.
	Recipient func(addr string) (known bool, err error)
	// Auth checks a login. ErrAuth is a wrong one; any other error is ours and temporary.
	Auth func(user, password string) (agent string, err error)
	// Envelope is the rules' word after the dot, before Accept. A *Refusal refuses; any
	// other error accepts.
	Envelope func(Dialogue) error
	// Free tells the octets left for messages. Below 1.5 times MaxSize MAIL is put off.
	Free func() (uint64, error)

	Log   *slog.Logger
	Now   func() time.Time
	Count func(what Metric) // counts what happened; may be nil
}

// Limits bound how long a peer may keep us waiting. Zero values take the defaults.
type Limits struct {
	Command time.Duration // for the next command: 5 min (RFC 5321 section 4.5.3.2.7)
	Busy    time.Duration // the same when four fifths of the connections are taken: 60 s
	// Window and Progress: while a message comes in, each Window (3 min) must bring
	// Progress octets (6 KiB) or the end.
	Window   time.Duration
	Progress int64
	Write    time.Duration // for one answer to be taken: 1 min
	Grace    time.Duration // for a message under way when we shut down: 30 s
	Junk     int           // answers without a message or a recipient taken: 100
	Line     int           // octets of commands without an answer: 64 KiB
}

// Dialogue is what the rules see of a message at the door.
type Dialogue struct {
	Peer   tickets.PeerFacts
	From   string
	To     []string
	Header []byte // the header block as received, at most 256 KiB
	Size   int64  // octets
}

// Errors that the functions of a ListenerConfig may answer with.
var (
	// ErrForeign refuses a recipient whose domain is not ours.
	ErrForeign = errors.New("not one of our domains")
	// ErrForged refuses a reply address that nobody of us signed; such are counted.
	ErrForged = errors.New("a reply address with a wrong signature")
	// ErrAuth refuses a wrong user or password.
	ErrAuth = errors.New("wrong user or password")
)

func (c *ListenerConfig) defaults() {
	set(&c.Network, "tcp")
	set(&c.SocketMode, 0o666)
	set(&c.MaxSize, 64<<20)
	set(&c.MaxRecipients, 100)
	set(&c.MaxConns, 200)
	set(&c.Limits.Command, 5*time.Minute)
	set(&c.Limits.Busy, time.Minute)
	set(&c.Limits.Window, 3*time.Minute)
	set(&c.Limits.Progress, 6<<10)
	set(&c.Limits.Write, time.Minute)
	set(&c.Limits.Grace, 30*time.Second)
	set(&c.Limits.Junk, 100)
	set(&c.Limits.Line, 64<<10)
	set(&c.Log, slog.New(slog.DiscardHandler))
	if c.Count == nil {
		c.Count = func(Metric) {}
	}
}

// set gives a zero value its default.
func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c *ListenerConfig) check(unix bool) error {
	switch {
	case c.Accept == nil || c.Now == nil || c.Spool == nil:
		return errors.New("Accept, Now and Spool must be set")
	case c.Role != tickets.RoleMX && c.Role != tickets.RoleMTA && c.Role != tickets.RoleSubmission:
		return fmt.Errorf("role %q: want mx, mta or submission", c.Role)
	case len(c.Trusted) > 0 && c.Role != tickets.RoleSubmission:
		return fmt.Errorf("trusted networks are allowed with role submission only, not with %s", c.Role)
	case len(c.Trusted) > 0 && unix:
		return errors.New("trusted networks make no sense on a Unix socket")
	case c.Implicit && c.TLS == nil:
		return errors.New("implicit TLS needs a certificate")
	case c.Network != "tcp" && c.Network != "unix":
		return fmt.Errorf("network %q: want tcp or unix", c.Network)
	}
	return nil
}
