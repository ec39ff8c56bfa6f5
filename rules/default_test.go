package rules

import (
	"slices"
	"testing"
	"time"

	"postern/tickets"
)

func defaults(t *testing.T) *Set {
	t.Helper()
	s, p := LoadDefault(Options{Settings: &tickets.Settings{Queues: []tickets.Queue{{Name: "it", ReopenWindow: 5 * 24 * time.Hour}}}})
	if p.Err() != nil {
		t.Fatal(p)
	}
	return s
}

// Each default rule of phase change: which event makes it act, and how.
func TestDefaultRulesOfEvents(t *testing.T) {
	s := defaults(t)
	for _, c := range []struct {
		what  string
		event tickets.EventFacts
		want  string
	}{
		{"a new ticket is acknowledged and the agents are told", tickets.EventFacts{Kind: "created", By: "requester"}, "acknowledge, notify agents"},
		{"an agent's reply is relayed", tickets.EventFacts{Kind: "replied", By: "agent"}, "relay"},
		{"a requester's reply is relayed", tickets.EventFacts{Kind: "replied", By: "requester"}, "relay"},
		{"a note goes nowhere", tickets.EventFacts{Kind: "noted", By: "agent"}, ""},
		{"an unverified message is shown to the agents", tickets.EventFacts{Kind: "unverified"}, "notify agents"},
		{"a held message is shown to the agents", tickets.EventFacts{Kind: "held"}, "notify agents"},
		{"a quiet entry stays quiet", tickets.EventFacts{Kind: "quiet"}, ""},
		{"undelivered mail is told to the agents", tickets.EventFacts{Kind: "bounced"}, "notify agents"},
		{"an assignment is told to the assignee", tickets.EventFacts{Kind: "assigned", To: "bob"}, "notify assigned assignee"},
		{"nobody is told of no assignment", tickets.EventFacts{Kind: "assigned", From: "bob"}, ""},
		{"resolved is told to the requester", tickets.EventFacts{Kind: "status", From: "open", To: "resolved", By: "agent"}, "notify resolved requester"},
		{"pending asks the requester", tickets.EventFacts{Kind: "status", From: "open", To: "pending", By: "agent"}, "notify pending requester"},
		{"open is no news", tickets.EventFacts{Kind: "status", From: "new", To: "open", By: "agent"}, ""},
		{"a merge is told to the requester", tickets.EventFacts{Kind: "merged"}, "notify merged requester"},
		{"a ticket reopened by an admin is shown to the agents", tickets.EventFacts{Kind: "status", From: "closed", To: "open", By: "admin", Reopened: true}, "notify reopened agents"},
		{"a ticket reopened by a reply is seen in the reply", tickets.EventFacts{Kind: "status", From: "resolved", To: "open", By: "outsider", Reopened: true}, ""},
		{"a mail that its relay puts off is told to the agents", tickets.EventFacts{Kind: "delayed"}, "notify agents"},
		{"the queue changes silently", tickets.EventFacts{Kind: "queue", From: "it", To: "hr"}, ""},
	} {
		f := mail()
		f.Phase, f.Event = tickets.PhaseChange, c.event
		d := s.Decide(f)
		if got := did(d); got != c.want {
			t.Errorf("%s: did %q, want %q", c.what, got, c.want)
		}
		for _, r := range d.Rules {
			if r.Error != "" || r.Note != "" {
				t.Errorf("%s: %+v", c.what, r)
			}
		}
	}
}

// What waits for the requester is reminded after three days and closed after ten;
// what is resolved is closed after the queue's reopen window.
func TestDefaultRulesOfTime(t *testing.T) {
	s := defaults(t)
	day := 24 * time.Hour
	for _, c := range []struct {
		status tickets.Status
		after  time.Duration
		fired  []string
		want   string
		next   time.Duration // after status_since; 0 for never
	}{
		{tickets.Pending, day, nil, "", 3 * day},
		{tickets.Pending, 3 * day, nil, "remind", 3 * day},
		{tickets.Pending, 3 * day, []string{"remind the requester"}, "", 8 * day},
		{tickets.Pending, 8 * day, []string{"remind the requester"}, "remind closing", 8 * day},
		{tickets.Pending, 10 * day, []string{"remind the requester", "warn before closing"}, "status closed, notify closed requester", 10 * day},
		{tickets.Open, 100 * day, nil, "", 0},
		{tickets.OnHold, 100 * day, nil, "", 0},
		{tickets.Resolved, 5*day - time.Second, nil, "", 5 * day},
		{tickets.Resolved, 5 * day, nil, "status closed", 5 * day},
		{tickets.Closed, 100 * day, nil, "", 0},
	} {
		since := at
		f := tickets.Facts{Phase: tickets.PhaseTimer, At: since.Add(c.after),
			Ticket: tickets.TicketFacts{ID: 1, Queue: "it", Status: c.status, StatusSince: since, Fired: map[string]time.Time{}}}
		for _, n := range c.fired {
			f.Ticket.Fired[n] = since
		}
		if got := did(s.Decide(f)); got != c.want {
			t.Errorf("%s after %v: did %q, want %q", c.status, c.after, got, c.want)
		}
		next := s.NextDue(f)
		if c.next == 0 && !next.IsZero() || c.next != 0 && !next.Equal(since.Add(c.next)) {
			t.Errorf("%s after %v: next %v, want %v", c.status, c.after, next, since.Add(c.next))
		}
	}
}

// Nothing about the default rules names what a test does not: each of them acted above.
func TestEveryDefaultRuleIsTested(t *testing.T) {
	s := defaults(t)
	var names []string
	for _, phase := range phases {
		for _, r := range s.rules[tickets.Phase(phase)] {
			names = append(names, r.name)
		}
	}
	want := []string{"acknowledge a new ticket", "notify the agents of a new ticket", "relay replies", "tell the agents of an unverified message",
		"tell the agents of a held message", "tell the agents of undelivered mail", "tell the agents of delayed mail", "tell an agent of his assignment",
		"tell the requester that it is resolved", "ask the requester", "tell the requester of a merge", "tell the agents of a reopened ticket",
		"remind the requester", "warn before closing", "close what waits for the requester", "close after the reopen window"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
}
