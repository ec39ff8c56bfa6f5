package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// sentTo is a mail by its envelope, header and words; what is left out is Ann's
// ordinary reply.
type sentTo struct {
	from, subject, headers, text string
	envelope                     string // recipients, with commas
	proved                       bool
}

// bring delivers a mail and returns what became of it.
func (m *spoofMatrix) bring(t *testing.T, x sentTo) (ticketdb.ArrivalInfo, tickets.Entry) {
	t.Helper()
	ctx := context.Background()
	m.now = m.now.Add(20 * time.Minute)
	m.arrived++
	stamp := ""
	if x.proved {
		stamp = "Authentication-Results: mx.example.org; auth=pass smtp.auth=" + or(x.from, "ann@example.net") + "\n"
	}
	headers := x.headers
	if !strings.Contains(headers, "To:") {
		headers = "To: " + x.envelope + "\n" + headers
	}
	raw := fmt.Sprintf("%sFrom: %s\nSubject: %s\n%sMessage-ID: <threading.%d@example.net>\n\n%s\n", stamp, or(x.from, "ann@example.net"), or(x.subject, "Re: Open"), headers,
		m.arrived, or(x.text, "It still burns."))
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	if err := m.house.desk.Accept(ctx, m.envelope(raw, map[string]string{"to": x.envelope}), stringRaw(raw)); err != nil {
		t.Fatal(err)
	}
	a := must(m.db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 1}))[0]
	if a.Result.Ticket == 0 {
		t.Fatalf("it is lost: %+v, %s", a.Result, a.Error)
	}
	entries := must(m.db.EntriesOf(ctx, a.Result.Ticket))
	i := slices.IndexFunc(entries, func(e tickets.Entry) bool { return e.ID == a.Result.Entry })
	return a, entries[i]
}

// aTicket is a ticket of Ann's with a history, and her reply address on it.
func (m *spoofMatrix) aTicket(t *testing.T, resolved bool, more ...tickets.Body) (tickets.Ticket, string) {
	t.Helper()
	var tk tickets.Ticket
	err := m.db.Do(context.Background(), func(tx tickets.Tx) (err error) {
		tk, err = m.copyOf(tx, m.pasts[resolved], "Open", more...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tk, m.addressOf(tickets.Token{Purpose: tickets.ForReply, Ticket: tk.ID, Participant: m.people["ann@example.net"]})
}

// addressOf signs an address; it has the form help+token@, which the door takes
// whatever it says.
func (m *spoofMatrix) addressOf(x tickets.Token) string {
	return "help+" + must(tickets.Signer{Instance: m.house.settings.Load().Instance, Keys: m.house.keys}.Sign(x)) + "@example.org"
}

// joined: the mail lies on the ticket in this state; on none: it made a ticket of its own.
func joined(t *testing.T, a ticketdb.ArrivalInfo, e tickets.Entry, ticket int64, state tickets.EntryState) {
	t.Helper()
	if a.Result.Ticket != ticket || e.State != state {
		t.Errorf("it is entry %d of ticket %d, %s (%s); expected ticket %d, %s", e.ID, a.Result.Ticket, e.State, e.Why, ticket, state)
	}
}

func apart(t *testing.T, a ticketdb.ArrivalInfo, tickets ...int64) {
	t.Helper()
	if slices.Contains(tickets, a.Result.Ticket) {
		t.Errorf("it joined ticket %d: %+v", a.Result.Ticket, a.Result.Trace)
	}
}

// IN_T01 to IN_T12 at the desk: what threads, and what does not. The letters of a
// token are tried one by one in TestIN_T02_TokenTampering.
func TestIN_T_Threading(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		m := newSpoofMatrix(t, url)
		t.Run("IN_T01", m.spelledOtherwise)
		t.Run("IN_T03", m.otherTokens)
		t.Run("IN_T04", m.statesOfTickets)
		t.Run("IN_T05", m.twoTokens)
		t.Run("IN_T06", m.tokenInWords)
		t.Run("IN_T07", m.noToken)
		t.Run("IN_T08", m.guessing)
		t.Run("IN_T09", m.tags)
		t.Run("IN_T10", m.ourIDs)
		t.Run("IN_T11", m.yearsLater)
		t.Run("IN_T12", m.nestedTags)
		m.audit()
	})
}

func (m *spoofMatrix) spelledOtherwise(t *testing.T) {
	tk, addr := m.aTicket(t, false)
	local, domain, _ := strings.Cut(addr, "@")
	odd := []byte(local)
	for i := 0; i < len(odd); i += 2 {
		odd[i] = strings.ToUpper(string(odd[i]))[0]
	}
	for _, form := range []string{strings.ToUpper(addr), string(odd) + "@" + domain, `"` + local + `"@` + domain, addr + ".", "<" + addr + ">", addr + ">", "'" + addr + "'"} {
		a, e := m.bring(t, sentTo{envelope: form, headers: "To: undisclosed-recipients:;\n"})
		if joined(t, a, e, tk.ID, tickets.EntryVisible); t.Failed() {
			t.Fatalf("spelled %s", form)
		}
	}
}

func (m *spoofMatrix) otherTokens(t *testing.T) {
	tk, addr := m.aTicket(t, false)
	text := addr[5 : 5+tickets.TokenLen]
	x := tickets.Token{Purpose: tickets.ForReply, Ticket: tk.ID, Participant: m.people["ann@example.net"]}
	s := m.house.settings.Load()
	keys := func(id uint8, key string) tickets.Keyring {
		return tickets.Keyring{Current: id, Keys: map[uint8][]byte{id: []byte(key)}}
	}
	purpose := func(p tickets.Purpose) tickets.Token { x := x; x.Purpose = p; return x }
	sign := func(s tickets.Signer, x tickets.Token) string { return must(s.Sign(x)) }
	ours := tickets.Signer{Instance: s.Instance, Keys: m.house.keys}
	for name, token := range map[string]string{
		"cut": text[:38], "longer": text + "0", "of another instance": sign(tickets.Signer{Instance: "other.example", Keys: m.house.keys}, x),
		"unknown key": sign(tickets.Signer{Instance: s.Instance, Keys: keys(9, "nobody has ever seen this key..")}, x),
		"same key id": sign(tickets.Signer{Instance: s.Instance, Keys: keys(1, "a key of the attacker of 32 oct.")}, x),
		"for bounces": sign(ours, purpose(tickets.ForBounce)), "for threading only": sign(ours, purpose(tickets.ForMessageID)), "for approvals": sign(ours, purpose(tickets.ForApprove)),
	} {
		a, _ := m.bring(t, sentTo{envelope: "help+" + token + "@example.org"})
		if apart(t, a, tk.ID); t.Failed() {
			t.Fatalf("token: %s", name)
		}
	}
	retired := ours
	retired.Keys.Current = 2
	a, e := m.bring(t, sentTo{envelope: "help+" + sign(retired, x) + "@example.org"})
	joined(t, a, e, tk.ID, tickets.EntryVisible)
}

func (m *spoofMatrix) statesOfTickets(t *testing.T) {
	into, _ := m.aTicket(t, false)
	ann, zoe := m.people["ann@example.net"], m.people["zoe@example.net"]
	for _, x := range []struct {
		name     string
		resolved bool
		later    time.Duration
		more     []tickets.Body
		state    tickets.EntryState // on the ticket; empty for a new linked one
		reopens  bool
		on       int64
	}{
		{name: "open", state: tickets.EntryVisible},
		{name: "resolved, inside the window", resolved: true, later: 13 * 24 * time.Hour, state: tickets.EntryVisible, reopens: true},
		{name: "resolved, outside the window", resolved: true, later: 15 * 24 * time.Hour},
		{name: "closed", resolved: true, more: []tickets.Body{tickets.StatusSet{From: tickets.Resolved, To: tickets.Closed}}},
		{name: "spam", more: []tickets.Body{tickets.Disposed{To: tickets.Spam}}},
		{name: "rejected", more: []tickets.Body{tickets.Disposed{To: tickets.Rejected}}},
		{name: "merged", more: []tickets.Body{tickets.MergedInto{Ticket: into.ID}}, state: tickets.EntryVisible, on: into.ID},
		{name: "removed participant", more: []tickets.Body{tickets.RequesterSet{From: ann, To: zoe}}, state: tickets.EntryUnverified},
		{name: "rotated generation", more: []tickets.Body{tickets.Revoked{Generation: 1}}, state: tickets.EntryUnverified},
	} {
		t.Run(x.name, func(t *testing.T) {
			tk, addr := m.aTicket(t, x.resolved, x.more...)
			m.now = m.now.Add(x.later)
			a, e := m.bring(t, sentTo{envelope: addr})
			now := must(m.db.TicketRow(context.Background(), tk.ID))
			if reopened := tk.Status == tickets.Resolved && now.Status == tickets.Open; reopened != x.reopens {
				t.Errorf("it was %s and is %s", tk.Status, now.Status)
			}
			if x.state != "" {
				joined(t, a, e, max(x.on, tk.ID*b2i(x.on == 0)), x.state)
				return
			}
			apart(t, a, tk.ID)
			if fresh := must(m.db.TicketRow(context.Background(), a.Result.Ticket)); len(fresh.Links) != 1 || fresh.Links[0].Ticket != tk.ID {
				t.Errorf("links %+v, expected %d", fresh.Links, tk.ID)
			}
		})
	}
	a, _ := m.bring(t, sentTo{envelope: m.addressOf(tickets.Token{Purpose: tickets.ForReply, Ticket: 1 << 30, Participant: ann})})
	if fresh := must(m.db.TicketRow(context.Background(), a.Result.Ticket)); len(fresh.Links) != 0 {
		t.Errorf("a ticket that is gone: links %+v", fresh.Links)
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func (m *spoofMatrix) twoTokens(t *testing.T) {
	for name, x := range map[string]sentTo{
		"both in the envelope": {envelope: "SECOND,FIRST"},
		"the other in To":      {envelope: "SECOND", headers: "To: FIRST, SECOND\n"},
		"the other in Cc":      {envelope: "SECOND", headers: "To: SECOND\nCc: FIRST\n"},
	} {
		one, first := m.aTicket(t, false)
		two, second := m.aTicket(t, false)
		fill := strings.NewReplacer("FIRST", first, "SECOND", second)
		x.envelope, x.headers = fill.Replace(x.envelope), fill.Replace(x.headers)
		a, e := m.bring(t, x)
		joined(t, a, e, two.ID, tickets.EntryVisible)
		now, other := must(m.db.TicketRow(context.Background(), two.ID)), must(m.db.TicketRow(context.Background(), one.ID))
		if !slices.ContainsFunc(now.Links, func(l tickets.Link) bool { return l.Ticket == one.ID }) || other.Entries != one.Entries {
			t.Errorf("%s: links %+v, entries of the other %d", name, now.Links, other.Entries)
		}
	}
}

func (m *spoofMatrix) tokenInWords(t *testing.T) {
	tk, addr := m.aTicket(t, false)
	for name, x := range map[string]sentTo{
		"text":          {text: "See " + addr},
		"quote":         {text: "As I said\n\nOn Monday we wrote:\n> Reply to " + addr + "\n> " + m.ourIDOf(tk.ID)},
		"subject":       {subject: "About " + addr + " " + m.ourIDOf(tk.ID)},
		"another field": {headers: "To: help@example.org\nReply-To: " + addr + "\nSender: " + addr + "\nX-Original-Recipient: " + addr + "\n"},
		"an attachment": {headers: "To: help@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n",
			text: "--b\n\nsee there\n--b\nContent-Type: message/rfc822\n\nFrom: help@example.org\nTo: " + addr + "\nIn-Reply-To: <" + m.ourIDOf(tk.ID) + ">\nSubject: Re\n\n#close\n--b--"},
	} {
		x.envelope = "help@example.org"
		a, _ := m.bring(t, x)
		if apart(t, a, tk.ID); t.Failed() {
			t.Fatalf("a token in %s", name)
		}
	}
}

func (m *spoofMatrix) noToken(t *testing.T) {
	for _, tag := range []string{"", strings.Repeat("0", tickets.TokenLen), strings.Repeat("a", 10_000), strings.Repeat("0", tickets.TokenLen-1), "%s", "'; --"} {
		a, e := m.bring(t, sentTo{envelope: "help+" + tag + "@example.org", from: "eve@evil.example", headers: "To: help@example.org\n"})
		if tk := must(m.db.TicketRow(context.Background(), a.Result.Ticket)); tk.Entries != 1 || e.State != tickets.EntryVisible {
			t.Errorf("help+%.20s: entry %d of ticket %d", tag, tk.Entries, tk.ID)
		}
		if s := m.house.settings.Load(); s.Recipient("r-"+tag+"@reply.example.org", m.house.keys) {
			t.Errorf("the door takes r-%.20s", tag)
		}
	}
}

func (m *spoofMatrix) guessing(t *testing.T) {
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	s, hits := m.house.settings.Load(), 0
	random := make([]byte, tickets.TokenLen)
	started := time.Now()
	const tries = 200_000
	for i := range tries {
		_, _ = rand.Read(random)
		for j, b := range random {
			random[j] = letters[b&31]
		}
		if i%2 == 0 {
			random[0] = '4' | random[0]&1 // the version and purpose that are read at all
			copy(random[1:3], "40")
		}
		if s.Recipient("r-"+string(random)+"@reply.example.org", m.house.keys) {
			hits++
		}
	}
	if took := time.Since(started); hits != 0 || took > time.Minute {
		t.Errorf("%d of %d guesses were right, in %s", hits, tries, took)
	}
}

func (m *spoofMatrix) tags(t *testing.T) {
	tk, _ := m.aTicket(t, false)
	other, _ := m.aTicket(t, false)
	n := tk.ID
	full := strings.Map(func(r rune) rune { return r - '0' + '０' }, fmt.Sprint(n))
	for subject, joins := range map[string]bool{
		fmt.Sprintf("[IT #%d] Open", n): true, fmt.Sprintf("Re: AW: Fwd: [IT #%d] Open", n): true, fmt.Sprintf("=?utf-8?q?=5BIT_=23%d=5D?= Open", n): true,
		fmt.Sprintf("[IT #%d] [IT #%d] twice", n, n): true, "[IT #" + full + "] wide": false, fmt.Sprintf("[IT #0%d] zero", n): false, fmt.Sprintf("[IT #%d ] space", n): false,
		fmt.Sprintf("#%d bare", n): false, fmt.Sprintf("[#%d] no word", n): false, fmt.Sprintf("[it #%d] small", n): false, fmt.Sprintf("[IT #%d][IT #%d] two", n, other.ID): false,
		fmt.Sprintf("[IT #-%d] minus", n): false, "[IT #" + strings.Repeat("1", 40) + "] long": false, "in the text": false,
	} {
		a, e := m.bring(t, sentTo{envelope: "help@example.org", subject: subject, proved: true, text: fmt.Sprintf("[IT #%d]", n)})
		if joins {
			joined(t, a, e, n, tickets.EntryVisible)
		} else {
			apart(t, a, n, other.ID)
		}
		if t.Failed() {
			t.Fatalf("subject %s", subject)
		}
	}
	// For a stranger it is nothing at all, and for a spoofed requester a hint.
	a, _ := m.bring(t, sentTo{envelope: "help@example.org", subject: fmt.Sprintf("[IT #%d] Open", n), from: "eve@evil.example", proved: true})
	apart(t, a, n)
	a, e := m.bring(t, sentTo{envelope: "help@example.org", subject: fmt.Sprintf("[IT #%d] Open", n)})
	joined(t, a, e, n, tickets.EntryUnverified)
}

func (m *spoofMatrix) ourIDOf(ticket int64) string {
	return m.ourID(&cell{target: tickets.Ticket{ID: ticket}})
}

func (m *spoofMatrix) ourIDs(t *testing.T) {
	tk, _ := m.aTicket(t, true)
	answers := "To: help@example.org\nIn-Reply-To: <" + m.ourIDOf(tk.ID) + ">\n"
	a, e := m.bring(t, sentTo{envelope: "help@example.org", headers: answers, from: "eve@evil.example", text: "#close\nI saw it."})
	joined(t, a, e, tk.ID, tickets.EntryUnverified)
	a, e = m.bring(t, sentTo{envelope: "help@example.org", headers: answers})
	joined(t, a, e, tk.ID, tickets.EntryUnverified) // no evidence that it is Ann
	if now := must(m.db.TicketRow(context.Background(), tk.ID)); now.Status != tickets.Resolved || len(now.CC) != len(tk.CC) {
		t.Errorf("the ticket is %+v", now)
	}
	a, e = m.bring(t, sentTo{envelope: "help@example.org", headers: answers, proved: true})
	joined(t, a, e, tk.ID, tickets.EntryVisible)
}

func (m *spoofMatrix) yearsLater(t *testing.T) {
	tk, addr := m.aTicket(t, true)
	m.now = m.now.Add(2 * 365 * 24 * time.Hour)
	a, _ := m.bring(t, sentTo{envelope: addr, headers: "To: " + addr + "\nIn-Reply-To: <" + m.ourIDOf(tk.ID) + ">\n", proved: true})
	apart(t, a, tk.ID)
	fresh := must(m.db.TicketRow(context.Background(), a.Result.Ticket))
	if len(fresh.Links) != 1 || fresh.Links[0].Ticket != tk.ID || must(m.db.TicketRow(context.Background(), tk.ID)).Status != tickets.Resolved {
		t.Errorf("a new ticket with links %+v", fresh.Links)
	}
}

// Another helpdesk answers each mail of ours with its own tag in front, nested deeper
// every time, from an address that no header gives away as a machine's.
func (m *spoofMatrix) nestedTags(t *testing.T) {
	for _, keeps := range []bool{true, false} {
		desk := fmt.Sprintf("support%v@example.com", keeps)
		subject, made, acks := "We have a question", map[int64]bool{}, 0
		for round := range 30 {
			a, _ := m.bring(t, sentTo{from: desk, envelope: "help@example.org", subject: subject, text: "Your request was received."})
			m.now = m.now.Add(-19 * time.Minute) // a minute later
			made[a.Result.Ticket] = true
			tag := ""
			if keeps {
				tag = fmt.Sprintf("[IT #%d] ", a.Result.Ticket)
			}
			subject = fmt.Sprintf("Ticket Received - %d - [#%d] %s%s", 286614+round, 117904+round, tag, subject)
		}
		for _, o := range must(m.db.ListOutbox(context.Background(), ticketdb.OutboxFilter{Limit: 1000})) {
			if o.To == desk {
				acks++
			}
		}
		// 30 mails in half an hour: the limit of an unverified address, once in 15 minutes.
		if keeps && (len(made) != 1 || acks != 1) || acks > 3 || acks == 0 {
			t.Errorf("it keeps our tag: %v; %d tickets, %d answers", keeps, len(made), acks)
		}
	}
}
