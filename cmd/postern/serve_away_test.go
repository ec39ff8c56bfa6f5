package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/cmd/maillab"
)

// FLT-13, INV-H1: the database is away at the start. The gateway waits, answers 451 and
// says what is missing; when it comes everything works, the rules are kept in it, and a
// timer that is new in them looks at the tickets that were there before.
func TestFLT_13_DatabaseAwayAtStart(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL)
	pg := maillab.StartPostgres(t, maillab.PostgresOptions{})
	url := pg.NewDatabase(t)
	d := newRulesDesk(t)
	config := strings.Replace(d.config, "sqlite:"+d.dir+"/postern.db", url, 1)
	_, stop := startPostern(t, config, nil)
	d.files(t, "before", "HR", 2)
	stop()
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	d.rules(t, rulesTo("hr")+"  - name: waited\n    on: timer\n    since: created\n    after: 1h\n    then: {tags: [waited]}\n")
	stop = serveLater(t, config, 2*time.Hour)
	if err := sendOne(d.ear, e2eAnn, "help@example.org", outageMail("away")); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("while away: %v", err)
	}
	if code, wrong := readyz(t, d.pages); code != http.StatusServiceUnavailable || wrong["database"] == "" {
		t.Errorf("ready: %d %v", code, wrong)
	}
	if got := metric(t, d.pages, "postern_database_up"); got != "0" {
		t.Errorf("database_up %s", got)
	}
	if err := pg.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "ready", func() bool { code, _ := readyz(t, d.pages); return code == http.StatusOK })
	d.files(t, "back", "HR", 4)
	db := visit(t, url)
	await(t, "the timer ran", func() bool {
		row, err := db.TicketRow(t.Context(), 1)
		return err == nil && slices.Contains(row.Tags, "waited")
	})
	kept, err := db.LastRules(t.Context())
	if err != nil || !strings.Contains(kept.Files["a.yaml"], "waited") {
		t.Errorf("kept rules: %+v %v", kept, err)
	}
	stop()
}

// serveLater serves a configuration with a clock that is ahead.
func serveLater(t *testing.T, config string, ahead time.Duration) (stop func()) {
	t.Helper()
	dir := t.TempDir()
	secretsFolder(t, dir)
	write(t, dir+"/postern.yaml", config)
	log := &lockedBuffer{}
	w := &world{out: io.Discard, errs: log, now: func() time.Time { return time.Now().Add(ahead) }, env: func(string) string { return "" }}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() { done <- run(ctx, []string{"--config", dir + "/postern.yaml", "serve"}, w) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("serve ended with %d\n%s", code, log)
		}
	})
	t.Cleanup(stop)
	log.waitFor(t, "msg=serving")
	return stop
}

// A first start with broken rules and without the database ends when the database is
// there and has no last good ones.
func TestFLT_13_NoRulesAnywhere(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL)
	pg := maillab.StartPostgres(t, maillab.PostgresOptions{})
	url := pg.NewDatabase(t)
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	d := newRulesDesk(t)
	d.rules(t, "version: 1\nrules: [\n")
	write(t, d.dir+"/postern.yaml", strings.Replace(d.config, "sqlite:"+d.dir+"/postern.db", url, 1))
	ended := make(chan cliRun, 1)
	go func() { ended <- postern(t, "", "--config", d.dir+"/postern.yaml", "serve") }()
	await(t, "it waits", func() bool {
		c, err := net.Dial("tcp", d.pages)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if err := pg.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case r := <-ended:
		if r.code != exitFound || !strings.Contains(r.errs, "a.yaml:2:") {
			t.Errorf("%+v", r)
		}
	case <-time.After(patience):
		t.Error("it still waits")
	}
}

// The rules folder is broken and the database, which has the last good rules, is away:
// nothing is taken until both questions have an answer.
func TestFLT_13_NoRulesWithoutTheDatabase(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL)
	pg := maillab.StartPostgres(t, maillab.PostgresOptions{})
	url := pg.NewDatabase(t)
	d := newRulesDesk(t)
	config := strings.Replace(d.config, "sqlite:"+d.dir+"/postern.db", url, 1)
	_, stop := startPostern(t, config, nil)
	d.files(t, "before", "HR", 2)
	stop()
	if err := pg.Stop(); err != nil {
		t.Fatal(err)
	}
	d.rules(t, "version: 1\nrules: [\n")
	_, stop = startPostern(t, config, nil)
	if err := sendOne(d.ear, e2eAnn, "help@example.org", outageMail("away")); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("while away: %v", err)
	}
	if err := pg.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the database", func() bool { _, wrong := readyz(t, d.pages); return wrong["database"] == "" })
	await(t, "mail is taken", func() bool {
		return sendOne(d.ear, e2eAnn, "help@example.org", outageMail("after")) == nil
	})
	if m := d.relay.Wait(t, 4, patience)[3]; !strings.Contains(string(m.Raw), "[HR #2]") {
		t.Errorf("filed as\n%s", m.Raw)
	}
	if _, wrong := readyz(t, d.pages); wrong["rules"] == "" {
		t.Errorf("ready: %v", wrong)
	}
	stop()
}

// INV-A5: a server that may lose what it has committed is refused with one clear line,
// at the start and when it comes up later.
func TestINV_A5_RefusedAtStart(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL)
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		t.Run(setting, func(t *testing.T) {
			pg := maillab.StartPostgres(t, maillab.PostgresOptions{Settings: map[string]string{setting: "off"}})
			dir := t.TempDir()
			write(t, dir+"/postern.yaml", loadConfigFor(pg.NewDatabase(t), "127.0.0.1:9", freeAddress(t)))
			r := postern(t, "", "--config", dir+"/postern.yaml", "serve")
			if r.code != exitFound || !strings.Contains(r.errs, setting+"=off") || strings.Count(r.errs, "\n") != 1 {
				t.Errorf("%+v", r)
			}
		})
	}
}
