package mailin

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// A Listener takes mail by SMTP or LMTP and brings it to a desk.
type Listener struct {
	ListenerConfig
	unix bool

	srv     *smtp.Server
	socket  net.Listener
	door    door
	logins  failures
	guesses guesses
	context context.Context // of Serve, for Accept

	mu    sync.Mutex
	stop  bool
	ended chan struct{} // closed when Serve returned
}

// NewListener checks the configuration and opens the socket.
func NewListener(cfg ListenerConfig) (*Listener, error) {
	cfg.defaults()
	unix := cfg.Network == "unix" || cfg.Socket != nil && cfg.Socket.Addr().Network() == "unix"
	if err := cfg.check(unix); err != nil {
		return nil, fmt.Errorf("listener %s: %w", cfg.Name, err)
	}
	if cfg.MaxPerNet == 0 {
		cfg.MaxPerNet = 10
		if unix || cfg.Role == tickets.RoleMTA {
			cfg.MaxPerNet = cfg.MaxConns
		}
	}
	l := &Listener{ListenerConfig: cfg, unix: unix, socket: cfg.Socket, context: context.Background(),
		ended: make(chan struct{})}
	l.door = door{l: l, conns: map[*conn]netip.Prefix{}}
	l.logins = failures{now: cfg.Now}
	l.guesses = guesses{now: cfg.Now}
	if l.socket == nil {
		var err error
		if l.socket, err = listen(cfg.Network, cfg.Addr, cfg.SocketMode); err != nil {
			return nil, fmt.Errorf("listener %s: %w", cfg.Name, err)
		}
	}
	l.srv = l.server()
	return l, nil
}

// server sets up the library, whose traps are closed here and in conn.
func (l *Listener) server() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(l.session))
	s.Domain = l.Hostname
	s.LMTP = l.LMTP
	s.TLSConfig = l.TLS
	s.MaxRecipients = l.MaxRecipients
	s.MaxMessageBytes = l.MaxSize + 1 // it refuses a message of exactly its limit
	// A line of a message may be as long as the message; conn bounds commands.
	s.MaxLineLength = int(l.MaxSize) + 4096
	s.AllowInsecureAuth = true // session.Auth says who may
	s.EnableSMTPUTF8 = true
	s.EnableDSN = true
	s.ReadTimeout = 0 // it would cover a whole message, and then read the rest as commands
	s.WriteTimeout = l.Limits.Write
	s.ErrorLog = smtpLog{l.Log.With("listener", l.Name)}
	return s
}

// Addr is where the listener hears.
func (l *Listener) Addr() net.Addr { return l.socket.Addr() }

// Serve takes mail until Shutdown. The values of ctx go to Accept, its end does not.
func (l *Listener) Serve(ctx context.Context) error {
	l.context = context.WithoutCancel(ctx)
	defer close(l.ended)
	err := l.srv.Serve(&l.door)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop {
		return nil
	}
	return fmt.Errorf("listener %s: %w", l.Name, err)
}
