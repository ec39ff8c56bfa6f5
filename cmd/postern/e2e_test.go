package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/mailin"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// The way mail reaches postern in the end-to-end test.
type wayIn string

const (
	byIMAP wayIn = "imap" // Dovecot's mailbox, read by IMAP
	byLMTP wayIn = "lmtp" // Postfix hands over by LMTP
	bySMTP wayIn = "smtp" // Postfix hands over by SMTP
)

// The whole story on real servers: a requester's mail through Postfix, postern,
// and back into his Dovecot mailbox; the agent works from his.
func TestEndToEnd(t *testing.T) {
	maillab.Need(t, maillab.Postfix, maillab.Dovecot)
	for _, way := range []wayIn{byIMAP, byLMTP, bySMTP} {
		t.Run(string(way), func(t *testing.T) {
			databases(t, func(t *testing.T, url string) { newE2E(t, way, url).play() })
		})
	}
}

const (
	e2eAnn = "ann@example.net"
	e2eBob = "bob@example.org"
)

// e2e is one run of the story.
type e2e struct {
	t    *testing.T
	way  wayIn
	url  string
	dove *maillab.DovecotServer
	post *maillab.PostfixServer
	ann  *maillab.Mailbox
	bob  *maillab.Mailbox
	n    int
}

func newE2E(t *testing.T, way wayIn, url string) *e2e {
	e := &e2e{t: t, way: way, url: url}
	users := map[string]string{"help@example.org": "pw-help", e2eBob: "pw-bob", e2eAnn: "pw-ann"}
	e.dove = maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	o := maillab.PostfixOptions{Domains: []string{"example.org", "example.net"}, Dovecot: e.dove}
	ear := fmt.Sprintf("127.0.0.1:%d", maillab.FreePort(t))
	next := map[wayIn]string{byLMTP: maillab.LMTPTo(ear), bySMTP: maillab.SMTPTo(ear)}[way]
	if next != "" {
		for _, pattern := range []string{"help@example.org", "*@reply.example.org"} {
			o.Handover = append(o.Handover, maillab.Handover{Pattern: pattern, Next: next})
		}
	}
	e.post = maillab.StartPostfix(t, o)
	e.ann, e.bob = e.dove.Mailbox(t, e2eAnn, "INBOX"), e.dove.Mailbox(t, e2eBob, "INBOX")
	log, _ := startPostern(t, e.config(ear), maillab.CA(t))
	if way == byIMAP { // what comes before the first connection is not imported
		log.waitFor(t, "mailbox begins")
	}
	return e
}

// config is the helpdesk's file for this way in.
func (e *e2e) config(ear string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `instance: e2e
database: %s
secrets: secrets
relay: {server: %q, tls: none}
queues:
  - {name: it, addresses: [help@example.org], display: IT, tag: IT, agents: [bob]}
agents:
  - {name: bob, display: Bob Brown, addresses: [bob@example.org]}
`, e.url, e.post.SMTP)
	if e.way == byIMAP {
		fmt.Fprintf(&b, `mailboxes:
  - name: help
    server: %q
    tls: starttls
    login: help@example.org
    password_file: secrets/imap
    done_folder: Done
    interval: 1h
    trust: {authserv_ids: [mx.example.org], mode: boundary, received_above: 1}
`, strings.Replace(e.dove.IMAP, "127.0.0.1", "localhost", 1))
		return b.String()
	}
	fmt.Fprintf(&b, `reply: {domain: reply.example.org}
listeners:
  - name: mta
    role: mta
    protocol: %s
    address: %q
    trust: {authserv_ids: [mx.example.org], mode: boundary}
`, e.way, ear)
	return b.String()
}

// startPostern serves a configuration in this process until the test ends, and
// holds it to a clean stop.
func startPostern(t *testing.T, config string, ca *maillab.Authority, change ...func(*world)) (log *lockedBuffer, stop func()) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secrets", "imap"), "pw-help\n")
	if err := os.Chmod(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "postern.yaml")
	write(t, file, config)
	log = &lockedBuffer{}
	w := &world{in: strings.NewReader(""), out: io.Discard, errs: log, now: time.Now, env: func(string) string { return "" }}
	if ca != nil {
		w.roots = ca.Pool
	}
	for _, f := range change {
		f(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"--config", file, "serve"}, w) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case code := <-done:
			if code != 0 {
				t.Errorf("serve ended with %d", code)
			}
		case <-time.After(stopWithin + 5*time.Second):
			t.Error("serve did not stop in time")
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	t.Cleanup(stop)
	log.waitFor(t, "msg=serving")
	return log, stop
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	news chan struct{}
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.news != nil {
		close(l.news)
		l.news = nil
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// waitFor waits until the log holds some words.
func (l *lockedBuffer) waitFor(t *testing.T, words string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		l.mu.Lock()
		if strings.Contains(l.b.String(), words) {
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
			t.Fatalf("no %q in the log:\n%s", words, l)
		}
	}
}

const patience = 30 * time.Second

// play tells the story.
func (e *e2e) play() {
	t := e.t
	begun := time.Now()
	e.submit(e2eAnn, "help@example.org", "Subject: Printer on fire", "It burns in room 4.\n")
	ack := e.wait(e.ann, "have received", "[IT #1]")
	t.Logf("%s: %s from submission to acknowledgement", e.way, time.Since(begun).Round(time.Millisecond))
	if ack.InReplyTo[0] != "1@test" || !ack.Automatic {
		t.Errorf("acknowledgement answers %v, automatic %v", ack.InReplyTo, ack.Automatic)
	}
	notice := e.wait(e.bob, "room 4", "[IT #1]")

	screenshot, file := randomBytes(40_000), randomBytes(120_000)
	mail := agentMail(notice, "#take\n\nPlease use the stairs.", screenshot, file)
	e.send(e2eBob, notice.ReplyTo[0].Addr, mail, true)
	reply := e.wait(e.ann, "use the stairs", "[IT #1]")
	e.checkReply(reply, screenshot, file)
	e.wait(e.bob, "nobody → ", "[IT #1]")

	// The same words from outside, where nothing proves who wrote them.
	e.send(e2eBob, notice.ReplyTo[0].Addr, agentMail(notice, "Do not use the lift.", nil, nil), false)
	ask := e.wait(e.bob, "#confirm", "[IT #1]")
	e.send(e2eBob, ask.ReplyTo[0].Addr, e.text("Bob Brown <"+e2eBob+">", ask.ReplyTo[0].Addr, "Subject: Re: "+ask.Subject+"\nIn-Reply-To: <"+ask.MessageID+">", "#confirm\n"), false)
	e.wait(e.ann, "not use the lift", "[IT #1]")

	// The requester's client throws the references away.
	e.submit(e2eAnn, reply.ReplyTo[0].Addr, "Subject: Re: Printer on fire", "I took the stairs.\n")
	e.wait(e.bob, "took the stairs", "[IT #1]")

	e.send(e2eBob, notice.ReplyTo[0].Addr, e.text("Bob Brown <"+e2eBob+">", notice.ReplyTo[0].Addr, "Subject: Re: "+notice.Subject, "#resolve\n"), true)
	e.wait(e.ann, "is resolved", "[IT #1]")
	e.wait(e.bob, "→ resolved", "[IT #1]")
	e.status(tickets.Resolved)

	e.submit(e2eAnn, reply.ReplyTo[0].Addr, "Subject: Re: Printer on fire", "It burns again.\n")
	e.wait(e.bob, "burns again", "[IT #1]")
	e.status(tickets.Open)
}

// checkReply holds the relayed reply to its promises: threaded, human, under the
// queue's identity, attachments intact, the quoted notice gone.
func (e *e2e) checkReply(m tickets.Message, screenshot, file []byte) {
	t := e.t
	t.Helper()
	if len(m.InReplyTo) == 0 || m.InReplyTo[0] != "1@test" || m.Automatic {
		t.Errorf("reply: In-Reply-To %v, automatic %v", m.InReplyTo, m.Automatic)
	}
	if m.From[0].Addr != "help@example.org" || strings.Contains(m.Text, "#take") || strings.Contains(m.Text, "wrote:") {
		t.Errorf("reply from %v says %q", m.From, m.Text)
	}
	want := map[string]bool{hash(screenshot): false, hash(file): false}
	for _, p := range m.Attachments {
		want[p.SHA256] = true
	}
	for h, there := range want {
		if !there {
			t.Errorf("attachment %s did not arrive intact: %+v", h, m.Attachments)
		}
	}
}

func (e *e2e) status(want tickets.Status) {
	e.t.Helper()
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: e.url, Visit: true})
	if err != nil {
		e.t.Fatal(err)
	}
	defer db.Close()
	if row, err := db.TicketRow(context.Background(), 1); err != nil || row.Status != want {
		e.t.Errorf("ticket 1 is %s, not %s (%v)", row.Status, want, err)
	}
}

// text is a plain mail.
func (e *e2e) text(from, to, headers, body string) []byte {
	e.n++
	return fmt.Appendf(nil, "From: %s\nTo: %s\n%s\nDate: %s\nMessage-ID: <%d@test>\nContent-Type: text/plain; charset=utf-8\n\n%s", from, to, headers, time.Now().Format(time.RFC1123Z), e.n, body)
}

// submit sends a requester's plain mail with his login.
func (e *e2e) submit(from, to, headers, body string) {
	e.t.Helper()
	e.send(from, to, e.text("Ann Archer <"+from+">", to, headers, body), true)
}

// send sends a mail: submitted with a login, or as a stranger would from outside.
func (e *e2e) send(from, to string, raw []byte, login bool) {
	e.t.Helper()
	addr, who := e.post.SMTP, maillab.Login{}
	if login {
		addr, who = e.post.Submission, maillab.Login{User: from, Password: e.dove.Users[from]}
	}
	if err := maillab.Send(addr, who, nil, maillab.Mail{From: from, To: []string{to}, Raw: raw}); err != nil {
		e.t.Fatal(err)
	}
}

// wait reads the next mail whose text and subject hold the words.
func (e *e2e) wait(box *maillab.Mailbox, words ...string) tickets.Message {
	e.t.Helper()
	var found tickets.Message
	box.WaitFor(e.t, patience, func(raw []byte) bool {
		m := mailin.Parse(context.Background(), bytes.NewReader(raw), mailin.Envelope{})
		for _, word := range words {
			if !strings.Contains(m.Subject+"\n"+m.Text, word) {
				return false
			}
		}
		found = m
		return true
	})
	return found
}

// agentMail is a reply as a graphical mail client writes it: HTML with a pasted
// screenshot, a text part, and a file.
func agentMail(notice tickets.Message, text string, screenshot, file []byte) []byte {
	quoted := "\n\nOn Monday IT wrote:\n> " + strings.ReplaceAll(strings.TrimSpace(notice.Text), "\n", "\n> ") + "\n"
	head := fmt.Sprintf("From: Bob Brown <%s>\nTo: %s\nSubject: Re: %s\nIn-Reply-To: <%s>\nReferences: <%s>\nDate: %s\nMessage-ID: <%x@example.org>\nMIME-Version: 1.0\n",
		e2eBob, notice.ReplyTo[0].Addr, notice.Subject, notice.MessageID, notice.MessageID, time.Now().Format(time.RFC1123Z), randomBytes(8))
	if file == nil {
		return []byte(head + "Content-Type: text/plain; charset=utf-8\n\n" + text + quoted)
	}
	html := "<div>" + strings.ReplaceAll(text, "\n", "<br>\n") + `<br><img src="cid:shot@bob"></div><blockquote type="cite">` + "quoted</blockquote>"
	return []byte(head + `Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

` + text + quoted + `
--a
Content-Type: text/html; charset=utf-8

` + html + `
--a--
--r
Content-Type: image/png; name="screenshot.png"
Content-Disposition: inline; filename="screenshot.png"
Content-ID: <shot@bob>
Content-Transfer-Encoding: base64

` + lines64(screenshot) + `
--r--
--m
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

` + lines64(file) + `
--m--
`)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func lines64(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(s) > 76 {
		out.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return out.String() + s
}

// freeAddress is a loopback address nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(maillab.FreePort(t)))
}
