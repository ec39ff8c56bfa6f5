package mailin

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/tickets"
)

func TestMain(m *testing.M) { os.Exit(maillab.Main(m)) }

// A real Dovecot: listed, fetched, told of by IDLE, moved; by TLS and by STARTTLS.
func TestDovecot(t *testing.T) {
	maillab.Need(t, maillab.Dovecot)
	server := maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"a@example.org": "pa ss\"1", "b@example.org": "pb"}})
	host, _, err := net.SplitHostPort(server.IMAPS)
	if err != nil {
		t.Fatal(err)
	}
	for user, c := range map[string]struct {
		addr string
		mode TLSMode
		done string
	}{
		"a@example.org": {server.IMAPS, TLSImplicit, "Done"},
		"b@example.org": {server.IMAP, TLSStart, ""},
	} {
		d := newDesk(t)
		send := func(text string) string {
			raw := "Message-ID: <" + text[:1] + "@x>\r\nSubject: real\r\n\r\n" + text + "\r\n"
			server.Deliver(t, maillab.Mail{From: "ann@example.net", To: []string{user}, Raw: []byte(raw)})
			return raw
		}
		want := []string{send("1 first"), send("2" + strings.Repeat(strings.Repeat("y", 900)+"\r\n", 20000))}
		p := newPoller(t, d, dialTCP(c.addr), func(cfg *PollerConfig) {
			cfg.ImportAll, cfg.Addr, cfg.Mode, cfg.Insecure, cfg.Done = true, c.addr, c.mode, false, c.done
			cfg.TLS = maillab.CA(t).ClientConfig(host)
			cfg.Login, cfg.Password = user, func() (string, error) { return server.Users[user], nil }
			cfg.Now = func() time.Time { return time.Now() }
		})
		running(t, p)
		d.await(2)
		want = append(want, send("3 told of by IDLE"))
		d.await(3)
		for i, a := range d.arrivals {
			if body := d.bodies[a.Key]; !strings.HasSuffix(body, want[i]) || a.Cursor.UID != uint32(i+1) || a.Quiet != "" {
				t.Errorf("%s: %d octets as %+v", user, len(body), a)
			}
		}
		if c.done != "" {
			left := server.Mailbox(t, user, "INBOX")
			server.Mailbox(t, user, c.done).WaitFor(t, 10*time.Second, maillab.Containing("told of by IDLE"))
			if all, err := left.All(); err != nil || len(all) != 0 {
				t.Errorf("%d messages left in the mailbox, %v", len(all), err)
			}
		}
	}
}

// A real Postfix hands its mail over by LMTP and by SMTP; put off by 451 it comes again,
// and is one message.
func TestPostfix(t *testing.T) {
	maillab.Need(t, maillab.Postfix)
	d := newDesk(t)
	listener := func(lmtp bool) string {
		l, _ := serve(t, d, func(c *ListenerConfig) {
			c.Name, c.Socket, c.Addr, c.LMTP, c.Role = fmt.Sprint("lmtp ", lmtp), nil, "127.0.0.1:0", lmtp, tickets.RoleMTA
		})
		return l.Addr().String()
	}
	server := maillab.StartPostfix(t, maillab.PostfixOptions{Handover: []maillab.Handover{
		{Pattern: "lmtp@example.org", Next: maillab.LMTPTo(listener(true))},
		{Pattern: "smtp@example.org", Next: maillab.SMTPTo(listener(false))},
	}, Domains: []string{"example.org"}})
	refused := 0
	d.fail = func(tickets.Arrival) error {
		if refused++; refused < 3 {
			return errors.New("database is down")
		}
		return nil
	}
	for _, name := range []string{"lmtp", "smtp"} {
		raw := "Message-ID: <" + name + "@x>\r\nSubject: by " + name + "\r\n\r\n.dots\r\n..\r\n" + strings.Repeat("line\r\n", 10000)
		m := maillab.Mail{From: "ann@example.net", To: []string{name + "@example.org"}, Raw: []byte(raw)}
		if err := maillab.Send(server.SMTP, maillab.Login{}, nil, m); err != nil {
			t.Fatal(err)
		}
		defer func() {
			for _, a := range d.arrivals {
				if string(a.Via) == name && !strings.HasSuffix(d.bodies[a.Key], raw) {
					t.Errorf("%s: other octets", name)
				}
			}
		}()
	}
	d.await(2)
	for _, a := range d.arrivals {
		if a.To[0] != string(a.Via)+"@example.org" || *a.From != "ann@example.net" || a.Peer != "127.0.0.1" || a.Role != tickets.RoleMTA {
			t.Errorf("arrival %+v", a)
		}
	}
	if d.count() != 2 || d.shown != 4 {
		t.Errorf("%d arrivals, shown %d", d.count(), d.shown)
	}
}
