package mailout

import (
	"context"
	"time"

	"postern/tickets"
)

// A Relay takes one message for one recipient.
type Relay interface {
	// Deliver makes one attempt. It never panics on what the other side says,
	// returns soon after ctx ends, and then answers "back" unless the message
	// may have been taken.
	Deliver(ctx context.Context, o tickets.Outgoing, open Opener) Answer
	// Longest bounds the time one Deliver may take.
	Longest() time.Duration
	// Check tries everything but a message, and reports what is offered.
	Check(ctx context.Context) (Report, error)
	// Close ends idle connections.
	Close()
}

// Answer is what became of one attempt.
type Answer struct {
	Kind tickets.VerdictKind
	Code string // "451 4.3.0"; empty when the relay said nothing
	Text string // the relay's words or ours, at most 512 bytes, on one line
}

// Report is what a relay's check found.
type Report struct {
	Name   string   // address or folder
	TLS    string   // version and certificate; empty in clear
	Auth   string   // mechanism used; empty when there is no login
	Offers []string // extensions, sorted
	Size   int64    // largest message taken; 0 when it does not say
}

// MaxAnswer bounds the relay's words that are kept, in bytes.
const MaxAnswer = 512
