package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/mailin"
	"postern/tickets"
)

// A message of 50 MB comes in by SMTP, another by IMAP, both are relayed on with
// their attachment intact; the binary needs at most 64 MiB more than when idle.
func TestLargeMessageMemory(t *testing.T) {
	maillab.Need(t, maillab.Dovecot)
	databases(t, func(t *testing.T, url string) {
		dove := maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"help@example.org": "pw-help"}})
		relay := maillab.StartRelay(t, maillab.RelayOptions{})
		ear := freeAddress(t)
		dir := t.TempDir()
		write(t, filepath.Join(dir, "secrets", "imap"), "pw-help\n")
		if err := os.Chmod(filepath.Join(dir, "secrets"), 0o700); err != nil {
			t.Fatal(err)
		}
		p := startBinary(t, dir, largeConfig(url, relay.Addr, ear, dove.IMAP))
		p.log.waitFor(t, "mailbox begins")

		send := func(from, to string, raw []byte) {
			t.Helper()
			if err := maillab.Send(ear, maillab.Login{}, nil, maillab.Mail{From: from, To: []string{to}, Raw: raw}); err != nil {
				t.Fatal(err)
			}
		}
		send(e2eAnn, "help@example.org", []byte("From: ann@example.net\nTo: help@example.org\nSubject: Backup\nMessage-ID: <small@x>\n\nPlease send the backup.\n"))
		notice := parsedTo(t, relay, e2eBob, 2)
		idle := p.memory("VmHWM")

		file := randomBytes(37 << 20) // 50 MB in base64
		send(e2eBob, notice.ReplyTo[0].Addr, largeMail(notice, "smtp", file))
		relayed(t, relay, 3, file)
		bySMTP := p.memory("VmHWM")
		dove.Deliver(t, maillab.Mail{From: e2eBob, To: []string{"help@example.org"}, Raw: append([]byte("X-Login: "+e2eBob+"\n"), largeMail(notice, "imap", file)...)})
		relayed(t, relay, 4, file)
		most := p.memory("VmHWM")
		t.Logf("VmHWM: idle %d KiB, after SMTP +%d KiB, after IMAP +%d KiB", idle, bySMTP-idle, most-idle)
		if most-idle > 64<<10 {
			t.Errorf("%d KiB more than idle; 65536 are allowed", most-idle)
		}
		if err := p.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

func largeConfig(url, relay, ear, imap string) string {
	return fmt.Sprintf(`instance: large
database: %s
secrets: secrets
relay: {server: %q, tls: none}
queues:
  - {name: it, addresses: [help@example.org], display: IT, tag: IT, agents: [bob]}
agents:
  - {name: bob, display: Bob Brown, addresses: [bob@example.org]}
limits: {message_size: 64MiB, attachment_size: 60MiB}
listeners:
  - {name: in, role: submission, address: %q, trusted: [127.0.0.0/8]}
mailboxes:
  - name: help
    server: %q
    tls: none
    login: help@example.org
    password_file: secrets/imap
    interval: 1h
    trust: {marker: {header: X-Login, value: "%%a", received_above: 1}}
`, url, relay, ear, imap)
}

// largeMail is an agent's reply with one large file.
func largeMail(notice tickets.Message, id string, file []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Bob Brown <%s>\nTo: %s\nSubject: Re: %s\nIn-Reply-To: <%s>\nDate: %s\nMessage-ID: <%s@large>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\nHere it is, by %s.\n\n--m\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=backup.bin\nContent-Transfer-Encoding: base64\n\n",
		e2eBob, notice.ReplyTo[0].Addr, notice.Subject, notice.MessageID, time.Now().Format(time.RFC1123Z), id, id)
	b.WriteString(lines64(file))
	b.WriteString("\n--m--\n")
	return b.Bytes()
}

// parsedTo waits until the relay has n messages and reads the one to an address.
func parsedTo(t *testing.T, relay *maillab.Relay, to string, n int) tickets.Message {
	t.Helper()
	for _, m := range relay.Wait(t, n, time.Minute) {
		if m.To[0] == to {
			return mailin.Parse(context.Background(), bytes.NewReader(m.Raw), mailin.Envelope{})
		}
	}
	t.Fatalf("nothing came to %s", to)
	return tickets.Message{}
}

// relayed waits for the n-th message, which must go to Ann with the file.
func relayed(t *testing.T, relay *maillab.Relay, n int, file []byte) {
	t.Helper()
	got := relay.Wait(t, n, 3*time.Minute)[n-1]
	m := mailin.Parse(context.Background(), bytes.NewReader(got.Raw), mailin.Envelope{})
	if got.To[0] != e2eAnn || !strings.Contains(m.Text, "Here it is") || len(m.Attachments) != 1 || m.Attachments[0].SHA256 != hash(file) {
		t.Fatalf("message %d to %v: %q with %+v", n, got.To, m.Subject, m.Attachments)
	}
}
