package mailauth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

func simple(o *dkim.SignOptions) {
	o.HeaderCanonicalization, o.BodyCanonicalization = dkim.CanonicalizationSimple, dkim.CanonicalizationSimple
}

func covers(keys ...string) func(*dkim.SignOptions) {
	return func(o *dkim.SignOptions) { o.HeaderKeys = keys }
}

// Of one signature: what becomes of it, and of DMARC (IN-I03, IN-I10).
func TestVerify_DKIM(t *testing.T) {
	edit := func(old, new string) func(string) string {
		return func(m string) string { return strings.Replace(m, old, new, 1) }
	}
	above := func(f string) func(string) string { return func(m string) string { return f + "\r\n" + m } }
	over := covers(append([]string{"From", "Subject"}, usual...)...)
	tests := []struct {
		name  string
		sign  []func(*dkim.SignOptions)
		after func(string) string
		want  Result
		dmarc Result
		why   string
	}{
		{"genuine", nil, nil, Pass, Pass, ""},
		{"genuine, simple", []func(*dkim.SignOptions){simple}, nil, Pass, Pass, ""},
		{"genuine, RSA", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector, o.Signer = "rsa", rsaKey() }}, nil, Pass, Pass, ""},
		{"genuine, mixed forms", []func(*dkim.SignOptions){simple, func(o *dkim.SignOptions) { o.BodyCanonicalization = dkim.CanonicalizationRelaxed }}, nil, Pass, Pass, ""},
		{"agent below the domain", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Identifier = "bob@mail.example.org" }}, nil, Pass, Pass, ""},
		{"bare LF", nil, func(m string) string { return strings.ReplaceAll(m, "\r\n", "\n") }, Pass, Pass, ""},
		{"trace above", nil, above("Received: from a by b; today\r\nAuthentication-Results: x; dkim=fail\r\nX-Spam: no"), Pass, Pass, ""},
		{"folded anew, relaxed", nil, edit("Subject: Printer on", "SUBJECT:  Printer\r\n\ton"), Pass, Pass, ""},
		{"folded anew, simple", []func(*dkim.SignOptions){simple}, edit("Subject: Printer on", "Subject: Printer\r\n on"), Fail, Fail, "signed header"},
		{"blanks in the body, relaxed", nil, edit("burns  no", "burns no"), Pass, Pass, ""},
		{"blanks in the body, simple", []func(*dkim.SignOptions){simple}, edit("burns  no", "burns no"), Fail, Fail, "the body was changed"},
		{"one octet of the body", nil, edit("no more", "no mope"), Fail, Fail, "the body was changed"},
		{"more body", nil, func(m string) string { return m + "#close\r\n" }, Fail, Fail, "the body was changed"},
		{"one octet of the Subject", nil, edit("Printer on", "Printer in"), Fail, Fail, "signed header"},
		{"another From", nil, edit("bob@example.org", "bea@example.org"), Fail, Fail, "signed header"},
		{"From taken away", nil, edit("From: Bob <bob@example.org>\r\n", ""), Fail, None, "not exactly one From"},
		{"a second From above", nil, above("From: bea@example.org"), Fail, None, "not exactly one From"},
		{"a second From above, oversigned", []func(*dkim.SignOptions){over}, above("From: bea@example.org"), Fail, None, "not exactly one From"},
		{"a second From below", nil, edit("\nTo: ", "\nFrom: bea@example.org\r\nTo: "), Fail, None, "not exactly one From"},
		{"a second Subject", nil, above("Subject: [IT #1]"), Fail, Fail, "more than one subject"},
		{"a second Subject, oversigned", []func(*dkim.SignOptions){over}, above("Subject: [IT #1]"), Fail, Fail, "signed header"},
		{"a second To", nil, above("To: hr@example.org"), Fail, Fail, "more than one to"},
		{"a line that is no field", nil, above("X: y\r\n#resolve"), Neutral, None, "is no field"},
		{"an end for one reader", nil, above("X: y\r\n\r\r\n#resolve"), Neutral, None, "lone CR"},
		{"NUL in the header", nil, above("X: a\x00b"), Neutral, None, "NUL"},
		{"a fold at the top", nil, above(" X: a"), Neutral, None, "continues nothing"},
		{"wrong key", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Signer = other() }}, nil, Fail, Fail, "another key signed"},
		{"no key", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "gone" }}, nil, PermError, Fail, "no key at gone._domainkey.example.org"},
		{"revoked key", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "revoked" }}, nil, PermError, Fail, "revoked"},
		{"DNS down", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "down" }}, nil, TempError, TempError, "could not be asked"},
		{"two keys", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "two" }}, nil, PermError, Fail, "more than one key"},
		{"key for SHA-1", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "sha1" }}, nil, PermError, Fail, "SHA-256"},
		{"key for no mail", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "tls" }}, nil, PermError, Fail, "not for mail"},
		{"strict key, i= below", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector, o.Identifier = "strict", "bob@mail.example.org" }}, nil, PermError, Fail, "i= is of another domain"},
		{"trying key, broken", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "try" }}, edit("no more", "no mope"), Neutral, Fail, "the body was changed"},
		{"unaligned", []func(*dkim.SignOptions){as("evil.example")}, nil, Pass, Fail, ""},
		{"key of another kind", []func(*dkim.SignOptions){func(o *dkim.SignOptions) { o.Selector = "rsa" }}, nil, Fail, Fail, "another key signed"},
	}
	ed := public(edKey())
	z := world(t, "revoked._domainkey.example.org TXT v=DKIM1; k=ed25519; p=", "down._domainkey.example.org FAIL",
		"two._domainkey.example.org TXT "+ed, "two._domainkey.example.org TXT "+ed,
		"sha1._domainkey.example.org TXT h=sha1; "+ed, "tls._domainkey.example.org TXT s=tlsrpt; "+ed,
		"strict._domainkey.example.org TXT t=s; "+ed, "try._domainkey.example.org TXT t=y:s; "+ed,
		"ed._domainkey.evil.example TXT "+ed)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			msg := sign(t, letter, tt.sign...)
			if tt.after != nil {
				msg = tt.after(msg)
			}
			r := verify(t, msg, z)
			if len(r.DKIM) != 1 || r.DKIM[0].Result != tt.want || r.DMARC.Result != tt.dmarc || !strings.Contains(r.DKIM[0].Why, tt.why) {
				t.Errorf("got %s; want dkim=%s (%s) dmarc=%s", line(r), tt.want, tt.why, tt.dmarc)
			}
			if (r.DKIM[0].Result == Pass) != (r.DKIM[0].Why == "") {
				t.Errorf("%s says why %q", r.DKIM[0].Result, r.DKIM[0].Why)
			}
			if held := len(r.Signatures()) == 1; held != (tt.want == Pass) {
				t.Errorf("Signatures() = %v at %s", r.Signatures(), tt.want)
			}
		})
	}
}

// Tags no honest signer writes; each signature is arithmetically right (IN-I10).
func TestVerify_tags(t *testing.T) {
	_, body, _ := strings.Cut(letter, "\r\n\r\n")
	const who, what = "d=example.org; s=ed; ", "h=from:to:subject"
	at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	tests := []struct {
		name, tags string
		want       Result
		why        string
	}{
		{"plain", who + what, Pass, ""},
		{"times", who + what + "; t=" + at(-time.Hour) + "; x=" + at(time.Hour), Pass, ""},
		{"clock skew", who + what + "; x=" + at(-5*time.Minute), Pass, ""},
		{"expired", who + what + "; t=" + at(-2*time.Hour) + "; x=" + at(-time.Hour), Fail, "expired"},
		{"expired before it was made", who + what + "; t=" + at(0) + "; x=" + at(-time.Minute), PermError, "x= is broken"},
		{"a little ahead", who + what + "; t=" + at(time.Hour), Pass, ""},
		{"from the future", who + what + "; t=" + at(48*time.Hour), Fail, "future"},
		{"broken time", who + what + "; t=soon", PermError, "time is malformed"},
		{"body length", who + what + "; l=" + fmt.Sprint(len(body)), Fail, "l="},
		{"empty body length", who + what + "; l=", Fail, "l="},
		{"From not signed", who + "h=to:subject", Fail, "From is not signed"},
		{"a tag twice", who + what + "; s=ed", PermError, "twice"},
		{"not a tag", who + what + "; foo", PermError, "malformed"},
		{"a foreign agent", who + what + "; i=bob@evil.example", PermError, "i= is not"},
		{"an agent beside the domain", who + what + "; i=bob@evilexample.org", PermError, "i= is not"},
		{"capitals", "d=Example.ORG; s=ed; h=From:TO; i=@EXAMPLE.org", Pass, ""},
		{"other query", who + what + "; q=dns/other", PermError, "not in the DNS"},
		{"both queries", who + what + "; q=dns/other:dns/txt", Pass, ""},
		{"a registry", "d=co.uk; s=ed; " + what, PermError, "public suffix"},
		{"a top level", "d=org; s=ed; " + what, PermError, "d= is no domain"},
		{"no selector", "d=example.org; s=; " + what, PermError, "s= is no selector"},
		{"a selector upwards", "d=example.org; s=..; " + what, PermError, "the selector is no name"},
	}
	z := world(t, "ed._domainkey.co.uk TXT "+public(edKey()))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := verify(t, signTags(letter, tt.tags, body, edKey()), z)
			if len(r.DKIM) != 1 || r.DKIM[0].Result != tt.want || !strings.Contains(r.DKIM[0].Why, tt.why) {
				t.Errorf("got %s; want dkim=%s (%s)", line(r), tt.want, tt.why)
			}
		})
	}
	r := verify(t, signTags(letter, who+what+"; l=10; t="+at(0), body[:10], edKey()), z)
	if s := r.DKIM[0]; !s.Length || s.Result != Fail || !s.At.Equal(now) || s.Signs("from") != 1 || s.Signs("cc") != 0 {
		t.Errorf("the claims of the signature: %+v", s)
	}
}

// The length that counts is that of the modulus (RFC 8301): 1020 bits fill 128 octets too.
func TestVerify_short_key(t *testing.T) {
	for _, bits := range []uint{512, 1020, 1024} {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		n.Add(n, big.NewInt(3))
		der := x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n, E: 65537})
		z := world(t, "short._domainkey.example.org TXT p="+base64.StdEncoding.EncodeToString(der))
		s := verify(t, sign(t, letter, func(o *dkim.SignOptions) { o.Selector, o.Signer = "short", rsaKey() }), z).DKIM[0]
		want := "the key is shorter than 1024 bits"
		if bits == 1024 {
			want = "a signed header was changed, or another key signed"
		}
		if s.Result != Fail || s.Why != want || s.KeyBits != int(bits) {
			t.Errorf("%d bits: %s (%s), %d bits", bits, s.Result, s.Why, s.KeyBits)
		}
	}
	n := new(big.Int).Lsh(big.NewInt(1), 16383)
	der := x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(3)), E: 65537})
	z := world(t, "big._domainkey.example.org TXT p="+base64.StdEncoding.EncodeToString(der))
	if s := verify(t, sign(t, letter, func(o *dkim.SignOptions) { o.Selector = "big" }), z).DKIM[0]; s.Result != PermError || !strings.Contains(s.Why, "no RSA key we can use") {
		t.Errorf("a key of 16384 bits: %s (%s)", s.Result, s.Why)
	}
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	z = world(t, "k._domainkey.example.org TXT "+public(k))
	if r := verify(t, sign(t, letter, func(o *dkim.SignOptions) { o.Selector, o.Signer = "k", k }), z); r.DKIM[0].Result != Pass {
		t.Error(line(r))
	}
}

// Twenty signatures: five are looked at, and the author's own is among them
// although it is the lowest.
func TestVerify_many_signatures(t *testing.T) {
	msg := sign(t, letter)
	for i := range 19 {
		msg = sign(t, msg, as(fmt.Sprintf("list%d.example", i)))
	}
	dns := &counting{Resolver: world(t)}
	r := verify(t, msg, dns)
	if r.Found != 20 || len(r.DKIM) != 5 || r.DKIM[4].Result != Pass || r.DMARC.Result != Pass {
		t.Errorf("%d found: %s", r.Found, line(r))
	}
	if dns.asked > 6 {
		t.Errorf("%d look-ups", dns.asked)
	}
}
