package mailin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"postern/tickets"
)

// poll brings everything that is new, then tries what could not be fetched before.
func (p *Poller) poll(ctx context.Context, s *imapSession) error {
	select { // what is there now will be listed
	case <-s.news:
	default:
	}
	data, err := s.open()
	if err != nil {
		return err
	}
	mb, err := p.ledger(ctx, s, data)
	if err != nil {
		return err
	}
	before := mb.High
	for {
		list, err := s.list(mb.High+1, 0)
		if err != nil {
			return err
		}
		for _, uid := range list {
			if err := p.bring(ctx, s, mb, uid); err != nil {
				return err
			}
			mb.High = uid
		}
		if len(list) < maxListed {
			break
		}
	}
	s.soon = mb.High != before || !s.polled
	s.polled = true
	if err := p.pending(ctx, s, mb); err != nil {
		return err
	}
	return p.tidy(ctx, s, mb, before)
}

// ledger reads where we stand; it begins anew when the server did (UIDVALIDITY,
// RFC 9051 section 2.3.1.1), and begins at all at the first connection.
func (p *Poller) ledger(ctx context.Context, s *imapSession, data *imap.SelectData) (tickets.Mailbox, error) {
	mb, err := p.Store.Mailbox(ctx, p.Account, p.Mailbox)
	fresh := tickets.Mailbox{Account: p.Account, Mailbox: p.Mailbox, UIDValidity: data.UIDValidity}
	switch {
	case errors.Is(err, tickets.ErrNotFound):
		if !p.ImportAll {
			fresh.Since = p.Now()
			if fresh.High, err = s.last(data); err != nil {
				return mb, err
			}
		}
		p.Log.Info("mailbox begins", "uidvalidity", fresh.UIDValidity, "after_uid", fresh.High)
	case err != nil:
		return mb, fmt.Errorf("ledger: %w", err)
	case mb.UIDValidity == data.UIDValidity:
		return mb, p.firstLook(s, data)
	default:
		fresh.Since = mb.Since
		p.Log.Warn("mailbox was made anew: listing it again", "was", mb.UIDValidity, "is", data.UIDValidity)
	}
	if err := p.Store.StartMailbox(ctx, fresh); err != nil {
		return mb, fmt.Errorf("ledger: %w", err)
	}
	p.validity, p.uids = 0, map[uint32]*tried{}
	return fresh, p.firstLook(s, data)
}

// firstLook remembers up to where the mailbox is listed anew: at the start of the
// process (a listing may have been broken off) and after a change of UIDVALIDITY.
// Behind that mail is new, whatever its date says.
func (p *Poller) firstLook(s *imapSession, data *imap.SelectData) error {
	if p.validity == data.UIDValidity {
		return nil
	}
	last, err := s.last(data)
	if err == nil {
		p.validity, p.rescan = data.UIDValidity, last
	}
	return err
}

// last is the highest UID in the mailbox.
func (s *imapSession) last(data *imap.SelectData) (uint32, error) {
	if data.UIDNext > 0 {
		return uint32(data.UIDNext) - 1, nil
	}
	list, err := s.list(1, 0)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return slices.Max(list), nil
}

// pending tries again what could not be fetched, each at growing intervals.
func (p *Poller) pending(ctx context.Context, s *imapSession, mb tickets.Mailbox) error {
	tries, err := p.Store.PendingUIDs(ctx, tickets.Cursor{Account: mb.Account, Mailbox: mb.Mailbox, UIDValidity: mb.UIDValidity})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	p.tell(tries)
	uids := make([]uint32, 0, len(tries))
	for uid := range tries {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	for _, uid := range uids {
		t := p.trouble(uid)
		if p.Now().Before(t.next) {
			continue
		}
		t.next = p.Now().Add(min(time.Minute<<min(tries[uid], 6), time.Hour))
		if tries[uid] >= 10 {
			p.Count(MetricStuck)
			p.Log.Error("message cannot be fetched", "uid", uid, "tries", tries[uid])
		}
		if err := p.bring(ctx, s, mb, uid); err != nil {
			return err
		}
	}
	return nil
}

func (p *Poller) tell(tries map[uint32]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Pending, p.status.Tries = len(tries), 0
	for _, n := range tries {
		p.status.Tries = max(p.status.Tries, n)
	}
}

func (p *Poller) trouble(uid uint32) *tried {
	if p.uids[uid] == nil {
		p.uids[uid] = &tried{}
	}
	return p.uids[uid]
}

// bring takes one message through: fetched, accepted, moved. A nil error means that
// the UID is booked, one way or another.
func (p *Poller) bring(ctx context.Context, s *imapSession, mb tickets.Mailbox, uid uint32) error {
	at := tickets.Cursor{Account: mb.Account, Mailbox: mb.Mailbox, UIDValidity: mb.UIDValidity, UID: uid}
	m, err := p.meta(s, uid)
	if err != nil {
		return err
	}
	if !mb.Since.IsZero() && uid <= p.rescan && !m.at.IsZero() && m.at.Before(mb.Since) {
		return p.note(ctx, at, tickets.UIDOld, "older than the first connection at "+mb.Since.UTC().Format(time.RFC3339))
	}
	limit := int64(0)
	if m.size > p.MaxSize || p.uids[uid] != nil && p.uids[uid].big {
		limit = cutSize
	}
	got, gone, err := s.fetchSure(ctx, uid, limit)
	switch {
	case gone:
		return p.note(ctx, at, tickets.UIDGone, "listed, but gone before it could be fetched")
	case err != nil:
		return p.unfetched(ctx, s, at, err)
	}
	defer got.spool.Close()
	if err := p.Accept(ctx, p.arrival(at, got, m, limit), got.spool); err != nil {
		return fmt.Errorf("accept %d: %w", uid, err)
	}
	p.Count(MetricFetched)
	p.Log.Info("message accepted", "uid", uid, "size", got.spool.Size(), "sha256", got.spool.SHA256())
	delete(p.uids, uid)
	return p.move(s, uid)
}

// meta asks for date and size, once: a server whose answer breaks the connection is
// not asked again for this message.
func (p *Poller) meta(s *imapSession, uid uint32) (meta, error) {
	if t := p.uids[uid]; t != nil && t.noMeta {
		return meta{}, nil
	}
	m, err := s.fetchMeta(uid)
	var no *imap.Error
	if err != nil && errors.As(err, &no) && !throttled(err) {
		return meta{}, nil
	}
	if err != nil && !throttled(err) {
		p.trouble(uid).noMeta = true
	}
	return m, err
}

// unfetched books a message that could not be fetched, if it may be its own fault;
// when the connection broke, only at the third time.
func (p *Poller) unfetched(ctx context.Context, s *imapSession, at tickets.Cursor, err error) error {
	t := p.trouble(at.UID)
	var spool *SpoolError
	broken := s.guard.wire.Err() != nil
	if errors.Is(err, errBigLiteral) {
		t.big = true
	}
	if errors.As(err, &spool) || throttled(err) || ctx.Err() != nil {
		return err
	}
	if t.cuts++; broken && t.cuts < 3 {
		return err
	}
	if noteErr := p.note(ctx, at, tickets.UIDPending, clean(err.Error())); noteErr != nil || broken {
		return errors.Join(err, noteErr)
	}
	return nil
}

func (p *Poller) note(ctx context.Context, at tickets.Cursor, state tickets.UIDState, why string) error {
	p.Log.Warn("message not taken", "uid", at.UID, "state", state, "why", why)
	if err := p.Store.NoteUID(ctx, at, state, why); err != nil {
		return fmt.Errorf("ledger: note %d %s: %w", at.UID, state, err)
	}
	return nil
}
