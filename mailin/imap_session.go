package mailin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// An imapSession is one connection to the server, logged in.
type imapSession struct {
	p     *Poller
	c     *imapclient.Client
	guard *guard
	caps  imap.CapSet
	news  chan struct{} // the server said that there is more
	stop  func() bool
	// soon: the last poll was the first or brought something, so that more may have come
	// between its listing and IDLE, which some servers then do not announce.
	soon, polled bool

	mu       sync.Mutex
	fetching *fetching
}

// connect opens a session.
func (p *Poller) connect(ctx context.Context) (*imapSession, error) {
	g, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	s := &imapSession{p: p, guard: g, news: make(chan struct{}, 1)}
	s.stop = context.AfterFunc(ctx, func() { g.wire.Close() })
	s.c = imapclient.New(g, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: s.onMailbox,
		Fetch:   s.onFetch,
	}})
	if err := s.login(); err != nil {
		err = p.because(ctx, s, err)
		s.close()
		return nil, err
	}
	g.maxLine.Store(sessionLine)
	return s, nil
}

// onMailbox hears of a new message; the poll finds out which.
func (s *imapSession) onMailbox(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages != nil {
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
}

// close ends the session. The library is not asked to: it waits for literals.
func (s *imapSession) close() {
	s.stop()
	s.guard.wire.Close()
}

// whole runs a command that is no fetch, and hangs up when it takes too long:
// nothing else ends a command of the library.
func (s *imapSession) whole(f func() error) error {
	s.guard.wire.patience(s.p.Timeouts.Command)
	t := time.AfterFunc(s.p.Timeouts.Whole, func() { s.guard.wire.fail(errSilent) })
	defer t.Stop()
	defer s.rest()
	return f()
}

// rest lets the server be silent while it is asked nothing: the desk may take its time.
func (s *imapSession) rest() { s.guard.wire.patience(s.p.Timeouts.Idle) }

func (s *imapSession) login() error {
	err := s.whole(func() error { return s.c.WaitGreeting() })
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if s.c.State() == imap.ConnStateNotAuthenticated {
		s.p.Count(MetricLogin)
		if err := s.whole(s.authenticate); err != nil {
			var no *imap.Error
			if errors.As(err, &no) && !throttled(err) {
				return authError{err}
			}
			return fmt.Errorf("login: %w", err)
		}
	}
	s.whole(func() error { s.caps = s.c.Caps(); return nil })
	if s.caps == nil {
		return errors.New("the server does not tell its capabilities")
	}
	return nil
}

func (s *imapSession) authenticate() error {
	caps := s.c.Caps()
	if s.p.SASL != nil {
		client, err := s.p.SASL()
		if err != nil {
			return err
		}
		return s.c.Authenticate(client)
	}
	password, err := s.p.Password()
	switch {
	case err != nil:
		return fmt.Errorf("password: %w", err)
	case caps.Has(imap.AuthCap(sasl.Plain)):
		return s.c.Authenticate(sasl.NewPlainClient("", s.p.Login, password))
	case caps.Has(imap.CapLoginDisabled):
		return errors.New("the server allows neither AUTH PLAIN nor LOGIN")
	}
	return s.c.Login(s.p.Login, password).Wait()
}

// open selects the mailbox: read-only when nothing is moved, so that nothing, not
// even \Recent, changes.
func (s *imapSession) open() (*imap.SelectData, error) {
	var data *imap.SelectData
	err := s.whole(func() (err error) {
		data, err = s.c.Select(s.p.Mailbox, &imap.SelectOptions{ReadOnly: s.p.Done == ""}).Wait()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("select %s: %w", s.p.Mailbox, err)
	}
	if data.UIDValidity == 0 {
		return nil, fmt.Errorf("select %s: the server tells no UIDVALIDITY", s.p.Mailbox)
	}
	return data, nil
}

// maxListed bounds one listing; the rest comes with the next one.
const maxListed = 10000

// list asks which UIDs from lo to hi there are, in order; hi 0 is no bound.
func (s *imapSession) list(lo, hi uint32) ([]uint32, error) {
	return s.search(lo, hi, time.Time{})
}

// search lists as list does, without most of what is older than since: a server
// compares whole days of its own zone.
func (s *imapSession) search(lo, hi uint32, since time.Time) ([]uint32, error) {
	what := &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: imap.UID(lo), Stop: imap.UID(hi)}}}}
	if !since.IsZero() {
		what.Since = since.AddDate(0, 0, -2)
	}
	var data *imap.SearchData
	err := s.whole(func() (err error) {
		data, err = s.c.UIDSearch(what, nil).Wait()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search %d:%d: %w", lo, hi, err)
	}
	set, _ := data.All.(imap.UIDSet)
	return expand(set, lo, hi), nil
}

// expand lists a set's UIDs within bounds, the lowest maxListed of them. The server
// is not believed: n:* gives the last message whatever its UID is, and a range may
// be four thousand million long.
func expand(set imap.UIDSet, lo, hi uint32) []uint32 {
	set = slices.Clone(set)
	for i, r := range set {
		set[i] = imap.UIDRange{Start: min(r.Start, r.Stop), Stop: max(r.Start, r.Stop)}
	}
	slices.SortFunc(set, func(a, b imap.UIDRange) int { return int(int64(a.Start) - int64(b.Start)) })
	var list []uint32
	next := uint64(max(lo, 1))
	for _, r := range set {
		for uid := max(uint64(r.Start), next); uid <= uint64(r.Stop) && (hi == 0 || uid <= uint64(hi)); uid++ {
			if len(list) == maxListed {
				return list
			}
			list = append(list, uint32(uid))
			next = uid + 1
		}
	}
	return list
}

// awaitNews waits until the server says that there is more, or the interval is over:
// a server that says nothing is asked all the same.
func (s *imapSession) awaitNews(ctx context.Context) error {
	d := min(s.p.Interval, s.p.Timeouts.Idle)
	if s.soon {
		d = min(d, s.p.Timeouts.Again)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	var idle *imapclient.IdleCommand
	var no *imap.Error
	var err error
	if s.caps.Has(imap.CapIdle) {
		err = s.whole(func() (err error) { idle, err = s.c.Idle(); return err })
	}
	switch {
	case errors.As(err, &no): // then without
		s.p.Log.Info("the server does not idle", "err", s.p.hide(err))
	case err != nil:
		return fmt.Errorf("idle: %w", err)
	}
	if idle == nil || err != nil {
		s.guard.wire.patience(d + s.p.Timeouts.Command)
		return s.until(ctx, t)
	}
	s.guard.wire.patience(d + s.p.Timeouts.Command) // something is said at its end
	waited := s.until(ctx, t)
	err = s.whole(func() error { return errors.Join(idle.Close(), idle.Wait()) })
	if waited != nil {
		return waited
	}
	if err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	return nil
}

func (s *imapSession) until(ctx context.Context, t *time.Timer) error {
	select {
	case <-t.C:
		return nil
	case <-s.news:
		return nil
	case <-s.c.Closed():
		return errCut
	case <-ctx.Done():
		return ctx.Err()
	}
}
