package maillab

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A Mailbox reads one mailbox by IMAP as its user's mail client would. It looks
// without marking anything as read. Not for concurrent use.
type Mailbox struct {
	// Tick is how often WaitFor looks even when IDLE has not woken it; half a
	// second unless set. Dovecot itself tells of new mail half a second late.
	Tick time.Duration

	client *imapclient.Client
	news   chan struct{}
	next   imap.UID // the lowest UID not read yet
	mails  [][]byte
}

// Mailbox opens a mailbox ("INBOX" or a folder) of a user of this server. The end
// of the test closes it.
func (d *DovecotServer) Mailbox(t testing.TB, user, folder string) *Mailbox {
	t.Helper()
	m, err := OpenMailbox(d.IMAP, Login{User: user, Password: d.Users[user]}, folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// OpenMailbox opens a mailbox by plain IMAP on any server.
func OpenMailbox(addr string, login Login, folder string) (*Mailbox, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("opening a mailbox: %w", err)
	}
	m := &Mailbox{Tick: 500 * time.Millisecond, news: make(chan struct{}, 1), next: 1}
	m.client = imapclient.New(conn, &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(*imapclient.UnilateralDataMailbox) { m.wake() },
		},
	})
	if err := m.client.Login(login.User, login.Password).Wait(); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("logging in as %s: %w", login.User, err)
	}
	if _, err := m.client.Select(folder, nil).Wait(); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("selecting %s: %w", folder, err)
	}
	return m, nil
}

func (m *Mailbox) wake() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// Close ends the connection.
func (m *Mailbox) Close() error { return m.client.Close() }

// All returns the raw messages that are or were in the mailbox since it was
// opened, oldest first.
func (m *Mailbox) All() ([][]byte, error) {
	if err := m.client.Noop().Wait(); err != nil { // see what has come since
		return nil, fmt.Errorf("asking for news: %w", err)
	}
	// n:* names the last message when there is none from n on: filter.
	found, err := m.client.UIDSearch(&imap.SearchCriteria{
		UID: []imap.UIDSet{{imap.UIDRange{Start: m.next, Stop: 0}}}}, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("searching: %w", err)
	}
	for _, uid := range found.AllUIDs() {
		if uid < m.next {
			continue
		}
		raw, err := m.fetch(uid)
		if err != nil {
			return nil, err
		}
		m.mails = append(m.mails, raw)
		m.next = uid + 1
	}
	return m.mails, nil
}

// fetch reads one message without setting \Seen.
func (m *Mailbox) fetch(uid imap.UID) (raw []byte, err error) {
	cmd := m.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{
		UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			body, ok := item.(imapclient.FetchItemDataBodySection)
			if !ok || body.Literal == nil {
				continue
			}
			if raw, err = io.ReadAll(body.Literal); err != nil || int64(len(raw)) != body.Literal.Size() {
				return nil, fmt.Errorf("message %d was cut: %w", uid, errors.Join(err, io.ErrUnexpectedEOF))
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return nil, fmt.Errorf("fetching message %d: %w", uid, err)
	}
	if raw == nil {
		return nil, fmt.Errorf("message %d was left out", uid)
	}
	return raw, nil
}

// WaitFor waits for a message that match says yes to, and returns it. It is woken
// by IDLE and looks at every Tick besides. Without one within the time the
// test fails and shows what is there.
func (m *Mailbox) WaitFor(t testing.TB, within time.Duration, match func(raw []byte) bool) []byte {
	t.Helper()
	deadline := time.After(within)
	for {
		mails, err := m.All()
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range mails {
			if match(raw) {
				return raw
			}
		}
		if over, err := m.idle(deadline); err != nil {
			t.Fatal(err)
		} else if over {
			t.Fatalf("no such message after %v; the mailbox holds %d:\n%s", within, len(mails), bytes.Join(mails, []byte("\n----\n")))
		}
	}
}

// idle waits for news, the next tick or the deadline.
func (m *Mailbox) idle(deadline <-chan time.Time) (over bool, err error) {
	cmd, err := m.client.Idle()
	if err != nil {
		return false, fmt.Errorf("IDLE: %w", err)
	}
	tick := time.NewTimer(m.Tick)
	defer tick.Stop()
	select {
	case <-m.news:
	case <-tick.C:
	case <-deadline:
		over = true
	}
	if err := errors.Join(cmd.Close(), cmd.Wait()); err != nil {
		return false, fmt.Errorf("ending IDLE: %w", err)
	}
	return over, nil
}

// Containing matches messages that hold every one of the texts literally.
func Containing(texts ...string) func(raw []byte) bool {
	return func(raw []byte) bool {
		for _, s := range texts {
			if !bytes.Contains(raw, []byte(s)) {
				return false
			}
		}
		return true
	}
}
