package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"postern/rules"
	"postern/tickets"
)

const officeYAML = `instance: office
database: sqlite:postern.db
secrets: secrets
listeners:
  - {name: mta, role: mta, protocol: lmtp, address: "unix:%s/lmtp", trust: {authserv_ids: [mx.example.org], mode: boundary}}
relay: {maildir: outgoing}
queues:
  - {name: it, addresses: [help@example.org], agents: [bob, eve], tag: IT}
  - {name: hr, addresses: [hr@example.org], agents: [eve]}
agents:
  - {name: bob, addresses: [bob@example.org]}
  - {name: eve, addresses: [eve@example.org]}
`

// scene is a helpdesk on SQLite in a folder of its own, which is the current one: one
// ticket with Ann's request, and a spoofed mail of Bob that waits for his word.
func scene(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "postern.yaml", fmt.Sprintf(officeYAML, dir))
	r := postern(t, "", "migrate")
	if r.code != exitOK || !strings.HasPrefix(r.out, "sqlite has schema ") {
		t.Fatalf("migrate: %+v", r)
	}
	w := &world{errs: &bytes.Buffer{}, env: func(string) string { return "" }, now: time.Now}
	cfg, err := w.load()
	if err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(context.Background(), cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	keys, err := loadKeys(cfg.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	h := newHelpdesk(db, keys, time.Now, slog.New(slog.DiscardHandler))
	set, problems := rules.LoadDefault(ruleOptions(cfg))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var in tickets.Rules = set
	h.rules.Store(&in)
	h.settings.Store(cfg.Settings())
	composer, err := composerFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.composer.Store(composer)
	for i, src := range []string{request, spoof} {
		from := "ann@example.net"
		a := tickets.Arrival{Key: fmt.Sprint("k", i), Via: tickets.ViaLMTP, Role: tickets.RoleMTA, Source: "mta", Peer: "local",
			From: &from, To: []string{"help@example.org"}, Size: int64(len(src)), Trust: cfg.Listeners[0].Trust.trust()}
		if err := h.desk.Accept(context.Background(), a, strings.NewReader(src)); err != nil {
			t.Fatal(err)
		}
	}
}

const request = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.net; dkim=pass header.d=example.net\r\n" +
	"From: Ann Smith <ann@example.net>\r\nTo: help@example.org\r\nSubject: Drucker \U0001F525 \u5370\u5237 brennt\r\nMessage-ID: <m1@example.net>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt burns.\r\n" +
	"--b\r\nContent-Type: text/plain; name=log.txt\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\nhot\r\n--b--\r\n"

const spoof = "From: Bob <bob@example.org>\r\nTo: help@example.org\r\nSubject: Re: [IT #1] burns\r\nIn-Reply-To: <m1@example.net>\r\nMessage-ID: <m2@example.org>\r\n" +
	"Date: Mon, 2 Nov 2026 11:00:00 +0000\r\n\r\nUse the stairs.\r\n"

// asJSON runs a verb with --json and decodes the answer.
func asJSON(t *testing.T, args ...string) any {
	t.Helper()
	r := postern(t, "", append(args, "--json")...)
	if r.code != exitOK {
		t.Fatalf("%v: exit %d: %s", args, r.code, r.errs)
	}
	return decode(t, r.out)
}

// field walks into decoded JSON: field(v, 0, "ticket", "id").
func field(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		}
	}
	return v
}

// tamper changes the scene's database behind everybody's back.
func tamper(t *testing.T, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "postern.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}
