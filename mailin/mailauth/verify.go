package mailauth

import (
	"context"
	"time"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// Verify checks the message with the DNS data of r as of the moment at. It is
// total: whatever goes wrong is a result in the report.
func Verify(ctx context.Context, raw tickets.Raw, env Envelope, r Resolver, at time.Time) Report {
	asking, stop := context.WithTimeout(ctx, lookupTime)
	defer stop()
	dns := &bounded{r: r, left: maxLookups}
	h := readHead(raw)
	var out Report
	out.From, out.Why = author(h)
	if out.From != "" {
		if out.Domain = ascii(domainOf(out.From)); out.Domain == "" {
			out.Why = "the domain of From is none"
		}
	}
	out.ARC = sealed(h)
	sigs := signatures(h, out.Domain, at)
	out.Found = sigs.found
	sigs.fetchKeys(asking, dns)
	policy := askPolicy(asking, dns, out.Domain)
	out.SPF = checkSPF(asking, dns, env)
	sigs.check(ctx, raw, h)
	for _, s := range sigs.chosen {
		s.Aligned = alignedWith(out.Domain, s.Domain, policy.StrictDKIM)
		out.DKIM = append(out.DKIM, s.Signature)
	}
	out.SPF.Aligned = alignedWith(out.Domain, out.SPF.Domain, policy.StrictSPF)
	out.DMARC = policy.judge(out)
	return out
}

// author is the one address of the one From field, or why there is none.
func author(h *head) (addr, why string) {
	switch {
	case h.err != nil:
		return "", "the message could not be read"
	case h.odd != "":
		return "", h.odd
	case h.count("from") != 1:
		return "", "not exactly one From field"
	}
	f, _ := h.picker().pick(h, "from")
	var defects mimetree.Defects
	found := mimetree.ParseAddresses(mimetree.Field{Raw: f.value()}.Value(), "", 2, &defects)
	switch {
	case len(found) != 1:
		return "", "not exactly one address in From"
	case found[0].Guessed || found[0].Addr == "":
		return "", "the From field is broken"
	}
	return found[0].Addr, ""
}

// sealed is what the topmost ARC-Seal claims of its chain.
func sealed(h *head) string {
	for _, f := range h.fields {
		if f.name != "arc-seal" {
			continue
		}
		tags, err := parseTags(f.value())
		if cv := tags["cv"]; err == nil && (cv == "pass" || cv == "fail" || cv == "none") {
			return cv
		}
		return "broken"
	}
	return ""
}
