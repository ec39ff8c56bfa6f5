package mailauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"postern/cmd/maillab"
	"postern/mailin"
	"postern/mailin/mailauth"
)

func TestMain(m *testing.M) { os.Exit(maillab.Main(m)) }

const wait = 20 * time.Second

// town is a Postfix with Dovecot, OpenDKIM and OpenDMARC, and the same DNS for
// them and for us.
type town struct {
	postfix *maillab.PostfixServer
	dovecot *maillab.DovecotServer
	dns     *mailauth.FileResolver
	key     *rsa.PrivateKey
}

func startTown(t *testing.T) town {
	maillab.NeedFilters(t)
	maillab.Need(t, maillab.Dovecot, maillab.Postfix)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	txt := map[string]string{
		"s1._domainkey.example.org": record, "s1._domainkey.evil.example": record, "s1._domainkey.plain.example": record,
		"_dmarc.example.org": "v=DMARC1; p=none", "_dmarc.evil.example": "v=DMARC1; p=none",
	}
	var zone strings.Builder
	for name, text := range txt {
		fmt.Fprintf(&zone, "%s TXT %s\n", name, text)
	}
	w := town{key: key}
	if w.dns, err = mailauth.ParseZone(strings.NewReader(zone.String()), "zone"); err != nil {
		t.Fatal(err)
	}
	filters := maillab.StartFilters(t, maillab.FiltersOptions{Domain: "example.org", Selector: "s1", TXT: txt,
		Key: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})})
	w.dovecot = maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"bob@example.org": "b", "help@example.org": "h"}})
	w.postfix = maillab.StartPostfix(t, maillab.PostfixOptions{Domains: []string{"example.org"}, Dovecot: w.dovecot, Extra: filters.MainCF()})
	return w
}

// stamped are the verdicts of OpenDKIM and OpenDMARC in a message as delivered;
// "" where there is none.
func stamped(raw []byte) (dkim, dmarc string) {
	m := mailin.Parse(context.Background(), bytes.NewReader(raw), mailin.Envelope{})
	for _, f := range m.Auth {
		for _, r := range f.Results {
			switch {
			case f.ServID != "mx.example.org":
			case r.Method == "dkim" && dkim == "":
				dkim = r.Value
			case r.Method == "dmarc" && dmarc == "":
				dmarc = r.Value
			}
		}
	}
	return dkim, dmarc
}

// letterOf is a mail to the helpdesk; subject marks it.
func letterOf(from, subject string) string {
	return "From: " + from + "\r\nTo: help@example.org\r\nSubject: " + subject + "\r\nDate: " + time.Now().Format(time.RFC1123Z) +
		"\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", "-") + "@client.example>\r\n\r\nIt burns  no more.\r\n\r\n"
}

// What OpenDKIM signs for a user, we verify; what we and OpenDMARC say of mail
// from outside is the same.
func TestServers_agree(t *testing.T) {
	w := startTown(t)
	box := w.dovecot.Mailbox(t, "help@example.org", "INBOX")
	take := func(subject string) []byte {
		return box.WaitFor(t, wait, maillab.Containing("Subject: "+subject+"\r\n"))
	}
	post := func(addr string, login maillab.Login, raw string) {
		t.Helper()
		if err := maillab.Send(addr, login, nil, maillab.Mail{From: "bob@example.org", To: []string{"help@example.org"}, Raw: []byte(raw)}); err != nil {
			t.Fatal(err)
		}
	}
	post(w.postfix.Submission, maillab.Login{User: "bob@example.org", Password: "b"}, letterOf("bob@example.org", "submitted"))
	genuine := take("submitted")
	r := mailauth.Verify(t.Context(), bytes.NewReader(genuine), mailauth.Envelope{}, w.dns, time.Now())
	if len(r.DKIM) != 1 || r.DKIM[0].Result != mailauth.Pass || r.DMARC.Result != mailauth.Pass || r.DKIM[0].KeyBits != 2048 {
		t.Fatalf("what OpenDKIM signed: %+v\n%s", r, genuine)
	}
	if r.DKIM[0].Signs("from") != 2 || r.DKIM[0].At.IsZero() {
		t.Errorf("signed From %d times at %v", r.DKIM[0].Signs("from"), r.DKIM[0].At)
	}

	sign := func(domain, raw string, canon dkim.Canonicalization) string {
		var out bytes.Buffer
		err := dkim.Sign(&out, strings.NewReader(raw), &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: w.key, HeaderKeys: []string{"From", "To", "Subject", "Date", "Message-ID"},
			HeaderCanonicalization: canon, BodyCanonicalization: canon})
		if err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, c := range []struct {
		subject     string
		raw         func(subject string) string
		dkim, dmarc string
	}{
		{"genuine from outside", func(s string) string { return sign("example.org", letterOf("bob@example.org", s), "relaxed") }, "pass", "pass"},
		{"genuine simple", func(s string) string { return sign("example.org", letterOf("bob@example.org", s), "simple") }, "pass", "pass"},
		{"from below", func(s string) string { return sign("example.org", letterOf("bob@mail.example.org", s), "relaxed") }, "pass", "pass"},
		{"changed body", func(s string) string {
			return strings.Replace(sign("example.org", letterOf("bob@example.org", s), "relaxed"), "burns", "barns", 1)
		}, "fail", "fail"},
		{"changed Subject", func(s string) string {
			return strings.Replace(sign("example.org", letterOf("bob@example.org", "x"+s), "relaxed"), "Subject: x", "Subject: ", 1)
		}, "fail", "fail"},
		{"signed by another", func(s string) string { return sign("evil.example", letterOf("bob@example.org", s), "relaxed") }, "pass", "fail"},
		{"no policy", func(s string) string { return sign("plain.example", letterOf("bob@plain.example", s), "relaxed") }, "pass", "none"},
		{"unsigned", func(s string) string { return letterOf("bob@example.org", s) }, "", "fail"},
		{"sent on", func(s string) string { return "X-Subject: " + s + "\r\n" + string(genuine) }, "pass", "pass"},
		{"sent on changed", func(s string) string {
			return "X-Subject: " + s + "\r\n" + strings.Replace(string(genuine), "burns", "barns", 1)
		}, "fail", "fail"},
		{"forged stamp", func(s string) string {
			return "Authentication-Results: mx.example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org\r\n" + letterOf("bob@example.org", s)
		}, "", "fail"},
	} {
		t.Run(c.subject, func(t *testing.T) {
			post(w.postfix.SMTP, maillab.Login{}, c.raw(c.subject))
			got := take(c.subject)
			r := mailauth.Verify(t.Context(), bytes.NewReader(got), mailauth.Envelope{}, w.dns, time.Now())
			ours := ""
			if len(r.DKIM) > 0 {
				ours = string(r.DKIM[0].Result)
			}
			theirs, policy := stamped(got)
			if theirs == "none" {
				theirs = ""
			}
			if ours != c.dkim || theirs != c.dkim || string(r.DMARC.Result) != c.dmarc || policy != c.dmarc {
				t.Errorf("we say dkim=%s dmarc=%s (%s), they say dkim=%s dmarc=%s; want %s and %s\n%s", ours, r.DMARC.Result, r.DMARC.Why, theirs, policy, c.dkim, c.dmarc, got)
			}
		})
	}
}
