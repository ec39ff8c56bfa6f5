package maillab_test

import (
	"testing"
	"time"

	"postern/cmd/maillab"
)

func TestPostfix_brings_submitted_mail_to_the_mailbox(t *testing.T) {
	d := maillab.StartDovecot(t, maillab.DovecotOptions{Users: users})
	p := maillab.StartPostfix(t, maillab.PostfixOptions{Domains: []string{"example.org", "example.net"}, Dovecot: d})
	login := maillab.Login{User: "ann@example.net", Password: users["ann@example.net"]}
	m := maillab.Mail{From: "ann@example.net", To: []string{"bob+tag@example.org"},
		Raw: []byte("From: ann@example.net\nSubject: a submitted one\n\nbody\n")}
	if err := maillab.Send(p.Submission, login, nil, m); err != nil {
		t.Fatal(err)
	}
	got := d.Mailbox(t, "bob@example.org", "INBOX").WaitFor(t, 10*time.Second, maillab.Containing("a submitted one"))
	t.Logf("%s", got)
}
