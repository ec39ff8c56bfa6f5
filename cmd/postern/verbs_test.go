package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// A ticket is listed and shown, with what was said, what happened and what was mailed.
func TestTicketListAndShow(t *testing.T) {
	scene(t)
	r := postern(t, "", "ticket", "list")
	if r.code != exitOK || !strings.Contains(r.out, "ann@example.net") || !strings.Contains(r.out, "1 ticket\n") {
		t.Fatalf("%+v", r)
	}
	if v := asJSON(t, "ticket", "list"); field(v, 0, "id") != 1.0 || field(v, 0, "requester_address") != "ann@example.net" || field(v, 0, "status") != "new" {
		t.Errorf("%v", v)
	}
	for words, want := range map[string]bool{"BURNS": true, "it burns": true, "coffee": false, `" OR burns`: false} {
		if r := postern(t, "", "ticket", "list", "--search", words); strings.Contains(r.out, "ann@example.net") != want {
			t.Errorf("--search %q: %s", words, r.out)
		}
	}
	page := postern(t, "", "ticket", "show", "1").out
	for _, want := range []string{"Queue:        it", "Requester:    ann@example.net", "It burns.", "[log.txt, text/plain, 3 B]", "created", "notice-new", "Use the stairs."} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	v := asJSON(t, "ticket", "show", "1")
	if field(v, "entries", 0, "reply") == nil || field(v, "events", 0, "kind") != "created" || field(v, "outbox", 0, "envelope_to") == nil {
		t.Errorf("%v", v)
	}
	for args, want := range map[string]int{"show 99": exitNotFound, "show": exitUsage, "show x": exitUsage, "list --queue hr": exitOK, "list --queue nope": exitUsage, "list --assignee bib": exitUsage, "list --assignee bob": exitOK, "list --status opne": exitUsage, "list --status open": exitOK, "list --search burns": exitOK} {
		if r := postern(t, "", append([]string{"ticket"}, strings.Fields(args)...)...); r.code != want {
			t.Errorf("ticket %s: exit %d, want %d: %s", args, r.code, want, r.errs)
		}
	}
}

// Columns stand below each other, also behind wide characters.
func TestTablesAlign(t *testing.T) {
	scene(t)
	lines := strings.Split(postern(t, "", "ticket", "list").out, "\n")
	at := strings.Index(lines[0], "updated")
	if at < 0 || len(lines) < 2 {
		t.Fatal(lines)
	}
	width := 0
	for _, r := range lines[1][:strings.Index(lines[1], "2026-")] {
		width += map[bool]int{true: 2, false: 1}[r > 0x1100]
	}
	if width != at {
		t.Errorf("the column is at %d, the header at %d:\n%s\n%s", width, at, lines[0], lines[1])
	}
	if !utf8.ValidString(lines[1]) {
		t.Error("cut inside a character")
	}
}

// An admin's commands pass the desk: all or nothing, with a receipt, in the ledger under his name.
func TestTicketSet(t *testing.T) {
	scene(t)
	r := postern(t, "", "ticket", "set", "1", "#assign bob", "priority high")
	if r.code != exitOK || strings.Count(r.out, "ticket 1: ") != 2 {
		t.Fatalf("%+v", r)
	}
	v := asJSON(t, "ticket", "show", "1")
	if field(v, "ticket", "assignee") != "bob" || field(v, "ticket", "priority") != "high" {
		t.Errorf("%v", field(v, "ticket"))
	}
	if !strings.Contains(postern(t, "", "ticket", "show", "1").out, "admin admin") {
		t.Error("the ledger does not say who did it")
	}
	bad := postern(t, "", "ticket", "set", "1", "priority low", "#assing eve")
	if bad.code != exitRefused || !strings.Contains(bad.errs, "assign") || !strings.Contains(bad.errs, "nothing was done") {
		t.Errorf("%+v", bad)
	}
	if p := field(asJSON(t, "ticket", "show", "1"), "ticket", "priority"); p != "high" {
		t.Errorf("half of a block was done: priority %v", p)
	}
	if r := postern(t, "", "ticket", "set", "99", "#take"); r.code != exitNotFound {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "ticket", "set", "1", "#assign  Me"); r.code != exitRefused || !strings.Contains(r.errs, "the command line is no agent") {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "ticket", "list", "--assignee", "bib"); !strings.Contains(r.errs, `there is no agent "bib"; did you mean "bob"?`) {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "ticket", "set", "1", "#tag urgent-desk"); r.code != exitOK {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "ticket", "list"); !strings.Contains(r.out, "tags") || !strings.Contains(r.out, "urgent-desk") {
		t.Errorf("no tags in\n%s", r.out)
	}
}

// What waits for a word is released by it, once.
func TestTicketRelease(t *testing.T) {
	scene(t)
	before := field(asJSON(t, "ticket", "show", "1"), "entries", 1)
	if state := field(before, "state"); state != "held" && state != "unverified" {
		t.Fatalf("the spoofed entry is %v", before)
	}
	if r := postern(t, "", "ticket", "release", "1"); r.code != exitOK || !strings.Contains(r.out, "released") {
		t.Fatalf("%+v", r)
	}
	if state := field(asJSON(t, "ticket", "show", "1"), "entries", 1, "state"); state != "visible" {
		t.Errorf("after the release it is %v", state)
	}
	if r := postern(t, "", "ticket", "release", "1"); r.code != exitRefused || !strings.Contains(r.errs, "nothing is held on ticket 1") {
		t.Errorf("released twice: %+v", r)
	}
}

// Arrivals are listed and shown; their octets come out as they came in.
func TestInbox(t *testing.T) {
	scene(t)
	if r := postern(t, "", "inbox", "list"); !strings.Contains(r.out, "2 arrivals") || !strings.Contains(r.out, "entry") {
		t.Errorf("%+v", r)
	}
	if raw := postern(t, "", "inbox", "show", "--raw", "1").out; raw != request {
		t.Errorf("raw: %q", raw)
	}
	v := asJSON(t, "inbox", "show", "1")
	if field(v, "message_id") != "m1@example.net" || field(v, "outcome") != "entry" || field(v, "envelope_from") != "ann@example.net" {
		t.Errorf("%v", v)
	}
	if r := postern(t, "", "inbox", "show", "1"); !strings.Contains(r.out, "Message-ID:   m1@example.net") {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "inbox", "retry", "1"); r.code != exitRefused || !strings.Contains(r.errs, "done") {
		t.Errorf("a done arrival was made new: %+v", r)
	}
	if r := postern(t, "", "inbox", "retry", "77"); r.code != exitNotFound {
		t.Errorf("%+v", r)
	}
}

// Outgoing mail is held, released and shown; what cannot be done is refused.
func TestOutbox(t *testing.T) {
	scene(t)
	v := asJSON(t, "outbox", "list", "--waiting")
	id := fmt.Sprint(field(v, 0, "id"))
	steps := []struct {
		verb, id string
		code     int
		state    string
	}{
		{"hold", id, exitOK, "held"}, {"hold", id, exitRefused, "held"}, {"release", id, exitOK, "queued"},
		{"release", id, exitRefused, "queued"}, {"retry", id, exitOK, "queued"}, {"hold", "999", exitNotFound, ""},
	}
	for _, s := range steps {
		r := postern(t, "", "outbox", s.verb, s.id)
		if r.code != s.code {
			t.Errorf("%s: exit %d, want %d: %s", s.verb, r.code, s.code, r.errs)
		}
		if s.state != "" && field(asJSON(t, "outbox", "show", s.id), "state") != s.state {
			t.Errorf("after %s it is not %s", s.verb, s.state)
		}
	}
	tamper(t, `UPDATE outbox SET state = 'sent' WHERE id = `+id)
	if r := postern(t, "", "outbox", "hold", id); r.code != exitRefused || !strings.Contains(r.errs, "refused: message "+id+" was sent already\n") {
		t.Errorf("%+v", r)
	}
	raw := postern(t, "", "outbox", "show", "--raw", id).out
	if !strings.Contains(raw, "\r\nMessage-ID: <") || !strings.Contains(raw, "Auto-Submitted:") && !strings.Contains(raw, "From:") {
		t.Errorf("raw: %q", raw)
	}
	if page := postern(t, "", "outbox", "show", id).out; !strings.Contains(page, "of ticket 1") || strings.Contains(page, "\r") {
		t.Errorf("%q", page)
	}
}

// The way of a message is told in questions and answers, with the rules asked and the mail
// sent and withheld.
func TestExplain(t *testing.T) {
	scene(t)
	for _, name := range []string{"1", "m1@example.net", "<m1@example.net>"} {
		r := postern(t, "", "explain", name)
		for _, want := range []string{"who says it?", "which ticket?", "rules asked, phase", "yes  ", "said no; --all shows why", "queued ack to ann@example.net", "mail ack to ann@example.net?", "requester=ann@example.net", "default.yaml:", "there are no rules for this phase"} {
			if !strings.Contains(r.out, want) {
				t.Errorf("%s: no %q in\n%s%s", name, want, r.out, r.errs)
			}
		}
	}
	if r := postern(t, "", "explain", "1"); strings.Contains(r.out, "\nno  ") || strings.Contains(r.out, "participant 1") {
		t.Errorf("a rule that said no, or a number for a person, in\n%s", r.out)
	}
	if r := postern(t, "", "explain", "--all", "1"); !strings.Contains(r.out, "\nno   ") || strings.Contains(r.out, "--all shows") {
		t.Errorf("not all rules in\n%s", r.out)
	}
	v := asJSON(t, "explain", "1")
	if field(v, 0, "arrival", "ticket") != 1.0 || field(v, 0, "trace", 0, "ask") == nil || field(v, 0, "decisions", 1, "rules", 0, "name") == nil || field(v, 0, "mails", 0, "state") != "queued" {
		t.Errorf("%v", v)
	}
	for _, name := range []string{"55", "nobody@example.net"} {
		if r := postern(t, "", "explain", name); r.code != exitNotFound {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// The books close, and the verb says so; a row that was tampered with is found.
func TestVerify(t *testing.T) {
	scene(t)
	r := postern(t, "", "verify")
	if r.code != exitOK || !strings.Contains(r.out, "ok   1 ticket adds up\n") {
		t.Errorf("%+v", r)
	}
	if v := asJSON(t, "verify"); field(v, "ok") != true || field(v, "counts", "outcome entry") == nil {
		t.Errorf("%v", v)
	}
	tamper(t, `INSERT INTO events (ticket, seq, kind, body, cause, at) SELECT 1, 99, 'assigned', '{"from":"","to":"bob"}', '{"arrival":2,"agent":"bob"}', at FROM events LIMIT 1`)
	r = postern(t, "", "verify")
	if r.code != exitFound || !strings.Contains(r.out, "FAIL ticket 1, event 99, of arrival 2: an act of an agent who was not proved") ||
		!strings.Contains(r.out, "FAIL who did what was entitled to it") {
		t.Errorf("%+v", r)
	}
	if v := decode(t, postern(t, "", "verify", "--json").out); field(v, "ok") != false || field(v, "unproved", 0, "event") != 99.0 {
		t.Errorf("%v", v)
	}
	tamper(t, `UPDATE tickets SET status = 'closed' WHERE id = 1`)
	r = postern(t, "", "verify")
	if r.code != exitFound || !strings.Contains(r.out, "FAIL ticket 1") || !strings.Contains(r.out, "FAIL of 1 ticket 1 do not add up") || r.errs != "" {
		t.Errorf("%+v", r)
	}
}

// A database that is not there is told as such, with its exit code.
func TestDatabaseAway(t *testing.T) {
	scene(t)
	src, err := os.ReadFile("postern.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "away.yaml", strings.Replace(string(src), "sqlite:postern.db", "postgres://x@127.0.0.1:1/none?sslmode=disable", 1))
	r := postern(t, "", "-c", "away.yaml", "ticket", "list")
	if r.code != exitUnavailable || !strings.Contains(r.errs, "database") {
		t.Errorf("%+v", r)
	}
}

// Rules are checked where the configuration points, or where one says.
func TestRulesVerbs(t *testing.T) {
	scene(t)
	if r := postern(t, "", "rules", "check"); r.code != exitOK || !strings.Contains(r.out, "built-in") {
		t.Errorf("%+v", r)
	}
	write(t, "mine/a.yaml", postern(t, "", "rules", "default").out)
	if r := postern(t, "", "rules", "check", "mine"); r.code != exitOK || !strings.Contains(r.out, "mine") {
		t.Errorf("the printed default rules do not load: %+v", r)
	}
	write(t, "mine/b.yaml", "version: 1\nrules:\n  - name: x\n    on: receive\n    when: subjct == \"\"\n    then: {queue: ti}\n")
	r := postern(t, "", "rules", "check", "mine")
	if r.code != exitFound || !strings.Contains(r.errs, "b.yaml:") || !strings.Contains(r.errs, "^") {
		t.Errorf("%+v", r)
	}
}

// The help pages are there, and the list of verbs names every one.
func TestHelpPages(t *testing.T) {
	if r := postern(t, "", "help", "config"); r.code != exitOK || r.out != exampleConfig {
		t.Errorf("%d", r.code)
	}
	if r := postern(t, "", "help", "exit-codes"); r.code != exitOK || !strings.Contains(r.out, "130  interrupted") {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "help", "confg"); r.code != exitUsage || !strings.Contains(r.errs, `did you mean "config"`) {
		t.Errorf("%+v", r)
	}
	list := postern(t, "").out
	for _, verb := range []string{"serve", "demo", "check", "verify", "migrate", "inspect", "explain", "ticket", "inbox", "outbox", "rules", "password", "help", "version"} {
		if !strings.Contains(list, "\n  "+verb+" ") {
			t.Errorf("no %s in\n%s", verb, list)
		}
	}
	r := postern(t, "", "version")
	if r.code != exitOK || !strings.HasPrefix(r.out, "postern ") {
		t.Errorf("%+v", r)
	}
	if flag := postern(t, "", "--version"); flag != r {
		t.Errorf("--version: %+v, version: %+v", flag, r)
	}
	if r := postern(t, "", "inspekt"); r.code != exitUsage {
		t.Errorf("%+v", r)
	}
}

// help VERB is the same page as VERB --help, and a wrong word is told with the nearest one.
func TestHelpOfVerbs(t *testing.T) {
	for _, verb := range []string{"serve", "ticket", "ticket set", "outbox list"} {
		words := strings.Fields(verb)
		page, want := postern(t, "", append([]string{"help"}, words...)...), postern(t, "", append(words, "--help")...)
		if page != want || !strings.Contains(page.out, "Usage: postern "+verb) {
			t.Errorf("help %s: %+v", verb, page)
		}
	}
	for words, near := range map[string]string{"tiket": `did you mean "ticket"`, "ticket sett": `did you mean "set"`, "config x": `no help about "config"`, "serve x": `no help about "x"`} {
		if r := postern(t, "", append([]string{"help"}, strings.Fields(words)...)...); r.code != exitUsage || !strings.Contains(r.errs, near) {
			t.Errorf("help %s: %+v", words, r)
		}
	}
}

// Every verb explains itself at length.
func TestVerbsExplainThemselves(t *testing.T) {
	for _, verb := range []string{"serve", "demo", "check", "verify", "migrate", "inspect", "explain", "ticket set", "inbox", "outbox", "rules", "password", "keys", "keys rotate", "keys revoke"} {
		r := postern(t, "", append(strings.Fields(verb), "--help")...)
		if r.code != exitOK || strings.Count(r.out, "\n") < 8 || !strings.Contains(r.out, "Usage: postern "+verb) {
			t.Errorf("%s: %+v", verb, r)
		}
	}
}
