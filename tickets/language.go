package tickets

import (
	"slices"
	"strings"
)

// Spoken are the languages mail is written in (ISO 639-1); the first stands in for others.
var Spoken = []string{"en", "de"}

// language is that of a mail to a recipient about a queue: an agent's own, else the
// queue's. hint is the language of the mail that asked for it, which goes first where it
// is known and spoken.
func (s *Settings) language(q Queue, to Recipient, hint string) string {
	if slices.Contains(Spoken, hint) {
		return hint
	}
	if ag, ok := s.Agent(to.Agent); ok && to.Agent != "" && ag.Language != "" {
		return ag.Language
	}
	return q.Language
}

// hint is the language of the message at hand, where it shows one.
func (w *work) hint() string {
	if w.msg == nil {
		return ""
	}
	return w.msg.spoken()
}

// spoken is the language of a message: what its words show, else what the mail program
// says of itself (RFC 3282); of "de-AT, en" the first.
func (m Message) spoken() string {
	if m.Language != "" {
		return m.Language
	}
	for _, name := range []string{"Content-Language", "Accept-Language"} {
		for _, h := range m.Headers {
			if strings.EqualFold(h.Name, name) {
				tag := strings.FieldsFunc(h.Value, func(r rune) bool { return !asciiLetter(byte(min(r, 0x7f))) })
				if len(tag) > 0 {
					return strings.ToLower(tag[0])
				}
			}
		}
	}
	return ""
}
