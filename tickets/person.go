package tickets

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
)

// linked is what mail clients make of an address typed into HTML: "a@b <mailto:a@b>".
var linked = regexp.MustCompile(`(?i)\s*[<(\[]mailto:[^>)\]]*[>)\]]`)

// typedAddress reads an address as a person types it into a command: "ann@example.net",
// with or without angle brackets and a name. Nothing is guessed: an address without
// a dot in its domain is a slip of the pen.
func typedAddress(text string) (Address, bool) {
	text = strings.TrimSpace(linked.ReplaceAllString(text, ""))
	text = strings.TrimPrefix(text, "mailto:")
	a, err := mail.ParseAddress(text)
	if err != nil {
		return Address{}, false
	}
	return Address{Name: cut(a.Name, 200), Addr: a.Address}, usableAddress(a.Address)
}

// usableAddress: an address that mail can be written to (RFC 5321 section 4.5.3.1).
func usableAddress(addr string) bool {
	local, domain, ok := cutAddress(addr)
	if !ok || len(local) > 64 || len(domain) > 253 || !strings.Contains(strings.Trim(domain, "."), ".") {
		return false
	}
	strange := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '<' || r == '>' }
	return !strings.ContainsFunc(local, strange) && !strings.ContainsFunc(domain, func(r rune) bool {
		return r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
}

// outsider says why a person may not be put on a ticket by a command; "" when he may.
// Mail to an address of ours would come back, and agents are not in copy: a reply
// to a copy carries an outsider's rights.
func (s *Settings) outsider(a Address) (why, hint string) {
	if why, hint := s.writable(a); why != "" {
		return why, hint
	}
	if ag, ok := s.AgentOf(a.Addr); ok {
		return a.Addr + " is an address of agent " + ag.Name, "agents follow a ticket with #watch, or get it with #assign"
	}
	return "", ""
}

// writable says why no ticket can belong to an address; "" when one can.
func (s *Settings) writable(a Address) (why, hint string) {
	switch {
	case a.Guessed || !usableAddress(a.Addr):
		return "the address is not whole", "write it as ann@example.net"
	case s.ours(a.Addr):
		return a.Addr + " is an address of this helpdesk", "mail to it would come back here"
	}
	return "", ""
}

// known finds the participant of an address; the zero value when there is none yet.
func (w *work) known(a Address) (Participant, error) {
	p, err := w.tx.FindParticipant(a.Addr)
	return p, ifFound(err)
}

// shown is a person as agents read him.
func (a Address) shown() string {
	if a.Name == "" || a.Name == a.Addr {
		return a.Addr
	}
	return a.Name + " <" + a.Addr + ">"
}
