package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

// The loop test (policy section 6; L36, INV-F1 to INV-F6): whole helpdesks in process meet
// machines for 24 simulated hours. What leaves is judged by a counter of the test's own;
// nothing may be dropped, and tickets may not multiply beyond the rules.

// loop runs a day on each database: setup puts the network together, after looks at what came of it.
// They run beside each other, for they wait for their databases most of the time.
func loop(t *testing.T, setup func(n *network, h *loopHouse), after func(t *testing.T, h *loopHouse)) {
	loopOn(t, true, setup, after)
}

// loopOn is loop, on SQLite alone unless both is said.
func loopOn(t *testing.T, both bool, setup func(n *network, h *loopHouse), after func(t *testing.T, h *loopHouse)) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, fresh func(*testing.T) string) {
		if !both && strings.HasSuffix(t.Name(), "postgres") {
			return
		}
		n := newNetwork(t)
		h := n.house(fresh(t), "example.org")
		setup(n, h)
		n.run()
		n.check()
		after(t, h)
	})
}

// machineAt lets a machine open a ticket, and bob answer it every hour.
func machineAt(addr string, make func(addr string) counterpart) func(n *network, h *loopHouse) {
	return func(n *network, h *loopHouse) {
		n.hosts[addr] = make(addr)
		n.writes(0, addr, "help@example.org", "Our contract", "Please send us the contract.")
		n.answered(h, time.Hour)
	}
}

// tried fails when the machine did not do what it is for: then the day shows nothing.
func tried(t *testing.T, h *loopHouse, mails, tickets int) {
	t.Helper()
	if len(h.seen) < mails {
		t.Errorf("only %d mails came in, %d were to be expected", len(h.seen), mails)
	}
	if n := h.tickets(); n > tickets {
		t.Errorf("%d tickets, at most %d were to be expected", n, tickets)
	}
}

func TestLoop_Polite(t *testing.T) {
	loop(t, machineAt("desk@polite.example", polite), func(t *testing.T, h *loopHouse) {
		tried(t, h, 25, 1)
	})
}

func TestLoop_AnswersEverything(t *testing.T) {
	loop(t, machineAt("desk@eager.example", eager), func(t *testing.T, h *loopHouse) { tried(t, h, 46, 1) })
}

func TestLoop_OwnTagNoReferences(t *testing.T) {
	loop(t, machineAt("desk@tags.example", retagging), func(t *testing.T, h *loopHouse) { tried(t, h, 46, 1) })
}

func TestLoop_StripsTags(t *testing.T) {
	loop(t, machineAt("desk@strips.example", stripping), func(t *testing.T, h *loopHouse) { tried(t, h, 60, 60) })
}

func TestLoop_ChangingFrom(t *testing.T) {
	loop(t, func(n *network, h *loopHouse) {
		n.domain["shifts.example"] = shifting("shifts.example")
		n.writes(0, "box@shifts.example", "help@example.org", "Our contract", "Please send us the contract.")
		n.answered(h, time.Hour)
	}, func(t *testing.T, h *loopHouse) { tried(t, h, 60, 1500) })
}

func TestLoop_BehindAList(t *testing.T) {
	loop(t, machineAt("desk@lists.example", listed), func(t *testing.T, h *loopHouse) { tried(t, h, 46, 1) })
}

func TestLoop_Bouncing(t *testing.T) {
	loop(t, machineAt("desk@full.example", bouncing), func(t *testing.T, h *loopHouse) {
		tried(t, h, 46, 1)
		if got := h.outcomes()[tickets.OutcomeBounce]; got < 22 {
			t.Errorf("%d bounces were tied to their mail", got)
		}
	})
}

func TestLoop_BouncingWithoutMIME(t *testing.T) {
	loop(t, machineAt("desk@rough.example", roughBouncing), func(t *testing.T, h *loopHouse) { tried(t, h, 46, 5) })
}

func TestLoop_DelayedTenHours(t *testing.T) {
	loop(t, machineAt("desk@slow.example", func(addr string) counterpart { return slow(addr, 10*time.Hour) }),
		func(t *testing.T, h *loopHouse) { tried(t, h, 36, 1) })
}

// Two helpdesks that take each other for a requester, while agents of both answer.
func TestLoop_TwoPosterns(t *testing.T) { ring(t, "example.org", "other.example") }

func TestLoop_RingOfThree(t *testing.T) { ring(t, "example.org", "second.example", "third.example") }

func ring(t *testing.T, domains ...string) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, fresh func(*testing.T) string) {
		n := newNetwork(t)
		for _, d := range domains {
			n.house(fresh(t), d)
		}
		for i, h := range n.houses {
			next := n.houses[(i+1)%len(n.houses)]
			n.writes(time.Duration(i)*time.Second, "help@"+next.domain, "help@"+h.domain, "A question of the ring", "Who has it?")
			n.answered(h, time.Hour)
		}
		n.run()
		n.check()
		for _, h := range n.houses {
			tried(t, h, 46, 30)
		}
	})
}

func TestLoop_ForwarderUnchanged(t *testing.T) {
	loop(t, machineAt("desk@forwards.example", func(string) counterpart { return returning("help@example.org") }), func(t *testing.T, h *loopHouse) {
		tried(t, h, 47, 1)
		if got := h.outcomes()[tickets.OutcomeReturned]; got < 23 {
			t.Errorf("%d of our mails were known when they came back", got)
		}
	})
}

func TestLoop_RewritesMessageID(t *testing.T) {
	loop(t, machineAt("desk@rewrites.example", func(string) counterpart { return rewriting("help@example.org") }),
		func(t *testing.T, h *loopHouse) { tried(t, h, 46, 3) })
}

// An agent who is away under 200 notices: his machine commands nothing and tells nobody.
func TestLoop_AgentAway(t *testing.T) {
	loop(t, func(n *network, h *loopHouse) {
		n.hosts["bob@example.org"] = away("bob@example.org")
		for i := range 200 {
			n.writes(time.Duration(i)*7*time.Minute, fmt.Sprintf("user%d@example.net", i), "help@example.org", fmt.Sprintf("Question %d", i), "How?")
		}
	}, func(t *testing.T, h *loopHouse) {
		tried(t, h, 300, 200)
		for _, m := range h.sink {
			if m.out.Mail == tickets.MailReply {
				t.Fatalf("an answer of a machine was sent to %s", m.out.To)
			}
		}
		for _, x := range must(h.db.ListTickets(t.Context(), ticketsOf(1000))) {
			if x.Status != tickets.New {
				t.Fatalf("ticket %d is %s", x.ID, x.Status)
			}
		}
		for i := range 200 {
			if k := h.sentTo(fmt.Sprintf("user%d@example.net", i)); k != 1 {
				t.Fatalf("user %d got %d mails", i, k)
			}
		}
	})
}

// An attacker spoofs 10 000 victims in a day, half of them with one subject. Nobody gets two
// mails, the house no more than its limit, and the admin is told. All of them take more
// than five minutes, so that without POSTERN_LOOP_VICTIMS=10000 the attacker tires: after 600
// of them on SQLite and 300 on PostgreSQL, at the pace of ten thousand a day, when the
// limit of the instance was reached in each.
func TestLoop_TenThousandVictims(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, fresh func(*testing.T) string) {
		victims := 600
		if strings.HasSuffix(t.Name(), "postgres") {
			victims = 300
		}
		if n, err := strconv.Atoi(os.Getenv("POSTERN_LOOP_VICTIMS")); err == nil {
			victims = n
		}
		n := newNetwork(t)
		n.quick = true
		h := n.house(fresh(t), "example.org")
		pace := 24 * time.Hour / 10_000
		for i := range victims {
			subject := "You have won"
			if i%2 == 0 {
				subject = fmt.Sprintf("You have won %d", i%1000)
			}
			n.later(time.Duration(i)*pace, func() {
				from := fmt.Sprintf("victim%d@victims.example", i)
				n.send(parcel{from: from, to: "help@example.org", raw: n.compose(from, "help@example.org", subject, "", "Click here.")})
			})
		}
		n.run()
		n.check()
		if len(h.seen) != victims {
			t.Errorf("%d mails came in", len(h.seen))
		}
		got := map[string]int{}
		for _, m := range h.sink {
			if got[m.out.To]++; strings.HasPrefix(m.out.To, "victim") && got[m.out.To] > 1 {
				t.Fatalf("%s got a second mail", m.out.To)
			}
		}
		if got["root@example.org"] == 0 {
			t.Error("the admin was not told")
		}
	})
}

// A spoof of our own address belongs to nobody and is answered by nobody (L35).
func TestLoop_OwnAddress(t *testing.T) {
	loop(t, func(n *network, h *loopHouse) {
		n.writes(0, "ann@example.net", "help@example.org", "Printer", "It burns.")
		for i := range 24 {
			n.later(time.Duration(i)*time.Hour+time.Minute, func() {
				own := "help@example.org"
				if i%2 == 1 {
					own = h.sink[0].replyTo()
				}
				n.send(parcel{from: own, to: "help@example.org", raw: n.compose(own, "help@example.org", fmt.Sprintf("Hello me %d", i%3), "", "Hello.")})
				n.send(parcel{from: own, to: own, raw: n.compose(own, own, "Hello you", "", "Hello.")})
			})
		}
	}, func(t *testing.T, h *loopHouse) { tried(t, h, 49, 49) })
}
