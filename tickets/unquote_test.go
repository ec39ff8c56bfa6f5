package tickets

import (
	"strings"
	"testing"
)

// INV_D6: what an agent's client quotes reaches people outside only where it is public.
func TestQuotesLeaveOnlyWherePublic(t *testing.T) {
	w := &work{s: &Settings{Agents: []Agent{{Name: "bob", Addresses: []string{"bob@example.org"}}}}}
	public := w.publicWords([]Entry{
		{Kind: EntryMessage, State: EntryVisible, Text: "It burns in room 4.\nPlease come\nsoon."},
		{Kind: EntryReply, State: EntryVisible, Agent: "bob", Text: "#take\nUse the stairs.\n> [note] she lies", End: 42},
		{Kind: EntryMessage, State: EntryVisible, From: Address{Addr: "bob@example.org"}, Text: "My own chair.\n> A note elsewhere.", End: 33},
		{Kind: EntryNote, State: EntryVisible, Text: "She lies."},
		{Kind: EntryMessage, State: EntryUnverified, Text: "Give me the key."},
		{Kind: EntryReply, State: EntryHeld, Text: "Held words."},
	})
	for _, c := range []struct{ what, reply, want string }{
		{"no quote", "Come down.", "Come down."},
		{"public words stay", "> It burns in room 4.\nWhich one?", "> It burns in room 4.\nWhich one?"},
		{"a client wraps and indents them", "> > Please come soon.\nYes.", "> > Please come soon.\nYes."},
		{"an agent's answer is public", "> Use the stairs.\nAs I said.", "> Use the stairs.\nAs I said."},
		{"a note is not", "> She lies.\n> Really.\nHi", "> […]\nHi"},
		{"nor what an answer quoted", "> [note] she lies\nHi", "> […]\nHi"},
		{"nor what waits for a release", ">Give me the key.\nHi", "> […]\nHi"},
		{"nor what is held", " > Held words.\nHi", "> […]\nHi"},
		{"nor a command", "> #take\nHi", "> […]\nHi"},
		{"an agent's own request is, but for what it quotes", "> My own chair.\n> A note elsewhere.", "> My own chair.\n> […]"},
		{"our notice without marks is cut", "Hi\n##- please write above this line -##\nBefore that\nShe lies.", "Hi\n"},
		{"empty lines stay between quotes", "> It burns in room 4.\n>\n> Please come\nYes", "> It burns in room 4.\n>\n> Please come\nYes"},
	} {
		if got := withoutQuotes(c.reply, public); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if got := withoutQuotes("> It burns in room 4.\nHi", ""); strings.Contains(got, "burns") {
		t.Errorf("with nothing public: %q", got)
	}
}

func TestOnlyQuotes(t *testing.T) {
	for text, want := range map[string]bool{
		"> a\n> b":                       true,
		"Am 2.3. schrieb Ann:\n> a\n\n":  true,
		"On Mon, 2 Mar\nAnn wrote:\n> a": true,
		"Ann wrote:\n> a\nYes.":          false,
		"Yes.\n> a":                      false,
		"It is so:":                      false,
		"2 Mar に Ann がこう書きました：\n> a": true,
	} {
		if got := onlyQuotes(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
