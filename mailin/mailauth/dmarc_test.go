package mailauth

import (
	"context"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

func from(addr string) string {
	return strings.Replace(letter, "Bob <bob@example.org>", addr, 1)
}

// Where the record is found and what aligns (IN-I03, IN-I11).
func TestVerify_alignment(t *testing.T) {
	ed := public(edKey())
	z := world(t, "ed._domainkey.news.example.org TXT "+ed,
		"ed._domainkey.strict.example TXT "+ed, "_dmarc.strict.example TXT v=DMARC1; p=reject; sp=quarantine; adkim=s; aspf=s",
		"ed._domainkey.sub.strict.example TXT "+ed,
		"ed._domainkey.shop.co.uk TXT "+ed, "_dmarc.shop.co.uk TXT v=DMARC1; p=quarantine",
		"ed._domainkey.evil.co.uk TXT "+ed, "_dmarc.co.uk TXT v=DMARC1; p=none",
		"ed._domainkey.evil.net TXT "+ed, "ed._domainkey.plain.example TXT "+ed,
		"_dmarc.broken.example TXT v=DMARC1; p=perhaps", "ed._domainkey.broken.example TXT "+ed,
		"_dmarc.two.example TXT v=DMARC1; p=none", "_dmarc.two.example TXT v=DMARC1; p=reject", "ed._domainkey.two.example TXT "+ed,
		"_dmarc.down.example FAIL", "ed._domainkey.down.example TXT "+ed,
		"_dmarc.other.example TXT v=spf1 -all", "_dmarc.other.example TXT v=DMARC10; p=none", "_dmarc.other.example TXT v=DMARC1; p=none", "ed._domainkey.other.example TXT "+ed,
		"ed._domainkey.xn--exmple-cua.org TXT "+ed, "_dmarc.xn--exmple-cua.org TXT v=DMARC1; p=none",
		"ed._domainkey.alice.github.io TXT "+ed, "_dmarc.bob.github.io TXT v=DMARC1; p=none", "_dmarc.github.io TXT v=DMARC1; p=none")
	tests := []struct {
		name, from, d string
		want          Result
		at, policy    string
		aligned       bool
	}{
		{"the same", "bob@example.org", "example.org", Pass, "example.org", "reject", true},
		{"From below d", "bob@mail.example.org", "example.org", Pass, "example.org", "reject", true},
		{"d below From", "bob@example.org", "news.example.org", Pass, "example.org", "reject", true},
		{"beside", "bob@mail.example.org", "news.example.org", Pass, "example.org", "reject", true},
		{"strict, the same", "bob@strict.example", "strict.example", Pass, "strict.example", "reject", true},
		{"strict, From below d", "bob@sub.strict.example", "strict.example", Fail, "strict.example", "quarantine", false},
		{"strict, d below From", "bob@strict.example", "sub.strict.example", Fail, "strict.example", "reject", false},
		{"strict, below", "bob@sub.strict.example", "sub.strict.example", Pass, "strict.example", "quarantine", true},
		{"co.uk", "bob@a.shop.co.uk", "shop.co.uk", Pass, "shop.co.uk", "quarantine", true},
		{"another of co.uk", "bob@shop.co.uk", "evil.co.uk", Fail, "shop.co.uk", "quarantine", false},
		{"no climbing above the organisation", "bob@evil.co.uk", "evil.co.uk", None, "", "", true},
		{"a host of many", "bob@bob.github.io", "alice.github.io", Fail, "bob.github.io", "none", false},
		{"an end that looks like us", "bob@example.org", "evil.net", Fail, "example.org", "reject", false},
		{"a start that looks like us", "bob@example.org.evil.net", "evil.net", None, "", "", true},
		{"no record", "bob@plain.example", "plain.example", None, "", "", true},
		{"a broken record", "bob@broken.example", "broken.example", PermError, "broken.example", "", true},
		{"two records", "bob@two.example", "two.example", None, "two.example", "", true},
		{"one among other texts", "bob@other.example", "other.example", Pass, "other.example", "none", true},
		{"DNS down", "bob@down.example", "down.example", TempError, "", "", true},
		{"umlaut", "bob@exämple.org", "xn--exmple-cua.org", Pass, "xn--exmple-cua.org", "none", true},
		{"umlaut as ACE", "bob@XN--exmple-cua.org", "xn--exmple-cua.org", Pass, "xn--exmple-cua.org", "none", true},
		{"Cyrillic a", "bob@ex\u0430mple.org", "example.org", None, "", "", false},
		{"ideographic stop", "bob@example\u3002org", "example.org", None, "", "", false},
		{"full width", "bob@\uff45xample.org", "example.org", None, "", "", false},
		{"joiner", "bob@exam\u200dple.org", "example.org", None, "", "", false},
		{"no domain", "bob@localhost", "example.org", None, "", "", false},
		{"literal", "bob@[192.0.2.1]", "example.org", None, "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := verify(t, sign(t, from(tt.from), as(tt.d)), z)
			if len(r.DKIM) != 1 || r.DKIM[0].Result != Pass {
				t.Fatal(line(r))
			}
			if r.DMARC.Result != tt.want || r.DMARC.Domain != tt.at || r.DMARC.Policy != tt.policy || r.DKIM[0].Aligned != tt.aligned {
				t.Errorf("got %s policy %q aligned %v; want %+v", line(r), r.DMARC.Policy, r.DKIM[0].Aligned, tt)
			}
			if (r.DMARC.Result == Pass) != (r.DMARC.Why == "") {
				t.Errorf("dmarc=%s says why %q", r.DMARC.Result, r.DMARC.Why)
			}
		})
	}
}

// Only one From with one sound address names anybody.
func TestVerify_author(t *testing.T) {
	for value, want := range map[string]string{
		"Bob <bob@Example.ORG>":              "bob@example.org",
		"\"bea@evil.example\" <bob@x.org>":   "bob@x.org",
		"bob@x.org, bea@x.org":               "",
		"bob@x.org <bea@y.org":               "",
		"undisclosed:;":                      "",
		"=?utf-8?q?bob=40x.org=3e?=@evil.de": "",
		"":                                   "",
	} {
		r := verify(t, from(value), world(t))
		if r.From != want || (want == "") != (r.Domain == "") || (want == "") != (r.Why != "") {
			t.Errorf("From: %s: %q of %q (%s)", value, r.From, r.Domain, r.Why)
		}
	}
}

// What the peer proves about the envelope (IN-I02, IN-I12).
func TestVerify_SPF(t *testing.T) {
	z := world(t, "example.org TXT v=spf1 a:mx.example.org ip4:192.0.2.7 -all", "mx.example.org A 192.0.2.1", "mx.example.org AAAA 2001:db8::1",
		"mx.example.org TXT v=spf1 a -all", "soft.example TXT v=spf1 ~all", "neutral.example TXT v=spf1 ?all", "mx.example TXT v=spf1 mx -all", "mx.example MX 10 mx.example.org",
		"two.example TXT v=spf1 -all", "two.example TXT v=spf1 +all", "down.example FAIL", "loop.example TXT v=spf1 include:loop.example",
		"evil.example TXT v=spf1 +all", "ptr.example TXT v=spf1 ptr:example.org -all", "192.0.2.1 PTR mx.example.org", "news.example.org TXT v=spf1 +all")
	tests := []struct {
		name, peer, helo, sender string
		want                     Result
		domain                   string
		dmarc                    Result
	}{
		{"pass by a name", "192.0.2.1", "x.example", "bob@example.org", Pass, "example.org", Pass},
		{"pass by an address", "192.0.2.7", "x.example", "bob@example.org", Pass, "example.org", Pass},
		{"pass by IPv6", "2001:db8::1", "x.example", "bob@example.org", Pass, "example.org", Pass},
		{"IPv4 in IPv6", "::ffff:192.0.2.7", "x.example", "bob@example.org", Pass, "example.org", Pass},
		{"pass below", "203.0.113.9", "x.example", "bob@news.example.org", Pass, "news.example.org", Pass},
		{"fail", "203.0.113.9", "x.example", "bob@example.org", Fail, "example.org", Fail},
		{"softfail", "203.0.113.9", "x.example", "bob@soft.example", SoftFail, "soft.example", Fail},
		{"neutral", "203.0.113.9", "x.example", "bob@neutral.example", Neutral, "neutral.example", Fail},
		{"none", "203.0.113.9", "x.example", "bob@nothing.example", None, "nothing.example", Fail},
		{"by MX", "192.0.2.1", "x.example", "bob@mx.example", Pass, "mx.example", Fail},
		{"by PTR", "192.0.2.1", "x.example", "bob@ptr.example", Pass, "ptr.example", Fail},
		{"another's sender", "203.0.113.9", "x.example", "bob@evil.example", Pass, "evil.example", Fail},
		{"permerror", "203.0.113.9", "x.example", "bob@two.example", PermError, "two.example", Fail},
		{"a loop", "203.0.113.9", "x.example", "bob@loop.example", PermError, "loop.example", Fail},
		{"temperror", "203.0.113.9", "x.example", "bob@down.example", TempError, "down.example", Fail},
		{"null sender", "192.0.2.1", "mx.example.org", "", Pass, "mx.example.org", Pass},
		{"null sender, odd HELO", "192.0.2.1", "[192.0.2.1]", "", None, "", Fail},
		{"a quoted @", "203.0.113.9", "x.example", `"x@evil.example"@example.org`, Fail, "example.org", Fail},
		{"no domain", "192.0.2.1", "mx.example.org", "bob", None, "", Fail},
		{"a socket", "local", "mx.example.org", "bob@example.org", None, "", Fail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Verify(context.Background(), strings.NewReader(letter), Envelope{Peer: tt.peer, Helo: tt.helo, From: &tt.sender}, z, now)
			if r.SPF.Result != tt.want || r.SPF.Domain != tt.domain || r.DMARC.Result != tt.dmarc {
				t.Errorf("got %s of %q; want %+v", line(r), r.SPF.Domain, tt)
			}
			if r.SPF.Helo != (tt.sender == "") {
				t.Errorf("by HELO: %v", r.SPF.Helo)
			}
		})
	}
	t.Run("strict", func(t *testing.T) {
		strict := world(t, "_dmarc.strict.example TXT v=DMARC1; p=none; aspf=s", "a.strict.example TXT v=spf1 +all")
		sender := "bob@a.strict.example"
		r := Verify(context.Background(), strings.NewReader(from("bob@strict.example")), Envelope{Peer: "192.0.2.1", From: &sender}, strict, now)
		if r.SPF.Result != Pass || r.SPF.Aligned || r.DMARC.Result != Fail {
			t.Error(line(r))
		}
	})
}

// An aligned check that could not be finished leaves DMARC open; one that
// passes settles it (INV-H5).
func TestINV_H5_DMARC_stays_open(t *testing.T) {
	z := world(t, "down._domainkey.example.org FAIL", "example.org FAIL", "down._domainkey.evil.example FAIL")
	sender := "bob@example.org"
	down := func(o *dkim.SignOptions) { o.Selector = "down" }
	for _, tt := range []struct {
		name, msg string
		want      Result
	}{
		{"key and SPF down", sign(t, letter, down), TempError},
		{"SPF down", letter, TempError},
		{"SPF down, signed", sign(t, letter), Pass},
	} {
		r := Verify(context.Background(), strings.NewReader(tt.msg), Envelope{Peer: "192.0.2.1", From: &sender}, z, now)
		if r.DMARC.Result != tt.want {
			t.Errorf("%s: %s", tt.name, line(r))
		}
	}
	r := verify(t, sign(t, letter, down, as("evil.example")), z)
	if r.DKIM[0].Result != TempError || r.DMARC.Result != Fail {
		t.Errorf("a stranger's key is down: %s", line(r))
	}
}
