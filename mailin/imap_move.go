package mailin

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"postern/tickets"
)

// move puts an accepted message into the done folder. It is best effort: the message
// is safe, and stays where it is when the server cannot move it. Never is anything
// expunged but this very message: without MOVE and UIDPLUS it stays.
func (p *Poller) move(s *imapSession, uid uint32) error {
	if p.Done == "" {
		return nil
	}
	how := s.copyAndExpunge
	switch {
	case s.caps.Has(imap.CapMove):
		how = s.moveOne
	case !s.movable():
		if !p.warned {
			p.Log.Warn("accepted mail stays in the mailbox: the server has neither MOVE nor UIDPLUS")
		}
		p.warned = true
		return nil
	}
	err := s.whole(func() error { return how(imap.UIDSetNum(imap.UID(uid))) })
	var no *imap.Error
	if errors.As(err, &no) && no.Code == imap.ResponseCodeTryCreate {
		err = s.whole(func() error {
			if err := s.c.Create(p.Done, nil).Wait(); err != nil {
				return err
			}
			return how(imap.UIDSetNum(imap.UID(uid)))
		})
	}
	if err == nil {
		return nil
	}
	p.Log.Warn("accepted message stays in the mailbox", "uid", uid, "done", p.Done, "err", p.hide(err))
	if errors.As(err, &no) && !throttled(err) {
		return nil // the server said no; the connection is good
	}
	p.tidied = 0
	return fmt.Errorf("move %d: %w", uid, err)
}

func (s *imapSession) movable() bool {
	return s.p.Done != "" && (s.caps.Has(imap.CapMove) || s.caps.Has(imap.CapUIDPlus))
}

// tidy looks once, at the start and after a move that broke off, for accepted mail
// that was left in the mailbox. It is shown to the desk again, which knows it, and
// moved then; mail from before our beginning is not ours to move.
func (p *Poller) tidy(ctx context.Context, s *imapSession, mb tickets.Mailbox, high uint32) error {
	if !s.movable() || p.tidied == mb.UIDValidity || high == 0 {
		return nil
	}
	list, err := s.search(1, high, mb.Since)
	if err != nil {
		return err
	}
	waiting, err := p.Store.PendingUIDs(ctx, tickets.Cursor{Account: mb.Account, Mailbox: mb.Mailbox, UIDValidity: mb.UIDValidity})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	p.tidied = mb.UIDValidity
	for _, uid := range list {
		if _, pending := waiting[uid]; pending {
			continue
		}
		m, err := p.meta(s, uid)
		if err == nil && !m.at.IsZero() && !m.at.Before(mb.Since) {
			err = p.bring(ctx, s, mb, uid)
		}
		if err != nil {
			p.tidied = 0
			return err
		}
	}
	return nil
}

func (s *imapSession) moveOne(set imap.UIDSet) error {
	_, err := s.c.Move(set, s.p.Done).Wait()
	return err
}

// copyAndExpunge does by hand what the library sends in one go, without waiting for
// the copy: there a failed COPY is followed by an EXPUNGE.
func (s *imapSession) copyAndExpunge(set imap.UIDSet) error {
	if _, err := s.c.Copy(set, s.p.Done).Wait(); err != nil {
		return err
	}
	store := s.c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil)
	if err := store.Close(); err != nil {
		return err
	}
	return s.c.UIDExpunge(set).Close()
}
