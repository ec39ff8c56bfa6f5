package mailauth

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-msgauth/dmarc"
)

// askPolicy looks for the record of From's domain, then for that of its
// organisation (RFC 7489, section 6.6.3). A Result says why none can be used.
func askPolicy(ctx context.Context, r Resolver, from string) DMARC {
	if from == "" {
		return DMARC{Result: None, Why: "From names no domain"}
	}
	asked := []string{from}
	if org := organisation(from); org != "" && org != from {
		asked = append(asked, org)
	}
	for _, domain := range asked {
		texts, err := r.LookupTXT(ctx, "_dmarc."+domain)
		if err != nil && !isNotFound(err) {
			return DMARC{Result: TempError, Why: "the policy could not be asked for: " + cause(err)}
		}
		if records := policies(texts); len(records) > 0 {
			return readPolicy(records, domain, from)
		}
	}
	return DMARC{Result: None, Why: "the domain has no DMARC record"}
}

// policies are the texts that are DMARC records at all.
func policies(texts []string) []string {
	var out []string
	for _, t := range texts {
		version, _, _ := strings.Cut(t, ";")
		if name, v, ok := strings.Cut(version, "="); ok && trim(name) == "v" && trim(v) == "DMARC1" {
			out = append(out, t)
		}
	}
	return out
}

func readPolicy(records []string, domain, from string) DMARC {
	out := DMARC{Domain: domain}
	if len(records) > 1 {
		out.Result, out.Why = None, "the domain has more than one DMARC record"
		return out
	}
	record, err := dmarc.Parse(records[0])
	if err != nil {
		out.Result, out.Why = PermError, "the DMARC record is broken: "+strings.TrimPrefix(err.Error(), "dmarc: ")
		return out
	}
	out.Policy = string(record.Policy)
	if domain != from && record.SubdomainPolicy != "" {
		out.Policy = string(record.SubdomainPolicy)
	}
	out.StrictDKIM, out.StrictSPF = record.DKIMAlignment == dmarc.AlignmentStrict, record.SPFAlignment == dmarc.AlignmentStrict
	return out
}

// judge says whether the mail obeys the policy: one aligned pass is enough (RFC 7489,
// section 3.1). While one that could still pass is open, nothing is decided.
func (d DMARC) judge(r Report) DMARC {
	if d.Result != "" {
		return d
	}
	open := r.SPF.Aligned && r.SPF.Result == TempError
	passed := r.SPF.Aligned && r.SPF.Result == Pass
	for _, s := range r.DKIM {
		passed = passed || s.Aligned && s.Result == Pass
		open = open || s.Aligned && s.Result == TempError
	}
	switch {
	case passed:
		d.Result = Pass
	case open:
		d.Result, d.Why = TempError, "an aligned check could not be finished"
	default:
		d.Result, d.Why = Fail, "neither an aligned signature nor an aligned sender passes"
	}
	return d
}

// cause is an error of a look-up in words that may be shown.
func cause(err error) string {
	var d *net.DNSError
	if errors.As(err, &d) {
		return d.Err
	}
	return err.Error()
}
