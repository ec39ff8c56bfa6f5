package mailin

import (
	"net/netip"
	"sync"
	"time"

	"postern/tickets"
)

// How many reply addresses with a wrong signature a stranger may try, and in how long.
const (
	maxGuesses = 100
	guessSpan  = time.Hour
	maxPeers   = 10_000 // remembered at a time
)

// guesses counts wrong reply addresses by peer: an IPv4 address, or an IPv6 /64, which is one
// customer's. Behind our own mail server (role mta) all strangers have one address, and
// agents have logged in, so that only a listener with role mx sends anybody away for it.
type guesses struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[netip.Prefix]guess
}

type guess struct {
	n     int
	since time.Time
}

// add books one more, and returns how many there were within the hour.
func (g *guesses) add(peer netip.Prefix) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.now()
	x := g.by[peer]
	if x.n == 0 || at.Sub(x.since) >= guessSpan {
		x = guess{since: at}
	}
	x.n++
	if g.by == nil {
		g.by = map[netip.Prefix]guess{}
	}
	if len(g.by) >= maxPeers {
		g.forget(at)
	}
	g.by[peer] = x
	return x.n
}

// forget makes room: those whose hour is over go, and when that is nobody, everybody.
func (g *guesses) forget(at time.Time) {
	for p, x := range g.by {
		if at.Sub(x.since) >= guessSpan {
			delete(g.by, p)
		}
	}
	if len(g.by) >= maxPeers {
		clear(g.by)
	}
}

// guessed answers a reply address whose signature is wrong, as any other address that is not
// there; who has tried too many is sent away with 421 after the answer.
func (s *session) guessed() error {
	s.l.Count(MetricGuess)
	peer := s.conn.net
	if s.conn.ip.Is4() {
		peer = netip.PrefixFrom(s.conn.ip, 32)
	}
	if n := s.l.guesses.add(peer); n > maxGuesses && s.l.Role == tickets.RoleMX {
		s.log.Warn("too many wrong reply addresses", "guesses", n)
		s.conn.sendAway("421", "4.7.0", "Too many wrong addresses, try again later")
	}
	return noSuchAddress()
}

func noSuchAddress() error { return refusal(550, 5, 1, 1, "No such address here") }
