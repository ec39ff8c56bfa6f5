package tickets

import (
	"fmt"
	"slices"
	"testing"
)

// A shared ancestor counts for who takes part, and only when it points to one ticket.
func TestPlaceByAncestor(t *testing.T) {
	const ann, carl, pat = 7, 8, 9
	anns := Ticket{ID: 1, Requester: ann}
	copied := Ticket{ID: 2, Requester: carl, CC: []int64{ann}}
	pats := Ticket{ID: 3, Requester: pat}
	for _, tt := range []struct {
		name    string
		sharing []Ticket
		author  int64
		ticket  int64
	}{
		{"no ticket shares one", nil, ann, 0},
		{"the requester", []Ticket{anns}, ann, 1},
		{"one in copy", []Ticket{copied}, ann, 2},
		{"somebody else", []Ticket{anns}, pat, 0},
		{"nobody known", []Ticket{anns, {ID: 4}}, 0, 0},
		{"two of his tickets", []Ticket{anns, copied}, ann, 0},
		{"one twice, by a merge", []Ticket{anns, anns}, ann, 1},
		{"one of them closed", []Ticket{anns, {ID: 5, Requester: ann, Status: Closed}}, ann, 1},
		{"one of them spam", []Ticket{{ID: 5, Requester: ann, Disposition: Spam}, anns}, ann, 1},
		{"only a closed one", []Ticket{{ID: 5, Requester: ann, Status: Closed}}, ann, 5},
		{"two closed ones", []Ticket{{ID: 5, Requester: ann, Status: Closed}, {ID: 6, Requester: ann, Status: Closed}}, ann, 0},
		{"a stranger's beside it", []Ticket{anns, pats}, ann, 1},
	} {
		p, why := placeByAncestor(tt.sharing, tt.author)
		if p.Ticket != tt.ticket || (p.How != "") != (tt.ticket != 0) || (why != "") != (len(tt.sharing) > 0) || p.ByTag || p.Named != 0 {
			t.Errorf("%s: %+v, %q", tt.name, p, why)
		}
	}
}

// The nearest twenty ids count, each once; ours need no memory, and a mail is not its
// own ancestor.
func TestAncestors(t *testing.T) {
	s := testSettings()
	d := &Desk{Settings: func() *Settings { return s }, Keys: func() Keyring { return testKeys }}
	token, err := d.signer().Sign(Token{Purpose: ForMessageID, Ticket: 4, Participant: 7})
	if err != nil {
		t.Fatal(err)
	}
	var long []string
	for i := range 30 {
		long = append(long, fmt.Sprintf("%d@example.net", i))
	}
	for _, tt := range []struct {
		name string
		m    Message
		want []string
	}{
		{"none", Message{}, nil},
		{"from the right", Message{InReplyTo: []string{"c@x"}, References: []string{"a@x", "b@x", "c@x"}}, []string{"c@x", "b@x", "a@x"}},
		{"not itself", Message{MessageID: "b@x", References: []string{"a@x", "b@x"}}, []string{"a@x"}},
		{"not ours", Message{References: []string{"a@x", messageID(token, "key", s.Domain),
			fmt.Sprintf("ticket.4.%s@%s", s.Instance, s.Domain)}}, []string{"a@x"}},
	} {
		if got := d.ancestors(tt.m); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := d.ancestors(Message{References: long}); len(got) != maxAncestors || got[0] != long[29] || got[19] != long[10] {
		t.Errorf("of thirty: %q", got)
	}
}
