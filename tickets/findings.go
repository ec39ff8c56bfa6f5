package tickets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Findings are what we found out ourselves about a message when it arrived: DKIM, SPF
// and DMARC, without the word of any other server. It is stored with the arrival in
// T1, so that neither a restart, nor a late digest, nor a key that has left the DNS
// since changes what the message proves; and a DNS that comes back later upgrades
// nothing (INV-H5).
type Findings struct {
	// Results are the results of all checks, in the words of RFC 8601: dkim for each
	// signature that was looked at, spf and dmarc. Props["reason"] says why one is not pass.
	Results []AuthResult `json:",omitempty"`
	// Signatures are those that hold and are aligned with From as its DMARC record
	// asks, topmost first.
	Signatures []Signature `json:",omitempty"`
}

// maxSignedNames bounds how many names of a signature's h= are kept; honest ones have
// about thirty.
const maxSignedNames = 200

// Kept is the value as it is stored: a stranger's signature must not fill the database.
func (v Findings) Kept() *Findings {
	v.Signatures = slices.Clone(v.Signatures)
	for i, s := range v.Signatures {
		// One that names more covers less: what is cut off counts as not signed.
		v.Signatures[i].Headers = s.Headers[:min(len(s.Headers), maxSignedNames)]
	}
	return &v
}

// String says the results in one line: "dkim=pass example.org; spf=none; dmarc=pass
// example.org".
func (v *Findings) String() string {
	if v == nil {
		return "nothing"
	}
	var out []string
	for _, r := range v.Results {
		line := r.Method + "=" + r.Value
		for _, p := range []string{"header.d", "header.from", "smtp.mailfrom", "smtp.helo"} {
			if d := r.Props[p]; d != "" {
				line += " " + d
			}
		}
		if why := r.Props["reason"]; why != "" && r.Value != "none" {
			line += " (" + why + ")"
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}

// ownProof is what our own verification proves of From (policy section 4): for an
// agent a signature of his domain that holds and cannot be a replay; for everybody
// else an aligned pass is enough.
func ownProof(a Arrival, m Message, s *Settings, e Evidence) verdict {
	v := a.Verified
	if v == nil {
		return verdict{}
	}
	_, domain, _ := cutAddress(e.Address)
	if e.Agent == "" {
		return ownPass(v, domain)
	}
	best := verdict{why: v.shortfall(domain)}
	for _, sig := range v.Signatures {
		// A newsletter's signature of a subdomain is aligned, and still not the agent's server.
		if !underDomain(domain, sig.Domain) {
			continue
		}
		if why := replayedBy(a, m, s, sig); why != "" {
			best = verdict{why: "own check: " + sig.name() + " holds, but " + why}
			continue
		}
		return verdict{why: "own check: " + sig.name() + " holds, aligned with " + domain, ok: true, signed: true}
	}
	return best
}

// ownPass: an aligned pass of our own, by DMARC or by a signature alone, where the
// domain has no policy.
func ownPass(v *Findings, domain string) verdict {
	dmarc := v.of("dmarc")
	switch {
	case len(v.Signatures) > 0 && dmarc.Value != "fail":
		return verdict{why: "own check: " + v.Signatures[0].name() + " holds, aligned with " + domain, ok: true, signed: true}
	case dmarc.Value == "pass":
		return verdict{why: "own check: dmarc=pass for " + domain + " by " + v.of("spf").Props["smtp.mailfrom"] + "'s SPF", ok: true}
	}
	return verdict{why: v.shortfall(domain)}
}

// of is the first result of a method.
func (v *Findings) of(method string) AuthResult {
	for _, r := range v.Results {
		if r.Method == method {
			return r
		}
	}
	return AuthResult{}
}

// shortfall says why nothing of our own check proves the domain; "" when there was
// nothing to check, which needs no words.
func (v *Findings) shortfall(domain string) string {
	for _, r := range v.Results {
		if r.Method == "dkim" && r.Value != "pass" && r.Value != "none" && underDomain(domain, r.Props["header.d"]) {
			return fmt.Sprintf("own check: dkim=%s for %s: %s", r.Value, r.Props["header.d"], r.Props["reason"])
		}
	}
	if v.of("dmarc").Value == "pass" {
		return "own check: dmarc=pass without a DKIM signature of " + domain + " does not make an agent"
	}
	if r := v.of("dmarc"); r.Value != "" && r.Value != "none" {
		return fmt.Sprintf("own check: dmarc=%s for %s: %s", r.Value, domain, r.Props["reason"])
	}
	return ""
}

// name names a signature for a reader.
func (s Signature) name() string {
	if s.Selector == "" {
		return "the DKIM signature of " + s.Domain
	}
	return "the DKIM signature " + s.Selector + " of " + s.Domain
}

// signedOn is when the message was signed, as far as the signature covers it: t=, or
// the Date field when it is signed; the older of both. Zero when it says nothing.
func (s Signature) signedOn(m Message) time.Time {
	at := s.At
	if slices.Contains(s.Headers, "date") && !m.Date.IsZero() && (at.IsZero() || m.Date.Before(at)) {
		at = m.Date
	}
	return at
}
