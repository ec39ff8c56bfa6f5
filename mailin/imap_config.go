package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-sasl"

	"postern/tickets"
)

// PollerConfig says which mailbox to read and how.
type PollerConfig struct {
	Account string // name of the account in arrivals, cursors and logs
	Addr    string // host:port
	Mode    TLSMode
	// Insecure allows mode none to a host that is not this one.
	Insecure bool
	TLS      *tls.Config // roots and the like; the name is taken from Addr when empty
	// Dial opens the connection; nil dials Addr by TCP.
	Dial func(context.Context) (net.Conn, error)

	Login    string
	Password func() (string, error) // read for every login, so that a change needs no restart
	// SASL replaces login and password when set, e.g. by OAUTHBEARER.
	SASL func() (sasl.Client, error)

	Mailbox string // INBOX
	Done    string // where accepted mail is moved; empty leaves it in place
	Queue   string
	Trust   tickets.Trust

	Interval  time.Duration // between polls at most; 0 is 2 min
	ImportAll bool          // take what lay in the mailbox before the first connection
	QuietAge  time.Duration // older mail causes no mail; 0 is three days
	MaxSize   int64         // of a message taken whole, octets; 0 is 64 MiB
	Timeouts  Timeouts

	Spool *SpoolDir
	// Accept makes a message durable and moves the cursor.
	Accept func(context.Context, tickets.Arrival, tickets.Raw) error
	Store  Ledger
	// Lease asks for the right to read the mailbox, under a name, and renews it; nil
	// always has it. It is asked every Timeouts.Lease.
	Lease func(ctx context.Context, name string) (bool, error)

	Log   *slog.Logger
	Now   func() time.Time
	Count func(Metric)
}

// Ledger is what a Poller needs of the store: where reading stands. See tickets.Store.
type Ledger interface {
	Mailbox(ctx context.Context, account, mailbox string) (tickets.Mailbox, error)
	StartMailbox(ctx context.Context, m tickets.Mailbox) error
	NoteUID(ctx context.Context, c tickets.Cursor, state tickets.UIDState, why string) error
	PendingUIDs(ctx context.Context, c tickets.Cursor) (map[uint32]int, error)
}

// Timeouts bound waiting. Zero values take the defaults.
type Timeouts struct {
	Command time.Duration // silence of the server within a command: 60 s
	Whole   time.Duration // a whole command but a fetch: 5 min
	Fetch   time.Duration // one message: 1 h
	Idle    time.Duration // of one IDLE: 9 min, well below the 29 of RFC 2177
	Again   time.Duration // of the IDLE behind a poll that brought something: 1 s
	Lease   time.Duration // between two questions for the lease: 15 s
	First   time.Duration // the first pause after a failure, doubled up to Most: 5 s
	Most    time.Duration // 5 min; also the pause after a failed login
}

func (t *Timeouts) defaults() {
	set(&t.Command, time.Minute)
	set(&t.Whole, 5*time.Minute)
	set(&t.Fetch, time.Hour)
	set(&t.Idle, 9*time.Minute)
	set(&t.Again, time.Second)
	set(&t.Lease, 15*time.Second)
	set(&t.First, 5*time.Second)
	set(&t.Most, 5*time.Minute)
}

func (c *PollerConfig) check() error {
	switch {
	case c.Accept == nil || c.Store == nil || c.Spool == nil || c.Now == nil:
		return errors.New("Accept, Store, Spool and Now must be set")
	case c.SASL == nil && c.Password == nil:
		return errors.New("a password or a SASL client must be set")
	case c.Mode != TLSImplicit && c.Mode != TLSStart && c.Mode != TLSNone:
		return fmt.Errorf("tls mode %q: want tls, starttls or none", c.Mode)
	case c.Done == c.Mailbox:
		return fmt.Errorf("the done folder %q is the mailbox itself", c.Done)
	}
	return nil
}
