package mailauth

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"postern/mailin"
	"postern/tickets"
)

// desk is a helpdesk with one agent.
func desk() *tickets.Settings {
	return &tickets.Settings{
		Instance: "it.example", Domain: "example.org", Limits: tickets.DefaultLimits(),
		Queues: []tickets.Queue{{Name: "it", Addresses: []string{"help@example.org"}, Tag: "IT", Agents: []string{"bob"}}},
		Agents: []tickets.Agent{{Name: "bob", Addresses: []string{"bob@example.org"}}},
	}
}

// judged lets the core weigh a message by our own report alone, as a listener for
// strangers does.
func judged(t *testing.T, msg string, at time.Time, z Resolver) (tickets.Evidence, Report) {
	t.Helper()
	raw := strings.NewReader(msg)
	r := Verify(t.Context(), raw, Envelope{}, z, now)
	m := mailin.Parse(t.Context(), raw, mailin.Envelope{})
	a := tickets.Arrival{Role: tickets.RoleMX, To: []string{"help@example.org"}, At: at, Verified: r.Findings()}
	return tickets.Judge(a, m, desk()), r
}

// What the core makes of our report: an agent's genuine mail acts, a changed,
// replayed or old one does not (IN-I09 to I11).
func TestReport_judged(t *testing.T) {
	z := world(t, "ed._domainkey.evil.example TXT "+public(edKey()), "_dmarc.evil.example TXT v=DMARC1; p=none",
		"ed._domainkey.plain.example TXT "+public(edKey()), "ed._domainkey.news.example.org TXT "+public(edKey()), "down._domainkey.example.org FAIL")
	genuine := sign(t, letter)
	answer := strings.Replace(letter, "Subject:", "Cc: ann@example.net\r\nIn-Reply-To: <x@example.org>\r\nReferences: <x@example.org>\r\nMIME-Version: 1.0\r\nSubject:", 1)
	gmail := covers("Cc", "To", "Subject", "Message-ID", "Date", "From", "In-Reply-To", "References", "MIME-Version", "From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To")
	microsoft := covers("From", "Date", "Subject", "Message-ID", "Content-Type", "MIME-Version", "X-MS-Exchange-SenderADCheck")
	exactly := func(h string) string {
		_, body, _ := strings.Cut(letter, "\r\n\r\n")
		return signTags(letter, "d=example.org; s=ed; h="+h, body, edKey())
	}
	for _, tt := range []struct {
		name, msg string
		at        time.Time
		want      tickets.Level
		failed    bool
	}{
		{"genuine", genuine, now, tickets.L2, false},
		{"one octet changed", strings.Replace(genuine, "burns", "barns", 1), now, tickets.L0, true},
		{"six days later", genuine, now.Add(6 * 24 * time.Hour), tickets.L0, false},
		{"sent on from another's mailbox", sign(t, strings.Replace(letter, "To: help", "To: ann", 1)), now, tickets.L0, false},
		{"To not signed", sign(t, letter, covers("From", "Subject")), now, tickets.L0, false},
		{"a claim of To on top", "DKIM-Signature: v=1; d=example.org; s=ed; h=from:to; a=rsa-sha256; bh=; b=\r\n" + sign(t, letter, covers("From", "Subject")), now, tickets.L0, false},
		{"an answer as Gmail signs it", sign(t, answer, gmail), now, tickets.L2, false},
		{"an answer as Microsoft 365 signs it", sign(t, answer, microsoft), now, tickets.L0, false},
		{"its requester's as Microsoft 365 signs it", sign(t, strings.Replace(from("ann@plain.example"), "To:", "MIME-Version: 1.0\r\nTo:", 1), microsoft, as("plain.example")), now, tickets.L1, false},
		{"a Cc added to a signed To", "Cc: help@example.org\r\n" + sign(t, strings.Replace(letter, "To: help", "To: ann", 1)), now, tickets.L0, false},
		{"a second To on top", "To: help@example.org\r\n" + sign(t, strings.Replace(letter, "To: help", "To: ann", 1)), now, tickets.L0, true},
		{"a reference added", "In-Reply-To: <x@example.org>\r\n" + genuine, now, tickets.L0, false},
		{"Cc signed and To not", sign(t, letter, covers("From", "Cc", "Subject", "Date", "Message-ID")), now, tickets.L0, false},
		{"only Date says when", exactly("from:to:subject:message-id:date"), now, tickets.L2, false},
		{"nothing says when", exactly("from:to:subject:message-id"), now, tickets.L0, false},
		{"a broken one of the domain beside", strings.Replace(genuine, "DKIM-Signature: ", "DKIM-Signature: v=1; d=example.org; s=ed; h=from; a=rsa-sha256; bh=; b=\r\nDKIM-Signature: ", 1), now, tickets.L2, false},
		{"by a subdomain, which is aligned", sign(t, letter, as("news.example.org")), now, tickets.L0, false},
		{"a key that the DNS does not say now", sign(t, letter, func(o *dkim.SignOptions) { o.Selector = "down" }), now, tickets.L0, false},
		{"without a policy", sign(t, from("ann@plain.example"), as("plain.example")), now, tickets.L1, false},
		{"unsigned", letter, now, tickets.L0, true},
		{"signed by another", sign(t, letter, as("evil.example")), now, tickets.L0, true},
		{"another's own mail", sign(t, from("eve@evil.example"), as("evil.example")), now, tickets.L1, false},
		{"a forged field of our name", "Authentication-Results: postern.own; dmarc=pass header.from=example.org; dkim=pass header.d=example.org\r\n" + letter, now, tickets.L0, true},
	} {
		e, r := judged(t, tt.msg, tt.at, z)
		if e.Level != tt.want || e.Failed != tt.failed {
			t.Errorf("%s: %v, failed %v (%s); want %v; %s", tt.name, e.Level, e.Failed, e.Why, tt.want, line(r))
		}
	}
}

func TestReport_AuthResults(t *testing.T) {
	z := world(t, "ed._domainkey.xn--exmple-cua.org TXT "+public(edKey()), "_dmarc.xn--exmple-cua.org TXT v=DMARC1; p=none", "example.org TXT v=spf1 -all")
	sender := "bob@example.org"
	r := Verify(context.Background(), strings.NewReader(sign(t, letter, as("gone.example"))), Envelope{Peer: "192.0.2.1", From: &sender}, z, now)
	got := r.AuthResults("us")
	if got.ServID != "us" || got.Above != 0 || len(got.Results) != 3 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []struct{ method, value, prop, is string }{
		{"dkim", "permerror", "header.d", "gone.example"}, {"spf", "fail", "smtp.mailfrom", "example.org"}, {"dmarc", "fail", "header.from", "example.org"},
	} {
		g := got.Results[i]
		if g.Method != want.method || g.Value != want.value || g.Props[want.prop] != want.is || g.Props["reason"] == "" {
			t.Errorf("result %d: %+v", i, g)
		}
	}
	if d := got.Results[0].Props; len(d["header.b"]) != 8 || d["header.s"] != "ed" || d["header.a"] != "ed25519-sha256" {
		t.Errorf("dkim: %v", d)
	}
	null := ""
	r = Verify(context.Background(), strings.NewReader(letter), Envelope{Peer: "192.0.2.1", Helo: "example.org", From: &null}, z, now)
	if got := r.AuthResults("us").Results; got[0].Method != "dkim" || got[0].Value != "none" || got[1].Props["smtp.helo"] != "example.org" {
		t.Errorf("unsigned, null sender: %+v", got)
	}
	// The core compares domains as From spells them.
	r = verify(t, sign(t, from("bob@exämple.org"), as("xn--exmple-cua.org")), z)
	if got := r.AuthResults("us").Results; got[0].Props["header.d"] != "exämple.org" || got[2].Props["header.from"] != "exämple.org" || r.Signatures()[0].Domain != "exämple.org" {
		t.Errorf("umlaut: %+v", got)
	}
}

// What an ARC chain claims is recorded and proves nothing.
func TestReport_ARC(t *testing.T) {
	for seal, want := range map[string]string{"": "", "ARC-Seal: i=2; cv=pass; d=x; b=\r\nARC-Seal: i=1; cv=none\r\n": "pass", "arc-seal: cv=maybe\r\n": "broken"} {
		r := verify(t, seal+letter, world(t))
		if r.ARC != want || r.DMARC.Result != Fail {
			t.Errorf("%q: arc %q, %s", seal, r.ARC, line(r))
		}
	}
}
