package tickets

import (
	"testing"
	"time"
)

// The hour is that of the queue's zone, on weekdays, and four hours late is too late.
func TestMorningDue(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	q := Queue{Digest: "08:00", Zone: berlin}
	for at, want := range map[string]string{
		"2026-03-02T06:59:59Z": "", "2026-03-02T07:00:00Z": "2026-03-02", "2026-03-02T10:59:59Z": "2026-03-02", "2026-03-02T11:00:00Z": "",
		"2026-03-30T06:00:00Z": "2026-03-30", // summer time
		"2026-03-07T07:00:00Z": "", "2026-03-08T07:00:00Z": "",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		day, due := morningDue(q, moment)
		if due != (want != "") || due && day != want {
			t.Errorf("%s: %s, %v; want %q", at, day, due, want)
		}
	}
	if _, due := morningDue(Queue{Zone: berlin}, time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)); due {
		t.Error("a queue without an hour has a morning list")
	}
}

// Each ticket stands below one heading, or nowhere.
func TestGroupOf(t *testing.T) {
	end := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	today, later := end.Add(-time.Hour), end.Add(time.Hour)
	for _, c := range []struct {
		name string
		t    Ticket
		want string
	}{
		{"his turn", Ticket{Assignee: "bob", Status: Open}, GroupMine},
		{"nobody's", Ticket{Status: New}, GroupUnassigned},
		{"another's", Ticket{Assignee: "bea", Status: Open}, ""},
		{"another's and due", Ticket{Assignee: "bea", Status: Pending, PendingUntil: today}, ""},
		{"due today", Ticket{Assignee: "bob", Status: Pending, PendingUntil: today}, GroupDue},
		{"nobody's and due", Ticket{Status: Pending, PendingUntil: today}, GroupDue},
		{"due tomorrow", Ticket{Assignee: "bob", Status: Pending, PendingUntil: later}, GroupWaiting},
		{"waiting for a third party", Ticket{Assignee: "bob", Status: OnHold}, GroupWaiting},
		{"nobody's and waiting", Ticket{Status: Pending}, ""},
		{"done", Ticket{Assignee: "bob", Status: Resolved}, ""},
		{"a mailroom", Ticket{Status: New, Flags: []string{mailroomFlag}}, ""},
	} {
		if got := groupOf(c.t, Agent{Name: "bob"}, end); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
