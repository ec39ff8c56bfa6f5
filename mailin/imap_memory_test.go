package mailin

import (
	"bytes"
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// memServer is a good IMAP server in memory.
type memServer struct {
	user *imapmemserver.User
	pl   *pipeListener
}

func newMemory(t testing.TB, caps imap.CapSet) *memServer {
	t.Helper()
	m := &memServer{user: imapmemserver.NewUser("help", "secret"), pl: newPipeListener()}
	if err := m.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(m.user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: caps, InsecureAuth: true,
	})
	go srv.Serve(m.pl)
	t.Cleanup(func() { srv.Close() })
	return m
}

func (m *memServer) append(t testing.TB, text string, at time.Time) {
	t.Helper()
	if _, err := m.user.Append("INBOX", literal{bytes.NewReader([]byte(text))}, &imap.AppendOptions{Time: at}); err != nil {
		t.Fatal(err)
	}
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return int64(l.Reader.Len()) }

func (m *memServer) dial(context.Context) (net.Conn, error) { return m.pl.dial("127.0.0.1:1"), nil }

// newPoller makes a poller of a desk.
func newPoller(t testing.TB, d *fakeDesk, dial func(context.Context) (net.Conn, error), change func(*PollerConfig)) *Poller {
	t.Helper()
	cfg := PollerConfig{
		Account: "help", Addr: "imap.example.org:993", Mode: TLSNone, Insecure: true, Dial: dial,
		Login: "help", Password: func() (string, error) { return "secret", nil }, Queue: "it",
		Spool: testSpool(t), Accept: d.Accept, Store: d, Now: d.Now, Log: testLog(t),
	}
	if change != nil {
		change(&cfg)
	}
	p, err := NewPoller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// running runs a poller until the test ends.
func running(t testing.TB, p *Poller) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// What lies in the mailbox at the first connection stays; what comes later is
// brought, at once by IDLE, and found although nobody was listening.
func TestPollerBringsNewMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		m := newMemory(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}})
		m.append(t, "Subject: before\r\n\r\n", d.now)
		p := newPoller(t, d, m.dial, nil)
		running(t, p)
		synctest.Wait()
		m.append(t, letter, d.now)
		synctest.Wait()
		if got := d.texts(); len(got) != 1 || got[0] != letter {
			t.Fatalf("accepted %q", got)
		}
		a := d.last()
		if a.Cursor.UID != 2 || a.Cursor.Account != "help" || a.Cursor.Mailbox != "INBOX" || a.Quiet != "" || a.Queue != "it" || a.From != nil {
			t.Errorf("arrival %+v", a)
		}
		if s := p.Status(); s.LastErr != "" || s.LastPoll != d.now || !s.Leased {
			t.Errorf("status %+v", s)
		}
	})
}

// With a done folder the message is moved, and only then.
func TestPollerMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		m := newMemory(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}})
		p := newPoller(t, d, m.dial, func(c *PollerConfig) { c.Done = "Done"; c.ImportAll = true })
		m.append(t, letter, d.now)
		running(t, p)
		synctest.Wait()
		if d.count() != 1 {
			t.Fatalf("accepted %q", d.texts())
		}
		for box, want := range map[string]uint32{"INBOX": 0, "Done": 1} {
			st, err := m.user.Status(box, &imap.StatusOptions{NumMessages: true})
			if err != nil || *st.NumMessages != want {
				t.Errorf("%s: %+v %v", box, st, err)
			}
		}
	})
}
