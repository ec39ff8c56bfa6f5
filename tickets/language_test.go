package tickets

import "testing"

// An agent reads his own language, a requester that of the queue, and who asks for help
// that of his question, if it is one we speak.
func TestLanguage(t *testing.T) {
	s := &Settings{Agents: []Agent{{Name: "bob", Language: "de"}, {Name: "bea"}}}
	q := Queue{Language: "en"}
	for _, tt := range []struct{ agent, hint, want string }{
		{"bob", "", "de"}, {"bea", "", "en"}, {"", "", "en"}, {"bob", "en", "en"}, {"bea", "de", "de"}, {"bob", "fr", "de"}, {"bea", "fr", "en"}, {"nobody", "", "en"},
	} {
		if got := s.language(q, Recipient{Agent: tt.agent}, tt.hint); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

func TestSpoken(t *testing.T) {
	for _, tt := range []struct {
		words, name, value, want string
	}{
		{"de", "Content-Language", "en", "de"}, {"", "Content-Language", "de-AT, en", "de"}, {"", "accept-language", "EN-us", "en"},
		{"", "Content-Language", "", ""}, {"", "Content-Language", "…", ""}, {"", "Subject", "de", ""},
	} {
		m := Message{Language: tt.words, Headers: []Header{{Name: tt.name, Value: tt.value}}}
		if got := m.spoken(); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
