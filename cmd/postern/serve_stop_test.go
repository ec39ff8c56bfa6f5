package main

import (
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/tickets"
)

// FLT-08: SIGTERM under load. Nobody is cut inside a message, whoever idles hears 421,
// what the courier had claimed is sent or handed back, and the exit code is 0.
func TestFLT_08_StopUnderLoad(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		relay := maillab.StartRelay(t, maillab.RelayOptions{})
		relay.At(maillab.RCPT, maillab.Trouble{Wait: 300 * time.Millisecond}) // so that the courier is always at work
		ear := freeAddress(t)
		p := startBinary(t, t.TempDir(), loadConfigFor(url, relay.Addr, ear))
		l := newLedger()
		stopSending := l.senders(4, "load", ear)
		defer stopSending()
		l.reach(t, 30)
		inside := dialTalk(t, ear)
		raw, rest := inside.begins("inside")
		silent, greeted := dialTalk(t, ear), dialTalk(t, ear)
		greeted.says("EHLO lab", "250")
		begun, ended := time.Now(), make(chan error, 1)
		go func() { ended <- p.stop() }()
		silent.wants("421 4.3.2")
		greeted.wants("421 4.3.2")
		inside.writes(rest)
		inside.says(".", "250")
		l.note("inside", raw)
		if err := <-ended; err != nil {
			t.Errorf("exit: %v", err)
		}
		took := time.Since(begun)
		if took > stopWithin {
			t.Errorf("it took %s", took)
		}
		stopSending()
		db := visit(t, url)
		totals := must(db.Totals(t.Context()))
		if totals.Outbox[tickets.OutSending] > 0 || totals.Outbox[tickets.OutSent] == 0 || totals.Outbox[tickets.OutQueued] == 0 {
			t.Errorf("outbox: %v", totals.Outbox)
		}
		onceAtRelay(t, relay, nil)
		n, _ := l.count()
		t.Logf("%d messages taken, stopped in %s, outbox %v", n, took.Round(time.Millisecond), totals.Outbox)
		l.audit(t, url, false)
	})
}

// A client that never ends its message is cut in the end, and the exit is in time all
// the same.
func TestFLT_08_StopInspiteOfAStuckClient(t *testing.T) {
	t.Parallel() // it does nothing but wait
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	ear := freeAddress(t)
	dir := t.TempDir()
	p := startBinary(t, dir, loadConfigFor("sqlite:postern.db", relay.Addr, ear))
	dialTalk(t, ear).begins("stuck")
	begun := time.Now()
	err := p.stop()
	if took := time.Since(begun); took > stopWithin {
		t.Errorf("it took %s (%v)", took, err)
	}
}

// onceAtRelay: each outgoing message reached the relay once, and once more at most for
// each attempt that was ambiguous; all copies are the same.
func onceAtRelay(t *testing.T, relay *maillab.Relay, ambiguous map[string]int) {
	t.Helper()
	times, first := map[string]int{}, map[string]string{}
	for _, m := range relay.Messages() {
		times[m.MessageID]++
		if first[m.MessageID] == "" {
			first[m.MessageID] = m.Hash
		}
		if first[m.MessageID] != m.Hash {
			t.Errorf("the copies of %s differ", m.MessageID)
		}
	}
	for id, n := range times {
		if n > 1+ambiguous[id] {
			t.Errorf("%s reached the relay %d times, %d attempts were ambiguous", id, n, ambiguous[id])
		}
	}
}
