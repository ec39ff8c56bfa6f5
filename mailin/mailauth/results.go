package mailauth

import (
	"strings"

	"golang.org/x/net/idna"

	"postern/tickets"
)

// AuthResults says the report in the form of an Authentication-Results field
// (RFC 8601) that our own server wrote at the topmost position. From is spelled as
// the message spells it; signing domains of an internationalised From likewise, so that
// they can be compared.
func (r Report) AuthResults(servID string) tickets.AuthResults {
	out := tickets.AuthResults{ServID: servID}
	add := func(method string, value Result, props ...string) {
		a := tickets.AuthResult{Method: method, Value: string(value), Props: map[string]string{}}
		for i := 0; i+1 < len(props); i += 2 {
			if props[i+1] != "" {
				a.Props[props[i]] = props[i+1]
			}
		}
		out.Results = append(out.Results, a)
	}
	for _, s := range r.DKIM {
		add("dkim", s.Result, "header.d", r.spell(s.Domain), "header.s", s.Selector, "header.a", s.Algorithm, "header.b", s.Digest, "reason", s.Why)
	}
	if r.Found == 0 {
		add("dkim", None)
	}
	identity := "smtp.mailfrom"
	if r.SPF.Helo {
		identity = "smtp.helo"
	}
	add("spf", r.SPF.Result, identity, r.SPF.Domain, "reason", r.SPF.Why)
	add("dmarc", r.DMARC.Result, "header.from", domainOf(r.From), "policy.dmarc", r.DMARC.Policy, "reason", r.DMARC.Why)
	return out
}

// Signatures are the signatures that hold, topmost first. Only these may say what was
// signed and when: the fields of a message claim what they like.
func (r Report) Signatures() []tickets.Signature {
	var out []tickets.Signature
	for _, s := range r.DKIM {
		if s.Result == Pass {
			out = append(out, r.signature(s))
		}
	}
	return out
}

// Findings is the report as it is stored with the arrival.
func (r Report) Findings() *tickets.Findings {
	f := tickets.Findings{Results: r.AuthResults("").Results}
	for _, s := range r.DKIM {
		if s.Result == Pass && s.Aligned {
			f.Signatures = append(f.Signatures, r.signature(s))
		}
	}
	return f.Kept()
}

func (r Report) signature(s Signature) tickets.Signature {
	return tickets.Signature{Domain: r.spell(s.Domain), Selector: s.Selector, Headers: s.Headers, Length: s.Length, At: s.At, Expires: s.Expires}
}

// spell writes a domain as From writes its own: in A-labels or not.
func (r Report) spell(domain string) string {
	if isASCII(r.From) || !strings.Contains(domain, "xn--") {
		return domain
	}
	if u, err := idna.ToUnicode(domain); err == nil {
		return u
	}
	return domain
}
