package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postern/cmd/maillab"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// loadConfigFor is a small helpdesk that takes much mail: one queue, one agent, one
// listener for everything.
func loadConfigFor(url, relay, ear string) string {
	return fmt.Sprintf(`instance: load
database: %s
secrets: secrets
relay: {server: %q, tls: none}
queues:
  - {name: it, addresses: [help@example.org], tag: IT, agents: [bob]}
agents:
  - {name: bob, addresses: [bob@example.org]}
limits: {tickets_hour: 100000, instance_hour: 100000, verified_day: 100000, verified_hour: 100000, storm_hour: 100000, connections_per_net: 100}
listeners:
  - {name: in, role: mta, address: %q}
`, url, relay, ear)
}

// ledger is what senders know: the octets of each message that was answered 250.
type ledger struct {
	mu    sync.Mutex
	taken map[string]string // Message-ID to SHA-256
	wrong []string          // answers of class 5
	news  chan struct{}     // renewed at each 250
}

func newLedger() *ledger {
	return &ledger{taken: map[string]string{}, news: make(chan struct{})}
}

// send brings one message to its end: taken, refused for good, or the context over.
// A lost connection and 4xx prove nothing, so it is tried again.
func (l *ledger) send(ctx context.Context, addr, id string) {
	raw := crlf(outageMail(id))
	for ctx.Err() == nil {
		err := maillab.Send(addr, maillab.Login{}, nil, maillab.Mail{From: id + "@example.net", To: []string{"help@example.org"}, Raw: raw})
		var reply *smtp.SMTPError
		switch {
		case err == nil:
			l.note(id, raw)
			return
		case errors.As(err, &reply) && reply.Code/100 == 5:
			l.mu.Lock()
			l.wrong = append(l.wrong, fmt.Sprintf("%s: %v", id, err))
			l.mu.Unlock()
			return
		}
		pauseABit()
	}
}

func (l *ledger) note(id string, raw []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[id+"@outage"] = hash(raw)
	close(l.news)
	l.news = make(chan struct{})
}

func (l *ledger) count() (int, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.taken), l.news
}

// reach waits until so many messages were taken.
func (l *ledger) reach(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		have, news := l.count()
		if have >= n {
			return
		}
		select {
		case <-news:
		case <-deadline:
			t.Fatalf("%d messages taken, want %d", have, n)
		}
	}
}

// senders keep sending until the returned function is called, which waits for them.
func (l *ledger) senders(n int, name, addr string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for s := range n {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				l.send(ctx, addr, fmt.Sprintf("%s-%d-%d", name, s, i))
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// audit holds a database against the ledger: everything that was answered 250 is there
// octet for octet, is one entry or, where late is allowed, not digested yet, and the
// books close. It returns how many are late.
func (l *ledger) audit(t *testing.T, url string, late bool) (undigested int) {
	t.Helper()
	ctx := context.Background()
	db := visit(t, url)
	infos, err := db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 100000})
	if err != nil {
		t.Fatal(err)
	}
	entries, octets := map[string]int{}, map[string]bool{}
	for _, a := range infos {
		switch {
		case a.Result.Outcome == tickets.OutcomeEntry:
			entries[a.Result.MessageID]++
		case a.State == tickets.StateNew:
			undigested++
		}
		raw, err := db.Raw(ctx, a.Arrival.ID)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
		if err != nil {
			t.Fatal(err)
		}
		octets[hash(b)] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, sum := range l.taken {
		if !octets[sum] || entries[id] != 1 && !(late && entries[id] == 0) {
			t.Errorf("%s was answered 250: %d entries, octets there: %v", id, entries[id], octets[sum])
		}
	}
	for id, n := range entries {
		if n != 1 {
			t.Errorf("%s is an entry %d times", id, n)
		}
	}
	if len(l.wrong) > 0 {
		t.Errorf("refused for good: %v", l.wrong)
	}
	if totals, err := db.Totals(ctx); err != nil || len(totals.Faults) > 0 {
		t.Errorf("the books do not close: %v %v", totals.Faults, err)
	}
	if !late && undigested > 0 {
		t.Errorf("%d are not digested", undigested)
	}
	return undigested
}

// visit opens a database beside whoever works with it, until the test ends.
func visit(t *testing.T, url string) *ticketdb.DB {
	t.Helper()
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: url, Visit: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// sendOne sends one mail and returns the answer's error.
func sendOne(addr, from, to string, raw []byte) error {
	return maillab.Send(addr, maillab.Login{}, nil, maillab.Mail{From: from, To: []string{to}, Raw: raw})
}

// crlf gives a message the line ends it has on the wire.
func crlf(raw []byte) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "\r\n"))
}

// talk is an SMTP client that says what it is told, line by line.
type talk struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

// dialTalk connects and reads the greeting.
func dialTalk(t *testing.T, addr string) *talk {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	k := &talk{t: t, c: c, r: bufio.NewReader(c)}
	k.wants("220")
	return k
}

// says sends a line and wants an answer that begins so.
func (k *talk) says(line, want string) {
	k.t.Helper()
	k.writes(line + "\r\n")
	k.wants(want)
}

func (k *talk) writes(text string) {
	k.t.Helper()
	if _, err := io.WriteString(k.c, text); err != nil {
		k.t.Fatal(err)
	}
}

// wants reads one answer, the last line of it, and holds it to its beginning.
func (k *talk) wants(want string) {
	k.t.Helper()
	for {
		line, err := k.r.ReadString('\n')
		if err != nil {
			k.t.Fatalf("instead of %q: %q, %v", want, line, err)
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if !strings.HasPrefix(line, want) {
			k.t.Fatalf("answer %q, want %q", line, want)
		}
		return
	}
}

// begins opens a message up to the middle of its text, and returns all of it and the rest.
func (k *talk) begins(id string) (raw []byte, rest string) {
	k.t.Helper()
	k.says("EHLO lab", "250")
	k.says("MAIL FROM:<"+id+"@example.net>", "250")
	k.says("RCPT TO:<help@example.org>", "250")
	k.says("DATA", "354")
	raw = crlf(outageMail(id))
	k.writes(string(raw[:len(raw)/2]))
	return raw, string(raw[len(raw)/2:])
}

// secretsFolder makes the folder of secrets with a mailbox password in it.
func secretsFolder(t *testing.T, dir string) {
	t.Helper()
	write(t, dir+"/secrets/imap", "pw-help\n")
	if err := os.Chmod(dir+"/secrets", 0o700); err != nil {
		t.Fatal(err)
	}
}

// waitUntil waits until the log is as it should be.
func (l *lockedBuffer) waitUntil(t *testing.T, what string, ok func(string) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		l.mu.Lock()
		if ok(l.b.String()) {
			l.mu.Unlock()
			return
		}
		if l.news == nil {
			l.news = make(chan struct{})
		}
		news := l.news
		l.mu.Unlock()
		select {
		case <-news:
		case <-deadline:
			t.Fatalf("not in the log: %s\n%s", what, l)
		}
	}
}
