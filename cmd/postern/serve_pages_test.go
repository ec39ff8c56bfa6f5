package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/cmd/maillab"
)

// The pages of a gateway at work: no label holds an address or a word of a mail, a
// mailbox tells how long ago it was read, the outbox how long its oldest mail waits.
func TestPages(t *testing.T) {
	maillab.Need(t, maillab.Dovecot)
	dove := maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"help@example.org": "pw-help"}})
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	relay.At(maillab.RCPT, maillab.Trouble{Reply: "450 4.2.0 not now"})
	ear, addr := freeAddress(t), freeAddress(t)
	file := filepath.Join(t.TempDir(), "postern.db")
	log, stop := startPostern(t, outageConfig("sqlite:"+file, relay.Addr, ear, dove.IMAP)+"http: "+addr+"\n", nil)
	log.waitFor(t, "mailbox begins")
	if err := sendOne(ear, e2eAnn, "help@example.org", outageMail("words-of-a-subject")); err != nil {
		t.Fatal(err)
	}
	log.waitFor(t, `msg="mail later"`)
	if code, body := fetch(t, addr, "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("healthz: %d %q", code, body)
	}
	if code, wrong := readyz(t, addr); code != http.StatusOK {
		t.Errorf("ready: %d %v", code, wrong)
	}
	await(t, "the mailbox was read a moment ago", func() bool {
		return strings.HasPrefix(metric(t, addr, `postern_mailbox_poll_age_seconds{mailbox="help"}`), "0.")
	})
	await(t, "a mail waits", func() bool { v := metric(t, addr, "postern_outbox_oldest_seconds"); return v != "" && v != "0" })
	for name, want := range map[string]string{
		`postern_mailbox_leased{mailbox="help"}`: "1", "postern_database_up": "1", "postern_rules_broken": "0",
		`postern_arrivals{state="done"}`: "1", `postern_outbox{state="queued"}`: "2",
	} {
		await(t, name+" is "+want, func() bool { return metric(t, addr, name) == want })
	}
	labelsAreOurs(t, addr)

	if err := os.Rename(file, file+".gone"); err != nil { // FLT-29
		t.Fatal(err)
	}
	if code, wrong := readyz(t, addr); code != http.StatusServiceUnavailable || !strings.Contains(wrong["database"], "replaced") {
		t.Errorf("without the file: %d %v", code, wrong)
	}
	if err := sendOne(ear, e2eAnn, "help@example.org", outageMail("gone")); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("without the file: %v", err)
	}
	if err := os.Rename(file+".gone", file); err != nil {
		t.Fatal(err)
	}
	stop()
}

// labelsAreOurs: every value of a label of ours is a word that we or the configuration chose.
func labelsAreOurs(t *testing.T, addr string) {
	t.Helper()
	_, body := fetch(t, addr, "/metrics")
	seen := 0
	for _, l := range regexp.MustCompile(`(?m)[{,](\w+)="((?:[^"\\]|\\.)*)"`).FindAllStringSubmatch(body, -1) {
		seen++
		if strings.ContainsAny(l[2], "@ ") || strings.Contains(l[2], "subject") || strings.Contains(l[2], "example") {
			t.Errorf("label %s=%q", l[1], l[2])
		}
	}
	if seen < 5 || strings.Contains(body, "@") || strings.Contains(body, "words-of") {
		t.Errorf("%d labels, or words of mail:\n%s", seen, body)
	}
}
