package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
	"postern/mailin"
	"postern/mailin/mailauth"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// signedTown is a Postfix with OpenDKIM and OpenDMARC, Dovecot behind it, and a helpdesk that
// is reached two ways: Postfix hands over by LMTP what it has stamped, and strangers
// connect to a listener where only postern verifies. All see the same DNS.
type signedTown struct {
	t    *testing.T
	dove *maillab.DovecotServer
	post *maillab.PostfixServer
	bob  *maillab.Mailbox
	key  *rsa.PrivateKey
	dns  *mailauth.FileResolver
	url  string
	mta  string
	mx   string
	n    int
}

func newSignedTown(t *testing.T) *signedTown {
	maillab.NeedFilters(t)
	maillab.Need(t, maillab.Postfix, maillab.Dovecot)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	s := &signedTown{t: t, key: key, mta: freeAddress(t), mx: freeAddress(t), url: "sqlite:" + filepath.Join(t.TempDir(), "postern.db")}
	txt := map[string]string{"s1._domainkey.example.org": "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), "_dmarc.example.org": "v=DMARC1; p=none"}
	var zone strings.Builder
	for name, text := range txt {
		fmt.Fprintf(&zone, "%s TXT %s\n", name, text)
	}
	if s.dns, err = mailauth.ParseZone(strings.NewReader(zone.String()), "zone"); err != nil {
		t.Fatal(err)
	}
	filters := maillab.StartFilters(t, maillab.FiltersOptions{Domain: "example.org", Selector: "s1", TXT: txt,
		Key: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})})
	s.dove = maillab.StartDovecot(t, maillab.DovecotOptions{Users: map[string]string{"help@example.org": "pw-help", e2eBob: "pw-bob", e2eAnn: "pw-ann", "box@example.org": "pw-help"}})
	o := maillab.PostfixOptions{Domains: []string{"example.org", "example.net"}, Dovecot: s.dove, Extra: filters.MainCF()}
	for _, pattern := range []string{"help@example.org", "*@reply.example.org"} {
		o.Handover = append(o.Handover, maillab.Handover{Pattern: pattern, Next: maillab.LMTPTo(s.mta)})
	}
	s.post = maillab.StartPostfix(t, o)
	s.bob = s.dove.Mailbox(t, e2eBob, "INBOX")
	return s
}

// config is the helpdesk's file; relay is how its mail leaves, more stands at its end.
func (s *signedTown) config(relay, more string) string {
	return fmt.Sprintf(`instance: town
database: %s
secrets: secrets
relay: %s
reply: {domain: reply.example.org}
queues:
  - {name: it, addresses: [help@example.org], tag: IT, agents: [bob]}
  - {name: box, addresses: [box@example.org], agents: [bob]}
agents:
  - {name: bob, display: Bob Brown, addresses: [bob@example.org]}
limits: {confirm_every: 1s}
%s`, s.url, relay, more)
}

// sign signs a reply of Bob's as his domain's server does, so long ago.
func (s *signedTown) sign(to, notice, body string, ago time.Duration) (raw, id string) {
	s.n++
	id = fmt.Sprintf("reply.%d@example.org", s.n)
	raw = fmt.Sprintf("From: Bob Brown <bob@example.org>\r\nTo: %s\r\nSubject: Re: Printer\r\nDate: %s\r\nMessage-ID: <%s>\r\nIn-Reply-To: <%s>\r\nReferences: <%s>\r\nMIME-Version: 1.0\r\n\r\n%s\r\n",
		to, time.Now().Add(-ago).Format(time.RFC1123Z), id, notice, notice, body)
	return signed(raw, signing{domain: "example.org", selector: "s1", names: gmailSigns, at: time.Now().Add(-ago), key: s.key}), id
}

// became waits until the mail with a Message-ID is an entry.
func (s *signedTown) became(db *ticketdb.DB, id string) (tickets.Entry, []tickets.Event) {
	s.t.Helper()
	ctx := context.Background()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); pauseABit() {
		for _, a := range must(db.ListArrivals(ctx, ticketdb.ArrivalFilter{Limit: 100})) {
			if a.Result.MessageID != id || a.State != tickets.StateDone {
				continue
			}
			for _, e := range must(db.EntriesOf(ctx, a.Result.Ticket)) {
				if e.ID == a.Result.Entry {
					return e, must(db.EventsOf(ctx, a.Result.Ticket))
				}
			}
		}
	}
	s.t.Fatalf("%s became no entry", id)
	return tickets.Entry{}, nil
}

// An agent's genuine mail, signed by his domain's server, acts, whether Postfix with
// OpenDKIM and OpenDMARC says so or postern verified it itself. With one octet
// changed, sent on from another's mailbox, or six days old it does not: he is asked,
// and his word lets it act.
func TestAgentsMailSignedAndStamped(t *testing.T) {
	s := newSignedTown(t)
	startPostern(t, s.config(fmt.Sprintf("{server: %q, tls: none}", s.post.SMTP), fmt.Sprintf(`listeners:
  - {name: mta, role: mta, protocol: lmtp, address: %q, trust: {authserv_ids: [mx.example.org], mode: boundary, received_above: 1, fields: 2}}
  - {name: mx, role: mx, address: %q}
`, s.mta, s.mx)), maillab.CA(t), func(w *world) { w.dns = s.dns })
	db := visit(t, s.url)
	for _, way := range []struct{ name, addr, proof string }{
		{"stamped", s.post.SMTP, "Authentication-Results: dmarc=pass with aligned DKIM for example.org, the DKIM signature s1 of example.org"},
		{"verified", s.mx, "own check: the DKIM signature s1 of example.org holds, aligned with example.org"},
	} {
		t.Run(way.name, func(t *testing.T) { s.t = t; s.proves(db, way.addr, way.proof) })
	}
}

func (s *signedTown) proves(db *ticketdb.DB, addr, proof string) {
	t := s.t
	s.n++
	if err := sendOne(s.mx, e2eAnn, "help@example.org", fmt.Appendf(nil, "From: ann@example.net\r\nTo: help@example.org\r\nSubject: Printer %d\r\nMessage-ID: <ask.%d@example.net>\r\n\r\nIt burns.\r\n", s.n, s.n)); err != nil {
		t.Fatal(err)
	}
	notice := s.read(fmt.Sprintf("Printer %d", s.n))
	to := notice.ReplyTo[0].Addr
	send := func(raw string) {
		t.Helper()
		if err := sendOne(addr, e2eBob, to, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	genuine, id := s.sign(to, notice.MessageID, "#tag signed\r\nUse the stairs.", 0)
	send(genuine)
	e, events := s.became(db, id)
	if e.State != tickets.EntryVisible || e.Level != tickets.L2 || e.Agent != "bob" {
		t.Errorf("the genuine mail is %s at %s: %s", e.State, e.Level, e.Why)
	}
	if got := events[len(events)-1].Cause; got.Evidence != proof || got.Level != tickets.L2 {
		t.Errorf("its events rest on %q at %s, want %q", got.Evidence, got.Level, proof)
	}
	changed, id1 := s.sign(to, notice.MessageID, "Use the stairs, please.", 0)
	send(strings.Replace(changed, "stairs, p", "stairs, P", 1))
	elsewhere, id2 := s.sign(e2eAnn, notice.MessageID, "For Ann alone.", 0)
	send(elsewhere)
	old, id3 := s.sign(to, notice.MessageID, fmt.Sprintf("Six days old, %s.", addr), 6*24*time.Hour)
	send(old)
	for id, why := range map[string]string{id1: "", id2: "not addressed to us", id3: "older than 5 days"} {
		e, events := s.became(db, id)
		if e.State != tickets.EntryHeld || e.Level >= tickets.L1 || !strings.Contains(e.Why, why) {
			t.Errorf("%s is %s at %s: %s", id, e.State, e.Level, e.Why)
		}
		asked := false
		for _, x := range events {
			b, ok := x.Body.(tickets.Asked)
			asked = asked || ok && b.Entry == e.ID && b.Agent == "bob"
		}
		if !asked {
			t.Errorf("%s: bob was not asked", id)
		}
	}
	ask := s.read(fmt.Sprintf("Six days old, %s.", addr))
	nonce := subjectNonce.FindStringSubmatch(ask.Subject)[1]
	s.n++
	confirm := fmt.Sprintf("From: bob@example.org\r\nTo: %s\r\nSubject: Re: %s\r\nMessage-ID: <confirm.%d@example.org>\r\n\r\n#confirm %s\r\n", ask.ReplyTo[0].Addr, ask.Subject, s.n, nonce)
	if err := sendOne(addr, e2eBob, ask.ReplyTo[0].Addr, []byte(confirm)); err != nil {
		t.Fatal(err)
	}
	s.became(db, fmt.Sprintf("confirm.%d@example.org", s.n))
	if e, _ := s.became(db, id3); e.State != tickets.EntryVisible || e.Level != tickets.L2 {
		t.Errorf("after his word it is %s at %s", e.State, e.Level)
	}
}

// read waits for a mail to Bob that holds some words.
func (s *signedTown) read(words string) (found tickets.Message) {
	s.t.Helper()
	s.bob.WaitFor(s.t, patience, func(raw []byte) bool {
		found = mailin.Parse(context.Background(), bytes.NewReader(raw), mailin.Envelope{})
		return strings.Contains(found.Subject+"\n"+found.Text, words)
	})
	return found
}

// check auth finds out what this Postfix stamps, at which position, and proposes lines that
// make an agent's mail act: beside a running gateway, which makes no ticket of the probe,
// and in its place.
func TestCheckAuthInTheLab(t *testing.T) {
	s := newSignedTown(t)
	relay := fmt.Sprintf("{server: %q, tls: none, login: help@example.org, password_file: secrets/imap, envelope_from: fixed, fixed_from: help@example.org}", s.post.Submission)
	config := s.config(relay, fmt.Sprintf(`listeners:
  - {name: mta, role: mta, protocol: lmtp, address: %q, queue: it}
mailboxes:
  - {name: box, server: %q, tls: none, login: box@example.org, password_file: secrets/imap, queue: box, interval: 1h, done_folder: Done}
`, s.mta, s.dove.IMAP))
	var gw *world
	log, stop := startPostern(t, config, maillab.CA(t), func(w *world) { gw = w })
	log.waitFor(t, "mailbox begins")
	beside := s.checkAuth(gw)
	db := visit(t, s.url)
	for deadline := time.Now().Add(patience); ; pauseABit() {
		all := must(db.ListArrivals(t.Context(), ticketdb.ArrivalFilter{Outcome: tickets.OutcomeReturned}))
		if len(all) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d probes are booked as our own mail", len(all))
		}
	}
	if made := must(db.ListTickets(t.Context(), ticketdb.TicketFilter{})); len(made) != 0 {
		t.Errorf("a probe made %d tickets", len(made))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	stop()
	instead := s.checkAuth(gw)
	for name, v := range beside {
		if v.Trust != instead[name].Trust || v.Trust == "" {
			t.Errorf("%s: beside a gateway\n%s\nin its place\n%s", name, v.Trust, instead[name].Trust)
		}
	}
	if got, want := beside["listener mta"].Trust, "trust:\n  authserv_ids: [mx.example.org]\n  mode: boundary\n  received_above: 0\n  fields: 1\n"; got != want {
		t.Errorf("the listener: %s", got)
	}
	if got := beside["mailbox box"].Trust; !strings.Contains(got, "received_above: 1\n") {
		t.Errorf("the mailbox, behind one server more: %s", got)
	}
}

// checkAuth runs the verb and holds its answer to what every Postfix of the town does.
func (s *signedTown) checkAuth(gw *world) map[string]authView {
	t := s.t
	t.Helper()
	var out, errs bytes.Buffer
	w := &world{in: strings.NewReader(""), out: &out, errs: &errs, now: time.Now, env: gw.env, roots: gw.roots}
	if code := run(t.Context(), []string{"--config", gw.config, "--json", "check", "auth", "--timeout", "30s"}, w); code != exitOK {
		t.Fatalf("check auth ends with %d: %s%s", code, out.String(), errs.String())
	}
	var views []authView
	if err := json.Unmarshal(out.Bytes(), &views); err != nil || len(views) != 2 {
		t.Fatalf("%v: %s", err, out.String())
	}
	found := map[string]authView{}
	for _, v := range views {
		found[v.Source] = v
		if v.Error != "" || v.Configured.Level != "L0" || v.Proposed.Level != "L2" {
			t.Errorf("%+v", v)
		}
		t.Log(v.page())
	}
	return found
}

var subjectNonce = regexp.MustCompile(`\(([0-9a-z]{26})\)`)
