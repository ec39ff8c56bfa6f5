package mailauth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// now is when the tests sign; go-msgauth signs by the system's clock.
var now = time.Now().UTC().Truncate(time.Second)

var (
	edKey  = sync.OnceValue(func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k })
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k })
	other  = sync.OnceValue(func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k })
)

// letter is a mail from bob to the helpdesk.
var letter = "From: Bob <bob@example.org>\r\n" +
	"To: help@example.org\r\n" +
	"Subject: Printer on fire\r\n" +
	"Date: " + now.Format(time.RFC1123Z) + "\r\n" +
	"Message-ID: <1@example.org>\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"\r\n" +
	"#resolve\r\n\r\nIt burns  no more.\r\n-- \r\nBob\r\n"

// bob's usual signature covers these.
var usual = []string{"From", "To", "Subject", "Date", "Message-ID", "Content-Type"}

// public writes the key record of a signer's key.
func public(k crypto.Signer) string {
	switch p := k.Public().(type) {
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(p)
	case *rsa.PublicKey:
		der, _ := x509.MarshalPKIXPublicKey(p)
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
	panic("no such key")
}

// world is the DNS of the tests; more lines may be added.
func world(t testing.TB, more ...string) *FileResolver {
	t.Helper()
	lines := append([]string{
		"ed._domainkey.example.org TXT " + public(edKey()),
		"rsa._domainkey.example.org TXT " + public(rsaKey()),
		"_dmarc.example.org TXT v=DMARC1; p=reject",
	}, more...)
	z, err := ParseZone(strings.NewReader(strings.Join(lines, "\n")), "zone")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// sign signs a message as example.org does, with what change makes of it.
func sign(t testing.TB, msg string, change ...func(*dkim.SignOptions)) string {
	t.Helper()
	o := &dkim.SignOptions{Domain: "example.org", Selector: "ed", Signer: edKey(), HeaderKeys: usual,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}
	for _, c := range change {
		c(o)
	}
	var out bytes.Buffer
	if err := dkim.Sign(&out, strings.NewReader(msg), o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// signTags signs with tags of one's choice, for what no honest signer writes.
func signTags(msg, tags string, body string, k ed25519.PrivateKey) string {
	hash := &bodyHash{hash: sha256.New(), relaxed: true}
	hash.Write([]byte(body))
	bh := base64.StdEncoding.EncodeToString(hash.sum())
	f := "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; bh=" + bh + "; " + tags + "; b=\r\n"
	h := readHead(strings.NewReader(f + msg))
	s := readSignature(h.fields[0], h, now)
	sig := ed25519.Sign(k, s.headerSum(h))
	return strings.TrimSuffix(f, "\r\n") + base64.StdEncoding.EncodeToString(sig) + "\r\n" + msg
}

// as signs for a domain.
func as(domain string) func(*dkim.SignOptions) {
	return func(o *dkim.SignOptions) { o.Domain = domain }
}

// verify looks at a message that came from no known place.
func verify(t testing.TB, msg string, r Resolver) Report {
	t.Helper()
	return Verify(context.Background(), strings.NewReader(msg), Envelope{}, r, now)
}

func line(r Report) string {
	var out []string
	for _, s := range r.DKIM {
		out = append(out, fmt.Sprintf("dkim=%s (%s) d=%s", s.Result, s.Why, s.Domain))
	}
	return strings.Join(append(out, fmt.Sprintf("spf=%s (%s)", r.SPF.Result, r.SPF.Why),
		fmt.Sprintf("dmarc=%s (%s) at %s", r.DMARC.Result, r.DMARC.Why, r.DMARC.Domain)), "; ")
}
