package tickets

import (
	"slices"
	"testing"
)

// Policy section 3, step 1: the first reply or note address names the ticket, the
// others are linked; addresses for other purposes name none (IN-T03, IN-T05).
func TestPlaceByToken(t *testing.T) {
	tok := func(p Purpose, ticket int64) Token { return Token{Purpose: p, Ticket: ticket, Participant: 7} }
	for _, tt := range []struct {
		name   string
		tokens []Token
		ticket int64
		also   []int64
	}{
		{"none", nil, 0, nil},
		{"a reply address", []Token{tok(ForReply, 4)}, 4, nil},
		{"a note's address", []Token{tok(ForNote, 4)}, 4, nil},
		{"a confirmation's", []Token{tok(ForConfirm, 4)}, 4, nil},
		{"a return path", []Token{tok(ForBounce, 4)}, 0, nil},
		{"an approval's", []Token{tok(ForApprove, 4)}, 0, nil},
		{"a return path beside it", []Token{tok(ForBounce, 9), tok(ForReply, 4)}, 4, nil},
		{"two tickets", []Token{tok(ForReply, 4), tok(ForReply, 5)}, 4, []int64{5}},
		{"one ticket twice", []Token{tok(ForReply, 4), tok(ForNote, 4)}, 4, nil},
	} {
		p, ok := placeByToken(tt.tokens, Message{})
		if p.Ticket != tt.ticket || ok != (tt.ticket != 0) || !slices.Equal(p.Also, tt.also) {
			t.Errorf("%s: ticket %d, also %v", tt.name, p.Ticket, p.Also)
		}
	}
}

// The addresses of a mail are asked in their order: envelope, Delivered-To, To, Cc.
// A token is read in either case, with what clients put around it (IN-T01), and a
// changed or foreign one is none.
func TestAddressTokens(t *testing.T) {
	s := testSettings()
	d := &Desk{Settings: func() *Settings { return s }, Keys: func() Keyring { return testKeys }}
	addr := func(ticket int64) string {
		text, err := d.signer().Sign(Token{Purpose: ForReply, Ticket: ticket, Participant: 7})
		if err != nil {
			t.Fatal(err)
		}
		return "r-" + text + "@reply.example.org"
	}
	to := func(a ...string) (out []Address) {
		for _, x := range a {
			out = append(out, Address{Addr: x})
		}
		return out
	}
	upper := func(a string) string {
		b := []byte(a)
		for i, c := range b {
			if c >= 'a' && c <= 'z' {
				b[i] = c - 'a' + 'A'
			}
		}
		return string(b)
	}
	for _, tt := range []struct {
		name string
		a    Arrival
		m    Message
		want []int64
	}{
		{"envelope before To", Arrival{To: []string{addr(1)}}, Message{To: to(addr(2))}, []int64{1}},
		{"To when the envelope has none", Arrival{To: []string{"help@example.org"}}, Message{To: to(addr(2)), Cc: to(addr(3))}, []int64{2}},
		{"Delivered-To before To", Arrival{}, Message{DeliveredTo: []string{addr(5)}, To: to(addr(2))}, []int64{5}},
		{"Cc last", Arrival{}, Message{To: to("help@example.org"), Cc: to(addr(3))}, []int64{3}},
		{"both of To, once each", Arrival{}, Message{To: to(addr(2), addr(3), addr(2))}, []int64{2, 3}},
		{"upper case", Arrival{To: []string{upper(addr(1))}}, Message{}, []int64{1}},
		{"in brackets and quotes", Arrival{To: []string{" <" + addr(1) + ">"}}, Message{}, []int64{1}},
		{"with a dot behind", Arrival{To: []string{addr(1) + "."}}, Message{}, []int64{1}},
		{"one letter less", Arrival{To: []string{addr(1)[:20] + addr(1)[21:]}}, Message{}, nil},
		{"another domain", Arrival{To: []string{"r-x@evil.example"}}, Message{}, nil},
	} {
		var got []int64
		for _, x := range d.addressTokens(tt.a, tt.m) {
			got = append(got, x.Ticket)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
