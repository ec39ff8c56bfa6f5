package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"postern/tickets/ticketdb"
)

func ticketsOf(limit int) ticketdb.TicketFilter { return ticketdb.TicketFilter{Limit: limit} }

// pairable are the machines that can sit at any address.
var pairable = map[string]func(addr string) counterpart{
	"polite": polite, "eager": eager, "retagging": retagging, "stripping": stripping, "listed": listed,
	"bouncing": bouncing, "rough-bouncing": roughBouncing,
	"slow":      func(a string) counterpart { return slow(a, 10*time.Hour) },
	"returning": func(string) counterpart { return returning("help@example.org") },
	"rewriting": func(string) counterpart { return rewriting("help@example.org") },
	"away":      away,
}

// Two machines at once: one opens a ticket with the other in copy, which has a ticket of its
// own. The pairs are chosen by a seed; its number is in the name. PostgreSQL sees the first
// two pairs: what differs there is seen by every model above.
func TestLoopPairs(t *testing.T) {
	names := slices.Sorted(maps.Keys(pairable))
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 36))
		a, b := names[rng.IntN(len(names))], names[rng.IntN(len(names))]
		t.Run(fmt.Sprintf("%d-%s-%s", seed, a, b), func(t *testing.T) {
			loopOn(t, seed < 2, func(n *network, h *loopHouse) {
				one, two := "one@first.example", "two@second.example"
				n.hosts[one], n.hosts[two] = pairable[a](one), pairable[b](two)
				n.send(parcel{from: one, to: "help@example.org", proved: true,
					raw: n.compose(one, "help@example.org", "Our contract", "Cc: "+two, "Please send us the contract.")})
				n.writes(time.Hour/2, two, "help@example.org", "Our own", "And ours.")
				n.answered(h, time.Hour)
			}, func(t *testing.T, h *loopHouse) { tried(t, h, 25, 120) })
		})
	}
}
