package tickets_test

import (
	"testing"

	"postern/tickets"
)

// Like subjects have one key: replies, forwards, tags, case and spacing do not matter.
func TestSubjectKey(t *testing.T) {
	for _, s := range []string{"Printer on fire", "Re: [IT #42] Printer on fire", "AW: Re:  printer  ON fire", "Fwd: [#7] Printer on fire "} {
		if got := tickets.SubjectKey(s); got != "printer on fire" {
			t.Errorf("%q: %q", s, got)
		}
	}
	if tickets.SubjectKey("Printer on fire 2") == tickets.SubjectKey("Printer on fire") || tickets.SubjectKey("Re:") != "" {
		t.Error("other subjects have the same key, or an empty one has a key")
	}
}
