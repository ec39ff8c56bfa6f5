package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// Each trouble has its exit code, however deep it is wrapped.
func TestExitCodes(t *testing.T) {
	_, missing := os.Open("/nonexistent")
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0}, {errFound, 1}, {errors.New("x"), 1}, {strictyaml.Problems{{Text: "x"}}, 1}, {errUsage, 2},
		{tickets.ErrNotFound, 3}, {missing, 3}, {errUnavailable, 4}, {&net.OpError{Op: "dial", Err: errors.New("refused")}, 4},
		{errRefused, 5}, {context.Canceled, 130},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
		if c.err != nil && exitCode(fmt.Errorf("doing: %w", c.err)) != c.want {
			t.Errorf("%v wrapped: want %d", c.err, c.want)
		}
	}
	for code := range map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true, 130: true} {
		if !strings.Contains(exitCodes, fmt.Sprintf("\n  %-3d  ", code)) {
			t.Errorf("exit code %d is not explained", code)
		}
	}
}

// An error is told once, on one line of its own; what was printed already is not repeated.
func TestFailed(t *testing.T) {
	for want, err := range map[string]error{
		"": errFound, "postern: a\uFFFD[2Jb\n": errors.New("a\x1b[2Jb"),
		"f.yaml:1:2: wrong\nhint: right\n": strictyaml.Problems{{File: "f.yaml", Line: 1, Col: 2, Text: "wrong", Hint: "right"}},
	} {
		var out bytes.Buffer
		if (&world{errs: &out}).failed(err); out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
	}
}

// What strangers wrote cannot move the cursor, and stays readable.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "a\r\nb\tc": "a\nb\tc", "\x1b]0;x\x07": "\uFFFD]0;x\uFFFD", "x\u202Ey\u2066": "x\uFFFDy\uFFFD",
		"\u0085": "\uFFFD", "Köln 印刷 🔥": "Köln 印刷 🔥", "\u200F": "\uFFFD",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := oneLine(" a\n\n b \x00"); got != "a b \uFFFD" {
		t.Errorf("%q", got)
	}
}

func TestSmallWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 20_000_000: "20.0 MB", 5_500_000_000: "5.5 GB", 7e15: "7000.0 TB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if stamp(time.Time{}) != "" || rfc3339(time.Time{}) != "" {
		t.Error("no moment is shown as one")
	}
	at := time.Date(2026, 11, 2, 10, 0, 0, 5, time.FixedZone("", 3600))
	if stamp(at) != "2026-11-02 09:00:00Z" || rfc3339(at) != "2026-11-02T09:00:00Z" {
		t.Errorf("%s %s", stamp(at), rfc3339(at))
	}
	if plural(1, "rule") != "1 rule" || plural(2, "rule") != "2 rules" || plural2(2, "mailbox", "mailboxes") != "2 mailboxes" {
		t.Error("plural")
	}
}
