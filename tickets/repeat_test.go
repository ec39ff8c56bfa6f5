package tickets

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Only what the recipient surely has is left out.
func TestRepeated(t *testing.T) {
	logo, file := Part{SHA256: "logo", Inline: true}, Part{SHA256: "file"}
	ann, bob := Recipient{Participant: 7}, Recipient{Agent: "bob", Participant: 9}
	from := func(id int64, who int64, k EntryKind, s EntryState, parts ...Part) Entry {
		return Entry{ID: id, Participant: who, Kind: k, State: s, Parts: parts}
	}
	reply := from(5, 9, EntryReply, EntryVisible, logo, file)
	for _, c := range []struct {
		what    string
		earlier []Entry
		e       Entry
		to      Recipient
		want    string
	}{
		{"her own, quoted back", []Entry{from(1, 7, EntryMessage, EntryVisible, logo, file)}, reply, ann, "file logo"},
		{"another's", []Entry{from(1, 8, EntryMessage, EntryVisible, logo, file)}, reply, ann, ""},
		{"in her name, unproved", []Entry{from(1, 7, EntryMessage, EntryUnverified, file)}, reply, ann, ""},
		{"an agent's earlier reply", []Entry{from(1, 9, EntryReply, EntryVisible, logo)}, reply, ann, ""},
		{"a later entry", []Entry{from(6, 7, EntryMessage, EntryVisible, file)}, reply, ann, ""},
		{"the entry itself", []Entry{reply}, reply, ann, ""},
		{"a signature seen before", []Entry{from(1, 7, EntryMessage, EntryVisible, logo, file)}, from(5, 7, EntryMessage, EntryVisible, logo, file), bob, "logo"},
		{"a signature of a machine's mail", []Entry{from(1, 7, EntryMessage, EntryQuiet, logo)}, from(5, 7, EntryMessage, EntryVisible, logo), bob, ""},
		{"no hash", []Entry{from(1, 7, EntryMessage, EntryVisible, Part{})}, from(5, 9, EntryReply, EntryVisible, Part{}), ann, ""},
	} {
		got := strings.Join(slices.Sorted(maps.Keys(repeated(c.e, c.earlier, c.to))), " ")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
