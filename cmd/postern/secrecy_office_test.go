package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mailin"
	"postern/rules"
	"postern/rules/strictyaml"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// secretOffice is a whole helpdesk in process with all the people who write to it, and the
// secretModel of what each of them may read.
type secretOffice struct {
	*story
	m      *secretModel
	r      *rand.Rand
	seed   uint64
	acts   map[string]int // how often each kind of act happened, and what came of it
	active []int64        // tickets that people still write about
	todo   []func()       // what somebody will do at the next occasion
	seen   *watched
	mails  int
	sent   int // messages brought in
	uid    uint32
	signed []signedMail
}

// watched is a store that tells what the last transaction booked, so that the test
// need not ask again after each of many thousand messages.
type watched struct {
	tickets.Store
	last   int64 // the arrival that came last
	result tickets.Result
	state  tickets.ArrivalState
	entry  map[int64]tickets.Entry // newest words on each entry's state and kind
}

func (s *watched) Accept(ctx context.Context, a tickets.Arrival, raw tickets.Raw) (int64, bool, error) {
	id, known, err := s.Store.Accept(ctx, a, raw)
	s.last = id
	return id, known, err
}

func (s *watched) Do(ctx context.Context, f func(tickets.Tx) error) error {
	return s.Store.Do(ctx, func(tx tickets.Tx) error { return f(watchedTx{tx, s}) })
}

// watchedTx notes what is written; a transaction that fails ends the test anyhow.
type watchedTx struct {
	tickets.Tx
	s *watched
}

func (tx watchedTx) FinishArrival(id int64, state tickets.ArrivalState, r tickets.Result) error {
	tx.s.result, tx.s.state = r, state
	return tx.Tx.FinishArrival(id, state, r)
}

func (tx watchedTx) AddEntry(e tickets.Entry) (int64, error) {
	id, err := tx.Tx.AddEntry(e)
	e.ID = id
	tx.s.entry[id] = tickets.Entry{ID: id, State: e.State, Kind: e.Kind}
	return id, err
}

func (tx watchedTx) UpdateEntry(e tickets.Entry) error {
	tx.s.entry[e.ID] = tickets.Entry{ID: e.ID, State: e.State, Kind: e.Kind}
	return tx.Tx.UpdateEntry(e)
}

// careless are rules an admin might write without thinking: they ask for everything to
// be mailed to everybody. What may not leave does not leave all the same.
const careless = `include: default
version: 1
rules:
  - name: hold what looks odd
    on: receive
    when: subject contains "hold me"
    then: {quarantine: odd}
  - name: tell everybody everything
    on: change
    when: ticket.queue != "it" && event.kind in ["unverified", "held", "noted", "quiet", "released"]
    then: {notify: [participants, watchers]}
  - name: relay everything
    on: change
    when: ticket.queue != "it" && event.kind in ["unverified", "held", "noted", "quiet"]
    then: {relay: true}
  - name: news for all
    on: change
    when: ticket.queue == "ops" && event.kind in ["replied", "assigned", "priority", "queue"]
    then: {notify: participants}
`

// verbose are templates that tell outsiders what went before.
var verbose = map[string]string{
	"en/reply.txt":  "Subject: Re: {{or .Subject \"Your request\"}}\n\n{{template \"top\" .}}{{.Entry.Text}}{{template \"files\" .}}{{template \"before\" .}}\n",
	"en/update.txt": "Subject: Re: {{or .Subject \"Your request\"}}\n\n{{template \"top\" .}}News of {{.Requester}}.{{template \"happened\" .}}{{with .Entry.Full}}\n\n{{.}}{{end}}{{template \"files\" .}}{{template \"before\" .}}\n",
}

func secretConfig(t *testing.T) Config {
	dir := t.TempDir()
	for name, text := range verbose {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := storyConfig()
	c.Queues[0].Agents = []string{"bob", "bea"}
	c.Queues[1].Agents, c.Queues[1].Templates = []string{"carl", "dora"}, dir
	ops := c.Queues[0]
	ops.Name, ops.Addresses, ops.Display, ops.Tag, ops.Agents, ops.HideAgents = "ops", []string{"ops@example.org"}, "Operations", "OPS", []string{"bea", "otto"}, true
	ops.Templates = dir
	c.Queues = append(c.Queues, ops)
	c.Agents = append(c.Agents, AgentConfig{Name: "dora", Display: "Dora Dale", Addresses: []string{"dora@example.org"}},
		AgentConfig{Name: "otto", Display: "Otto Oak", Addresses: []string{"otto@example.org"}})
	// Limits of automatic mail would hide leaks: here they are far away.
	l := &c.Limits
	l.VerifiedHour, l.VerifiedDay, l.UnverifiedDay, l.InstanceHour, l.RefusalsHour = 1000, 10000, 1000, 100000, 60
	l.UnverifiedEvery, l.ConfirmEvery = strictyaml.Duration(time.Second), strictyaml.Duration(time.Second)
	return c
}

// newSecretOffice opens a helpdesk on a fresh database.
func newSecretOffice(t *testing.T, url string, seed uint64) *secretOffice {
	t.Helper()
	s := &story{t: t, url: url, files: map[string]string{"rules.yaml": careless}, vars: map[string]string{}, refuse: map[string]string{},
		now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), cfg: secretConfig(t)}
	s.start()
	t.Cleanup(func() { s.db.Close() })
	o := &secretOffice{story: s, r: rand.New(rand.NewPCG(seed, 7)), seed: seed, acts: map[string]int{}, seen: &watched{Store: s.db, entry: map[int64]tickets.Entry{}}}
	s.house.desk.Store = o.seen
	o.m = &secretModel{secrets: []*secretMail{nil}, tickets: map[int64]*secretFile{}, verified: map[string]bool{}, works: map[string][]string{},
		agentOf: map[string]string{}, byEntry: map[int64]*secretMail{}, onFree: map[int64]func(time.Time){}, quotedBy: map[int][]*secretMail{}}
	for _, q := range s.cfg.Queues {
		o.m.works[q.Name] = q.Agents
	}
	for _, a := range s.cfg.Agents {
		for _, addr := range a.Addresses {
			o.m.agentOf[addr] = a.Name
		}
	}
	return o
}

// landing is what became of a mail, as the books say it.
type landing struct {
	outcome tickets.Outcome
	ticket  int64
	entry   int64
	state   tickets.EntryState
	kind    tickets.EntryKind
	fresh   bool // a ticket that was not there before
}

// bring lets a mail come in and everything happen that follows; nothing has left yet.
func (o *secretOffice) bring(raw string, a tickets.Arrival) landing {
	o.t.Helper()
	ctx := context.Background()
	o.sent++
	o.now = o.now.Add(time.Duration(1+o.r.IntN(150)) * time.Second)
	o.seen.result, o.seen.state = tickets.Result{}, ""
	if err := o.house.desk.Accept(ctx, a, stringRaw(raw)); err != nil {
		o.t.Fatal(err)
	}
	return o.booked()
}

// booked reads what became of the arrival that came last.
func (o *secretOffice) booked() landing {
	o.t.Helper()
	r := o.seen.result
	if o.seen.state == "" {
		row := must(o.db.ArrivalRow(o.t.Context(), o.seen.last))
		o.t.Fatalf("arrival %d was not digested: %s %s", o.seen.last, row.State, row.Error)
	}
	l := landing{outcome: r.Outcome, ticket: r.Ticket, entry: r.Entry, fresh: r.Ticket != 0 && o.m.tickets[r.Ticket] == nil}
	if e, ok := o.seen.entry[l.entry]; ok {
		l.state, l.kind = e.State, e.Kind
	}
	return l
}

// arrival is the envelope of a mail. A strange envelope sender and recipients are the
// mail's own business.
func (o *secretOffice) arrival(d letterOf, raw string) tickets.Arrival {
	a := tickets.Arrival{Via: tickets.ViaLMTP, Role: tickets.RoleMTA, Source: "mta", Peer: "127.0.0.1", Size: int64(len(raw)),
		Trust: tickets.Trust{ServIDs: []string{"mx.example.org"}, Mode: "boundary"}}
	from := d.from
	if d.bounce {
		from = ""
	}
	a.From = &from
	for _, to := range slices.Concat(d.to, d.cc, d.bcc) {
		if o.house.settings.Load().Recipient(to, o.house.keys) {
			a.To = append(a.To, to)
		}
	}
	if d.imap {
		o.uid++
		a.Via, a.Role, a.Source, a.From, a.To, a.Queue = tickets.ViaIMAP, tickets.RoleMailbox, "help", nil, nil, "it"
		a.Cursor = &tickets.Cursor{Account: "help", Mailbox: "INBOX", UIDValidity: 1, UID: o.uid}
		a.Key = fmt.Sprintf("help/INBOX/1/%d", o.uid)
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(a.To, from, raw)))
	a.SHA256 = hex.EncodeToString(sum[:])
	if a.Key == "" {
		a.Key = a.SHA256
	}
	return a
}

// leave lets the outgoing mail go, and holds every one of them against the model.
func (o *secretOffice) leave() {
	o.t.Helper()
	ctx := context.Background()
	for {
		out, err := o.db.Claim(ctx, tickets.Claim{Owner: "office", Max: 50, Lease: time.Microsecond, At: o.now})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, x := range out {
			raw, err := o.house.assemble(x)
			if err != nil {
				o.t.Fatal(err)
			}
			o.receive(x, raw)
			v := tickets.Verdict{Outgoing: x.ID, Fence: x.Fence, Kind: tickets.VerdictSent, Code: "250 2.0.0"}
			if err := o.house.desk.Record(ctx, v); err != nil {
				o.t.Fatal(err)
			}
		}
		if len(out) < 50 {
			return
		}
	}
}

// leak ends the test with all that helps to understand it.
func (o *secretOffice) leak(why, raw string, ticket int64) {
	o.t.Helper()
	var log strings.Builder
	for _, id := range []int64{ticket} {
		for _, e := range must(o.db.EventsOf(context.Background(), id)) {
			kind, data, _ := tickets.EncodeBody(e.Body)
			fmt.Fprintf(&log, "%d/%d %s %s %s\n", id, e.Seq, e.At.Format("01-02 15:04:05"), kind, data)
		}
		for _, e := range must(o.db.EntriesOf(context.Background(), id)) {
			fmt.Fprintf(&log, "entry %d: %s %s by %s (%s) %q\n", e.ID, e.State, e.Kind, e.From.Addr, e.Why, e.Reply())
		}
	}
	o.t.Fatalf("%s\nseed %d, message %d\n--- the mail\n%s\n--- ticket %d\n%s", why, o.seed, o.sent, raw, ticket, &log)
}

// quietly swaps the rules while f runs, as an admin who changes them.
func (o *secretOffice) quietly(text string, f func()) {
	o.t.Helper()
	before := o.house.rules.Load()
	set, problems := rules.Compile([]rules.File{{Name: "rules.yaml", Text: []byte(text)}}, rules.Options{Settings: o.house.settings.Load()})
	if len(problems) > 0 {
		o.t.Fatal(problems)
	}
	var r tickets.Rules = set
	o.house.rules.Store(&r)
	f()
	o.house.rules.Store(before)
}

// books checks what every test of the whole checks: totals close, and the ledger of
// each ticket adds up to its row.
func (o *secretOffice) books() {
	o.t.Helper()
	ctx := context.Background()
	totals, err := o.db.Totals(ctx)
	if err != nil || len(totals.Faults) > 0 {
		o.t.Errorf("totals: %v %v", err, totals.Faults)
	}
	sum := 0
	for _, n := range totals.Outcomes {
		sum += n
	}
	if totals.Arrivals != sum || totals.Arrivals == 0 {
		o.t.Errorf("%d arrivals, %d outcomes", totals.Arrivals, sum)
	}
	tickets := 0
	err = o.db.Verify(ctx, func(c ticketdb.Check) {
		tickets++
		if !c.OK {
			o.t.Errorf("ticket %d does not add up: %s", c.Ticket, c.Why)
		}
	})
	if err != nil || tickets < len(o.m.tickets) {
		o.t.Errorf("%d tickets verified of %d: %v", tickets, len(o.m.tickets), err)
	}
}

// readAgain parses with postern's own reader, for clients that act on what they got.
func readAgain(raw string) tickets.Message {
	return mailin.Parse(context.Background(), stringRaw(raw), mailin.Envelope{})
}
