package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"postern/cmd/maillab"
)

// A shared mailbox is read by a login that is not its own (SASL PLAIN with an
// authorization identity).
func TestMailboxOfAnotherLogin(t *testing.T) {
	maillab.Need(t, maillab.Dovecot)
	dove := maillab.StartDovecot(t, maillab.DovecotOptions{
		Users: map[string]string{"help@example.org": "pw-nobody-knows", "robot@example.org": "pw-help"},
		Extra: masterPassdb,
	})
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	config := strings.Replace(outageConfig("sqlite:"+filepath.Join(t.TempDir(), "postern.db"), relay.Addr, freeAddress(t), dove.IMAP),
		"login: help@example.org", "login: robot@example.org, mailbox: help@example.org", 1)
	log, _ := startPostern(t, config, nil)
	log.waitFor(t, "mailbox begins")
	dove.Deliver(t, maillab.Mail{From: e2eAnn, To: []string{"help@example.org"}, Raw: outageMail("shared")})
	if m := parsedTo(t, relay, e2eBob, 2); !strings.Contains(m.Subject, "Request shared") {
		t.Errorf("notice: %q", m.Subject)
	}
}

// masterPassdb lets whoever knows the robot's password act for every user.
const masterPassdb = `
passdb {
  driver = static
  args = password=pw-help
  master = yes
}
`

// LMTP on a Unix socket: an answer for each recipient, and no socket left behind.
func TestUnixLMTP(t *testing.T) {
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	path := filepath.Join(t.TempDir(), "lmtp")
	config := strings.Replace(loadConfigFor("sqlite:"+filepath.Join(t.TempDir(), "postern.db"), relay.Addr, "X"),
		`role: mta, address: "X"`, fmt.Sprintf(`role: mta, protocol: lmtp, address: "unix:%s"`, path), 1)
	_, stop := startPostern(t, config, nil)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	client := smtp.NewClientLMTP(c)
	defer client.Close()
	if err := errors.Join(client.Hello("mx.example.org"), client.Mail(e2eAnn, nil), client.Rcpt("help@example.org", nil)); err != nil {
		t.Fatal(err)
	}
	var refused *smtp.SMTPError
	if err := client.Rcpt("nobody@example.org", nil); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("an unknown recipient: %v", err)
	}
	w, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(crlf(outageMail("by-socket"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if m := parsedTo(t, relay, e2eBob, 2); !strings.Contains(m.Subject, "by-socket") {
		t.Errorf("notice: %q", m.Subject)
	}
	stop()
	if _, err := (&net.Dialer{}).DialContext(context.Background(), "unix", path); err == nil {
		t.Error("the socket still answers")
	}
}
