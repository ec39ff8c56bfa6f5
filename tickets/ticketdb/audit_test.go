package ticketdb_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postern/tickets"
)

// by is what a mail, or somebody else, causes.
func by(c tickets.Cause, b tickets.Body) tickets.Event {
	return tickets.Event{At: noon, Cause: c, Body: b}
}

// entered is an entry event.
func entered(is tickets.EntryKind, s tickets.EntryState, agent string) tickets.EntryAdded {
	return tickets.EntryAdded{Entry: 1, Is: is, State: s, Agent: agent}
}

// What an honest ledger holds: the audit finds nothing in it.
func honest() []tickets.Event {
	bob := tickets.Cause{Arrival: 3, Agent: "bob", Level: tickets.L2}
	ann, eve, robot := tickets.Cause{Arrival: 4, Level: tickets.L1}, tickets.Cause{Arrival: 5}, tickets.Cause{Arrival: 6, Level: tickets.L1}
	storm, rule, root := tickets.Cause{Arrival: 7}, tickets.Cause{Arrival: 5, Rule: "triage"}, tickets.Cause{Admin: "root"}
	return []tickets.Event{
		by(tickets.Cause{Arrival: 2}, tickets.Created{Queue: "it", Priority: tickets.Normal}),
		by(tickets.Cause{Arrival: 2}, entered(tickets.EntryMessage, tickets.EntryVisible, "")),
		by(bob, entered(tickets.EntryReply, tickets.EntryVisible, "bob")),
		by(bob, entered(tickets.EntryNote, tickets.EntryVisible, "bob")),
		by(bob, tickets.StatusSet{From: tickets.New, To: tickets.Resolved}),
		by(bob, tickets.CommandRun{N: 1, Word: "resolve"}),
		by(ann, entered(tickets.EntryMessage, tickets.EntryVisible, "")),
		by(ann, tickets.StatusSet{From: tickets.Resolved, To: tickets.Open}),
		by(ann, tickets.CommandRun{N: 1, Word: "close"}),
		by(eve, entered(tickets.EntryMessage, tickets.EntryUnverified, "")),
		by(eve, tickets.Flagged{Flag: "unverified"}),
		by(bob, tickets.EntryChanged{From: tickets.EntryUnverified, To: tickets.EntryVisible}),
		by(robot, tickets.EntryAdded{Is: tickets.EntryMessage, State: tickets.EntryQuiet, Automatic: true}),
		by(storm, entered(tickets.EntryMessage, tickets.EntryVisible, "")),
		by(storm, tickets.Flagged{Flag: "storm"}),
		by(rule, tickets.Assigned{To: "bob"}),
		by(tickets.Cause{Clock: true}, tickets.StatusSet{From: tickets.Open, To: tickets.Closed}),
		by(root, tickets.StatusSet{From: tickets.Closed, To: tickets.Open}),
		by(root, tickets.EntryChanged{From: tickets.EntryHeld, To: tickets.EntryVisible, Is: tickets.EntryReply}),
	}
}

// planted is each kind of event that nobody may cause, with a part of what the audit
// says of it. Arrival 6 is automatic.
var planted = []struct {
	why   string
	event tickets.Event
}{
	{"act of an agent", by(tickets.Cause{Arrival: 9, Agent: "bob"}, tickets.Flagged{Flag: "x"})},
	{"act of an agent", by(tickets.Cause{Arrival: 9, Agent: "bob", Level: tickets.L1}, tickets.Refused{Why: "x"})},
	{"words of an agent", by(tickets.Cause{Arrival: 9, Level: tickets.L1}, entered(tickets.EntryMessage, tickets.EntryHeld, "bob"))},
	{"public reply or a note", by(tickets.Cause{Arrival: 9}, entered(tickets.EntryReply, tickets.EntryVisible, ""))},
	{"public reply or a note", by(tickets.Cause{Arrival: 9, Level: tickets.L1}, entered(tickets.EntryNote, tickets.EntryVisible, ""))},
	{"for everybody to see", by(tickets.Cause{Arrival: 9}, entered(tickets.EntryMessage, tickets.EntryVisible, ""))},
	{"no proved agent released", by(tickets.Cause{Arrival: 9, Level: tickets.L1}, tickets.EntryChanged{From: tickets.EntryHeld, To: tickets.EntryVisible})},
	{"nobody released", by(tickets.Cause{Arrival: 9}, tickets.EntryChanged{From: tickets.EntryUnverified, To: tickets.EntryVisible})},
	{"above the level", by(tickets.Cause{Arrival: 9}, tickets.CommandRun{N: 1, Word: "close"})},
	{"above the level", by(tickets.Cause{Arrival: 9, Level: tickets.L1}, tickets.CommandRun{N: 1, Word: "assign"})},
	{"reopening", by(tickets.Cause{Arrival: 9}, tickets.StatusSet{From: tickets.Resolved, To: tickets.Open})},
	{"automatic mail", by(tickets.Cause{Arrival: 6, Level: tickets.L1}, tickets.StatusSet{From: tickets.Closed, To: tickets.Open})},
	{"automatic mail", by(tickets.Cause{Arrival: 6, Level: tickets.L1}, tickets.CCSet{Participant: 3, On: true})},
	{"automatic mail", by(tickets.Cause{Arrival: 6, Level: tickets.L2, Agent: "bob"}, tickets.CommandRun{N: 1, Word: "close"})},
	{"a change by a mail", by(tickets.Cause{Arrival: 9}, tickets.StatusSet{From: tickets.Pending, To: tickets.Open})},
	{"a change by a mail", by(tickets.Cause{Arrival: 9}, tickets.CCSet{Participant: 3, On: true})},
	{"a change by a mail", by(tickets.Cause{Arrival: 9}, tickets.StopSet{Participant: 3, On: true})},
	{"a change by a mail", by(tickets.Cause{Arrival: 9}, tickets.Verified{Participant: 3})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9, Level: tickets.L1}, tickets.Assigned{To: "eve"})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9, Level: tickets.L1}, tickets.QueueSet{To: "hr"})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9, Level: tickets.L2}, tickets.Tagged{Added: []string{"x"}})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9}, tickets.Disposed{To: tickets.Spam})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9}, tickets.MergedInto{Ticket: 1})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9}, tickets.RequesterSet{To: 3})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9}, tickets.Confirmed{Agent: "bob"})},
	{"only a proved agent", by(tickets.Cause{Arrival: 9}, tickets.Revoked{Generation: 1})},
}

// INV-E1: an honest ledger passes the audit; each event that its cause did not entitle
// it to is found, and called what it is.
func TestAuditFindsWhatNobodyMayDo(t *testing.T) {
	both(t, func(l *lab) {
		tk := l.tickets(honest()...)
		if bad, err := l.Audit(l.ctx); err != nil || len(bad) != 0 {
			l.Fatalf("an honest ledger: %+v, %v", bad, err)
		}
		seen := 0
		for _, p := range planted {
			tk = l.appended(tk, p.event)
			bad, err := l.Audit(l.ctx)
			l.ok(err)
			if len(bad) != seen+1 || bad[seen].Seq != tk.Seq || bad[seen].Ticket != tk.ID || !strings.Contains(bad[seen].Why, p.why) {
				l.Fatalf("%T by %+v: expected %q, found %+v", p.event.Body, p.event.Cause, p.why, bad[min(seen, len(bad)):])
			}
			seen++
		}
	})
}

// A new kind of event is named in the audit, as one that needs a level or as one that
// anybody's mail may cause.
func TestAuditKnowsEveryKind(t *testing.T) {
	golden, err := filepath.Glob("../testdata/event*")
	if err != nil || len(golden) != 1 {
		t.Fatal(golden, err)
	}
	src, err := os.ReadFile("audit.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := os.ReadFile(golden[0])
	if err != nil {
		t.Fatal(err)
	}
	anybody, n := []string{"flagged", "refused", "asked"}, 0
	for line := range strings.Lines(string(kinds)) {
		kind, _, _ := strings.Cut(line, " ")
		if kind = strings.TrimSpace(kind); kind == "" || strings.HasPrefix(kind, "#") {
			continue
		}
		if n++; !slices.Contains(anybody, kind) && !strings.Contains(string(src), "'"+kind+"'") {
			t.Errorf("the audit does not know events of kind %q", kind)
		}
	}
	if n < 30 {
		t.Errorf("only %d kinds", n)
	}
}

// tickets makes a ticket of a ledger.
func (l *lab) tickets(events ...tickets.Event) (t tickets.Ticket) {
	l.Helper()
	l.tx(func(tx tickets.Tx) (err error) {
		if t, err = tx.CreateTicket("x", noon); err == nil {
			t, err = tx.Append(t, events...)
		}
		return err
	})
	return t
}

func (l *lab) appended(t tickets.Ticket, e tickets.Event) tickets.Ticket {
	l.Helper()
	l.tx(func(tx tickets.Tx) (err error) {
		t, err = tx.Append(t, e)
		return err
	})
	return t
}
