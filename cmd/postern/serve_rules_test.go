package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
)

// rulesDesk is a helpdesk with a rules folder and pages.
type rulesDesk struct {
	dir, ear, pages, config string
	relay                   *maillab.Relay
}

func newRulesDesk(t *testing.T) *rulesDesk {
	d := &rulesDesk{dir: t.TempDir(), ear: freeAddress(t), pages: freeAddress(t), relay: maillab.StartRelay(t, maillab.RelayOptions{})}
	d.config = strings.Replace(loadConfigFor("sqlite:"+d.dir+"/postern.db", d.relay.Addr, d.ear), "agents:\n",
		"  - {name: hr, addresses: [hr@example.org], tag: HR, agents: [bob]}\nagents:\n", 1) +
		fmt.Sprintf("rules: %s/rules\nhttp: %s\n", d.dir, d.pages)
	d.rules(t, rulesTo("hr"))
	return d
}

func (d *rulesDesk) rules(t *testing.T, text string) {
	t.Helper()
	write(t, filepath.Join(d.dir, "rules", "a.yaml"), text)
}

// files sends a mail and wants the agent told of it with a subject tag; it is the n-th.
func (d *rulesDesk) files(t *testing.T, id, tag string, n int) {
	t.Helper()
	if err := sendOne(d.ear, e2eAnn, "help@example.org", outageMail(id)); err != nil {
		t.Fatal(err)
	}
	if m := d.relay.Wait(t, n, patience)[n-1]; !strings.Contains(string(m.Raw), "["+tag+" #") {
		t.Errorf("%s was not filed as %s:\n%s", id, tag, m.Raw)
	}
}

// FLT-62, FLT-65, INV-J1: an edit takes effect by itself, one with a mistake does not and
// is told by page and metric until it is repaired, and a start with it uses the last good
// rules from the database.
func TestFLT_65_RulesFolder(t *testing.T) {
	d := newRulesDesk(t)
	log, stop := startPostern(t, d.config, nil)
	d.files(t, "first", "HR", 2)
	if code, wrong := readyz(t, d.pages); code != http.StatusOK {
		t.Errorf("ready: %d %v", code, wrong)
	}
	loaded := func(n int) {
		t.Helper()
		log.waitUntil(t, "rules loaded", func(s string) bool { return strings.Count(s, `msg="rules loaded"`) == n })
	}
	d.rules(t, rulesTo("it"))
	loaded(2)
	d.files(t, "second", "IT", 4)

	d.rules(t, strings.Replace(rulesTo("hr"), "then", "than", 1))
	log.waitFor(t, "rules are broken")
	d.broken(t)
	d.files(t, "third", "IT", 6)

	stop()
	log, stop = startPostern(t, d.config, nil)
	log.waitFor(t, "rules are broken")
	d.broken(t)
	d.files(t, "fourth", "IT", 8)

	d.rules(t, rulesTo("it")) // the same as the set in force
	await(t, "ready again", func() bool { code, _ := readyz(t, d.pages); return code == http.StatusOK })
	if got := metric(t, d.pages, "postern_rules_broken"); got != "0" {
		t.Errorf("rules_broken %s after the repair", got)
	}
	stop()
}

func (d *rulesDesk) broken(t *testing.T) {
	t.Helper()
	code, wrong := readyz(t, d.pages)
	if code != http.StatusServiceUnavailable || len(wrong) != 1 || !strings.Contains(wrong["rules"], "a.yaml:") {
		t.Errorf("ready: %d %v", code, wrong)
	}
	if got := metric(t, d.pages, "postern_rules_broken"); got != "1" {
		t.Errorf("rules_broken %s", got)
	}
}

// FLT-63: a folder of rules in which nothing can be read stops neither mail nor pages.
func TestFLT_63_UnreadableRules(t *testing.T) {
	d := newRulesDesk(t)
	log, stop := startPostern(t, d.config, nil)
	defer stop()
	if err := os.RemoveAll(filepath.Join(d.dir, "rules")); err != nil {
		t.Fatal(err)
	}
	log.waitFor(t, "rules are broken")
	d.files(t, "without-a-folder", "HR", 2)
	if _, wrong := readyz(t, d.pages); wrong["rules"] == "" {
		t.Errorf("ready: %v", wrong)
	}
}

// A first start with broken rules is refused with the place of the mistake.
func TestFirstStartWithBrokenRules(t *testing.T) {
	d := newRulesDesk(t)
	d.rules(t, "version: 1\nrules:\n- {name: x, then: {queu: it}}\n")
	file := filepath.Join(d.dir, "postern.yaml")
	write(t, file, d.config)
	if r := postern(t, "", "--config", file, "serve"); r.code != exitFound || !strings.Contains(r.errs, "a.yaml:3:") {
		t.Errorf("%+v", r)
	}
}

// fetch reads a page of the pages' server.
func fetch(t *testing.T, addr, path string) (int, string) {
	t.Helper()
	c := http.Client{Timeout: 20 * time.Second}
	r, err := c.Get("http://" + addr + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// readyz tells what is not well, by name.
func readyz(t *testing.T, addr string) (code int, wrong map[string]string) {
	t.Helper()
	code, body := fetch(t, addr, "/readyz")
	var answer struct{ Checks []finding }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	wrong = map[string]string{}
	for _, f := range answer.Checks {
		if !f.OK {
			wrong[f.Name] = f.Why
		}
	}
	return code, wrong
}

// metric is the value of a metric, with its labels as they are written; "" without it.
func metric(t *testing.T, addr, name string) string {
	t.Helper()
	_, body := fetch(t, addr, "/metrics")
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// await asks until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.After(75 * time.Second)
	for !so() {
		select {
		case <-deadline:
			t.Fatalf("not reached: %s", what)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
