//go:build linux

package ticketdb_test

import (
	"context"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"postern/tickets/ticketdb"
)

// fill lets the database's files grow no further, stores until that fails, lets them
// grow again, and says what became of it.
func fill(db *ticketdb.DB) string {
	ctx := context.Background()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err.Error()
	}
	signal.Ignore(syscall.SIGXFSZ)
	small := limit
	small.Cur = 3 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err.Error()
	}
	n, err := 0, error(nil)
	for ; err == nil && n < 100; n++ {
		_, _, err = db.Accept(ctx, arrival(n), pattern(400_000))
	}
	if err == nil {
		return "the limit had no effect"
	}
	failed := n - 1
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err.Error()
	}
	for ; n < failed+20; n++ { // the one that failed comes again, and more
		if _, _, err := db.Accept(ctx, arrival(n-1), pattern(400_000)); err != nil {
			return fmt.Sprintf("with space again: %v", err)
		}
	}
	sum, err := db.Totals(ctx)
	return fmt.Sprintf("failed=%v arrivals=%d expected=%d faults=%d %v", failed > 0, sum.Arrivals, n-1, len(sum.Faults), err)
}

// The files cannot grow: what is not stored is told so, nothing is torn, and it goes on
// when there is space again, in the same process: FLT-25, FLT-26.
func TestFileFull(t *testing.T) {
	l := open(t, sqliteURL(t))
	l.ok(l.Close())
	said, cmd := elsewhere(t, strings.TrimPrefix(l.url, "sqlite:"), "POSTERN_TEST_FULL=1")
	var failed bool
	var arrivals, expected, faults int
	var rest string
	if _, err := fmt.Sscanf(said, "failed=%t arrivals=%d expected=%d faults=%d %s", &failed, &arrivals, &expected, &faults, &rest); err != nil ||
		!failed || arrivals != expected || faults != 0 || rest != "<nil>" {
		t.Errorf("it said %q", said)
	}
	l.ok(cmd.Process.Kill())
	_ = cmd.Wait()
	l = open(t, l.url)
	l.addsUp()
	var sound string
	l.ok(l.side().QueryRow(`PRAGMA integrity_check`).Scan(&sound))
	if sound != "ok" {
		t.Errorf("integrity: %s", sound)
	}
}
