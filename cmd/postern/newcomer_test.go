package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// A verb that reads makes nothing where no helpdesk is, and says how to have one.
func TestNoHelpdeskYet(t *testing.T) {
	for _, verb := range []string{"ticket list", "ticket set 1 #take", "inbox list", "outbox list", "explain 1", "verify"} {
		t.Chdir(t.TempDir())
		r := postern(t, "", strings.Fields(verb)...)
		if r.code != exitNotFound || r.errs != "postern: no helpdesk here yet; postern serve makes one\n" {
			t.Errorf("%s: %+v", verb, r)
		}
		if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v behind, %v", verb, left, err)
		}
	}
	write(t, filepath.Join(dataFolder, "postern.db"), "") // as a start that broke off at once leaves it
	if r := postern(t, "", "ticket", "list"); r.code != exitNotFound || !strings.Contains(r.errs, errNoHelpdesk.Error()) {
		t.Errorf("an empty file: %+v", r)
	}
}

// Who has the database is said once, and in plain words.
func TestDatabaseInUse(t *testing.T) {
	scene(t)
	cfg := Config{Database: "sqlite:postern.db"}
	first, err := openDatabase(context.Background(), cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := openDatabase(context.Background(), cfg, false)
	if err == nil {
		second.Close()
		t.Fatal("two gateways have one file")
	}
	if s := err.Error(); !strings.HasPrefix(s, "database: postern.db is in use by process ") || strings.Count(s, "database") != 1 {
		t.Error(s)
	}
	if r := postern(t, "", "serve"); r.code != exitFound || !strings.HasPrefix(r.errs[strings.LastIndex(r.errs, "postern: "):], "postern: database: postern.db is in use by process ") {
		t.Errorf("a second gateway: %+v", r)
	}
}

// Whatever the octets are, inspect reads them, and nothing of them acts on a terminal.
func TestInspectOfAnything(t *testing.T) {
	var all strings.Builder
	for i := range 256 {
		all.WriteByte(byte(i))
	}
	all.WriteString("\u0085\u009b31m\u202e")
	for _, src := range []string{"", all.String(), "Content-Type: a/\x1b[1mb\r\nSubject: \x1b[2J\x9b\r\n\r\n" + all.String()} {
		r := postern(t, src, "inspect", "--explain", "-")
		if r.code != exitOK || !strings.Contains(r.out, "Kind:") || !strings.Contains(r.out, "Defects:") {
			t.Errorf("%q: %+v", src, r)
		}
		for _, c := range r.out {
			if c != '\n' && c != '\t' && unicode.IsControl(c) {
				t.Errorf("%q in %q", c, r.out)
			}
		}
	}
	if r := postern(t, "", "inspect", "-"); !strings.Contains(r.out, "this may be no message") {
		t.Errorf("%+v", r)
	}
	if strings.Contains(exitCodes, "a file that is not a message") {
		t.Error("an exit code is promised that inspect never gives")
	}
}

// A message that may not go yet says until when, and no earlier try is named beside it.
func TestOutboxWaits(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	o := outgoingRow{ID: 1, State: string(tickets.OutQueued), NotBefore: "2026-11-02T10:05:00Z", NextTry: "2026-11-02T10:00:00Z"}
	for _, c := range []struct {
		now      time.Time
		next     string
		has, not string
	}{
		{now, o.NextTry, "queued, waits until 2026-11-02 10:05:00Z", "Next try"},
		{now.Add(time.Hour), o.NextTry, "State:        queued\n", "Next try"},
		{now, "2026-11-02T10:09:00Z", "Next try:     2026-11-02T10:09:00Z", "Tries"},
	} {
		o.NextTry = c.next
		var page, list strings.Builder
		o.print(&page, c.now)
		printOutbox(&list, []outgoingRow{o}, c.now)
		if s := page.String(); !strings.Contains(s, c.has) || strings.Contains(s, c.not) {
			t.Errorf("at %s:\n%s", c.now, s)
		}
		if got := strings.Contains(list.String(), "waits until"); got != c.now.Equal(now) {
			t.Errorf("at %s:\n%s", c.now, &list)
		}
	}
}

// A person the database does not know keeps his number; those behind him have names.
func TestExplainNamesPeople(t *testing.T) {
	scene(t)
	w := &world{errs: io.Discard, env: func(string) string { return "" }, now: time.Now}
	ctx := context.Background()
	if err := w.withDatabase(ctx, func(db *ticketdb.DB) error {
		to := teller{who: newAddressBook(ctx, db)}
		if got := to.named("mail to participant 99? participant 1, participant x"); got != "mail to participant 99? ann@example.net, participant x" {
			t.Errorf("%q", got)
		}
		if got := to.fields("participant=99 requester=1 entry=1"); got != "participant=99 requester=ann@example.net entry=1" {
			t.Errorf("%q", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
