package main

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"postern/mailin"
	"postern/tickets"
)

// IN-T08: of a million signatures that somebody makes up none is right, and RCPT refuses them. One in sixteen
// is right but for the signature.
func TestIN_T08_MillionGuesses(t *testing.T) {
	ring := tickets.Keyring{Current: 1, Keys: map[uint8][]byte{1: []byte("a key for stories of 32 octets..")}}
	h := newHelpdesk(nil, ring, time.Now, slog.New(slog.DiscardHandler))
	cfg := storyConfig()
	h.settings.Store(cfg.Settings())
	good, err := tickets.Signer{Instance: cfg.Instance, Keys: ring}.Sign(tickets.Token{Purpose: tickets.ForReply, Ticket: 1, Participant: 1})
	if err != nil {
		t.Fatal(err)
	}
	if known, err := h.recipient("r-" + good + "@reply.example.org"); !known || err != nil {
		t.Fatalf("the good one: %v, %v", known, err)
	}
	const letters = "0123456789abcdefghjkmnpqrstvwxyz"
	random := rand.New(rand.NewPCG(1, 2))
	text := []byte(good)
	for n := range 1_000_000 {
		from := 0
		if n%16 == 0 {
			from = 19 // the signature
			copy(text, good)
		}
		for i := from; i < len(text); i++ {
			text[i] = letters[random.IntN(32)]
		}
		if got, err := (tickets.Signer{Instance: cfg.Instance, Keys: ring}).Read(string(text)); err == nil {
			t.Fatalf("%s: %+v", text, got)
		}
		if n%1000 != 0 {
			continue
		}
		if known, err := h.recipient("r-" + string(text) + "@reply.example.org"); known || !errors.Is(err, mailin.ErrForged) {
			t.Fatalf("%s: %v, %v", text, known, err)
		}
	}
}
