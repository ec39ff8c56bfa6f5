package tickets

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// replyPrefix begins the local part of a signed address on the reply domain.
const replyPrefix = "r-"

// ReplyAddress writes a token as an address: r-<token>@reply.example.org, or
// help+<token>@example.org when there is no reply domain. It is empty when the
// server knows neither.
func (s *Settings) ReplyAddress(q Queue, token string) string {
	if s.ReplyDomain != "" {
		return replyPrefix + token + "@" + s.ReplyDomain
	}
	local, domain, ok := cutAddress(q.Address())
	if !ok || s.NoPlus {
		return ""
	}
	return local + "+" + token + "@" + domain
}

// cutAddress splits an address at its last @.
func cutAddress(a string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(a, '@')
	if i <= 0 || i == len(a)-1 {
		return "", "", false
	}
	return a[:i], a[i+1:], true
}

// tokenText is the token inside an address, without judging it. onDomain says
// that the address lies on the reply domain, where nothing but tokens live.
func (s *Settings) tokenText(addr string) (token string, onDomain bool) {
	local, domain, ok := cutAddress(strings.Trim(strings.TrimSpace(addr), `<>."'`))
	if !ok {
		return "", false
	}
	local = strings.Trim(local, `"'`)
	if s.ReplyDomain != "" && strings.EqualFold(domain, s.ReplyDomain) {
		if len(local) < len(replyPrefix) || !strings.EqualFold(local[:len(replyPrefix)], replyPrefix) {
			return "", true
		}
		return local[len(replyPrefix):], true
	}
	base, tag, ok := strings.Cut(local, "+")
	if !ok {
		return "", false
	}
	if _, ours := s.QueueOf(base + "@" + domain); !ours {
		return "", false
	}
	return tag, false
}

// Recipient judges an envelope recipient without the database: known says that
// mail for it is taken; signed that it must be refused because it lies on the reply
// domain with a wrong MAC (550 5.1.1).
func (s *Settings) Recipient(addr string, keys Keyring) (known bool) {
	if s.OwnAddress(addr) {
		return true
	}
	text, onDomain := s.tokenText(addr)
	if !onDomain {
		return text != "" // help+anything@ is plain mail to help
	}
	_, err := Signer{s.Instance, keys}.Read(text)
	return err == nil
}

// Forged reports whether an envelope recipient is a reply address that nobody of us
// signed: one on the reply domain, where nothing else lives.
func (s *Settings) Forged(addr string, keys Keyring) bool {
	text, onDomain := s.tokenText(addr)
	if !onDomain {
		return false // help+anything@ is plain mail to help
	}
	_, err := Signer{s.Instance, keys}.Read(text)
	return err != nil && !s.OwnAddress(addr)
}

// OwnAddress reports whether an address is a queue's, or postmaster or abuse at a
// queue's domain (RFC 5321 section 4.5.1, RFC 2142).
func (s *Settings) OwnAddress(addr string) bool {
	if _, ok := s.QueueOf(addr); ok {
		return true
	}
	local, domain, ok := cutAddress(addr)
	if !ok {
		return strings.EqualFold(addr, "postmaster")
	}
	return s.OwnDomain(domain) && (strings.EqualFold(local, "postmaster") || strings.EqualFold(local, "abuse"))
}

// OwnDomain reports whether we take mail for addresses of the domain at all.
func (s *Settings) OwnDomain(domain string) bool {
	if s.ReplyDomain != "" && strings.EqualFold(domain, s.ReplyDomain) {
		return true
	}
	for _, q := range s.Queues {
		for _, a := range q.Addresses {
			if _, d, ok := cutAddress(a); ok && strings.EqualFold(d, domain) {
				return true
			}
		}
	}
	return false
}

// messageID makes the Message-ID of an outgoing message: the token threads a
// reply whose client kept nothing else, the tail makes it unique.
func messageID(token, outKey, domain string) string {
	return "m." + token + "." + keyHash(outKey) + "@" + domain
}

// keyHash is 48 bits of an outbox key, enough to tell a ticket's mails apart.
func keyHash(outKey string) string {
	sum := sha256.Sum256([]byte(outKey))
	return fmt.Sprintf("%x", sum[:6])
}

// messageToken is the token inside one of our Message-IDs.
func messageToken(id string) string {
	rest, ok := strings.CutPrefix(strings.ToLower(id), "m.")
	if !ok {
		return ""
	}
	token, _, _ := strings.Cut(rest, ".")
	return token
}
