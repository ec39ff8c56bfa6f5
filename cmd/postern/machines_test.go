package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// Where a machine's mail goes (policy section 6).
const (
	ownTicket  = "a ticket of its own"
	quietHere  = "quiet on the ticket"
	unverified = "unverified on the ticket"
	mailroom   = "the mailroom"
)

// A machineMail is what policy section 6 says of a format: where it goes when it comes to
// the helpdesk's own address, and to a signed one while it names the ticket. A mail to
// a signed address that names nothing opens a ticket, as a person's would.
type machineMail struct {
	fresh, here string
	answered    bool // nothing tells that a machine wrote it: a stranger is answered once
}

// machineMails are the formats by id; a longer prefix wins.
var machineMails = map[string]machineMail{
	"L":              {ownTicket, quietHere, false}, // L01 to L16, L18
	"L17":            {ownTicket, unverified, true},
	"L19-shop":       {ownTicket, unverified, false},
	"L19-shop-bulk":  {ownTicket, quietHere, false},
	"L2":             {mailroom, mailroom, false}, // bounces, without a return path of ours
	"L27":            {mailroom, quietHere, false},
	"L29":            {ownTicket, unverified, false},
	"L30-cron":       {ownTicket, quietHere, false},
	"L30-monitoring": {ownTicket, unverified, true},
	"L31":            {mailroom, mailroom, false},
	"L33":            {mailroom, mailroom, false},
}

func machineMailOf(name string) machineMail {
	best := "L"
	for id := range machineMails {
		if strings.HasPrefix(name, id) && len(id) > len(best) {
			best = id
		}
	}
	return machineMails[best]
}

// IN_L01 to IN_L31, IN_L33, INV-E5, INV-F2, INV-F4: each format, to the helpdesk's address,
// to the requester's signed address and to an agent's, each on a resolved ticket: no
// mail to its sender or to anybody who is no agent, nothing reopened, commanded or
// lost, and it lies where policy section 6 says.
func TestIN_L_Fixtures(t *testing.T) {
	files, err := filepath.Glob("../../mailin/automail/testdata/L*.eml")
	if err != nil || len(files) < 55 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	databases(t, func(t *testing.T, url string) {
		m := newSpoofMatrix(t, url)
		started := time.Now()
		for _, to := range []string{"none", "somebody else's", "bob's own"} { // the words of the spoof matrix
			var batch []*cell
			for range files {
				batch = append(batch, &cell{forgery: forgery{from: bobAddress, who: agent}, pass: pass{name: to}, n: len(m.cells) + len(batch), closed: true})
			}
			m.prepare(batch)
			m.cells = append(m.cells, batch...)
			for i, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".eml")
				t.Run("IN_"+name+"/"+to, func(t *testing.T) { m.machine(t, batch[i], name, file) })
			}
		}
		m.audit()
		t.Logf("%d mails in %s", len(m.cells), time.Since(started).Round(time.Second))
	})
}

var oldIDs = regexp.MustCompile(`<t7\.\d@help\.example\.org>`)

// machine delivers a fixture and looks where it lies.
func (m *spoofMatrix) machine(t *testing.T, c *cell, name, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m.now = m.now.Add(20 * time.Minute)
	raw := strings.ReplaceAll(string(src), "\r\n", "\n")
	head, _, _ := strings.Cut(raw, "\n\n")
	names := strings.Contains(head, "IT #7") || oldIDs.MatchString(head)
	to := m.token(c)
	if to == "" {
		to = "help@example.org"
		raw = strings.ReplaceAll(raw, "IT #7]", "XY #7]") // it names no ticket of ours
	} else {
		raw = strings.ReplaceAll(raw, "IT #7]", fmt.Sprintf("IT #%d]", c.target.ID))
		raw = oldIDs.ReplaceAllString(raw, "<"+m.ourID(c)+">")
	}
	if name < "L20" && !strings.Contains(head, "multipart") {
		raw = strings.Replace(raw, "\n\n", "\n\n#close\n", 1) // what it says commands nothing
	}
	opt := map[string]string{"to": to}
	if g := regexp.MustCompile(`(?m)^Return-Path: <(.*)>`).FindStringSubmatch(raw); g != nil {
		opt["from"] = g[1]
	}
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	if err := m.house.desk.Accept(context.Background(), m.envelope(raw, opt), stringRaw(raw)); err != nil {
		t.Fatal(err)
	}
	f := machineMailOf(name)
	want := f.here
	if to == "help@example.org" {
		want = f.fresh
	} else if !names && want != mailroom {
		want = ownTicket
	}
	m.placed(t, c, f, want)
}

// placed looks at what became of the last arrival.
func (m *spoofMatrix) placed(t *testing.T, c *cell, f machineMail, want string) {
	ctx := context.Background()
	a := must(m.db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 1}))[0]
	if a.Result.Ticket == 0 || a.Result.Entry == 0 {
		t.Fatalf("lost: %+v", a.Result)
	}
	row := must(m.db.TicketRow(ctx, a.Result.Ticket))
	entries := must(m.db.EntriesOf(ctx, row.ID))
	e := entries[slices.IndexFunc(entries, func(e tickets.Entry) bool { return e.ID == a.Result.Entry })]
	got := ownTicket
	switch {
	case slices.Contains(row.Flags, "mailroom"):
		got = mailroom
	case row.ID == c.target.ID:
		got = string(e.State) + " on the ticket"
	}
	if got != want {
		t.Errorf("it lies in %s (%s), expected in %s", got, a.Result.Why, want)
	}
	if was := must(m.db.TicketRow(ctx, c.target.ID)); was.Status != tickets.Resolved || was.Reopens != 0 || len(was.CC) != len(c.target.CC) {
		t.Errorf("the ticket is %+v", was)
	}
	for _, x := range must(m.db.EventsOf(ctx, row.ID)) {
		if x.Cause.Arrival != a.Arrival.ID {
			continue
		}
		switch b := x.Body.(type) {
		case tickets.StatusSet, tickets.CommandRun, tickets.EntryChanged, tickets.CCSet, tickets.StopSet, tickets.Confirmed:
			t.Errorf("it did something: %+v", b)
		case tickets.MailQueued:
			first := f.answered && want == ownTicket && b.Role == "ack-unverified"
			if !strings.HasPrefix(b.To, "agent ") && !first || want == quietHere || want == mailroom {
				t.Errorf("%s to %s", b.Role, b.To)
			}
		}
	}
	if p := must(m.db.ParticipantRow(ctx, m.people["zoe@example.net"])); p.Dead != "" {
		t.Errorf("an address is dead: %s", p.Dead)
	}
}
