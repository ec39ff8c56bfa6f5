package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"postern/cmd/maillab"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// journal is what the senders of the outage test know: which message was
// answered 250, and what else was answered.
type journal struct {
	mu      sync.Mutex
	taken   map[string]bool
	refused int // 4xx
	wrong   []string
}

func (j *journal) book(id string, err error) (again bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		j.taken[id] = true
		return false
	case errors.As(err, &reply) && reply.Code/100 == 4:
		j.refused++
	case errors.As(err, &reply):
		j.wrong = append(j.wrong, fmt.Sprintf("%s: %v", id, err))
		return false
	}
	return true // a lost connection proves nothing: the sender tries again
}

// INV-A1, A2, A3, H1, FLT-14: the database dies under load. SMTP answers 451, the
// IMAP mailbox keeps its mail, everything flows again within 30 seconds of its
// return, nothing is lost or doubled.
func TestDatabaseOutage(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL, maillab.Dovecot)
	pg := maillab.StartPostgres(t, maillab.PostgresOptions{})
	url := pg.NewDatabase(t)
	dove := maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"help@example.org": "pw-help"}})
	relay := maillab.StartRelay(t, maillab.RelayOptions{})
	ear := freeAddress(t)
	log, _ := startPostern(t, outageConfig(url, relay.Addr, ear, dove.IMAP), nil)
	log.waitFor(t, "mailbox begins")

	j := &journal{taken: map[string]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var group sync.WaitGroup
	for s := range 8 {
		group.Go(func() { j.sendLoop(ctx, ear, s) })
	}
	j.reach(t, 40)
	byIMAP := 0
	deliver := func(n int) {
		for range n {
			byIMAP++
			dove.Deliver(t, maillab.Mail{From: e2eAnn, To: []string{"help@example.org"}, Raw: outageMail(fmt.Sprintf("imap-%d", byIMAP))})
		}
	}
	deliver(5)
	if err := pg.StopImmediate(); err != nil {
		t.Fatal(err)
	}
	deliver(5) // while it is away
	j.reachRefused(t, 3)
	if err := pg.Start(); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	j.reach(t, len(j.known())+40)
	deliver(1)
	cancel()
	group.Wait()
	want := len(j.known()) + byIMAP
	waitEntries(t, url, want, back.Add(30*time.Second))
	t.Logf("%d messages by SMTP, %d by IMAP; %d refusals while away; all booked %s after the return", len(j.known()), byIMAP, j.refused, time.Since(back).Round(10*time.Millisecond))
	if len(j.wrong) > 0 {
		t.Errorf("refused for good: %v", j.wrong)
	}
	j.compare(t, url, byIMAP)
}

func outageConfig(url, relay, ear, imap string) string {
	return fmt.Sprintf(`instance: outage
database: %s
secrets: secrets
relay: {server: %q, tls: none}
queues:
  - {name: it, addresses: [help@example.org], tag: IT, agents: [bob]}
agents:
  - {name: bob, addresses: [bob@example.org]}
limits: {tickets_hour: 100000, connections_per_net: 100}
listeners:
  - {name: in, role: mta, address: %q}
mailboxes:
  - {name: help, server: %q, tls: none, login: help@example.org, password_file: secrets/imap, interval: 10s, done_folder: Done}
`, url, relay, ear, imap)
}

func outageMail(id string) []byte {
	return fmt.Appendf(nil, "From: %s@example.net\nTo: help@example.org\nSubject: Request %s\nDate: %s\nMessage-ID: <%s@outage>\n\nHelp with %s.\n",
		id, id, time.Now().Format(time.RFC1123Z), id, id)
}

// sendLoop sends messages one after the other, each until it is taken.
func (j *journal) sendLoop(ctx context.Context, addr string, sender int) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("smtp-%d-%d", sender, n)
		raw := outageMail(id)
		for j.book(id, maillab.Send(addr, maillab.Login{}, nil, maillab.Mail{From: id + "@example.net", To: []string{"help@example.org"}, Raw: raw})) {
			pauseABit()
		}
	}
}

// pauseABit keeps a sender that is put off from spinning.
func pauseABit() { <-time.After(20 * time.Millisecond) }

func (j *journal) known() map[string]bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := map[string]bool{}
	for id := range j.taken {
		out[id] = true
	}
	return out
}

func (j *journal) reach(t *testing.T, n int) {
	t.Helper()
	j.until(t, fmt.Sprintf("%d messages taken", n), func() bool { return len(j.taken) >= n })
}

func (j *journal) reachRefused(t *testing.T, n int) {
	t.Helper()
	j.until(t, fmt.Sprintf("%d refusals", n), func() bool { return j.refused >= n })
}

func (j *journal) until(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		j.mu.Lock()
		ok := f()
		j.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("not reached: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// waitEntries waits until the books hold n entries and nothing is undigested.
func waitEntries(t *testing.T, url string, n int, until time.Time) {
	t.Helper()
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: url, Visit: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var last ticketdb.Totals
	for time.Now().Before(until) {
		last, err = db.Totals(context.Background())
		if err == nil && last.States[tickets.StateNew] == 0 && last.Outcomes[tickets.OutcomeEntry] >= n {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatalf("not all booked in time: want %d, have %+v (%v)", n, last, err)
}

// compare holds the journal against the database: everything taken is an entry
// exactly once, and the books close.
func (j *journal) compare(t *testing.T, url string, byIMAP int) {
	t.Helper()
	ctx := context.Background()
	db, err := ticketdb.Open(ctx, ticketdb.Config{URL: url, Visit: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	infos, err := db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 100000})
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]int{}
	for _, a := range infos {
		if a.Result.Outcome == tickets.OutcomeEntry {
			entries[a.Result.MessageID]++
		}
	}
	for id := range j.known() {
		if entries[id+"@outage"] != 1 {
			t.Errorf("%s was answered 250 and is there %d times", id, entries[id+"@outage"])
		}
	}
	for n := 1; n <= byIMAP; n++ {
		if id := fmt.Sprintf("imap-%d@outage", n); entries[id] != 1 {
			t.Errorf("%s is there %d times", id, entries[id])
		}
	}
	totals, err := db.Totals(ctx)
	if err != nil || len(totals.Faults) > 0 {
		t.Errorf("the books do not close: %v %v", totals.Faults, err)
	}
}
