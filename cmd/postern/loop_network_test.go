package main

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mailin"
)

// A network is a day of mail between whole helpdesks in process and the machines they
// meet, on one fake clock that jumps from event to event.
type network struct {
	t      *testing.T
	now    time.Time
	end    time.Time
	houses []*loopHouse
	hosts  map[string]counterpart // by address, lower case
	domain map[string]counterpart // by domain, for addresses not named
	queue  parcels
	rng    *rand.Rand
	n      int
	quick  bool // no timers between events: for models of many thousands
}

// A counterpart gets one mail of ours and says what it sends because of it. Silence is nil.
type counterpart func(n *network, m sunk) []parcel

// sunk is a mail of ours as the world got it.
type sunk struct {
	sentMail
	at    time.Time
	house *loopHouse
}

// parcel is a mail on its way to one of our addresses, or something to do at a moment.
type parcel struct {
	after    time.Duration // from now, when it is handed over
	at       time.Time
	n        int    // order among those of one moment
	from, to string // envelope
	raw      string
	proved   bool // our mail server vouches for the sender
	do       func()
}

type parcels []parcel

func (p parcels) Len() int { return len(p) }
func (p parcels) Less(i, j int) bool {
	return p[i].at.Before(p[j].at) || p[i].at.Equal(p[j].at) && p[i].n < p[j].n
}
func (p parcels) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *parcels) Push(x any)   { *p = append(*p, x.(parcel)) }
func (p *parcels) Pop() any {
	x := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return x
}

// loopHouse is one helpdesk of the network.
type loopHouse struct {
	*story
	domain  string
	seen    map[string]bool      // keys of what was delivered
	refused int                  // at RCPT
	sink    []sunk               // everything it sent
	proved  map[string]time.Time // address → since when it is verified
}

func newNetwork(t *testing.T) *network {
	n := &network{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), hosts: map[string]counterpart{}, domain: map[string]counterpart{},
		rng: rand.New(rand.NewPCG(36, 1))}
	n.end = n.now.Add(24 * time.Hour)
	return n
}

// house opens a helpdesk help@DOMAIN with the agents bob and bea.
func (n *network) house(url, domain string) *loopHouse {
	cfg := storyConfig()
	cfg.Instance, cfg.Reply.Domain = "it."+domain, "reply."+domain
	for i, q := range cfg.Queues {
		cfg.Queues[i].Addresses = []string{strings.ReplaceAll(q.Addresses[0], "example.org", domain)}
	}
	for i, a := range cfg.Agents {
		cfg.Agents[i].Addresses = []string{strings.ReplaceAll(a.Addresses[0], "example.org", domain)}
	}
	cfg.Admin = []string{"root@" + domain}
	s := &story{t: n.t, url: url, files: map[string]string{}, vars: map[string]string{}, refuse: map[string]string{}, putOff: map[string]string{}, now: n.now, cfg: cfg}
	s.start()
	n.t.Cleanup(func() { s.db.Close() })
	h := &loopHouse{story: s, domain: domain, seen: map[string]bool{}, proved: map[string]time.Time{}}
	n.houses = append(n.houses, h)
	return h
}

// send puts something on its way.
func (n *network) send(p parcel) {
	n.n++
	p.n, p.at = n.n, n.now.Add(p.after)
	heap.Push(&n.queue, p)
}

// later does something after a while.
func (n *network) later(after time.Duration, do func()) { n.send(parcel{after: after, do: do}) }

// maxLoopEvents is far beyond what the limits let happen in a day: more is a loop.
const maxLoopEvents = 40_000

// run lets the day pass. Timers look every half hour, and whenever a mail came.
func (n *network) run() {
	n.t.Helper()
	for at := 30 * time.Minute; at <= 24*time.Hour; at += 30 * time.Minute {
		n.later(at, n.tick)
	}
	for events := 0; len(n.queue) > 0; events++ {
		p := heap.Pop(&n.queue).(parcel)
		if p.at.After(n.end) {
			return
		}
		if events > maxLoopEvents {
			n.t.Fatalf("%d events by %s: a loop", events, n.now.Format(time.TimeOnly))
		}
		n.now = p.at
		if p.do != nil {
			p.do()
			continue
		}
		n.deliver(p)
	}
}

func (n *network) tick() {
	for _, h := range n.houses {
		h.story.now = n.now
		if err := h.settle(); err != nil {
			n.t.Fatal(err)
		}
		n.collect(h)
	}
}

// deliver hands a mail to the house whose address it has, and brings what that house
// then sends to whom it is for.
func (n *network) deliver(p parcel) {
	h := n.houseOf(p.to)
	if h == nil {
		n.t.Fatalf("nobody has the address %s", p.to)
	}
	h.story.now = n.now
	if !h.house.settings.Load().Recipient(p.to, h.house.keys) {
		h.refused++ // a signed address with a letter changed: said in the dialogue
		return
	}
	m := mailin.Parse(context.Background(), stringRaw(p.raw), mailin.Envelope{})
	raw := p.raw
	if p.proved && len(m.From) == 1 {
		addr := m.From[0].Addr
		raw = fmt.Sprintf("Authentication-Results: mx.example.org; auth=pass smtp.auth=%s\r\n", addr) + raw
		if _, known := h.proved[strings.ToLower(addr)]; !known {
			h.proved[strings.ToLower(addr)] = n.now
		}
	}
	a := h.envelope(raw, map[string]string{"to": p.to, "from": p.from})
	h.seen[a.Key] = true
	if err := h.house.desk.Accept(context.Background(), a, stringRaw(raw)); err != nil {
		n.t.Fatal(err)
	}
	if err := n.work(h); err != nil {
		n.t.Fatal(err)
	}
	n.collect(h)
}

func (n *network) work(h *loopHouse) error {
	if n.quick {
		return h.flush()
	}
	return h.settle()
}

// houseOf is the house that takes mail for an address.
func (n *network) houseOf(addr string) *loopHouse {
	_, domain, _ := strings.Cut(strings.ToLower(addr), "@")
	i := slices.IndexFunc(n.houses, func(h *loopHouse) bool { return domain == h.domain || domain == "reply."+h.domain })
	if i < 0 {
		return nil
	}
	return n.houses[i]
}

// collect takes what a house has sent and gives it to its recipients.
func (n *network) collect(h *loopHouse) {
	mails := h.unread
	h.unread = nil
	for _, m := range mails {
		x := sunk{m, n.now, h}
		h.sink = append(h.sink, x)
		to := strings.ToLower(m.out.To)
		_, domain, _ := strings.Cut(to, "@")
		answer := n.hosts[to]
		if answer == nil {
			answer = n.domain[domain]
		}
		if other := n.houseOf(to); answer == nil && other != nil && other != h {
			n.send(parcel{after: 5 * time.Second, from: m.out.From, to: m.out.To, raw: m.raw, proved: true})
			continue
		}
		if answer == nil {
			continue
		}
		for _, p := range answer(n, x) {
			n.send(p)
		}
	}
}

// compose writes a mail: headers one a line, then the text.
func (n *network) compose(from, to, subject, headers, text string) string {
	n.n++
	_, domain, _ := strings.Cut(from, "@")
	if headers != "" {
		headers = strings.TrimRight(headers, "\n") + "\n"
	}
	raw := fmt.Sprintf("From: %s\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: <loop.%d@%s>\n%s\n%s\n",
		from, to, subject, n.now.Format("Mon, 2 Jan 2006 15:04:05 -0700"), n.n, strings.TrimSuffix(domain, ">"), headers, text)
	return strings.ReplaceAll(raw, "\n", "\r\n")
}

// writes is somebody's own mail to a helpdesk.
func (n *network) writes(after time.Duration, from, to, subject, text string) {
	n.later(after, func() {
		n.send(parcel{from: from, to: to, raw: n.compose(from, to, subject, "", text), proved: true})
	})
}

// answered lets agent bob answer ticket 1 every so often through the day: human mail,
// that gives a machine something to answer.
func (n *network) answered(h *loopHouse, every time.Duration) {
	for at := every; at < 24*time.Hour; at += every {
		n.later(at, func() {
			bob := "bob@" + h.domain
			for _, m := range slices.Backward(h.sink) {
				if m.out.To != bob || m.out.Ticket != 1 || len(m.msg.ReplyTo) == 0 {
					continue
				}
				to := m.msg.ReplyTo[0].Addr
				raw := n.compose(bob, to, "Re: "+m.msg.Subject, "In-Reply-To: <"+m.msg.MessageID+">", "Have you tried it again at "+n.now.Format(time.TimeOnly)+"?")
				n.send(parcel{from: bob, to: to, raw: raw, proved: true})
				return
			}
		})
	}
}

// references are the fields of a reply to a mail of ours.
func references(m sunk) string {
	return fmt.Sprintf("In-Reply-To: <%s>\nReferences: <%s>\n", m.msg.MessageID, m.msg.MessageID)
}

// replyTo is where a reply to a mail of ours goes.
func (m sunk) replyTo() string {
	if len(m.msg.ReplyTo) > 0 {
		return m.msg.ReplyTo[0].Addr
	}
	return m.msg.From[0].Addr
}

// field is the first value of a header field of a mail of ours, as it was sent.
func (m sunk) field(name string) string {
	for _, h := range m.msg.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// bare is the subject without our tag.
func (m sunk) bare() string {
	_, rest, ok := strings.Cut(m.msg.Subject, "] ")
	if !ok {
		return m.msg.Subject
	}
	return rest
}
