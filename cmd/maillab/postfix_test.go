package maillab_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postern/cmd/maillab"
)

const soon = 15 * time.Second

var (
	users = map[string]string{"ann@example.net": "ann's secret", "bob@example.org": "bob's"}
	ann   = maillab.Login{User: "ann@example.net", Password: users["ann@example.net"]}
)

func mailTo(to, subject string, fields ...string) maillab.Mail {
	head := "From: ann@example.net\nTo: " + to + "\nSubject: " + subject + "\n"
	for _, f := range fields {
		head += f + "\n"
	}
	return maillab.Mail{From: "ann@example.net", To: []string{to}, Raw: []byte(head + "\nThe printer burns.\n")}
}

func send(t *testing.T, addr string, login maillab.Login, m maillab.Mail) {
	t.Helper()
	if err := maillab.Send(addr, login, nil, m); err != nil {
		t.Fatal(err)
	}
}

func startMail(t *testing.T, handover ...maillab.Handover) (*maillab.PostfixServer, *maillab.DovecotServer) {
	t.Helper()
	maillab.Need(t, maillab.Dovecot, maillab.Postfix)
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	return maillab.StartPostfix(t, maillab.PostfixOptions{
		Domains: []string{"example.org", "example.net"}, Dovecot: d, Handover: handover}), d
}

// Submitted mail carries one stamp of the server, whatever its writer forged; a
// stranger's mail carries none.
func TestPostfix_stamps_its_users_only(t *testing.T) {
	p, d := startMail(t)
	forged := "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org"
	other := "Authentication-Results: mx.example.com; spf=pass"
	box := d.Mailbox(t, "bob@example.org", "INBOX")

	send(t, p.Submission, ann, mailTo("bob+tag@example.org", "from a user"))
	got := box.WaitFor(t, soon, maillab.Containing("Subject: from a user"))
	stamp := []byte(maillab.Stamp("mx.example.org", "ann@example.net"))
	if n := bytes.Count(got, stamp); n != 1 {
		t.Errorf("%d stamps, want 1:\n%s", n, got)
	}
	if bytes.Index(got, stamp) > bytes.Index(got, []byte("with ESMTPA")) {
		t.Errorf("the stamp stands below the Received field of its server:\n%s", got)
	}

	send(t, p.SMTP, maillab.Login{}, mailTo("bob@example.org", "from a stranger", forged, other))
	got = box.WaitFor(t, soon, maillab.Containing("Subject: from a stranger", "The printer burns.", other))
	if bytes.Contains(got, []byte("Authentication-Results: mx.example.org")) {
		t.Errorf("a forged field came through:\n%s", got)
	}
}

func TestPostfix_asks_users_for_a_password(t *testing.T) {
	p, _ := startMail(t)
	if err := maillab.Send(p.Submission, maillab.Login{}, nil, mailTo("bob@example.org", "no login")); err == nil {
		t.Error("the submission service took mail without AUTH")
	}
	wrong := maillab.Login{User: ann.User, Password: "guess"}
	if err := maillab.Send(p.Submission, wrong, nil, mailTo("bob@example.org", "bad login")); err == nil {
		t.Error("the submission service took a wrong password")
	}
	tls := maillab.CA(t).ClientConfig("mx.example.org")
	for _, addr := range []string{p.SMTP, p.Submission} {
		login := ann
		if addr == p.SMTP {
			login = maillab.Login{}
		}
		if err := maillab.Send(addr, login, tls, mailTo("bob@example.org", "by TLS")); err != nil {
			t.Errorf("by STARTTLS: %v", err)
		}
	}
}

func TestPostfix_hands_addresses_over_by_LMTP_and_SMTP(t *testing.T) {
	byLMTP, bySMTP := newSink(t, true), newSink(t, false)
	p, d := startMail(t,
		maillab.Handover{Pattern: "help@example.org", Next: maillab.LMTPTo(byLMTP.addr)},
		maillab.Handover{Pattern: "help+*@example.org", Next: maillab.LMTPTo(byLMTP.addr)},
		maillab.Handover{Pattern: "*@reply.example.org", Next: maillab.SMTPTo(bySMTP.addr)})
	send(t, p.SMTP, maillab.Login{}, mailTo("help@example.org", "one"))
	byLMTP.want(t, "help@example.org")
	send(t, p.SMTP, maillab.Login{}, mailTo("help+abc@example.org", "two"))
	byLMTP.want(t, "help+abc@example.org")
	send(t, p.SMTP, maillab.Login{}, mailTo("anything@reply.example.org", "three"))
	bySMTP.want(t, "anything@reply.example.org")
	send(t, p.SMTP, maillab.Login{}, mailTo("bob@example.org", "four"))
	d.Mailbox(t, "bob@example.org", "INBOX").WaitFor(t, soon, maillab.Containing("Subject: four"))
}

// Mail for a server that is away is tried again within seconds of its return.
func TestPostfix_keeps_mail_for_a_server_that_is_away(t *testing.T) {
	p, d := startMail(t)
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	send(t, p.SMTP, maillab.Login{}, mailTo("bob@example.org", "kept"))
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	d.Mailbox(t, "bob@example.org", "INBOX").WaitFor(t, soon, maillab.Containing("Subject: kept"))
}

func TestPostfix_sends_nothing_off_the_machine(t *testing.T) {
	p, _ := startMail(t)
	for _, c := range []struct {
		addr  string
		login maillab.Login
		code  int
	}{{p.SMTP, maillab.Login{}, 554}, {p.Submission, ann, 550}} {
		var refusal *smtp.SMTPError
		err := maillab.Send(c.addr, c.login, nil, mailTo("who@elsewhere.test", "nowhere"))
		if !errors.As(err, &refusal) || refusal.Code != c.code {
			t.Errorf("mail for a domain without a way: %v, want %d", err, c.code)
		}
	}
}

// A recipient Dovecot does not know is reported to the sender, as in the world.
func TestPostfix_reports_unknown_users(t *testing.T) {
	p, d := startMail(t)
	send(t, p.SMTP, maillab.Login{}, mailTo("gone@example.org", "returned"))
	d.Mailbox(t, "ann@example.net", "INBOX").WaitFor(t, soon,
		maillab.Containing("multipart/report", "rfc822; gone@example.org", "5.1.1"))
}

func TestServers_leave_nothing(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL, maillab.Dovecot, maillab.Postfix)
	before, running := instances(t), below(t)
	t.Run("all", func(t *testing.T) {
		p, d := startMail(t)
		maillab.StartPostgres(t, maillab.PostgresOptions{}).NewDatabase(t)
		send(t, p.Submission, ann, mailTo("bob@example.org", "last"))
		d.Mailbox(t, "bob@example.org", "INBOX").WaitFor(t, soon, maillab.Containing("last"))
		if during := below(t); len(during) <= len(running)+3 {
			t.Errorf("this test does not see the servers: %v", during)
		}
	})
	if after := instances(t); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("directories before: %v, after: %v", before, after)
	}
	if left := below(t); strings.Join(left, "\n") != strings.Join(running, "\n") {
		t.Errorf("processes before: %v, after: %v", running, left)
	}
}

// below lists the living processes of our room.
func below(t *testing.T) []string { return naming(t, maillab.Room(t)) }

// naming lists the living processes whose environment or arguments name a room.
func naming(t *testing.T, room string) []string {
	t.Helper()
	procs, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range procs {
		args, _ := os.ReadFile("/proc/" + p.Name() + "/cmdline")
		env, _ := os.ReadFile("/proc/" + p.Name() + "/environ")
		if bytes.Contains(args, []byte(room)) || bytes.Contains(env, []byte(room)) {
			found = append(found, p.Name()+" "+string(bytes.ReplaceAll(args, []byte{0}, []byte{' '})))
		}
	}
	return found
}

// A sink is an LMTP or SMTP server that tells the recipients it was given.
type sink struct {
	addr string
	got  chan string
}

func newSink(t *testing.T, lmtp bool) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{addr: l.Addr().String(), got: make(chan string, 10)}
	server := smtp.NewServer(s)
	server.LMTP, server.Domain = lmtp, "sink.example.org"
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return s
}

func (s *sink) want(t *testing.T, recipient string) {
	t.Helper()
	select {
	case got := <-s.got:
		if got != recipient {
			t.Errorf("got mail for %s, want %s", got, recipient)
		}
	case <-time.After(soon):
		t.Fatalf("no mail for %s", recipient)
	}
}

type sinkSession struct {
	sink *sink
	to   string
}

func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error)      { return &sinkSession{sink: s}, nil }
func (s *sinkSession) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *sinkSession) Reset()                                    {}
func (s *sinkSession) Logout() error                             { return nil }
func (s *sinkSession) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s.sink.got <- s.to
	return nil
}
