package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// imapHere is an IMAP server on loopback with one user, help, whose password is secret.
func imapHere(t *testing.T) string {
	t.Helper()
	user := imapmemserver.NewUser("help", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}, imap.CapMove: {}, imap.CapUIDPlus: {}}, InsecureAuth: true,
	})
	l := socket(t)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

func socket(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// relayHere is an SMTP server on loopback that takes no mail but says hello.
func relayHere(t *testing.T) string {
	t.Helper()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return noMail{}, nil }))
	srv.Domain = "relay.example.org"
	srv.MaxMessageBytes = 20_000_000
	l := socket(t)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

type noMail struct{}

func (noMail) Reset()                               {}
func (noMail) Logout() error                        { return nil }
func (noMail) Mail(string, *smtp.MailOptions) error { return smtp.ErrAuthRequired }
func (noMail) Rcpt(string, *smtp.RcptOptions) error { return smtp.ErrAuthRequired }
func (noMail) Data(io.Reader) error                 { return smtp.ErrAuthRequired }

// checkOffice writes a configuration with every kind of edge, and lets change spoil it.
func checkOffice(t *testing.T, change func(string) string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "imap", "secret\n")
	write(t, "wrong", "guess\n")
	write(t, filepath.Join("templates", "ack.txt"), "Subject: ok\n\nThank you.\n")
	src := fmt.Sprintf(`instance: office
database: sqlite:postern.db
mailboxes:
  - {name: help, server: "%s", tls: none, login: help, password_file: imap, done_folder: Done}
listeners:
  - {name: mx, role: mx, address: "%s"}
relay: {server: "%s", tls: none}
queues:
  - {name: it, addresses: [help@example.org], agents: [bob]}
agents:
  - {name: bob, addresses: [bob@example.org]}
`, imapHere(t), socket(t).Addr(), relayHere(t))
	write(t, "postern.yaml", change(src))
}

// Everything that serve needs has its line, and all is well.
func TestCheckAllWell(t *testing.T) {
	checkOffice(t, func(s string) string { return s })
	r := postern(t, "", "check")
	if r.code != exitOK || strings.Contains(r.out, "FAIL") {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.errs)
	}
	for _, want := range []string{"ok   configuration", "ok   rules", "ok   templates", "ok   keys", "ok   disk", " free in ", "the first start makes it",
		"ok   listener mx", "is in use", "ok   mailbox help", "INBOX: 0 messages", "ok   relay", "takes 20.0 MB"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
	if _, err := os.Stat("postern.db"); err == nil {
		t.Error("the check made the database")
	}
	if v := asJSON(t, "check"); field(v, 0, "name") != "configuration" || field(v, 0, "ok") != true {
		t.Errorf("%v", v)
	}
	if r := postern(t, "", "migrate"); r.code != exitOK {
		t.Fatal(r.errs)
	}
	if out := postern(t, "", "check").out; !strings.Contains(out, "sqlite answers, schema") {
		t.Error(out)
	}
}

// What is not well is told on its line, and the others are looked at all the same.
func TestCheckFailures(t *testing.T) {
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	for name, c := range map[string]struct {
		change func(string) string
		want   []string
	}{
		"a wrong password":  {replace("password_file: imap", "password_file: wrong"), []string{"FAIL mailbox help", "login help", "ok   relay"}},
		"no such folder":    {replace("login: help", "folder: Post, login: help"), []string{"FAIL mailbox help", "folder Post"}},
		"TLS nobody offers": {replace("tls: none, login", "tls: starttls, login"), []string{"FAIL mailbox help", "starttls"}},
		"a relay that is away": {func(s string) string {
			i := strings.Index(s, "relay: {")
			j := strings.Index(s[i:], "\n")
			return s[:i] + "relay: {server: \"127.0.0.1:1\", tls: none}" + s[i+j:]
		},
			[]string{"FAIL relay", "refused", "ok   mailbox help"}},
		"a broken template": {replace("agents: [bob]}", "agents: [bob], templates: templates}"), []string{"FAIL templates", "ack"}},
	} {
		t.Run(name, func(t *testing.T) {
			checkOffice(t, c.change)
			if name == "a broken template" {
				write(t, filepath.Join("templates", "ack.txt"), "{{.Nonsense")
			}
			r := postern(t, "", "check")
			if r.code != exitFound || r.errs != "" {
				t.Errorf("exit %d: %s", r.code, r.errs)
			}
			for _, want := range c.want {
				if !strings.Contains(r.out, want) {
					t.Errorf("no %q in\n%s", want, r.out)
				}
			}
		})
	}
}

// Offline nothing is connected to.
func TestCheckOffline(t *testing.T) {
	checkOffice(t, func(s string) string { return strings.Replace(s, "password_file: imap", "password_file: wrong", 1) })
	if r := postern(t, "", "check", "--offline"); r.code != exitOK || strings.Contains(r.out, "mailbox help") {
		t.Errorf("%+v", r)
	}
}

// Who reads another's mailbox says both names; who reads his own needs no more than the login.
func TestSharedMailbox(t *testing.T) {
	words := func() (string, error) { return "pw", nil }
	if actingFor(MailboxConfig{Login: "a"}, words) != nil || actingFor(MailboxConfig{Login: "a", Mailbox: "A"}, words) != nil {
		t.Error("an authorization identity for one's own mailbox")
	}
	client, err := actingFor(MailboxConfig{Login: "a", Mailbox: "help"}, words)()
	if err != nil {
		t.Fatal(err)
	}
	if mech, first, err := client.Start(); err != nil || mech != "PLAIN" || string(first) != "help\x00a\x00pw" {
		t.Errorf("%s %q %v", mech, first, err)
	}
}
