package ticketdb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postern/tickets/ticketdb"
)

// openElsewhere is the other process of TestSecondProcess: it opens the database, says
// so, and keeps it until its standard input ends.
func openElsewhere(path string) int {
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: "sqlite:" + path})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if os.Getenv("POSTERN_TEST_FULL") != "" {
		fmt.Println(fill(db))
	} else {
		fmt.Println("open")
	}
	io.Copy(io.Discard, os.Stdin)
	db.Close()
	return 0
}

// elsewhere opens a database in another process. It returns what that says, and how to end it.
func elsewhere(t *testing.T, path string, env ...string) (said string, cmd *exec.Cmd) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "POSTERN_TEST_OPEN="+path), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	said, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(said), cmd
}

// Two processes do not serve one SQLite file; the second says which one has it. A
// killed one leaves no lock: FLT-30.
func TestSecondProcess(t *testing.T) {
	l := open(t, sqliteURL(t))
	path := strings.TrimPrefix(l.url, "sqlite:")
	if said, _ := elsewhere(t, path); !strings.Contains(said, fmt.Sprintf("process %d is using it", os.Getpid())) {
		t.Errorf("the second process said %q", said)
	}
	l.accepted(arrival(1))
	l.ok(l.Close())
	said, cmd := elsewhere(t, path)
	if said != "open" {
		t.Fatalf("after the first had closed: %q", said)
	}
	refused(t, l.url, fmt.Sprintf("process %d is using it", cmd.Process.Pid))
	l.ok(cmd.Process.Kill())
	_ = cmd.Wait()
	again := open(t, l.url)
	again.accepted(arrival(2))
}

// A visitor works beside the gateway: he reads, and his changes are seen.
func TestVisit(t *testing.T) {
	for _, at := range []string{sqliteURL(t), postgresURL(t)} {
		l := open(t, at)
		id := l.queued(outgoing(1, 1, "ack"))[0]
		visitor, err := ticketdb.Open(t.Context(), ticketdb.Config{URL: at, Visit: true})
		l.ok(err)
		l.ok(visitor.HoldOutbox(l.ctx, id))
		l.ok(visitor.Close())
		if got := l.roles(noon); got != "" {
			t.Errorf("claimed %q in spite of the visitor", got)
		}
		l.accepted(arrival(1))
	}
}

// The file is removed, or another one is put in its place, while it is open: nothing
// more is accepted, and told lost: FLT-29.
func TestFileReplaced(t *testing.T) {
	l := open(t, sqliteURL(t))
	path := strings.TrimPrefix(l.url, "sqlite:")
	l.accepted(arrival(1))
	l.ok(os.Rename(path, path+".away"))
	accept := func() error { _, _, err := l.Accept(l.ctx, arrival(2), octets("x")); return err }
	if err := accept(); err == nil || !strings.Contains(err.Error(), "removed or replaced") {
		t.Errorf("removed: %v", err)
	}
	l.ok(os.WriteFile(path, nil, 0o600))
	if err := accept(); err == nil || !strings.Contains(err.Error(), "removed or replaced") {
		t.Errorf("replaced: %v", err)
	}
	l.ok(os.Rename(path+".away", path))
	l.ok(accept())
}

// A path with characters that mean something in a URI is a path.
func TestOddPath(t *testing.T) {
	for _, name := range []string{"a b.db", "a?mode=memory", "a#b", "a%41", "ü.db"} {
		dir := t.TempDir()
		l := open(t, "sqlite:"+dir+"/below/"+name)
		l.accepted(arrival(1))
		if _, err := os.Stat(dir + "/below/" + name); errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the file has another name", name)
		}
	}
}

// The connections for reading cannot write, whatever a query says.
func TestReadersCannotWrite(t *testing.T) {
	both(t, func(l *lab) {
		for _, q := range []string{`DELETE FROM arrivals`, `INSERT INTO leases (name, owner, fence, lease_until) VALUES ('a', 'b', 1, '2026-03-02 12:00:00.000000+00:00')`} {
			if err := ticketdb.WriteAsReader(l.ctx, l.DB, q); err == nil {
				l.Errorf("a reader did %s", q)
			}
		}
	})
}

// A relative path is one from where postern was started, and the file is its owner's.
func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"a.db", "./b.db", "below/c.db", "x:y.db"} {
		l := open(t, "sqlite:"+path)
		l.accepted(arrival(1))
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		l.ok(l.Close())
	}
}
