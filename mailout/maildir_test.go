package mailout

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/tickets"
)

// A message lands whole in new/ of its recipient's Maildir; a second attempt
// leaves it one message.
func TestMaildir(t *testing.T) {
	m := &Maildir{Dir: t.TempDir()}
	o := letterTo(t, "Ann@Example.net")
	for range 2 {
		if a := m.Deliver(t.Context(), o, noParts); a.Kind != tickets.VerdictSent {
			t.Fatalf("%+v", a)
		}
	}
	found, err := filepath.Glob(filepath.Join(m.Dir, "ann@example.net", "*", "*"))
	if err != nil || len(found) != 1 || !strings.Contains(found[0], "/new/") {
		t.Fatalf("%v, %v", found, err)
	}
	raw, err := os.ReadFile(found[0])
	if err != nil || string(raw) != string(octets(t, o.Content)) {
		t.Errorf("differs from what was composed, %v", err)
	}
}

// No recipient leads out of the folder.
func TestMaildirStaysInside(t *testing.T) {
	dir := t.TempDir()
	m := &Maildir{Dir: filepath.Join(dir, "out")}
	for _, to := range []string{"../../x@example.net", "..@example.net", ".x@example.net", `"a/b"@example.net`, "x@[..]", "jürgen@example.net"} {
		a := m.Deliver(t.Context(), letterTo(t, to), noParts)
		if a.Kind != tickets.VerdictSent && a.Kind != tickets.VerdictNever {
			t.Errorf("%s: %+v", to, a)
		}
	}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(p, m.Dir+"/") {
			err = errors.New(p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A folder that cannot be written delays the mail, and check says so; what was
// begun is cleaned up.
func TestMaildirFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := &Maildir{Dir: file}
	if a := m.Deliver(t.Context(), letterTo(t, "ann@example.net"), noParts); a.Kind != tickets.VerdictLater {
		t.Errorf("%+v", a)
	}
	if _, err := m.Check(t.Context()); err == nil {
		t.Error("check found nothing wrong")
	}
	m.Dir = t.TempDir()
	if _, err := m.Check(t.Context()); err != nil {
		t.Error(err)
	}
	o := letterTo(t, "ann@example.net")
	o.Content = withPart(10)
	if a := m.Deliver(t.Context(), o, func(int64, tickets.Part) (io.ReadCloser, error) { return nil, io.EOF }); a.Kind != tickets.VerdictLater {
		t.Errorf("%+v", a)
	}
	if left, _ := filepath.Glob(filepath.Join(m.Dir, "*", "*", "*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
