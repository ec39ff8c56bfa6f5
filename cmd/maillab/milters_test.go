package maillab_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"testing"

	"postern/cmd/maillab"
)

// What users submit is signed and carries the stamp of their login only; what
// strangers send is stamped by the filters and not signed.
func TestFilters(t *testing.T) {
	maillab.NeedFilters(t)
	maillab.Need(t, maillab.Dovecot, maillab.Postfix)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	f := maillab.StartFilters(t, maillab.FiltersOptions{Domain: "example.net", Selector: "s1",
		Key: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		TXT: map[string]string{"s1._domainkey.example.net": "v=DKIM1; p=" + base64.StdEncoding.EncodeToString(public), "_dmarc.example.net": "v=DMARC1; p=reject"}})
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	p := maillab.StartPostfix(t, maillab.PostfixOptions{Domains: []string{"example.org", "example.net"}, Dovecot: d, Extra: f.MainCF()})
	box := d.Mailbox(t, "bob@example.org", "INBOX")

	send(t, p.Submission, ann, mailTo("bob@example.org", "from a user"))
	got := box.WaitFor(t, soon, maillab.Containing("Subject: from a user"))
	if !bytes.Contains(got, []byte("DKIM-Signature: v=1")) || bytes.Count(got, []byte("Authentication-Results:")) != 1 {
		t.Errorf("what a user submits:\n%s", got)
	}
	send(t, p.SMTP, maillab.Login{}, mailTo("bob@example.org", "from a stranger"))
	got = box.WaitFor(t, soon, maillab.Containing("Subject: from a stranger"))
	if bytes.Contains(got, []byte("DKIM-Signature")) || !bytes.Contains(got, []byte("dmarc=fail")) {
		t.Errorf("what a stranger sends:\n%s", got)
	}
}
