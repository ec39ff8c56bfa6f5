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
	// Signed says that the proof is a signature, which somebody else may have sent on;
	// a session proves that he sent it himself.
	Signed bool
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
	e.Signed = strings.Contains(why, "dmarc=pass")
	if isAgent {
		e.Level = L2
	}
	return e
}

// replayable takes an agent's level away when only a signature proved it and the
// Message-ID is not new: the same signed mail may have been sent on with other
// unsigned fields. He is asked.
func (e Evidence) replayable(twin string) Evidence {
	if e.Signed && e.Level >= L2 {
		e.Level, e.Proved, e.Why = L0, false, "the signed mail may be a replay: "+twin
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
	// Our servers write theirs above whatever came along: beyond their number
	// everything is forged until proved.
	var out []AuthResult
	for _, f := range mine[:min(len(mine), max(t.Fields, 1))] {
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
	ok = agree(results, func(r AuthResult) bool { return r.Method == "dmarc" }) &&
		slices.ContainsFunc(results, func(r AuthResult) bool {
			return r.Method == "dmarc" && r.Value == "pass" && strings.EqualFold(propDomain(r, "header.from"), domain)
		})
	return domain, ok
}

// agree: all results of a kind say pass. One that says otherwise makes the others
// worth nothing.
func agree(results []AuthResult, of func(AuthResult) bool) bool {
	return !slices.ContainsFunc(results, func(r AuthResult) bool { return of(r) && r.Value != "pass" })
}

// dkimAligned: a signature of From's domain, or of a parent of it, holds.
func dkimAligned(results []AuthResult, from string) bool {
	_, domain, _ := cutAddress(from)
	ours := func(r AuthResult) bool {
		d := propDomain(r, "header.d")
		if d == "" {
			d = propDomain(r, "header.i")
		}
		return r.Method == "dkim" && underDomain(domain, d)
	}
	return slices.ContainsFunc(results, ours) && agree(results, ours)
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
// the envelope: somebody who got the mail could send it on to us. The verdict does
// not say which of several signatures held, so every one that claims to be of From's
// domain must pass every question, and the oldest date counts.
func replayed(a Arrival, m Message, s *Settings, at time.Time) string {
	if m.ContentKey == "" {
		return "a signed mail without Message-ID may be a replay"
	}
	if !namesUs(a, m, s) {
		return "the signed mail was not addressed to us in To or Cc"
	}
	sent := m.Date
	_, domain, _ := cutAddress(m.From[0].Addr)
	aligned := 0
	for _, sig := range m.Signatures {
		if !underDomain(domain, sig.Domain) {
			continue
		}
		aligned++
		if why := uncovered(sig, m); why != "" {
			return why
		}
		if !sig.Expires.IsZero() && at.After(sig.Expires) {
			return "the signature has expired"
		}
		if !sig.At.IsZero() && (sent.IsZero() || sig.At.Before(sent)) {
			sent = sig.At
		}
	}
	switch {
	case len(m.Signatures) > 0 && aligned == 0:
		return "no signature is of the sender's domain"
	case sent.IsZero() || at.Sub(sent) > s.Limits.ReplayAge:
		return fmt.Sprintf("the signed mail is older than %s", days(s.Limits.ReplayAge))
	case sent.Sub(at) > 24*time.Hour:
		return "the signed mail is dated in the future"
	}
	return ""
}

// uncovered says what of the mail that decides anything a signature leaves open:
// who is addressed, where it belongs, its words.
func uncovered(sig Signature, m Message) string {
	signs := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(sig.Headers, n) })
	}
	switch {
	case sig.Length:
		return "the signature does not cover the whole body (l=)"
	case !signs("from") || !signs("to", "cc"):
		return "the signature covers neither To nor Cc"
	case len(m.To) > 0 && len(m.Cc) > 0 && !(signs("to") && signs("cc")):
		return "the signature covers only one of To and Cc"
	case !signs("message-id"), m.Subject != "" && !signs("subject"):
		return "the signature does not cover Subject and Message-ID"
	case len(m.InReplyTo) > 0 && !signs("in-reply-to"), len(m.References) > 0 && !signs("references"):
		return "the signature does not cover what the mail answers"
	}
	return ""
}

func days(d time.Duration) string { return fmt.Sprintf("%d days", int(d.Hours()/24)) }

// namesUs: To or Cc name every address the mail really came to; over IMAP, where
// the envelope is unknown, any of our addresses.
func namesUs(a Arrival, m Message, s *Settings) bool {
	named := slices.Concat(m.To, m.Cc)
	for _, rcpt := range a.To {
		if !slices.ContainsFunc(named, func(to Address) bool { return SameAddress(rcpt, to.Addr) }) {
			return false
		}
	}
	return len(a.To) > 0 || slices.ContainsFunc(named, func(to Address) bool { return s.ours(to.Addr) })
}
