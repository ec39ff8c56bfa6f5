package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// forgery is a way to pretend to be somebody: header lines beside To, Subject and
// Message-ID, and who the mail claims to be from. %s stands for a Message-ID.
type forgery struct {
	id, from string
	headers  []string
	envelope string // the sender of the envelope, when it tells something
	// stamped are results that our own server adds in every state of the evidence.
	stamped string
}

// spoofs are catalogue group I.
var spoofs = []forgery{
	{id: "I01", from: "bob@example.org"},
	{id: "I02", from: "bob@example.org", envelope: "eve@evil.example", stamped: "spf=pass smtp.mailfrom=evil.example"},
	{id: "I03", from: "bob@example.org", stamped: "dkim=pass header.d=evil.example",
		headers: []string{"DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=x; h=from:to; bh=eA==; b=eA=="}},
	{id: "I04", from: "bob@example.org", headers: []string{
		"Authentication-Results: mx.evil.example; auth=pass smtp.auth=bob@example.org; dmarc=pass header.from=example.org; dkim=pass header.d=example.org",
		"ARC-Authentication-Results: i=1; mx.example.org; dmarc=pass header.from=example.org; dkim=pass header.d=example.org",
		"Received: from evil.example by relay.evil.example; Mon, 2 Mar 2026 08:00:00 +0000",
		"Authentication-Results: mx.example.org; auth=pass smtp.auth=bob@example.org; dmarc=pass header.from=example.org; dkim=pass header.d=example.org"}},
	{id: "I05", from: "Bob Brown <b.brown@example.org>", headers: []string{"X-Postern-Agent: bob", "X-Postern-Level: L2"}},
	{id: "I06", from: "eve@evil.example"},
	{id: "I07", from: "carol@example.net"},
	{id: "I08", from: "carol@example.net", headers: []string{"References: <%s>"}},
	{id: "I10", from: "bob@example.org", headers: []string{"From: eve@evil.example"}, stamped: "dmarc=pass header.from=example.org; dkim=pass header.d=example.org"},
	{id: "I10b", from: "bob@example.org, eve@evil.example", stamped: "dmarc=pass header.from=example.org; dkim=pass header.d=example.org"},
	{id: "I10c", from: "bob@example.org", stamped: "dmarc=pass header.from=example.org; dkim=pass header.d=example.org",
		headers: []string{"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from:to; l=10; bh=eA==; b=eA=="}},
	{id: "I11", from: "bob@example.org.evil.example"},
	{id: "I11b", from: "bob@sub.example.org", stamped: "dkim=pass header.d=sub.example.org"},
	{id: "I11c", from: "\"bob@example.org\" <bob@examp1e.org>"},
	{id: "I12", from: "bob@example.org", envelope: "bob@example.org", stamped: "spf=pass smtp.mailfrom=bob@example.org; dmarc=pass header.from=example.org"},
	{id: "I13", from: "Bob via list <list@lists.example>", headers: []string{"Reply-To: bob@example.org", "List-Id: <list.lists.example>"}},
	{id: "I14", from: "ann@home.example"},
	{id: "I15", from: "eve@evil.example", headers: []string{"Sender: bob@example.org", "On-Behalf-Of: bob@example.org", "Reply-To: bob@example.org", "Return-Path: <bob@example.org>"}},
	{id: "I16", from: "no-reply@slack.example", headers: []string{"Auto-Submitted: auto-generated"}},
	{id: "I17", from: "no-reply@slack.example", headers: []string{"Cc: eve@evil.example"}},
}

// spoofWords are what the attacker would like to have done.
var spoofWords = []string{
	"#resolve|#assign carl|words-of-evil",
	"words-of-evil",
	"#note words-of-evil",
	"#release",
	"#confirm 0123456789abcdefghjkmnpqrs",
}

// IN-I01 to IN-I17, INV-E1, INV-D1: whatever a mail below L2 says, with whatever reply
// address and verdict, no event is an agent's, no command runs, no reply leaves,
// and what the ticket holds reaches nobody new.
func TestIN_I_SpoofMatrix(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		m := &spoofMatrix{story: newStory(t, url, "testdata/crash/scenario.txtar"), attacks: map[int64]string{}}
		for _, token := range []string{"none", "own", "other", "agent", "revoked"} {
			for _, verdict := range []string{"none", "pass", "fail"} {
				m.group(token, verdict)
			}
		}
		m.audit()
		if n := len(m.attacks); n < 1200 {
			t.Errorf("only %d cases", n)
		}
	})
}

type spoofMatrix struct {
	*story
	attacks map[int64]string // arrival → case
	n       int
}

// group opens a ticket of Ann's and one of Carol's, and attacks them in every way.
func (m *spoofMatrix) group(token, verdict string) {
	m.n++
	m.play([]string{
		fmt.Sprintf("write ann@example.net canary-ann subject='Secret %d' proved=yes", m.n),
		fmt.Sprintf("write carol@example.net chair subject='Chair %d' proved=yes", m.n),
	})
	addr := map[string]string{}
	ids := map[string]string{}
	for _, x := range m.unread {
		key := x.out.To + x.out.Subject[strings.LastIndex(x.out.Subject, "] ")+2:]
		addr[key], ids[key] = x.msg.ReplyTo[0].Addr, x.msg.MessageID
	}
	m.unread = nil
	secret, chair := fmt.Sprintf("Secret %d", m.n), fmt.Sprintf("Chair %d", m.n)
	if token == "revoked" {
		m.play([]string{fmt.Sprintf("revoke %d", 2*m.n-1)})
	}
	for _, s := range spoofs {
		for w, words := range spoofWords {
			to := map[string]string{"none": "help@example.org", "own": addr["carol@example.net"+chair], "other": addr["ann@example.net"+secret],
				"agent": addr["bob@example.org"+secret], "revoked": addr["bob@example.org"+secret]}[token]
			if token == "own" && strings.Contains(s.from, "@example.org") {
				to = addr["bea@example.org"+secret] // an agent's name on an address that was issued to agents
			}
			name := fmt.Sprintf("%s/%s/%s/%d", s.id, token, verdict, w)
			m.attack(name, s, to, verdict, ids["ann@example.net"+secret], words)
		}
	}
}

// attack delivers one forged mail. Half of them answer a mail, the others name the
// ticket in the subject.
func (m *spoofMatrix) attack(name string, s forgery, to, verdict, answers, words string) {
	m.arrived++
	m.now = m.now.Add(7 * time.Minute)
	var b strings.Builder
	stamp := map[string]string{"none": "", "pass": "spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example; dmarc=pass header.from=evil.example", "fail": "spf=fail; dmarc=fail header.from=example.org"}[verdict]
	if r := strings.Trim(stamp+"; "+s.stamped, "; "); r != "" {
		fmt.Fprintf(&b, "Authentication-Results: mx.example.org; %s\n", r)
	}
	subject := fmt.Sprintf("Re: [IT #%d] Attack %d", 2*m.n-1, m.arrived)
	fmt.Fprintf(&b, "From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%d@evil.example>\nDate: %s\n",
		s.from, to, subject, m.arrived, m.now.Format(time.RFC1123Z))
	for _, h := range s.headers {
		b.WriteString(strings.ReplaceAll(h, "%s", answers) + "\n")
	}
	if m.arrived%2 == 0 {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\n", answers)
	}
	raw := strings.ReplaceAll(b.String()+"\n"+strings.ReplaceAll(words, "|", "\n")+"\n", "\n", "\r\n")
	a := m.envelope(raw, map[string]string{"from": or(s.envelope, "eve@evil.example"), "to": to})
	ctx := context.Background()
	if err := m.house.desk.Accept(ctx, a, stringRaw(raw)); err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
	last := must(m.db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 1}))[0]
	if last.State == tickets.StateNew {
		m.t.Fatalf("%s: %s", name, last.Error)
	}
	m.attacks[last.Arrival.ID] = name
}

// audit looks for traces of success.
func (m *spoofMatrix) audit() {
	ctx := context.Background()
	if err := m.flush(); err != nil {
		m.t.Fatal(err)
	}
	for _, t := range must(m.db.ListTickets(ctx, ticketdb.TicketFilter{Limit: 10_000})) {
		events := must(m.db.EventsOf(ctx, t.ID))
		for _, e := range events {
			name, bad := m.attacks[e.Cause.Arrival], ""
			switch b := e.Body.(type) {
			case tickets.CommandRun, tickets.StatusSet, tickets.Assigned, tickets.Confirmed, tickets.EntryChanged, tickets.Raised:
				bad = b.Kind()
			case tickets.CCSet:
				if e.Cause.Level < tickets.L1 {
					bad = b.Kind()
				}
			case tickets.EntryAdded:
				joined := e.Cause.Arrival != events[0].Cause.Arrival && b.State == tickets.EntryVisible
				if b.Agent != "" || b.State == tickets.EntryVisible && b.Is != tickets.EntryMessage && b.Is != tickets.EntrySystem ||
					joined && !t.Participates(b.Participant) {
					bad = fmt.Sprintf("entry of %q, %s, %s", b.Agent, b.Is, b.State)
				}
			}
			if name != "" && (bad != "" || e.Cause.Agent != "" || e.Cause.Level >= tickets.L2) {
				m.t.Errorf("%s: event %d of ticket %d: %s, agent %q at %s", name, e.Seq, t.ID, bad, e.Cause.Agent, e.Cause.Level)
			}
		}
	}
	for _, x := range m.unread {
		agent := strings.HasPrefix(x.out.Recipient, "agent ")
		text := x.raw + x.msg.Text
		if x.out.Mail == tickets.MailReply {
			m.t.Errorf("a reply left for %s", x.out.To)
		}
		if !agent && (strings.Contains(text, "words-of-evil") || x.out.To != "ann@example.net" && strings.Contains(text, "Secret")) {
			m.t.Errorf("%s learned of it:\n%s", x.out.To, x.raw)
		}
	}
	m.unread = nil
}
