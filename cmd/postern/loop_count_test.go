package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// What follows judges the day by what left the house, and asks the code under test
// for no count of its own: the limits are the policy's numbers, written out again.

// machine reports whether a mail of ours says of itself that no person wrote it.
func (m sunk) machine() bool {
	v := strings.ToLower(m.field("Auto-Submitted"))
	return v != "" && v != "no"
}

// budgeted mails have a budget of their own: security mail and alarms.
func (m sunk) budgeted() bool {
	return m.out.Mail == tickets.MailConfirmation || m.out.Mail == tickets.MailRefusal || m.out.Mail == tickets.MailAlarm
}

var loopTag = regexp.MustCompile(`\[\w+ #(\d+)\]`)

// check holds every house of the network to the promises of policy section 6.
func (n *network) check() {
	n.t.Helper()
	for _, h := range n.houses {
		for _, bad := range append(n.exceeded(h), n.dropped(h)...) {
			n.t.Errorf("%s: %s", h.domain, bad)
		}
		for _, bad := range n.exploded(h) {
			n.t.Errorf("%s: %s", h.domain, bad)
		}
	}
}

// exceeded are the limits that the sink shows to be broken (F1, F2).
func (n *network) exceeded(h *loopHouse) (bad []string) {
	people, pairs, acks := map[string][]time.Time{}, map[string][]time.Time{}, map[string]int{}
	var all []time.Time
	for _, m := range h.sink {
		to := strings.ToLower(m.out.To)
		if h.own(to) || m.out.To == "" {
			bad = append(bad, fmt.Sprintf("a mail to ourselves: %q (%s)", m.msg.Subject, to))
		}
		if !m.machine() || m.budgeted() {
			continue
		}
		all = append(all, m.at)
		if !strings.HasSuffix(to, "@"+h.domain) {
			people[to] = append(people[to], m.at)
		}
		tag := loopTag.FindString(m.msg.Subject)
		if tag != "" && m.out.Mail != tickets.MailReceipt {
			pairs[tag+" to "+to] = append(pairs[tag+" to "+to], m.at)
		}
		if m.out.Mail == tickets.MailAck {
			acks[tag+" to "+to]++
		}
	}
	bad = append(bad, over("the instance", all, 500, time.Hour)...)
	for to, at := range people {
		bad = append(bad, personal(to, at, h.proved[to])...)
	}
	for pair, at := range pairs {
		for _, w := range []tickets.Window{{Max: 10, Within: 10 * time.Minute}, {Max: 15, Within: 30 * time.Minute}, {Max: 25, Within: time.Hour}, {Max: 50, Within: 3 * time.Hour}} {
			bad = append(bad, over(pair, at, w.Max, w.Within)...)
		}
	}
	for pair, k := range acks {
		if k > 1 {
			bad = append(bad, fmt.Sprintf("%d acknowledgements of %s", k, pair))
		}
	}
	return bad
}

// own are the addresses that lead back into the house.
func (h *loopHouse) own(addr string) bool {
	return addr == "help@"+h.domain || addr == "hr@"+h.domain || strings.HasSuffix(addr, "@reply."+h.domain)
}

// personal: an address that never proved itself gets one in 15 minutes and five a
// day, one that did ten an hour and thirty a day.
func personal(to string, at []time.Time, proved time.Time) (bad []string) {
	var before, after []time.Time
	for _, x := range at {
		if proved.IsZero() || x.Before(proved) {
			before = append(before, x)
		} else {
			after = append(after, x)
		}
	}
	bad = append(bad, over(to+" (unverified)", before, 1, 15*time.Minute)...)
	bad = append(bad, over(to+" (unverified)", before, 5, 24*time.Hour)...)
	bad = append(bad, over(to+" (verified)", after, 10, time.Hour)...)
	return append(bad, over(to, at, 30, 24*time.Hour)...)
}

// over tells when more than limit moments lie within a window, at any place of it.
func over(what string, at []time.Time, limit int, window time.Duration) []string {
	first, most := 0, 0
	for i := range at {
		for at[i].Sub(at[first]) >= window {
			first++
		}
		most = max(most, i-first+1)
	}
	if most > limit {
		return []string{fmt.Sprintf("%s: %d automatic mails in %s, the limit is %d", what, most, window, limit)}
	}
	return nil
}

// dropped: every mail that was handed over has an arrival with an outcome (F3).
func (n *network) dropped(h *loopHouse) (bad []string) {
	sum, err := h.db.Totals(context.Background())
	if err != nil {
		return []string{err.Error()}
	}
	bad = append(bad, sum.Faults...)
	if sum.Arrivals != len(h.seen) {
		bad = append(bad, fmt.Sprintf("%d mails were handed over, %d arrivals are there", len(h.seen), sum.Arrivals))
	}
	outcomes := 0
	for _, k := range sum.Outcomes {
		outcomes += k
	}
	if outcomes != sum.Arrivals || sum.States[tickets.StateDone] != sum.Arrivals {
		bad = append(bad, fmt.Sprintf("%d arrivals, %d done, %d outcomes", sum.Arrivals, sum.States[tickets.StateDone], outcomes))
	}
	err = h.db.Verify(context.Background(), func(c ticketdb.Check) {
		if !c.OK {
			bad = append(bad, fmt.Sprintf("ticket %d does not add up: %s", c.Ticket, c.Why))
		}
	})
	if err != nil {
		bad = append(bad, err.Error())
	}
	return bad
}

// exploded: no address opens more than ten tickets an hour with one subject.
func (n *network) exploded(h *loopHouse) (bad []string) {
	all, err := h.db.ListTickets(context.Background(), ticketdb.TicketFilter{Limit: 1_000_000})
	if err != nil {
		return []string{err.Error()}
	}
	if len(all) > len(h.seen)+10 {
		bad = append(bad, fmt.Sprintf("%d tickets of %d mails", len(all), len(h.seen)))
	}
	same := map[string][]time.Time{}
	for i := len(all) - 1; i >= 0; i-- { // newest first
		t := all[i]
		if t.Requester != 0 {
			key := fmt.Sprintf("tickets of participant %d, %s", t.Requester, tickets.SubjectKey(t.Subject))
			same[key] = append(same[key], t.Created)
		}
	}
	for key, at := range same {
		bad = append(bad, over(key, at, 10, time.Hour)...)
	}
	return bad
}

// tickets counts those of a house.
func (h *loopHouse) tickets() int {
	return len(must(h.db.ListTickets(context.Background(), ticketdb.TicketFilter{Limit: 1_000_000})))
}

// outcomes counts the arrivals of a house by what became of them.
func (h *loopHouse) outcomes() map[tickets.Outcome]int {
	return must(h.db.Totals(context.Background())).Outcomes
}

// sentTo counts a house's mails to an address, those of machines only.
func (h *loopHouse) sentTo(addr string) (k int) {
	for _, m := range h.sink {
		if strings.EqualFold(m.out.To, addr) && m.machine() {
			k++
		}
	}
	return k
}
