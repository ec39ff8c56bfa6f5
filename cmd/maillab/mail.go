package maillab

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A Mail is a raw message with its envelope.
type Mail struct {
	From string   // reverse path, empty for <>
	To   []string // one or more recipients
	Raw  []byte   // header and body; line ends become CRLF
}

// A Login is a user and his password for SMTP AUTH PLAIN; the zero value means
// no AUTH.
type Login struct{ User, Password string }

// patience bounds a whole conversation with a server.
const patience = 30 * time.Second

// Send sends a mail by SMTP to addr, after AUTH when login is not empty. With tls
// not nil it goes by STARTTLS and fails when that is not offered. The error of a
// refusal is a *smtp.SMTPError.
func Send(addr string, login Login, tls *tls.Config, m Mail) error {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return fmt.Errorf("sending mail: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	c := smtp.NewClient(conn)
	if tls != nil {
		if c, err = smtp.NewClientStartTLS(conn, tls); err != nil {
			return fmt.Errorf("starting TLS: %w", err)
		}
	}
	if err := c.Hello("client.example.net"); err != nil {
		return fmt.Errorf("greeting %s: %w", addr, err)
	}
	if login.User != "" {
		if err := c.Auth(sasl.NewPlainClient("", login.User, login.Password)); err != nil {
			return fmt.Errorf("logging in as %s: %w", login.User, err)
		}
	}
	return transfer(c, m)
}

// Deliver hands a mail to an LMTP server, as a mail server behind its filters
// does. The first recipient refused is the error.
func Deliver(addr string, m Mail) error {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return fmt.Errorf("delivering mail: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	return transfer(smtp.NewClientLMTP(conn), m)
}

// transfer does MAIL, RCPT, DATA and QUIT.
func transfer(c *smtp.Client, m Mail) error {
	if err := c.Mail(m.From, nil); err != nil {
		return fmt.Errorf("MAIL FROM:<%s>: %w", m.From, err)
	}
	for _, to := range m.To {
		if err := c.Rcpt(to, nil); err != nil {
			return fmt.Errorf("RCPT TO:<%s>: %w", to, err)
		}
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("DATA: %w", err)
	}
	if _, err := w.Write(crlf(m.Raw)); err != nil {
		return fmt.Errorf("sending the message: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("end of the message: %w", err)
	}
	_ = c.Quit() // the mail has been taken
	return nil
}

// crlf turns every line end into CRLF.
func crlf(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}

// Deliver puts a mail into the mailboxes of its recipients.
func (d *DovecotServer) Deliver(t testing.TB, m Mail) {
	t.Helper()
	if err := Deliver(d.LMTP, m); err != nil {
		t.Fatal(err)
	}
}
