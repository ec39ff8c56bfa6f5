package tickets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Evidence is who a mail proves to be from, and how well. It says nothing about
// where the mail belongs, nor about what its author may do.
type Evidence struct {
	Level Level
	// Agent is the agent whose address From is, proved or not; Level says which.
	Agent string
	// Address is From's one address; empty when the mail identifies nobody.
	Address string
	// Proved says that the address itself was proved (not by a token): it may be
	// told its own words back.
	Proved bool
	// Failed says that a trusted verdict on the mail says fail; then a token proves nothing.
	Failed bool
	Why    string // "SMTP AUTH as bob", "two From fields", ...
}

// noProof is the reason of a mail that nothing speaks for.
const noProof = "From alone proves nothing"

// Judge weighs what an arrival and its headers prove, tokens aside. at is the
// moment of reading; used are the helpdesk addresses the mail was sent to.
func Judge(a Arrival, m Message, s *Settings, at time.Time) Evidence {
	addr, why := identity(m)
	if addr == "" {
		return Evidence{Why: why}
	}
	e := Evidence{Address: addr, Why: noProof}
	ag, isAgent := s.AgentOf(addr)
	if isAgent {
		e.Agent = ag.Name
	}
	results := trusted(m.Auth, a.Trust)
	e.Failed = slices.ContainsFunc(results, func(r AuthResult) bool {
		return r.Value == "fail" && (r.Method == "dmarc" || r.Method == "dkim" || r.Method == "spf")
	})
	why, ok := proof(a, m, s, results, e, at)
	if why != "" {
		e.Why = why
	}
	if !ok {
		return e
	}
	e.Proved, e.Level, e.Failed = true, L1, false
	if isAgent {
		e.Level = L2
	}
	return e
}

// identity is the one address of the one From field, or why there is none.
func identity(m Message) (addr, why string) {
	switch {
	case m.Froms == 0 || len(m.From) == 0:
		return "", "no sender address"
	case m.Froms > 1:
		return "", "more than one From field"
	case len(m.From) > 1:
		return "", "more than one address in From"
	case m.From[0].Guessed || m.From[0].Addr == "":
		return "", "the From field is broken"
	}
	return m.From[0].Addr, ""
}

// proof goes through the ways in which a mail proves its From.
func proof(a Arrival, m Message, s *Settings, results []AuthResult, e Evidence, at time.Time) (why string, ok bool) {
	switch {
	case a.AuthAgent != "":
		if e.Agent != "" && strings.EqualFold(a.AuthAgent, e.Agent) {
			return "SMTP AUTH as " + e.Agent, true
		}
		return "SMTP AUTH as " + a.AuthAgent + ", but From is another", false
	case a.Role == RoleSubmission && a.TrustedPeer:
		return "trusted submission peer " + a.Peer, true
	}
	if why, ok := marked(a.Trust, m, e.Address); ok {
		return why, true
	}
	if authenticated(results, e.Address) {
		return "Authentication-Results: auth=pass for " + e.Address, true
	}
	domain, ok := aligned(results, e.Address)
	if !ok {
		return "", false
	}
	if e.Agent == "" {
		return "Authentication-Results: dmarc=pass for " + domain, true
	}
	if !dkimAligned(results, e.Address) {
		return "dmarc=pass without an aligned DKIM signature does not make an agent", false
	}
	if why := replayed(a, m, s, at); why != "" {
		return why, false
	}
	return "Authentication-Results: dmarc=pass with aligned DKIM for " + domain, true
}

// trusted picks the results that our own servers wrote (policy section 4): in
// mode boundary those above the point where mail enters, in mode single the
// only field with a trusted id. Everything else is forged until proved.
func trusted(fields []AuthResults, t Trust) []AuthResult {
	mine := slices.DeleteFunc(slices.Clone(fields), func(f AuthResults) bool {
		return !slices.ContainsFunc(t.ServIDs, func(id string) bool { return strings.EqualFold(id, f.ServID) })
	})
	switch t.Mode {
	case "boundary":
		mine = slices.DeleteFunc(mine, func(f AuthResults) bool { return f.Above > t.Above })
	case "single":
		if len(mine) != 1 {
			return nil
		}
	default:
		return nil
	}
	var out []AuthResult
	for _, f := range mine {
		out = append(out, f.Results...)
	}
	return out
}

// marked looks for the mailbox's internal marker at its position.
func marked(t Trust, m Message, from string) (string, bool) {
	if t.Marker == nil || t.Marker.Name == "" || t.Marker.Value == "" {
		return "", false
	}
	want := strings.ReplaceAll(t.Marker.Value, "%a", from)
	found := 0
	ok := false
	for _, h := range m.Headers {
		if !strings.EqualFold(h.Name, t.Marker.Name) {
			continue
		}
		found++
		ok = h.Above <= t.Marker.Above && strings.TrimSpace(h.Value) == want
	}
	return "internal marker " + t.Marker.Name, ok && found == 1
}

// authenticated: a trusted server saw the sender log in (RFC 8601 section 2.7.4)
// under the very address of From. A session is no replay.
func authenticated(results []AuthResult, from string) bool {
	return slices.ContainsFunc(results, func(r AuthResult) bool {
		return r.Method == "auth" && r.Value == "pass" && SameAddress(r.Props["smtp.auth"], from)
	})
}

// aligned: DMARC passed for From's own domain.
func aligned(results []AuthResult, from string) (domain string, ok bool) {
	_, domain, _ = cutAddress(from)
	ok = slices.ContainsFunc(results, func(r AuthResult) bool {
		return r.Method == "dmarc" && r.Value == "pass" && strings.EqualFold(propDomain(r, "header.from"), domain)
	})
	return domain, ok
}

// dkimAligned: a signature of From's domain, or of a parent of it, holds.
func dkimAligned(results []AuthResult, from string) bool {
	_, domain, _ := cutAddress(from)
	return slices.ContainsFunc(results, func(r AuthResult) bool {
		d := propDomain(r, "header.d")
		if d == "" {
			d = propDomain(r, "header.i")
		}
		return r.Method == "dkim" && r.Value == "pass" && underDomain(domain, d)
	})
}

func propDomain(r AuthResult, name string) string {
	v := r.Props[name]
	return strings.ToLower(v[strings.LastIndexByte(v, '@')+1:])
}

// underDomain reports whether domain is parent or lies under it.
func underDomain(domain, parent string) bool {
	domain, parent = strings.ToLower(domain), strings.ToLower(parent)
	return parent != "" && strings.Contains(parent, ".") &&
		(domain == parent || strings.HasSuffix(domain, "."+parent))
}

// replayed says why a signed mail may be a replay. A signature does not cover
// the envelope: somebody who got the mail could send it on to us.
func replayed(a Arrival, m Message, s *Settings, at time.Time) string {
	if m.ContentKey == "" {
		return "a signed mail without Message-ID may be a replay"
	}
	if !namesUs(a, m, s) {
		return "the signed mail was not addressed to us in To or Cc"
	}
	sent := m.Date
	covered := len(m.Signatures) == 0 // stamped by the server that took it from the sender
	for _, sig := range m.Signatures {
		if _, d, _ := cutAddress(m.From[0].Addr); !underDomain(d, sig.Domain) || sig.Length {
			continue
		}
		if !slices.Contains(sig.Headers, "from") || !slices.Contains(sig.Headers, "to") && !slices.Contains(sig.Headers, "cc") {
			continue
		}
		covered = true
		if !sig.At.IsZero() {
			sent = sig.At
		}
	}
	switch {
	case !covered:
		return "the signature covers neither To nor Cc, or not the whole body"
	case sent.IsZero() || at.Sub(sent) > s.Limits.ReplayAge:
		return fmt.Sprintf("the signed mail is older than %s", days(s.Limits.ReplayAge))
	case sent.Sub(at) > 24*time.Hour:
		return "the signed mail is dated in the future"
	}
	return ""
}

func days(d time.Duration) string { return fmt.Sprintf("%d days", int(d.Hours()/24)) }

// namesUs: To or Cc name the address the mail really came to; over IMAP, where
// the envelope is unknown, any of our addresses.
func namesUs(a Arrival, m Message, s *Settings) bool {
	return slices.ContainsFunc(slices.Concat(m.To, m.Cc), func(to Address) bool {
		if len(a.To) > 0 {
			return slices.ContainsFunc(a.To, func(rcpt string) bool { return SameAddress(rcpt, to.Addr) })
		}
		text, onDomain := s.tokenText(to.Addr)
		return s.OwnAddress(to.Addr) || onDomain || text != ""
	})
}
