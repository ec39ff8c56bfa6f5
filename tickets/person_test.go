package tickets

import "testing"

// An address in a command is read as people and mail clients write it, and never guessed.
func TestTypedAddress(t *testing.T) {
	tests := []struct {
		in, addr, name string
		ok             bool
	}{
		{"ann@example.net", "ann@example.net", "", true},
		{"<ann@example.net>", "ann@example.net", "", true},
		{"Ann Smith <ann@example.net>", "ann@example.net", "Ann Smith", true},
		{"ann@example.net <mailto:ann@example.net>", "ann@example.net", "", true},
		{"mailto:ann@example.net", "ann@example.net", "", true},
		{"ann@bücher.example", "ann@bücher.example", "", true},
		{"ann", "", "", false},
		{"ann@example", "", "", false},
		{"ann@[192.0.2.1]", "", "", false},
		{"ann@exa mple.net", "", "", false},
		{"a@example.net, b@example.net", "", "", false},
		{"ann@example.net\r\nBcc: eve@evil.example", "", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		a, ok := typedAddress(tt.in)
		if ok != tt.ok || ok && (a.Addr != tt.addr || a.Name != tt.name) {
			t.Errorf("typedAddress(%q) = %+v, %v", tt.in, a, ok)
		}
	}
}

// Who may be put on a ticket: neither we ourselves nor an agent.
func TestOutsider(t *testing.T) {
	s := testSettings()
	for addr, fine := range map[string]bool{"ann@example.net": true, s.Queues[0].Address(): false,
		s.Agents[0].Address(): false, "POSTMASTER@example.org": false, "": false} {
		if why, _ := s.outsider(Address{Addr: addr}); (why == "") != fine {
			t.Errorf("outsider(%q) = %q", addr, why)
		}
	}
	if why, _ := s.outsider(Address{Addr: "ann@example.net", Guessed: true}); why == "" {
		t.Error("a guessed address was taken")
	}
}

// A merge tells nobody of another person's matter unasked.
func TestWhoComesAlong(t *testing.T) {
	anns := Ticket{Requester: 1, CC: []int64{2, 3}}
	tests := []struct {
		into Ticket
		all  bool
		want int
	}{
		{Ticket{Requester: 1, CC: []int64{3}}, false, 1},
		{Ticket{Requester: 4}, false, 0},
		{Ticket{Requester: 4}, true, 3},
		{Ticket{Requester: 4, CC: []int64{1}}, true, 2},
	}
	for _, tt := range tests {
		if got := (mergeJob{all: tt.all}).people(anns, tt.into); len(got) != tt.want {
			t.Errorf("into %+v, all %v: %v", tt.into, tt.all, got)
		}
	}
}
