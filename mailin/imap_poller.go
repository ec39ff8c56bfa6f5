package mailin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// A Poller brings the mail of one IMAP mailbox to a desk. Where it stands is kept
// by the desk, in the transaction that accepts a message; the mailbox itself is
// changed after that only, and only by moving that very message. It asks for nothing
// but UIDs, dates, sizes and whole messages: flags and sequence numbers mean nothing.
type Poller struct {
	PollerConfig

	// Owned by Run.
	uids     map[uint32]*tried // messages that gave trouble
	rescan   uint32            // up to this UID the mailbox is being listed again
	validity uint32
	tidied   uint32 // the UIDVALIDITY under which no accepted mail was left behind
	warned   bool   // that messages cannot be moved

	mu     sync.Mutex
	status PollStatus
}

// PollStatus is how a mailbox fares, for health.
type PollStatus struct {
	Account  string
	Mailbox  string
	Leased   bool      // this process reads it
	LastPoll time.Time // the last one that went through
	LastErr  string    // of the last attempt; empty when it went through
	FailedAt time.Time // since when it fails; zero when it does not
	Pending  int       // messages that could not be fetched yet
	Tries    int       // how often the worst of them was tried
}

// tried is what went wrong with one message.
type tried struct {
	cuts   int  // connections lost over it
	noMeta bool // its date and size cannot be asked for
	big    bool // larger than it says
	next   time.Time
}

// NewPoller checks the configuration.
func NewPoller(cfg PollerConfig) (*Poller, error) {
	set(&cfg.Mailbox, "INBOX")
	set(&cfg.Mode, TLSImplicit)
	set(&cfg.Interval, 2*time.Minute)
	set(&cfg.QuietAge, 72*time.Hour)
	set(&cfg.MaxSize, 64<<20)
	set(&cfg.Log, slog.New(slog.DiscardHandler))
	cfg.Timeouts.defaults()
	if cfg.Dial == nil {
		cfg.Dial = dialTCP(cfg.Addr)
	}
	if cfg.Count == nil {
		cfg.Count = func(Metric) {}
	}
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("mailbox %s: %w", cfg.Account, err)
	}
	p := &Poller{PollerConfig: cfg, uids: map[uint32]*tried{}}
	p.Log = p.Log.With("account", p.Account, "mailbox", p.Mailbox)
	p.status = PollStatus{Account: p.Account, Mailbox: p.Mailbox}
	return p, nil
}

// Status tells how the mailbox fares.
func (p *Poller) Status() PollStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Run reads the mailbox until ctx ends. Its pauses grow to five minutes while
// the server fails; it tries no login more often than that after one was refused,
// which is twelve an hour.
func (p *Poller) Run(ctx context.Context) error {
	for fails := 0; ctx.Err() == nil; {
		held, err := p.lease(ctx)
		if err == nil && !held {
			wait(ctx, p.Timeouts.Lease)
			continue
		}
		lasted := false
		if err == nil {
			lasted, err = p.session(ctx)
		}
		if ctx.Err() != nil {
			break
		}
		if lasted {
			fails = 0
		}
		p.failed(err)
		pause := p.pause(err, fails)
		fails++
		p.Log.Warn("mailbox cannot be read", "err", p.hide(err), "again_in", pause)
		wait(ctx, pause)
	}
	return nil
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// session is one connection: polls, and waiting for news in between. It ends with
// an error always; lasted tells that it came to a second poll, so that the pause
// after it may be short again.
func (p *Poller) session(ctx context.Context) (lasted bool, _ error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go p.keepLease(ctx, cancel)
	s, err := p.connect(ctx)
	if err != nil {
		return false, errors.Join(err, context.Cause(ctx))
	}
	defer s.close()
	for {
		if err := p.poll(ctx, s); err != nil {
			return lasted, p.because(ctx, s, err)
		}
		p.succeeded()
		if err := s.awaitNews(ctx); err != nil {
			return lasted, p.because(ctx, s, err)
		}
		lasted = true
	}
}

// because adds why the connection ended, which the library does not say.
func (p *Poller) because(ctx context.Context, s *imapSession, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return errors.Join(err, cause)
	}
	if why := s.guard.wire.Err(); why != nil && !errors.Is(err, why) {
		return fmt.Errorf("%w (%w)", err, why)
	}
	return err
}

var errLease = errors.New("another gateway reads the mailbox now")

// lease asks for the right to read.
func (p *Poller) lease(ctx context.Context) (bool, error) {
	held, err := true, error(nil)
	if p.Lease != nil {
		held, err = p.Lease(ctx, "imap/"+p.Account+"/"+p.Mailbox)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Leased = held && err == nil
	if !held { // the other one's health tells
		p.status.LastErr, p.status.FailedAt = "", time.Time{}
	}
	return held, err
}

// keepLease ends the session when the lease is lost or cannot be renewed.
func (p *Poller) keepLease(ctx context.Context, cancel context.CancelCauseFunc) {
	if p.Lease == nil {
		return
	}
	for {
		wait(ctx, p.Timeouts.Lease)
		if ctx.Err() != nil {
			return
		}
		held, err := p.lease(ctx)
		if err == nil && !held {
			err = errLease
		}
		if err != nil {
			cancel(fmt.Errorf("lease: %w", err))
			return
		}
	}
}
