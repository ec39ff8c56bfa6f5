package tickets

import (
	"slices"
	"testing"
)

// Somebody who is there is always told.
func TestOnDuty(t *testing.T) {
	s := &Settings{
		Queues: []Queue{{Name: "it", Agents: []string{"bob", "bea"}}, {Name: "hr", Agents: []string{"carl"}}},
		Agents: []Agent{{Name: "bob", Away: true}, {Name: "bea"}, {Name: "carl", Away: true}},
	}
	for _, c := range []struct {
		name string
		t    Ticket
		want []string
	}{
		{"nobody's", Ticket{Queue: "it"}, []string{"bea"}},
		{"hers", Ticket{Queue: "it", Assignee: "bea"}, []string{"bea"}},
		{"his, and he is away", Ticket{Queue: "it", Assignee: "bob"}, []string{"bea", "bob"}},
		{"all of the queue are away", Ticket{Queue: "hr"}, []string{"carl"}},
		{"a second queue watches", Ticket{Queue: "hr", Watching: []string{"it"}}, []string{"bea"}},
		{"alone and away", Ticket{Queue: "hr", Assignee: "carl"}, []string{"carl"}},
	} {
		if got := s.onDuty(c.t); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
