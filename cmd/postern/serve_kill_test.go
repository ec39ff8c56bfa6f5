package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// INV-A1, B1, C3: the process is killed at random moments under load and started again,
// also on the SQLite file it had locked. What was answered 250 is there, octet for octet
// and once; each outgoing message reached the relay once, and once more at most for each
// kill that came while it was being sent.
func TestINV_A1_KilledUnderLoad(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		alone := strings.HasPrefix(url, "sqlite:") // elsewhere a dead gateway's work is taken up after two minutes
		rounds := map[bool]int{true: 20, false: 8}[alone]
		relay := maillab.StartRelay(t, maillab.RelayOptions{})
		ear := freeAddress(t)
		dir, config := t.TempDir(), loadConfigFor(url, relay.Addr, ear)
		l, ambiguous := newLedger(), map[string]int{}
		p := startBinary(t, dir, config)
		stopSending := l.senders(4, "kill", ear)
		defer stopSending()
		for range rounds {
			n, _ := l.count()
			l.reach(t, n+1+rand.IntN(8)) // somewhere behind it, in the middle of others
			<-time.After(time.Duration(rand.IntN(30)) * time.Millisecond)
			p.kill()
			for _, id := range unfinished(t, url) {
				ambiguous[id]++
			}
			p = startBinary(t, dir, config)
		}
		stopSending()
		n, _ := l.count()
		if alone {
			waitEntries(t, url, n, time.Now().Add(time.Minute))
			allSent(t, url, relay)
		}
		if late := l.audit(t, url, !alone); late > 8*rounds {
			t.Errorf("%d arrivals wait for a lease, after %d kills", late, rounds)
		}
		onceAtRelay(t, relay, ambiguous)
		if err := p.stop(); err != nil {
			t.Errorf("exit: %v", err)
		}
		t.Logf("%d kills, %d messages answered 250, %d mails at the relay, %d attempts ambiguous", rounds, n, len(relay.Messages()), len(ambiguous))
	})
}

// unfinished are the Message-IDs that were being sent when the process died.
func unfinished(t *testing.T, url string) (ids []string) {
	t.Helper()
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: url, Visit: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, o := range must(db.ListOutbox(context.Background(), ticketdb.OutboxFilter{State: tickets.OutSending, Limit: 1000})) {
		ids = append(ids, o.MessageID)
	}
	return ids
}

// allSent waits until nothing waits to be sent, and holds the outbox against the relay.
func allSent(t *testing.T, url string, relay *maillab.Relay) {
	t.Helper()
	db := visit(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		waiting, err := db.ListOutbox(ctx, ticketdb.OutboxFilter{Waiting: true, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(waiting) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("still waiting: %+v", waiting[0])
		case <-time.After(50 * time.Millisecond):
		}
	}
	there := map[string]bool{}
	for _, m := range relay.Messages() {
		there[m.MessageID] = true
	}
	for _, o := range must(db.ListOutbox(ctx, ticketdb.OutboxFilter{Limit: 100000})) {
		if o.State != tickets.OutSent || !there[o.MessageID] {
			t.Errorf("outgoing %d is %s, at the relay: %v", o.ID, o.State, there[o.MessageID])
		}
	}
}

// FLT-30: a second process on the same SQLite file says who has it, and ends.
func TestFLT_30_SecondProcess(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "postern.db")
	p := startBinary(t, dir, loadConfigFor("sqlite:"+file, "127.0.0.1:9", freeAddress(t)))
	other := t.TempDir()
	write(t, filepath.Join(other, "postern.yaml"), loadConfigFor("sqlite:"+file, "127.0.0.1:9", freeAddress(t)))
	r := postern(t, "", "--config", filepath.Join(other, "postern.yaml"), "serve")
	if want := fmt.Sprintf("in use by process %d", p.cmd.Process.Pid); r.code != exitFound || !strings.Contains(r.errs, want) || strings.Count(r.errs, "\n") != 1 {
		t.Errorf("the second one: %+v, want one line with %q", r, want)
	}
}
