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
	// Forged says that the mail brought Authentication-Results under a trusted name that
	// our servers did not write; empty for an honest mail.
	Forged string
	Why    string // "SMTP AUTH as bob", "two From fields", ...
}

// noProof is the reason of a mail that nothing speaks for.
const noProof = "From alone proves nothing"

// verdict is what one kind of evidence says of From.
type verdict struct {
	why    string // what it rests on, or what is missing
	ok     bool   // it proves From
	signed bool   // by a signature, which may have been sent on
}

// Judge weighs what an arrival and its headers prove, tokens aside. The age of a
// signed mail is counted to its arrival: one that waited here is not too old for it.
func Judge(a Arrival, m Message, s *Settings) Evidence {
	addr, why := identity(m)
	results, forged := trusted(m.Auth, a.Trust)
	if addr == "" {
		return Evidence{Why: why, Forged: forged}
	}
	e := Evidence{Address: addr, Why: noProof, Forged: forged}
	ag, isAgent := s.AgentOf(addr)
	if isAgent {
		e.Agent = ag.Name
	}
	e.Failed = forged != "" || failed(results) || a.Verified != nil && failed(a.Verified.Results)
	v := proof(a, m, s, results, e)
	e.Why = orElse(v.why, orElse(forged, noProof))
	if !v.ok {
		return e
	}
	e.Proved, e.Level, e.Failed, e.Signed = true, L1, false, v.signed
	if isAgent {
		e.Level = L2
	}
	return e
}

// failed: a verdict on the mail says fail; then a token proves nothing.
func failed(results []AuthResult) bool {
	return slices.ContainsFunc(results, func(r AuthResult) bool {
		return r.Value == "fail" && (r.Method == "dmarc" || r.Method == "dkim" || r.Method == "spf")
	})
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

// proof goes through the ways in which a mail proves its From: sessions first, then
// what our servers stamped, then what we verified. Fields under our servers' name that
// they did not write make all header fields worthless (policy section 4).
func proof(a Arrival, m Message, s *Settings, results []AuthResult, e Evidence) verdict {
	switch {
	case a.AuthAgent != "":
		if e.Agent != "" && strings.EqualFold(a.AuthAgent, e.Agent) {
			return verdict{why: "SMTP AUTH as " + e.Agent, ok: true}
		}
		return verdict{why: "SMTP AUTH as " + a.AuthAgent + ", but From is another"}
	case a.Role == RoleSubmission && a.TrustedPeer:
		return verdict{why: "trusted submission peer " + a.Peer, ok: true}
	}
	stamped, own := stampedProof(a, m, s, results, e), ownProof(a, m, s, e)
	switch {
	case stamped.ok:
		return stamped
	case own.ok && slices.ContainsFunc(results, func(r AuthResult) bool { return r.Method == "dmarc" && r.Value == "fail" }):
		return verdict{why: own.why + "; but our mail server says dmarc=fail"}
	case own.ok:
		return own
	}
	return verdict{why: orElse(stamped.why, own.why)}
}

// stampedProof is what our own servers' header fields prove.
func stampedProof(a Arrival, m Message, s *Settings, results []AuthResult, e Evidence) verdict {
	if e.Forged != "" {
		return verdict{}
	}
	if why, ok := marked(a.Trust, m, e.Address); ok {
		return verdict{why: why, ok: true}
	}
	if authenticated(results, e.Address) {
		return verdict{why: "Authentication-Results: auth=pass for " + e.Address, ok: true}
	}
	domain, ok := aligned(results, e.Address)
	if i := slices.IndexFunc(results, func(r AuthResult) bool { return r.Method == "dmarc" && r.Value != "pass" }); !ok && i >= 0 {
		return verdict{why: "Authentication-Results: dmarc=" + results[i].Value + " for " + domain}
	} else if !ok {
		return verdict{}
	}
	if e.Agent == "" {
		return verdict{why: "Authentication-Results: dmarc=pass for " + domain, ok: true, signed: true}
	}
	sig, ok := dkimAligned(results, e.Address)
	if !ok {
		return verdict{why: "dmarc=pass without an aligned DKIM signature does not make an agent"}
	}
	if why := replayed(a, m, s); why != "" {
		return verdict{why: why}
	}
	return verdict{why: "Authentication-Results: dmarc=pass with aligned DKIM for " + domain + ", " + sig, ok: true, signed: true}
}

// trusted picks the results that our own servers wrote (policy section 4): in
// mode boundary those above the point where mail enters, in mode single the
// only field with a trusted id. forged says that a field with such an id stands below that
// point; then the mail was made to deceive, and none counts.
func trusted(fields []AuthResults, t Trust) (results []AuthResult, forged string) {
	mine := slices.DeleteFunc(slices.Clone(fields), func(f AuthResults) bool {
		return !slices.ContainsFunc(t.ServIDs, func(id string) bool { return strings.EqualFold(id, f.ServID) })
	})
	switch t.Mode {
	case "boundary":
		i := slices.IndexFunc(mine, func(f AuthResults) bool { return f.Above > t.Above })
		if i >= 0 {
			return nil, "Authentication-Results of " + mine[i].ServID + " stand below the place where it writes them"
		}
	case "single":
		if len(mine) != 1 {
			return nil, ""
		}
	default:
		return nil, ""
	}
	// Our servers write theirs above whatever came along: beyond their number nothing counts.
	for _, f := range mine[:min(len(mine), max(t.Fields, 1))] {
		results = append(results, f.Results...)
	}
	return results, ""
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

// dkimAligned: a signature of From's domain, or of a parent of it, holds; sig names it.
func dkimAligned(results []AuthResult, from string) (sig string, ok bool) {
	_, domain, _ := cutAddress(from)
	ours := func(r AuthResult) bool { return r.Method == "dkim" && underDomain(domain, signer(r)) }
	i := slices.IndexFunc(results, ours)
	if i < 0 || !agree(results, ours) {
		return "", false
	}
	return Signature{Domain: signer(results[i]), Selector: results[i].Props["header.s"]}.name(), true
}

// signer is the domain that a dkim result speaks of.
func signer(r AuthResult) string {
	if d := propDomain(r, "header.d"); d != "" {
		return d
	}
	return propDomain(r, "header.i")
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

// replayed says why a mail that our server saw signed may be a replay. Its verdict does
// not say which of several signatures held, so every one that claims to be of From's
// domain must pass every question. A server that verified a signature and took it off
// is believed.
func replayed(a Arrival, m Message, s *Settings) string {
	_, domain, _ := cutAddress(m.From[0].Addr)
	mine := slices.DeleteFunc(slices.Clone(m.Signatures), func(sig Signature) bool { return !underDomain(domain, sig.Domain) })
	switch {
	case len(m.Signatures) == 0:
		return replayedBy(a, m, s, Signature{Headers: everyName})
	case len(mine) == 0:
		return "no signature is of the sender's domain"
	}
	for _, sig := range mine {
		if why := replayedBy(a, m, s, sig); why != "" {
			return why
		}
	}
	return ""
}

// replayedBy says why a mail with this signature may be a replay. A signature does not
// cover the envelope: somebody who got the mail could send it on to us.
func replayedBy(a Arrival, m Message, s *Settings, sig Signature) string {
	if m.ContentKey == "" {
		return "a signed mail without Message-ID may be a replay"
	}
	if !namesUs(a, m, s) {
		return "the signed mail was not addressed to us in To or Cc"
	}
	if why := uncovered(sig, m); why != "" {
		return why
	}
	sent := sig.signedOn(m)
	switch {
	case !sig.Expires.IsZero() && a.At.After(sig.Expires):
		return "the signature has expired"
	case sent.IsZero():
		return "the signature does not say when it was made"
	case a.At.Sub(sent) > s.Limits.ReplayAge:
		return fmt.Sprintf("the signed mail is older than %s", days(s.Limits.ReplayAge))
	case sent.Sub(a.At) > 24*time.Hour:
		return "the signed mail is dated in the future"
	}
	return ""
}

// everyName are the fields that decide anything.
var everyName = []string{"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references"}

// uncovered says what of the mail that decides anything a signature leaves open:
// who is addressed, where it belongs, its words.
func uncovered(sig Signature, m Message) string {
	open := func(present bool, name string) bool { return present && !slices.Contains(sig.Headers, name) }
	switch {
	case sig.Length:
		return "the signature does not cover the whole body (l=)"
	case slices.Contains(m.Defects, defectTwice):
		return "a field that may stand once stands twice, and the signature covers one of them"
	case open(true, "from"):
		return "the signature does not cover From"
	case open(len(m.To) > 0, "to"):
		return "the signature does not cover To"
	case open(len(m.Cc) > 0, "cc"):
		return "the signature does not cover Cc"
	case open(true, "message-id"), open(m.Subject != "", "subject"):
		return "the signature does not cover Subject and Message-ID"
	case open(len(m.InReplyTo) > 0, "in-reply-to"), open(len(m.References) > 0, "references"):
		return "the signature does not cover what the mail answers"
	}
	return ""
}

// defectTwice is the reader's name for a field that stands twice although it may stand
// once; which of them a signature covers cannot be told.
const defectTwice = "duplicate-field"

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
