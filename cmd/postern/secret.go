package main

import (
	"fmt"
	"log/slog"
)

// Secret is a password or key. However it is printed, logged or encoded it
// shows as "***"; only Reveal gives the words.
type Secret struct{ words string }

// stars stand for every secret.
const stars = "***"

// NewSecret hides words.
func NewSecret(words string) Secret { return Secret{words} }

// Reveal gives the words, for the one place that sends or compares them.
func (s Secret) Reveal() string { return s.words }

// Empty reports that there is no secret.
func (s Secret) Empty() bool { return s.words == "" }

// String is "***", and "" for no secret at all.
func (s Secret) String() string {
	if s.words == "" {
		return ""
	}
	return stars
}

// Format keeps every verb of fmt, %#v and %x included, from the words.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText hides the secret from JSON, YAML and every other encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
