package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/tickets"
)

// INV-I1, I6, FLT-58: two gateways on one PostgreSQL. One of them reads the mailbox, and
// when it is killed the other does within a minute; what both take by SMTP is there once,
// each mail leaves once, and a limit counts for both together.
func TestINV_I6_TwoGateways(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL, maillab.Dovecot)
	url := maillab.SharedPostgres(t).NewDatabase(t)
	dove := maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"help@example.org": "pw-help"}})
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	ears, gateways := [2]string{freeAddress(t), freeAddress(t)}, [2]*process{}
	first := ""
	for i, ear := range ears {
		dir := t.TempDir()
		secretsFolder(t, dir)
		if i == 0 {
			first = dir
		} else {
			keys := must(os.ReadFile(filepath.Join(first, "secrets", keyFile)))
			write(t, filepath.Join(dir, "secrets", keyFile), string(keys))
		}
		gateways[i] = startBinary(t, dir, outageConfig(url, relay.Addr, ear, dove.IMAP))
	}
	reader := func() int {
		for i, p := range gateways {
			if strings.Contains(p.log.String(), "mailbox begins") {
				return i
			}
		}
		return -1
	}
	await(t, "one of them reads the mailbox", func() bool { return reader() >= 0 })

	const messages = 200
	l, work := newLedger(), make(chan int)
	done := make(chan struct{})
	for w := range 4 {
		go func() {
			for n := range work {
				l.send(t.Context(), ears[(n+w)%2], fmt.Sprintf("pair-%d", n))
			}
			done <- struct{}{}
		}()
	}
	for n := range messages {
		work <- n
	}
	close(work)
	for range 4 {
		<-done
	}
	byIMAP := func(n int) {
		dove.Deliver(t, maillab.Mail{From: e2eAnn, To: []string{"help@example.org"}, Raw: outageMail(fmt.Sprintf("imap-%d", n))})
	}
	byIMAP(1)
	waitEntries(t, url, messages+1, time.Now().Add(90*time.Second))
	allSent(t, url, relay)
	onceAtRelay(t, relay, nil)
	l.audit(t, url, false)
	old := reader()
	if other := gateways[1-old].log.String(); strings.Contains(other, "mailbox begins") || strings.Contains(other, "source=help") {
		t.Error("both read the mailbox")
	}

	gateways[old].kill()
	begun := time.Now()
	byIMAP(2)
	waitEntries(t, url, messages+2, begun.Add(time.Minute))
	t.Logf("the other one took the mailbox over and the mail in %s", time.Since(begun).Round(100*time.Millisecond))
	if totals := must(visit(t, url).Totals(t.Context())); totals.Entries != messages+2 || totals.States[tickets.StateDone] != totals.Arrivals {
		t.Errorf("entries %d, states %v", totals.Entries, totals.States)
	}
}

// Limits are counted in the database: four requests of one person within an hour are
// answered by two gateways as they would be by one.
func TestINV_I1_LimitsAreShared(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL)
	url := maillab.SharedPostgres(t).NewDatabase(t)
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	ears := [2]string{freeAddress(t), freeAddress(t)}
	for _, ear := range ears {
		startPostern(t, loadConfigFor(url, relay.Addr, ear), nil)
	}
	for n := range 4 {
		if err := sendOne(ears[n%2], e2eAnn, "help@example.org", []byte(strings.ReplaceAll(string(outageMail(fmt.Sprintf("limit-%d", n))), fmt.Sprintf("limit-%d@example.net", n), e2eAnn))); err != nil {
			t.Fatal(err)
		}
	}
	acks := 0
	for _, m := range relay.Wait(t, 5, patience) { // four notices and one acknowledgement
		if m.To[0] == e2eAnn {
			acks++
		}
	}
	if acks != 1 {
		t.Errorf("%d acknowledgements to an unverified sender", acks)
	}
}
