package maillab_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/cmd/maillab"
)

// A listener hears what Need tells a test.
type listener struct {
	testing.TB
	skipped, failed string
}

func (l *listener) Helper()      {}
func (l *listener) Name() string { return "TestOfSomething" }

// Like the real ones, Skip and Fatal do not return.
func (l *listener) Skip(args ...any)  { l.skipped = fmt.Sprint(args...); panic("skipped") }
func (l *listener) Fatal(args ...any) { l.failed = fmt.Sprint(args...); panic("failed") }

func TestNeed(t *testing.T) {
	for _, c := range []struct {
		ci, require string
		fails       bool
	}{{"", "", false}, {"true", "", true}, {"", "1", true}, {"false", "0", false}} {
		t.Setenv("CI", c.ci)
		t.Setenv("POSTERN_REQUIRE_SERVERS", c.require)
		l := &listener{}
		func() {
			defer func() { _ = recover() }()
			maillab.Need(l, "Oracle")
		}()
		said, quiet := l.skipped, l.failed
		if c.fails {
			said, quiet = quiet, said
		}
		if quiet != "" || !strings.Contains(said, "TestOfSomething") || !strings.Contains(said, "Oracle") {
			t.Errorf("CI=%q, required %q: skipped with %q, failed with %q", c.ci, c.require, l.skipped, l.failed)
		}
	}
}
