package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mailin"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// IN_I01 to IN_I17, INV-D1, INV-E1: every way to pretend to be somebody, with every
// kind of reply address and every kind of evidence, in every pair (the whole product is
// five times as many), against a ticket with a history of its own. A cell does what
// the policy gives it: those below the level of their words do nothing, those that
// reach it act, and the ledger passes the audit afterwards.
func TestIN_I_SpoofMatrix(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		m := newSpoofMatrix(t, url)
		started := time.Now()
		for n := 0; n < len(forgeries)*len(passes)*len(evidences); n++ {
			f, p, e := n%len(forgeries), n/len(forgeries)%len(passes), n/len(forgeries)/len(passes)
			every := 8
			if forgeries[f].honest {
				every = 2
			}
			if (f+3*p+e)%every == 0 {
				m.cells = append(m.cells, m.cell(forgeries[f], passes[p], evidences[e]))
			}
		}
		for batch := range slices.Chunk(m.cells, 64) {
			m.prepare(batch)
			for _, c := range batch {
				m.attack(c)
				m.judge(c)
			}
		}
		m.audit()
		t.Logf("%d cells in %s: acted %v", len(m.cells), time.Since(started).Round(time.Second), m.acted)
		if len(m.cells) < 1200 || m.acted[tickets.L1] < 80 || m.acted[tickets.L2] < 50 || m.acted[tickets.L0] < 800 {
			t.Errorf("only %d cells, acted %v", len(m.cells), m.acted)
		}
	})
}

// spoofMatrix is a helpdesk under attack.
type spoofMatrix struct {
	*story
	people map[string]int64 // address → participant
	pasts  map[bool]past    // resolved → Ann's ticket
	other  past             // Carol's
	cells  []*cell
	acted  map[tickets.Level]int
}

// cell is one case of the matrix.
type cell struct {
	forgery
	pass
	evidence
	n      int
	words  string
	closed bool           // the ticket is resolved before
	level  tickets.Level  // that is due
	target tickets.Ticket // where it lands, as it was before
	id     int64          // of the arrival
}

func (c *cell) String() string {
	return fmt.Sprintf("%s / %s / %s / %q", c.forgery.id, c.pass.name, c.evidence.name, c.words)
}

// canary is a word that only this cell's mail holds.
func (c *cell) canary() string { return fmt.Sprintf("canary%dz", c.n) }

func newSpoofMatrix(t *testing.T, url string) *spoofMatrix {
	m := &spoofMatrix{story: newStory(t, url, "testdata/crash/scenario.txtar"), people: map[string]int64{},
		pasts: map[bool]past{}, acted: map[tickets.Level]int{}}
	m.house.keys.Keys[2] = []byte("a retired key of 32 octets, here")
	m.play([]string{
		"write ann@example.net 'It burns.' subject=Open proved=yes header='Cc: dan@example.net' id=first@example.net",
		"mail to=bob@example.org as=bob",
		"write bob@example.org 'Use the stairs.' addr=$bob.replyto re=$bob.msgid proved=yes id=old@example.org",
		"write bob@example.org '#note|She is nervous.' addr=$bob.replyto re=$bob.msgid proved=yes",
		"write carol@example.net 'My chair.' subject=Chair proved=yes id=chair@example.net",
	})
	m.pasts[false], m.other = m.pastOf(1), m.pastOf(2)
	m.play([]string{"write bob@example.org '#resolve' addr=$bob.replyto re=$bob.msgid proved=yes"})
	m.pasts[true] = m.pastOf(1)
	m.unread = nil
	err := m.db.Do(context.Background(), func(tx tickets.Tx) error {
		for _, f := range append(slices.Clone(forgeries), forgery{from: "zoe@example.net"}) {
			p, err := tx.ParticipantOf(tickets.Address{Addr: f.address()})
			if err != nil {
				return err
			}
			m.people[f.address()] = p.ID
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *spoofMatrix) cell(f forgery, p pass, e evidence) *cell {
	n := len(m.cells)
	w := wordings[n%len(wordings)]
	c := &cell{forgery: f, pass: p, evidence: e, n: n, closed: w.resolved, level: due(f, p, e)}
	c.words = strings.ReplaceAll(w.text, "%c", c.canary())
	return c
}

// prepare makes the tickets of a batch in one transaction.
func (m *spoofMatrix) prepare(batch []*cell) {
	err := m.db.Do(context.Background(), func(tx tickets.Tx) (err error) {
		for _, c := range batch {
			p, more := m.pasts[c.closed], []tickets.Body(nil)
			switch c.pass.name {
			case "other ticket":
				p = m.other
			case "removed":
				more = []tickets.Body{tickets.RequesterSet{From: m.people["ann@example.net"], To: m.people["zoe@example.net"], Verified: true},
					tickets.CCSet{Participant: m.people["dan@example.net"]}}
			case "revoked":
				more = []tickets.Body{tickets.Revoked{Generation: 1}}
			}
			if c.target, err = m.copyOf(tx, p, fmt.Sprintf("Case %d", c.n), more...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// token is the reply address that the mail is sent to; empty for none.
func (m *spoofMatrix) token(c *cell) string {
	s := m.house.settings.Load()
	signer := tickets.Signer{Instance: s.Instance, Keys: m.house.keys}
	t := tickets.Token{Purpose: tickets.ForReply, Ticket: c.target.ID, Participant: m.people[c.address()], Generation: c.target.Generation}
	switch c.pass.name {
	case "none":
		return ""
	case "retired key":
		signer.Keys.Current = 2
	case "unknown key":
		signer.Keys = tickets.Keyring{Current: 9, Keys: map[uint8][]byte{9: []byte("nobody has ever seen this key..")}}
	case "somebody else's":
		t.Participant = m.people["ann@example.net"]
		if c.who == requester {
			t.Participant = m.people["dan@example.net"]
		}
	case "revoked":
		t.Generation = 0
	case "for notes":
		t.Purpose = tickets.ForNote
	case "for bounces":
		t.Purpose = tickets.ForBounce
	}
	text := must(signer.Sign(t))
	if c.pass.name == "wrong MAC" {
		last := byte('0')
		if text[len(text)-1] == '0' {
			last = '1'
		}
		text = text[:len(text)-1] + string(last)
	}
	q, _ := s.Queue("it")
	return s.ReplyAddress(q, text)
}

// attack delivers the mail of a cell. A replay is brought by its owner first.
func (m *spoofMatrix) attack(c *cell) {
	m.now = m.now.Add(7 * time.Minute)
	raw, a := m.composed(c)
	if c.strength == repeated {
		m.accept(c, a, raw)
		c.target = must(m.db.TicketRow(context.Background(), c.target.ID))
		a.Peer, a.Key = "192.0.2.66", a.Key+"replayed"
		m.now = m.now.Add(7 * time.Minute)
	}
	m.accept(c, a, raw)
	last := must(m.db.ListArrivals(context.Background(), ticketdb.ArrivalFilter{Limit: 1}))[0]
	if last.State == tickets.StateNew {
		m.t.Fatalf("%s: %s", c, last.Error)
	}
	c.id = last.Arrival.ID
}

func (m *spoofMatrix) accept(c *cell, a tickets.Arrival, raw string) {
	if err := m.house.desk.Accept(context.Background(), a, stringRaw(raw)); err != nil {
		m.t.Fatalf("%s: %v", c, err)
	}
}

// composed writes the mail of a cell and the envelope it comes in.
func (m *spoofMatrix) composed(c *cell) (raw string, a tickets.Arrival) {
	s := m.house.settings.Load()
	_, domain, _ := strings.Cut(c.address(), "@")
	fill := strings.NewReplacer("%d", domain, "%a", c.address())
	to, rcpt := "help@example.org", "help@example.org"
	if addr := m.token(c); addr != "" {
		to = addr
		if known := s.Recipient(addr, m.house.keys); known == c.bad {
			m.t.Errorf("%s: the door takes the address: %v", c, known)
		}
		if c.bad {
			to += ", " + rcpt // the door has refused it; we got the mail by our other address
		} else {
			rcpt = addr
		}
	}
	if c.evidence.name == "sent to another" {
		to = "friend@elsewhere.example"
	}
	var b strings.Builder
	if r := strings.Trim(fill.Replace(c.evidence.stamp)+"; "+c.stamped, "; "); r != "" {
		fmt.Fprintf(&b, "Authentication-Results: mx.example.org; %s\n", r)
	}
	if c.signature != "" {
		fmt.Fprintf(&b, "DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=s; %s; bh=eA==; b=eA==\n", domain, c.signature)
	}
	for _, h := range slices.Concat(c.evidence.headers, c.forgery.headers) {
		b.WriteString(fill.Replace(h) + "\n")
	}
	id := fmt.Sprintf("attack.%d@evil.example", c.n)
	if c.id2 {
		id = "old@example.org"
	}
	subject, answers := fmt.Sprintf("Re: [IT #%d] Case %d", c.target.ID, c.n), m.ourID(c)
	if c.pass.name == "from an address book" {
		subject = fmt.Sprintf("Something new %d", c.n)
	} else {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\n", answers)
	}
	fmt.Fprintf(&b, "From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s>\nDate: %s\n\n%s\n", c.from, to, subject, id,
		m.now.AddDate(0, 0, -c.days).Format(time.RFC1123Z), c.words)
	raw = strings.ReplaceAll(b.String(), "\n", "\r\n")
	a = m.envelope(raw, map[string]string{"from": or(c.forgery.envelope, "eve@evil.example"), "to": rcpt})
	if c.arrive != nil {
		self := "bob"
		if c.who == outsider {
			self = "carl"
		}
		c.arrive(&a, self)
	}
	return raw, a
}

// ourID is a Message-ID as a mail of ours to Ann bears it.
func (m *spoofMatrix) ourID(c *cell) string {
	s := m.house.settings.Load()
	text := must(tickets.Signer{Instance: s.Instance, Keys: m.house.keys}.Sign(tickets.Token{Purpose: tickets.ForMessageID, Ticket: c.target.ID,
		Participant: m.people["ann@example.net"]}))
	return "m." + text + ".0123456789ab@" + s.Domain
}

// audit asks the ledger itself, which knows nothing of the tables above.
func (m *spoofMatrix) audit() {
	ctx := context.Background()
	for _, bad := range must(m.db.Audit(ctx)) {
		m.t.Errorf("ticket %d, event %d (%s), arrival %d: %s", bad.Ticket, bad.Seq, bad.Kind, bad.Arrival, bad.Why)
	}
	err := m.db.Verify(ctx, func(c ticketdb.Check) {
		if !c.OK {
			m.t.Errorf("ticket %d does not add up: %s", c.Ticket, c.Why)
		}
	})
	if err != nil {
		m.t.Error(err)
	}
}

// text is an outgoing mail as its reader gets it.
func (m *spoofMatrix) text(id int64) string {
	o := must(m.db.OutboxRow(context.Background(), id))
	raw := must(m.house.assemble(o))
	msg := mailin.Parse(context.Background(), stringRaw(raw), mailin.Envelope{From: &o.From, To: []string{o.To}})
	return raw + msg.Text
}
