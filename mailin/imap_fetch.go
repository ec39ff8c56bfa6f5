package mailin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// errLeftOut says that the server answered OK and gave no message.
var errLeftOut = errors.New("the server left the message out of its answer")

// cutSize is what is fetched of a message that is too large.
const cutSize = 1 << 20

// A fetched message: its octets and what the scan saw.
type fetched struct {
	spool *Spool
	scan  *headScan
	order int // of its octets on the wire
}

// fetching collects the answer to one UID FETCH. The library loses an answer whose
// UID comes behind the body, or that follows another answer about the message; such
// ones come to the session's handler, and so here.
type fetching struct {
	s    *imapSession
	uid  imap.UID
	wg   sync.WaitGroup // answers that came by the handler
	mu   sync.Mutex
	got  *fetched
	n    int // bodies seen
	err  error
	meta meta
}

// meta is a message's size and date as the server tells them: hints.
type meta struct {
	size int64
	at   time.Time
}

// onFetch gets the answers that the library cannot assign.
func (s *imapSession) onFetch(msg *imapclient.FetchMessageData) {
	s.mu.Lock()
	f := s.fetching
	if f != nil {
		f.wg.Add(1)
	}
	s.mu.Unlock()
	if f == nil {
		for msg.Next() != nil { // thrown away
		}
		return
	}
	defer f.wg.Done()
	f.take(msg)
}

// fetch gets one message, whole or (limit > 0) its first octets.
func (s *imapSession) fetch(uid uint32, limit int64) (*fetched, error) {
	section := &imap.FetchItemBodySection{Peek: true}
	most := s.p.MaxSize
	if limit > 0 {
		section.Partial = &imap.SectionPartial{Offset: 0, Size: limit}
		most = limit
	}
	s.guard.maxLiteral.Store(most)
	defer s.guard.maxLiteral.Store(smallLiteral)
	f, err := s.runFetch(uid, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	if err == nil && f.got == nil {
		err = errLeftOut
	}
	if err != nil {
		if f.got != nil {
			f.got.spool.Close()
		}
		return nil, fmt.Errorf("fetch %d: %w", uid, err)
	}
	return f.got, nil
}

// fetchMeta asks for a message's size and date.
func (s *imapSession) fetchMeta(uid uint32) (meta, error) {
	f, err := s.runFetch(uid, &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true})
	if err != nil {
		return meta{}, fmt.Errorf("fetch date of %d: %w", uid, err)
	}
	return f.meta, nil
}

// runFetch sends the command and collects what comes. When reading broke off, the
// library must have stopped before its answers are touched again.
func (s *imapSession) runFetch(uid uint32, what *imap.FetchOptions) (*fetching, error) {
	f := &fetching{s: s, uid: imap.UID(uid)}
	s.mu.Lock()
	s.fetching = f
	s.mu.Unlock()
	s.guard.wire.patience(s.p.Timeouts.Command)
	t := time.AfterFunc(s.p.Timeouts.Fetch, func() { s.guard.wire.fail(errSilent) })
	defer t.Stop()
	defer s.rest()
	cmd := s.c.Fetch(imap.UIDSetNum(f.uid), what)
	for f.failed() == nil {
		msg := cmd.Next()
		if msg == nil {
			break
		}
		f.take(msg)
	}
	if f.failed() != nil {
		<-s.c.Closed()
	}
	err := cmd.Close()
	s.mu.Lock()
	s.fetching = nil
	s.mu.Unlock()
	f.wg.Wait()
	if bad := f.failed(); bad != nil {
		err = bad
	} else if why := s.guard.wire.Err(); err != nil && why != nil {
		err = fmt.Errorf("%w (%w)", err, why)
	}
	return f, err
}

func (f *fetching) failed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// fail ends the connection: what follows in it cannot be trusted. The library waits
// for a literal to be read to its end or error; one that was must not be touched
// again, since the library reads on beside us.
func (f *fetching) fail(err error, literal io.Reader) {
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.mu.Unlock()
	f.s.guard.wire.Close()
	var spool *SpoolError
	if errors.As(err, &spool) { // we stopped, not the literal; the wire gives nothing more
		io.Copy(io.Discard, literal)
	}
}

// take reads one answer.
func (f *fetching) take(msg *imapclient.FetchMessageData) {
	var uid imap.UID
	var got *fetched
	var m meta
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = item.UID
		case imapclient.FetchItemDataRFC822Size:
			m.size = item.Size
		case imapclient.FetchItemDataInternalDate:
			m.at = item.Time
		case imapclient.FetchItemDataBodySection:
			if uid != 0 && uid != f.uid { // Next throws it away
				continue
			}
			if item.Literal == nil || got != nil || item.Section.Specifier != "" || len(item.Section.Part) > 0 {
				continue
			}
			body, err := f.spoolBody(item.Literal)
			if err != nil {
				f.fail(err, item.Literal)
				return
			}
			got = body
		}
	}
	f.keep(uid, got, m)
}

// keep takes an answer if it is about our message.
func (f *fetching) keep(uid imap.UID, got *fetched, m meta) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if uid == f.uid {
		set(&m.size, f.meta.size)
		set(&m.at, f.meta.at)
		f.meta = m
		if got != nil && (f.got == nil || got.order < f.got.order) {
			f.got, got = got, f.got // the first answer counts
		}
	}
	if got != nil {
		got.spool.Close()
	}
}

// spoolBody reads a literal to its announced end; the library takes a cut one for whole.
func (f *fetching) spoolBody(lit imap.LiteralReader) (*fetched, error) {
	spool, err := f.s.p.Spool.New()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.n++
	got := &fetched{spool: spool, scan: &headScan{}, order: f.n}
	f.mu.Unlock()
	n, err := fill(lit, spool, got.scan)
	if err == nil && n != lit.Size() {
		err = fmt.Errorf("%d of %d octets: %w", n, lit.Size(), errCut)
	}
	if err != nil {
		spool.Close()
		return nil, err
	}
	return got, nil
}

// fetchSure fetches a message again when it was left out, and asks whether it is
// still there before believing that it is gone.
func (s *imapSession) fetchSure(ctx context.Context, uid uint32, limit int64) (got *fetched, gone bool, err error) {
	for range 3 {
		got, err = s.fetch(uid, limit)
		if !errors.Is(err, errLeftOut) || ctx.Err() != nil {
			break
		}
	}
	var no *imap.Error
	if !errors.Is(err, errLeftOut) && (!errors.As(err, &no) || throttled(err)) {
		return got, false, err
	}
	there, searchErr := s.list(uid, uid)
	if searchErr != nil {
		return nil, false, errors.Join(err, searchErr)
	}
	return nil, len(there) == 0, err
}
