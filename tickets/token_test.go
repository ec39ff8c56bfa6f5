package tickets

import (
	"math/rand/v2"
	"strings"
	"testing"
)

var testKeys = Keyring{Current: 3, Keys: map[uint8][]byte{
	2: []byte("an older key of thirty-two bytes"), 3: []byte("the current key of thirty-two by"),
}}

func testSigner() Signer { return Signer{"it.example", testKeys} }

// A token says what was signed into it, in either case and with look-alikes.
func TestTokenRoundTrip(t *testing.T) {
	s := testSigner()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		want := Token{Purpose(1 + r.IntN(6)), 3, r.Int64N(maxTicket + 1), r.Int64N(maxParticipant + 1), r.IntN(1 << 13)}
		text, err := s.Sign(want)
		if err != nil || len(text) != TokenLen {
			t.Fatalf("Sign(%+v) = %q, %v", want, text, err)
		}
		variants := []string{text, strings.ToUpper(text), strings.NewReplacer("0", "o", "1", "l").Replace(text)}
		for _, v := range variants {
			if got, err := s.Read(v); err != nil || got != want {
				t.Fatalf("Read(%q) = %+v, %v; want %+v", v, got, err, want)
			}
		}
	}
}

// IN-T02, IN-T03, IN-T07: anything else is no token.
func TestIN_T02_TokenTampering(t *testing.T) {
	s := testSigner()
	text, _ := s.Sign(Token{Purpose: ForReply, Ticket: 42, Participant: 7})
	for i := range text {
		for _, c := range alphabet {
			if byte(c) == text[i] {
				continue
			}
			if got, err := s.Read(text[:i] + string(c) + text[i+1:]); err == nil {
				t.Fatalf("position %d changed to %c was read as %+v", i, c, got)
			}
		}
	}
	bad := []string{"", text[:38], text + "0", strings.Repeat("0", TokenLen), strings.Repeat("a", 10_000), text[:38] + "u", text[:38] + "é"}
	for _, b := range bad {
		if _, err := s.Read(b); err == nil {
			t.Errorf("Read(%.50q) was taken", b)
		}
	}
	others := []Signer{{"other.example", testKeys}, {"it.example", Keyring{3, map[uint8][]byte{3: []byte("another key of thirty-two bytes!")}}}, {"it.example", Keyring{2, map[uint8][]byte{2: testKeys.Keys[2]}}}}
	for i, o := range others {
		if _, err := o.Read(text); err == nil {
			t.Errorf("signer %d took a foreign token", i)
		}
	}
}

// A rotated key still reads what it signed.
func TestTokenRetiredKey(t *testing.T) {
	old := Signer{"it.example", Keyring{2, testKeys.Keys}}
	text, _ := old.Sign(Token{Purpose: ForReply, Ticket: 1, Participant: 1})
	if got, err := testSigner().Read(text); err != nil || got.Key != 2 {
		t.Errorf("Read = %+v, %v", got, err)
	}
}

func TestMark(t *testing.T) {
	s := testSigner()
	m := s.Mark("1/2/ack")
	if !s.OwnMark(m) || s.OwnMark(m+"0") || (Signer{"x", testKeys}).OwnMark(m) {
		t.Error("marks do not tell our own mail")
	}
}

// IN-S24, IN-T01: which envelope recipients are taken.
func TestRecipient(t *testing.T) {
	s := &Settings{Instance: "it.example", ReplyDomain: "reply.example.org", Queues: []Queue{{Name: "it", Addresses: []string{"help@example.org"}}}}
	good, _ := testSigner().Sign(Token{Purpose: ForReply, Ticket: 42, Participant: 7})
	for addr, want := range map[string]bool{
		"help@example.org":                                  true,
		"HELP@Example.ORG":                                  true,
		"help+" + good + "@example.org":                     true,
		"help+nonsense@example.org":                         true,
		"other@example.org":                                 false,
		"other+x@example.org":                               false,
		"postmaster@example.org":                            true,
		"abuse@example.org":                                 true,
		"postmaster":                                        true,
		"r-" + good + "@reply.example.org":                  true,
		"R-" + strings.ToUpper(good) + "@REPLY.example.org": true,
		"r-" + good[1:] + "0@reply.example.org":             false,
		"r-@reply.example.org":                              false,
		"help@reply.example.org":                            false,
		"help@elsewhere.example":                            false,
	} {
		if got := s.Recipient(addr, testKeys); got != want {
			t.Errorf("Recipient(%q) = %v", addr, got)
		}
	}
}

func FuzzToken(f *testing.F) {
	s := testSigner()
	text, _ := s.Sign(Token{Purpose: ForReply, Ticket: 42, Participant: 7})
	f.Add(text)
	f.Add("r-")
	f.Fuzz(func(t *testing.T, in string) {
		tok, err := s.Read(in)
		if err != nil {
			return
		}
		k := s
		k.Keys.Current = tok.Key
		if again, _ := k.Sign(tok); again != fold(in) {
			t.Fatalf("%q reads as %+v, which is written %q", in, tok, again)
		}
	})
}
