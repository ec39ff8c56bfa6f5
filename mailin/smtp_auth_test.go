package mailin

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"postern/tickets"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func withAuth(c *ListenerConfig) {
	c.Role, c.ClearAuth = tickets.RoleSubmission, true
	c.Auth = func(user, password string) (string, error) {
		switch {
		case user == "broken":
			return "", errors.New("pq: connection refused")
		case user == "bob" && password == "secret":
			return "bob", nil
		}
		return "", ErrAuth
	}
}

// Both mechanisms log in, and the arrival says who.
func TestAuthMechanisms(t *testing.T) {
	protocol(t, withAuth, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		for n, login := range []func(*talk){
			func(k *talk) { k.ask("235 ", "AUTH PLAIN %s", b64("\x00bob\x00secret")) },
			func(k *talk) { k.ask("334 ", "AUTH PLAIN"); k.ask("235 ", "%s", b64("bob\x00bob\x00secret")) },
			func(k *talk) {
				k.ask("334 "+b64("Username:"), "AUTH LOGIN")
				k.ask("334 "+b64("Password:"), "%s", b64("bob"))
				k.ask("235 ", "%s", b64("secret"))
			},
			func(k *talk) { k.ask("334 ", "AUTH LOGIN %s", b64("bob")); k.ask("235 ", "%s", b64("secret")) },
		} {
			k := call(t, pl)
			k.ask("530 5.7.0 ", "MAIL FROM:<bob@example.org>")
			login(k)
			k.ask("503 ", "AUTH PLAIN %s", b64("\x00bob\x00secret"))
			k.deliver("250 ", strings.Repeat("x", n)+"\r\n")
			if a := d.last(); a.AuthAgent != "bob" || d.count() != n+1 {
				t.Errorf("%d: %d arrivals, agent %q", n, d.count(), a.AuthAgent)
			}
			k.Close()
		}
	})
}

// IN-S14: no login in clear, none with rubbish, and five guesses in ten minutes.
func TestIN_S14_Auth(t *testing.T) {
	clear := func(c *ListenerConfig) { withAuth(c); c.ClearAuth = false }
	protocol(t, clear, func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
		k := newTalk(t, pl.dial(peerAddr))
		k.want("220 ")
		if got := k.ask("250 ", "EHLO x"); strings.Contains(got, "AUTH") {
			t.Errorf("AUTH offered in clear: %s", got)
		}
		k.ask("538 5.7.11 ", "AUTH PLAIN %s", b64("\x00bob\x00secret"))
		k = newTalk(t, pl.dial("127.0.0.1:9"))
		k.want("220 ")
		k.ask("250 ", "EHLO x")
		k.ask("235 ", "AUTH PLAIN %s", b64("\x00bob\x00secret"))
	})
	protocol(t, withAuth, func(t *testing.T, d *fakeDesk, l *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.ask("504 ", "AUTH CRAM-MD5")
		k.ask("454 ", "AUTH PLAIN !!!!")
		k.ask("334 ", "AUTH LOGIN")
		k.ask("501 ", "*")
		k.ask("454 4.7.0 ", "AUTH PLAIN %s", b64("\x00broken\x00x"))
		for range maxFailures - 2 {
			k.ask("535 5.7.8 ", "AUTH PLAIN %s", b64("\x00bob\x00guess"))
		}
		k.ask("535 5.7.8 ", "AUTH PLAIN %s", b64("ann\x00bob\x00secret")) // acting for another
		k.ask("535 5.7.8 ", "AUTH PLAIN %s", b64("\x00\x00"))
		k.ask("454 4.7.0 ", "AUTH PLAIN %s", b64("\x00bob\x00secret"))
		other := newTalk(t, pl.dial("203.0.113.9:1"))
		other.want("220 ")
		other.ask("250 ", "EHLO x")
		other.ask("235 ", "AUTH PLAIN %s", b64("\x00bob\x00secret"))
		d.pass(failureSpan)
		k.ask("235 ", "AUTH PLAIN %s", b64("\x00bob\x00secret"))
		l.logins.add(netip.MustParseAddr("192.0.2.1"))
		if len(l.logins.at) != 1 {
			t.Errorf("%d addresses remembered", len(l.logins.at))
		}
	})
	protocol(t, withAuth, func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
		k := call(t, pl)
		k.send("AUTH PLAIN " + strings.Repeat("A", 1<<20))
		k.want("500 5.5.2 ")
	})
}
