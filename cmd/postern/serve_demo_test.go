package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The demo plays every chapter and ends with 0 in time.
func TestDemo(t *testing.T) {
	begun := time.Now()
	pages := t.TempDir()
	r := postern(t, "", "demo", "--exit", "--html", pages)
	took := time.Since(begun)
	if r.code != exitOK || r.errs != "" || took > 20*time.Second {
		t.Fatalf("code %d after %s: %s\n%s", r.code, took, r.errs, r.out)
	}
	rest := r.out
	for _, words := range []string{
		"A request arrives, is routed and acknowledged.", "[HW #1]", "Another one, for everybody of the other queue.", "[IT #2]",
		"Bob answers from his own mail client", "Unplug it", "nobody → Bob Brown", "Ann replies.", "only the toner",
		"Bob mistypes a command", "Nothing of your mail was carried out or sent.", "did you mean #resolve?", "Bob resolves the ticket with one word.", "→ resolved", "a late reply reopens the ticket", "smells again",
		"Bob asks what is on his desk.", "On #list mine", "[HW #1] The printer smells of smoke",
		"The next working day, at eight", "your day, 2 tickets", "== Waiting for you ==", "[HW #1]", "== Not taken yet ==", "[IT #2] New laptop",
		"Bob answers the list with a command", "[IT #2] New laptop: assignee: nobody → Bob Brown", "Every step happened",
	} {
		_, behind, found := strings.Cut(rest, words)
		if !found {
			t.Fatalf("%q does not come, or not in its place:\n%s", words, r.out)
		}
		rest = behind
	}
	if files, err := filepath.Glob(filepath.Join(pages, "*.html")); err != nil || len(files) != strings.Count(r.out, " receives, from ") {
		t.Errorf("%d pages, %v", len(files), err)
	}
	first, err := os.ReadFile(filepath.Join(pages, "01-ann.html"))
	if err != nil || !strings.Contains(string(first), "We have received your mail") {
		t.Errorf("the first page: %s, %v", first, err)
	}
	t.Logf("the demo took %s", took.Round(time.Millisecond))
}

// The next morning is a weekday's, whenever the demo is begun.
func TestNextMorning(t *testing.T) {
	for at, want := range map[string]string{
		"2026-03-02T07:59:00Z":      "2026-03-03T08:00:00Z", // a Monday
		"2026-03-02T08:00:00Z":      "2026-03-03T08:00:00Z",
		"2026-03-06T23:00:00Z":      "2026-03-09T08:00:00Z", // a Friday
		"2026-03-07T12:00:00Z":      "2026-03-09T08:00:00Z",
		"2026-03-08T12:00:00Z":      "2026-03-09T08:00:00Z",
		"2026-03-02T23:30:00-05:00": "2026-03-04T08:00:00Z",
	} {
		from, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		clock := demoClock{real: func() time.Time { return from }}
		clock.forward(nextMorning(from))
		clock.forward(from) // never back
		if got := clock.now().UTC().Format(time.RFC3339); got != want {
			t.Errorf("after %s: %s, want %s", at, got, want)
		}
	}
}

// A step that does not happen is the end of the demo, and not a success.
func TestDemoFails(t *testing.T) {
	mail, err := newDemoMail([]string{demoHelp, demoAnn, demoMax, demoBob}) // and no mailbox for Bea
	if err != nil {
		t.Fatal(err)
	}
	defer mail.close()
	var out bytes.Buffer
	w := &world{out: &out, errs: io.Discard, now: time.Now, env: func(string) string { return "" }}
	mail.patience = 5 * time.Second
	err = playDemo(context.Background(), w, mail, demoCmd{Exit: true})
	if err == nil || !strings.Contains(err.Error(), demoBea) || exitCode(err) == exitOK || strings.Contains(out.String(), "Every step happened") {
		t.Errorf("%v\n%s", err, &out)
	}
}
