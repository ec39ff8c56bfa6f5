package tickets

import (
	"slices"
	"testing"
)

// The first address of the queue that a mail names decides, in the configuration's
// spelling; the queue's own first address needs no record.
func TestFurther(t *testing.T) {
	q := Queue{Addresses: []string{"help@example.org", "Support@example.org", "it@example.org"}}
	for _, tt := range []struct {
		name  string
		addrs []string
		want  string
	}{
		{"none", nil, ""},
		{"its first", []string{"help@example.org"}, ""},
		{"a further one", []string{"support@EXAMPLE.org"}, "Support@example.org"},
		{"with a plus part", []string{"it+printer@example.org"}, "it@example.org"},
		{"another's before it", []string{"hr@example.org", "it@example.org"}, "it@example.org"},
		{"the first named decides", []string{"help@example.org", "it@example.org"}, ""},
		{"nobody of ours", []string{"it@evil.example", "it", "@", ""}, ""},
	} {
		if got := q.further(tt.addrs); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// From is the address that was written to as long as the queue has it, and the queue
// that everybody shares stays as it is.
func TestSpeaking(t *testing.T) {
	q := Queue{Addresses: []string{"help@example.org", "support@example.org", "it@example.org"}}
	for address, want := range map[string]string{
		"": "help@example.org", "help@example.org": "help@example.org", "it@example.org": "it@example.org",
		"gone@example.org": "help@example.org", "hr@example.org": "help@example.org",
	} {
		got := q.speaking(address)
		if got.Address() != want || len(got.Addresses) != 3 {
			t.Errorf("%q: %v", address, got.Addresses)
		}
	}
	if !slices.Equal(q.Addresses, []string{"help@example.org", "support@example.org", "it@example.org"}) {
		t.Errorf("the queue became %v", q.Addresses)
	}
	if a := (Queue{}).speaking("x@example.org").Address(); a != "" {
		t.Errorf("a queue without addresses speaks as %q", a)
	}
}
