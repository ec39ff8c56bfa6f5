package mailin

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

// withTokens refuses reply addresses as one whose signature is wrong.
func withTokens(role tickets.Role) func(*ListenerConfig) {
	return func(c *ListenerConfig) {
		c.Role = role
		known := c.Recipient
		c.Recipient = func(addr string) (bool, error) {
			if strings.HasPrefix(addr, "r-") {
				return false, ErrForged
			}
			return known(addr)
		}
	}
}

// IN-T08: a stranger who tries more than a hundred reply addresses an hour is sent away at
// each further one, over however many connections; his good mail and everybody
// else's still comes in.
func TestIN_T08_Guessing(t *testing.T) {
	protocol(t, withTokens(tickets.RoleMX), func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
		tried := 0
		guess := func(k *talk) {
			tried++
			k.ask("550 5.1.1 No such address here", "RCPT TO:<r-%d@example.org>", tried)
		}
		for range 4 {
			k := call(t, pl)
			k.ask("250 ", "MAIL FROM:<eve@evil.example>")
			for range 25 {
				guess(k)
			}
			k.Close()
		}
		k := call(t, pl)
		k.ask("250 ", "MAIL FROM:<eve@evil.example>")
		guess(k)
		k.want("421 4.7.0 Too many wrong addresses")
		k.want("")
		k = call(t, pl)
		k.deliver("250 ", "honest\r\n")
		k.Close()
		k = newTalk(t, pl.dial("203.0.113.1:25"))
		k.want("220 ")
		k.ask("250 ", "EHLO x")
		k.ask("250 ", "MAIL FROM:<eve@evil.example>")
		k.ask("550 5.1.1 ", "RCPT TO:<r-1@example.org>")
		k.ask("250 ", "RSET")
		k.deliver("250 ", "another's\r\n")
		if d.count() != 2 {
			t.Errorf("%d arrivals", d.count())
		}
		<-time.After(guessSpan) // of the bubble's clock
		k = call(t, pl)
		k.ask("250 ", "MAIL FROM:<eve@evil.example>")
		guess(k)
		k.ask("250 ", "RSET")
	})
	// Our own mail server brings everybody's mail; it is never sent away.
	protocol(t, withTokens(tickets.RoleMTA), func(t *testing.T, _ *fakeDesk, _ *Listener, pl *pipeListener) {
		for range 2 {
			k := call(t, pl)
			for n := range 60 {
				k.ask("250 ", "MAIL FROM:<eve@evil.example>")
				k.ask("550 5.1.1 ", "RCPT TO:<r-%d@example.org>", n)
				k.ask("250 ", "RSET")
			}
			k.Close()
		}
	})
}

// The memory of guesses is bounded, whoever guesses.
func TestGuessesBounded(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	g := guesses{now: func() time.Time { return at }}
	for n := range 3 * maxPeers {
		g.add(netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.%d/32", n>>16, n>>8&255, n&255)))
		if len(g.by) > maxPeers {
			t.Fatalf("%d peers are remembered", len(g.by))
		}
	}
	me := netip.MustParsePrefix("2001:db8::/64")
	for want := 1; want <= 3; want++ {
		if got := g.add(me); got != want {
			t.Errorf("guess %d counts as %d", want, got)
		}
	}
	at = at.Add(guessSpan)
	if got := g.add(me); got != 1 {
		t.Errorf("an hour later: %d", got)
	}
}
