package tickets

import (
	"testing"
	"time"
)

// ledger makes events of one ticket: each body with its cause, a minute apart.
func ledger(xs ...Event) []Event {
	for i := range xs {
		xs[i].Seq, xs[i].At = int64(i+1), noon.Add(time.Duration(i)*time.Minute)
	}
	return xs
}

func ofBob(arrival int64, b Body) Event {
	return Event{Cause: Cause{Agent: "bob", Arrival: arrival}, Body: b}
}

// The last block is the agent's last mail that changed something, with what he did and
// not what rules made of it.
func TestLastBlock(t *testing.T) {
	created := Event{Body: Created{Queue: "it", Priority: Normal}}
	rule := Event{Cause: Cause{Agent: "bob", Arrival: 3, Rule: "r"}, Body: Tagged{Added: []string{"x"}}}
	bea := Event{Cause: Cause{Agent: "bea", Arrival: 4}, Body: PrioritySet{Normal, Low}}
	tests := []struct {
		name   string
		events []Event
		from   int64 // first event of the block; 0 for none
		n      int
		later  int
	}{
		{"nothing", ledger(created, bea), 0, 0, 0},
		{"one", ledger(created, ofBob(2, StatusSet{From: New, To: Open}), bea), 2, 1, 1},
		{"rules are not his", ledger(created, ofBob(3, QueueSet{"it", "hr"}), rule), 2, 1, 1},
		{"the last of two", ledger(created, ofBob(2, StatusSet{From: New, To: Open}), ofBob(3, TypeSet{"", Incident}), ofBob(3, CommandRun{N: 1, Word: "type"})), 3, 2, 0},
		{"a question changes nothing", ledger(created, ofBob(2, StatusSet{From: New, To: Open}), ofBob(3, CommandRun{N: 1, Word: "help"})), 2, 1, 1},
		{"a held mail is no block", ledger(created, ofBob(2, EntryAdded{Entry: 5, Is: EntryReply, State: EntryHeld})), 0, 0, 0},
		{"words alone", ledger(created, ofBob(2, EntryAdded{Entry: 5, Is: EntryReply, State: EntryVisible})), 2, 1, 0},
		{"an undo is a block", ledger(created, ofBob(2, TypeSet{"", Incident}), ofBob(3, CommandRun{N: 1, Word: "undo"})), 3, 1, 0},
	}
	for _, tt := range tests {
		p, ok := lastBlock(tt.events, "bob")
		if ok != (tt.from != 0) {
			t.Errorf("%s: found %v", tt.name, ok)
			continue
		}
		if ok && (p.events[0].Seq != tt.from || len(p.events) != tt.n || len(p.later) != tt.later || p.before.Seq != tt.from-1) {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
}

// Each plain field goes back to what it was; what is so already makes no event.
func TestPutBack(t *testing.T) {
	before := Ticket{Status: Pending, PendingUntil: noon, Queue: "it", Priority: Low, Tags: []string{"old"}, Watchers: []string{"bea"}}
	now := Ticket{Status: Open, Queue: "hr", Priority: Urgent, Type: Incident, Assignee: "bob", Tags: []string{"new"}, Disposition: Spam}
	a := actorIs{s: testSettings()}
	tests := []struct {
		did  Body
		line string
	}{
		{StatusSet{From: Pending, To: Open}, "status: open → pending"},
		{QueueSet{"it", "hr"}, "queue: hr → it"},
		{Assigned{"", "bob"}, "assignee: Bob Brown → nobody"},
		{PrioritySet{Low, Urgent}, "priority: urgent → low"},
		{TypeSet{"", Incident}, "type: incident → none"},
		{Tagged{[]string{"new"}, []string{"old"}}, "tags: old"},
		{WatcherSet{"bea", false}, "watched again"},
		{Disposed{"", Spam}, "no longer marked as spam"},
	}
	for _, tt := range tests {
		back, line := putBack(before, now, tt.did, a)
		if back == nil || line != tt.line {
			t.Errorf("%T: %v %q, want %q", tt.did, back, line, tt.line)
			continue
		}
		then := Apply(now, Event{At: noon, Body: back})
		if again, _ := putBack(before, then, tt.did, a); again != nil {
			t.Errorf("%T: %+v did not put it back", tt.did, back)
		}
		if same, _ := putBack(now, now, tt.did, a); same != nil {
			t.Errorf("%T: an event for no difference", tt.did)
		}
	}
}
