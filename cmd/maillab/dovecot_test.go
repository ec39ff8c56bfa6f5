package maillab_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"postern/cmd/maillab"
)

// The reader is waiting when the mail comes, and would not look by itself: only
// IDLE brings it in time.
func TestDovecot_wakes_a_waiting_reader(t *testing.T) {
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	box := d.Mailbox(t, "bob@example.org", "INBOX")
	box.Tick = time.Hour
	delivered := make(chan error, 1)
	time.AfterFunc(50*time.Millisecond, func() {
		delivered <- maillab.Deliver(d.LMTP, mailTo("bob+x@example.org", "wake up"))
	})
	box.WaitFor(t, soon, maillab.Containing("Subject: wake up"))
	if err := <-delivered; err != nil {
		t.Error(err)
	}
}

func TestDovecot_keeps_every_octet(t *testing.T) {
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	body := append([]byte("..\r\n.\r\n\x00\xff8-bit "), bytes.Repeat([]byte("x"), 5000)...)
	m := mailTo("bob@example.org", "octets")
	m.Raw = append(m.Raw, body...)
	d.Deliver(t, m)
	got := d.Mailbox(t, "bob@example.org", "INBOX").WaitFor(t, soon, maillab.Containing("Subject: octets"))
	// LMTP cannot carry NUL: Dovecot writes 0x80 in its place.
	if want := bytes.ReplaceAll(body, []byte{0}, []byte{0x80}); !bytes.Contains(got, want) {
		t.Errorf("the body was changed: %q", got)
	}
}

func TestDovecot_refuses_unknown_users_and_passwords(t *testing.T) {
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	var refusal *smtp.SMTPError
	if err := maillab.Deliver(d.LMTP, mailTo("nobody@example.org", "x")); !errors.As(err, &refusal) || refusal.Code != 550 {
		t.Errorf("unknown recipient: %v, want 550", err)
	}
	if _, err := maillab.OpenMailbox(d.IMAP, maillab.Login{User: "bob@example.org", Password: "guess"}, "INBOX"); err == nil {
		t.Error("a wrong password opened the mailbox")
	}
}

func TestDovecot_offers_TLS_by_the_test_authority(t *testing.T) {
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	options := &imapclient.Options{TLSConfig: maillab.CA(t).ClientConfig("localhost")}
	dial := map[string]func() (*imapclient.Client, error){
		"IMAPS":    func() (*imapclient.Client, error) { return imapclient.DialTLS(d.IMAPS, options) },
		"STARTTLS": func() (*imapclient.Client, error) { return imapclient.DialStartTLS(d.IMAP, options) },
	}
	for name, open := range dial {
		c, err := open()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.Login(ann.User, ann.Password).Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
}
