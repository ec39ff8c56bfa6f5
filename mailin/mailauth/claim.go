package mailauth

import (
	"slices"
	"strings"
	"time"
)

// skew is how far a signer's clock and ours may be apart; future is how far a
// signature's time may lie ahead, with zones confused.
const (
	skew   = 10 * time.Minute
	future = 24 * time.Hour
)

// claim is what a DKIM-Signature field says, as far as verifying needs it.
type claim struct {
	field                    field
	place                    int
	relaxedHead, relaxedBody bool
	bodySum, sum             []byte
	key                      key
}

// singles are the fields that a message has once (RFC 5322, section 3.6; RFC
// 2045). A second one is read by some programs and not by others.
var singles = []string{"to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "sender",
	"mime-version", "content-type", "content-transfer-encoding"}

// say settles the result, once.
func (s *signed) say(r Result, why string) {
	if s.Result == "" {
		s.Result, s.Why = r, why
	}
}

// readSignature reads one DKIM-Signature field and says at once what is wrong with it.
func readSignature(f field, h *head, at time.Time) *signed {
	s := &signed{claim: &claim{field: f}}
	tags, err := parseTags(f.value())
	if h.err != nil {
		s.say(TempError, "the message could not be read")
	}
	if h.odd != "" {
		s.say(Neutral, h.odd)
	}
	if err != nil {
		s.say(PermError, err.Error())
	}
	if tags == nil {
		return s
	}
	s.take(tags)
	s.takeTimes(tags, at)
	s.takeCover(tags, h)
	return s
}

// take reads who signed and how (RFC 6376, section 3.5).
func (s *signed) take(tags map[string]string) {
	s.Domain, s.Selector, s.Algorithm = ascii(squeeze(tags["d"])), squeeze(tags["s"]), strings.ToLower(squeeze(tags["a"]))
	s.Agent = "@" + s.Domain
	if i, ok := tags["i"]; ok {
		s.Agent = agentOf(squeeze(i))
	}
	var err, err2 error
	s.bodySum, err = decode64(tags["bh"])
	s.sum, err2 = decode64(tags["b"])
	s.Digest = squeeze(tags["b"])
	s.Digest = s.Digest[:min(8, len(s.Digest))]
	head, body, _ := strings.Cut(strings.ToLower(squeeze(tags["c"])), "/")
	s.relaxedHead, s.relaxedBody = head == "relaxed", body == "relaxed"
	for _, c := range []string{head, body} {
		if c != "" && c != "simple" && c != "relaxed" {
			s.say(PermError, "the canonical form is not known")
		}
	}
	agent := domainOf(s.Agent)
	switch q, asks := tags["q"]; {
	case tags["v"] != "1":
		s.say(PermError, "the signature is of another version")
	case s.Domain == "":
		s.say(PermError, "d= is no domain")
	case registry(s.Domain):
		s.say(PermError, "d= is a public suffix")
	case s.Selector == "" || !isASCII(s.Selector):
		s.say(PermError, "s= is no selector")
	case s.Algorithm != "rsa-sha256" && s.Algorithm != "ed25519-sha256":
		s.say(PermError, "the algorithm proves nothing or is not known")
	case asks && !slices.Contains(list(q), "dns/txt"):
		s.say(PermError, "the key lies not in the DNS")
	case agent != s.Domain && !strings.HasSuffix(agent, "."+s.Domain):
		s.say(PermError, "i= is not of the signing domain")
	case err != nil || err2 != nil || len(s.bodySum) != 32 || len(s.sum) == 0:
		s.say(PermError, "bh= or b= is broken")
	}
}

// takeTimes reads t= and x=.
func (s *signed) takeTimes(tags map[string]string, at time.Time) {
	var err error
	if t, ok := tags["t"]; ok {
		if s.At, err = tagTime(t); err != nil {
			s.say(PermError, err.Error())
		}
	}
	if x, ok := tags["x"]; ok {
		if s.Expires, err = tagTime(x); err != nil || !s.At.IsZero() && s.Expires.Before(s.At) {
			s.say(PermError, "x= is broken")
		}
		if at.After(s.Expires.Add(skew)) {
			s.say(Fail, "the signature has expired")
		}
	}
	if s.At.After(at.Add(future)) {
		s.say(Fail, "the signature is from the future")
	}
}

// takeCover reads what is signed, and whether that is enough.
func (s *signed) takeCover(tags map[string]string, h *head) {
	s.Headers = list(tags["h"])
	if _, s.Length = tags["l"]; s.Length {
		s.say(Fail, "l= leaves the end of the body open")
	}
	switch {
	case s.Signs("from") == 0:
		s.say(Fail, "From is not signed")
	case h.count("from") != 1:
		s.say(Fail, "not exactly one From field")
	}
	for _, name := range singles {
		if n := h.count(name); n > 1 && n > s.Signs(name) {
			s.say(Fail, "the message has more than one "+name+" field")
		}
	}
}

// agentOf is i= with its domain as DNS spells it.
func agentOf(i string) string {
	at := strings.LastIndexByte(i, '@')
	if at < 0 {
		return ""
	}
	return i[:at+1] + ascii(i[at+1:])
}

// domainOf is what stands behind the last @, or "".
func domainOf(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return ""
	}
	return addr[at+1:]
}
