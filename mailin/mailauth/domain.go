package mailauth

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// ascii is a domain in the form of the DNS: lower case, A-labels, no final dot.
// It is "" for what is no domain, and for a spelling that only becomes one by
// mapping (full-width letters, U+3002), which is how look-alikes are made.
func ascii(domain string) string {
	d := strings.ToLower(strings.TrimSuffix(domain, "."))
	a, err := idna.Lookup.ToASCII(d)
	if isASCII(d) {
		a, err = d, nil // underscores and old xn-- labels are as they are
	} else if back, _ := idna.ToUnicode(a); back != d {
		return ""
	}
	if err != nil || len(a) > 253 || !strings.Contains(a, ".") || !hostname(a) {
		return ""
	}
	return a
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// hostname reports whether s is made of labels as the DNS has them.
func hostname(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return true
}

// organisation is the organisational domain (RFC 7489, section 3.2): one label
// below the public suffix. It is "" for a public suffix itself.
func organisation(domain string) string {
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return ""
	}
	return org
}

// registry reports whether nobody but a registry could sign for the domain (co.uk).
func registry(domain string) bool {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return suffix == domain && icann
}

// alignedWith compares two domains as DMARC does (RFC 7489, section 3.1).
func alignedWith(from, domain string, strict bool) bool {
	if from == "" || domain == "" {
		return false
	}
	if from == domain {
		return true
	}
	org := organisation(from)
	return !strict && org != "" && org == organisation(domain)
}
