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

// IN_E01 to IN_E13 at the desk: a From that is not exactly an agent's address is not the
// agent, however good the verdict on the mail is; one that is acts. Each comes to the
// agent's own reply address with the strongest stamps there are.
func TestIN_E_Senders(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		m := newSpoofMatrix(t, url)
		for _, x := range []struct{ id, from, acts string }{
			{"IN_E02", `<"">`, ""},
			{"IN_E02", `""@example.org`, ""},
			{"IN_E03", strings.Repeat("bob", 900) + "@example.org", ""},
			{"IN_E04", `"bob"@example.org`, "bob"},
			{"IN_E04", `"b\ob"@example.org`, "bob"}, // the same mailbox (RFC 5321 section 4.1.2)
			{"IN_E04", `"bob "@example.org`, ""},
			{"IN_E04", `"bob@example.org"@evil.example`, ""},
			{"IN_E05", `"bob> SIZE=1"@example.org`, ""},
			{"IN_E06", "bob@ex\u0430mple.org", ""},
			{"IN_E06", "b\u043eb@example.org", ""},
			{"IN_E06", "bob@example\u3002org", ""},
			{"IN_E06", "bob@exam\u200dple.org", ""},
			{"IN_E06", "bob@xn--exmple-4nf.org", ""},
			{"IN_E07", "Bob@Example.ORG", "bob"},
			{"IN_E07", "BOB@EXAMPLE.ORG", "bob"},
			{"IN_E08", "bob+x@example.org", ""},
			{"IN_E08", "b.o.b@example.org", ""},
			{"IN_E08", "bbrown@example.org", ""}, // b.brown@ is his
			{"IN_E09", "=?utf-8?q?bob=40example.org=3e?=@evil.example", ""},
			{"IN_E09", "=?utf-8?q?bob?=@example.org", ""},
			{"IN_E09", "=?utf-8?q?bob=40example=2Eorg?=", ""},
			{"IN_E09", "=?utf-8?q?Bob_=3Cbob=40example=2Eorg=3E?= <eve@evil.example>", ""},
			{"IN_E10", "undisclosed-recipients:;", ""},
			{"IN_E10", "agents: bob@example.org, eve@evil.example;", ""},
			{"IN_E11", "<<<bob@example.org>>>", ""},
			{"IN_E11", "<bob@example.org", ""},
			{"IN_E11", "bob@example.org>", ""},
			{"IN_E11", "Bob (agent <bob@example.org>", ""},
			{"IN_E11", `"Bob <bob@example.org>`, ""},
			{"IN_E11", "<bob@example.org,eve@evil.example>", ""},
			{"IN_E11", "bob", ""},
			{"IN_E12", strings.TrimSuffix(strings.Repeat("bob@example.org, ", 3000), ", "), ""},
			{"IN_E13", strings.Repeat("(", 5000) + strings.Repeat(")", 5000) + " eve@evil.example", ""},
		} {
			t.Run(x.id, func(t *testing.T) { m.sender(t, x.from, x.acts) })
		}
		t.Run("IN_E01", m.nullSender)
		t.Run("IN_E10", m.emptyTo)
		m.audit()
	})
}

const strongest = "auth=pass smtp.auth=bob@example.org; dmarc=pass header.from=example.org; dkim=pass header.d=example.org"

// sender lets From command on a ticket of its own.
func (m *spoofMatrix) sender(t *testing.T, from, acts string) {
	ctx := context.Background()
	m.now = m.now.Add(20 * time.Minute)
	tk, _ := m.aTicket(t, false)
	to := m.addressOf(tickets.Token{Purpose: tickets.ForReply, Ticket: tk.ID, Participant: m.people[bobAddress]})
	m.arrived++
	raw := fmt.Sprintf("Authentication-Results: mx.example.org; %s\r\nFrom: %s\r\nTo: %s\r\nSubject: Re: Open\r\nMessage-ID: <sender.%d@example.org>\r\nIn-Reply-To: <%s>\r\n\r\n#resolve\r\nwords of somebody\r\n",
		strongest, from, to, m.arrived, m.ourIDOf(tk.ID))
	a := m.envelope(raw, map[string]string{"to": to, "from": bobAddress})
	started := time.Now()
	if err := m.house.desk.Accept(ctx, a, stringRaw(raw)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	last := must(m.db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 1}))[0]
	if last.Result.Ticket != tk.ID {
		t.Fatalf("it lies on ticket %d: %+v %s", last.Result.Ticket, last.Result, last.Error)
	}
	now := must(m.db.TicketRow(ctx, tk.ID))
	if did := now.Status == tickets.Resolved; did != (acts != "") {
		t.Errorf("From: %.80s: the ticket is %s\n%+v", from, now.Status, last.Result.Trace)
	}
}

// nullSender: a mail without a return path is kept and never answered.
func (m *spoofMatrix) nullSender(t *testing.T) {
	ctx := context.Background()
	raw := "From: eve@evil.example\r\nTo: help@example.org\r\nSubject: Nobody\r\nMessage-ID: <null@evil.example>\r\n\r\n#close\r\n"
	if err := m.house.desk.Accept(ctx, m.envelope(raw, map[string]string{"from": "<>"}), stringRaw(raw)); err != nil {
		t.Fatal(err)
	}
	last := must(m.db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 1}))[0]
	if tk := must(m.db.TicketRow(ctx, last.Result.Ticket)); tk.Subject != "Nobody" || tk.Status != tickets.New {
		t.Errorf("ticket %+v", tk)
	}
	for _, o := range must(m.db.ListOutbox(ctx, ticketdb.OutboxFilter{Ticket: last.Result.Ticket})) {
		if !strings.HasPrefix(o.Recipient, "agent ") {
			t.Errorf("%s to %s", o.Role, o.To)
		}
	}
}

// emptyTo: a mail that names nobody in To reaches its ticket by the envelope.
func (m *spoofMatrix) emptyTo(t *testing.T) {
	tk, addr := m.aTicket(t, false)
	a, e := m.bring(t, sentTo{envelope: addr, headers: "To: undisclosed-recipients:;\nCc: a: b@c.example, d@e.example;\n"})
	joined(t, a, e, tk.ID, tickets.EntryVisible)
}
