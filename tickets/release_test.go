package tickets

import "testing"

// The flag of a ticket stays while one unverified entry waits, and goes with the last.
func TestWaitsUnverified(t *testing.T) {
	add := func(id int64, s EntryState) Event { return Event{Body: EntryAdded{Entry: id, State: s}} }
	to := func(id int64, s EntryState) Event { return Event{Body: EntryChanged{Entry: id, To: s}} }
	tests := []struct {
		events []Event
		want   bool
	}{
		{nil, false},
		{[]Event{add(1, EntryVisible)}, false},
		{[]Event{add(1, EntryVisible), add(2, EntryUnverified)}, true},
		{[]Event{add(2, EntryUnverified), to(2, EntryVisible)}, false},
		{[]Event{add(2, EntryUnverified), add(3, EntryUnverified), to(2, EntryRefused)}, true},
		{[]Event{add(2, EntryUnverified), to(2, EntryRefused), to(2, EntryUnverified)}, true},
	}
	for i, tt := range tests {
		if got := waitsUnverified(tt.events); got != tt.want {
			t.Errorf("case %d: %v", i, got)
		}
	}
	if opened([]Event{{Body: Created{}}, add(4, EntryVisible), add(5, EntryVisible)}) != 4 || opened(nil) != 0 {
		t.Error("the first entry is not found")
	}
}
