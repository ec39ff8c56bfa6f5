package mailauth

import (
	"net"
	"slices"
	"strings"
	"testing"
)

var _ Resolver = (*net.Resolver)(nil)

func TestParseZone(t *testing.T) {
	z, err := ParseZone(strings.NewReader(`
# the mail of example.org
; too
Example.ORG.   TXT  v=spf1 mx -all
example.org	TXT	"two " "strings;"
example.org    MX   10 MX.example.org.
mx.example.org A    192.0.2.1
mx.example.org AAAA 2001:db8::1
192.0.2.1      PTR  mx.example.org
down.example   FAIL
`), "dns.zone")
	if err != nil {
		t.Fatal(err)
	}
	if txt, err := z.LookupTXT(t.Context(), "EXAMPLE.org."); err != nil || !slices.Equal(txt, []string{"v=spf1 mx -all", "two strings;"}) {
		t.Errorf("TXT %q, %v", txt, err)
	}
	if mx, err := z.LookupMX(t.Context(), "example.org"); err != nil || len(mx) != 1 || *mx[0] != (net.MX{Host: "mx.example.org.", Pref: 10}) {
		t.Errorf("MX %v, %v", mx, err)
	}
	if ip, err := z.LookupIPAddr(t.Context(), "mx.example.org."); err != nil || len(ip) != 2 || ip[0].String() != "192.0.2.1" || ip[1].String() != "2001:db8::1" {
		t.Errorf("addresses %v, %v", ip, err)
	}
	if ptr, err := z.LookupAddr(t.Context(), "192.0.2.1"); err != nil || !slices.Equal(ptr, []string{"mx.example.org."}) {
		t.Errorf("PTR %q, %v", ptr, err)
	}
	if _, err := z.LookupTXT(t.Context(), "mx.example.org"); !isNotFound(err) {
		t.Errorf("a name without texts: %v", err)
	}
	if _, err := z.LookupMX(t.Context(), "down.example"); err == nil || isNotFound(err) {
		t.Errorf("FAIL: %v", err)
	}
}

func TestParseZone_mistakes(t *testing.T) {
	for text, want := range map[string]string{
		"example.org":                       "zone:1: ",
		"\nexample.org TXT":                 "zone:2: ",
		"example.org CNAME x":               `type "CNAME" is not known; the types are`,
		"example.org A x":                   "no address for A",
		"example.org A 2001:db8::1":         "no address for A",
		"example.org MX mx":                 "write: name MX 10 host",
		"example.org MX 70000 mx":           "write: name MX 10 host",
		`example.org TXT "open`:             "not closed",
		`example.org TXT "a" b`:             "quote it too",
		"x TXT " + strings.Repeat("x", 2e6): "reading zone",
	} {
		if _, err := ParseZone(strings.NewReader(text), "zone"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}
