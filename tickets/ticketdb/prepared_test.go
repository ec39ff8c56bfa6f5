package ticketdb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

type (
	getter = func(dest any, query string, args ...any) error
	execer = func(query string, args ...any) (int64, error)
)

// alone is a database with one connection for writing, so that a test knows which one works.
func alone(t *testing.T, test func(l *lab, run func(func(getter, execer) error) error, kept func() int)) {
	for name, url := range map[string]string{"sqlite": sqliteURL(t), "postgres": postgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			db, err := ticketdb.Open(t.Context(), ticketdb.Config{URL: url, Writers: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			l := &lab{T: t, DB: db, url: url, ctx: t.Context()}
			test(l, func(f func(getter, execer) error) error { return ticketdb.Run(l.ctx, db, f) }, func() int {
				n, err := ticketdb.Kept(l.ctx, db)
				l.ok(err)
				return n
			})
		})
	}
}

// A statement is prepared once on a connection, whatever its arguments are. One without
// arguments is not kept, nor is one that failed; and their number is bounded.
func TestPreparedOnce(t *testing.T) {
	alone(t, func(l *lab, run func(func(getter, execer) error) error, kept func() int) {
		before := kept()
		add := func(query string, args ...any) (n int) {
			l.Helper()
			l.ok(run(func(get getter, _ execer) error { return get(&n, query, args...) }))
			return n
		}
		for i := range 5 {
			if n := add(`SELECT CAST($1 AS INTEGER) + 1`, i); n != i+1 {
				l.Errorf("%d + 1 = %d", i, n)
			}
		}
		add(`SELECT 7`)
		if n := kept(); n != before+1 {
			l.Errorf("%d statements kept, expected %d", n, before+1)
		}
		err := run(func(get getter, _ execer) error {
			var n int
			return get(&n, `SELECT n FROM no_such_table WHERE n = $1`, 1)
		})
		if err == nil || kept() != before+1 {
			l.Errorf("a statement that fails is kept: %v", err)
		}
		for i := range 500 {
			add(fmt.Sprintf(`SELECT CAST($1 AS INTEGER) + %d`, i), 1)
		}
		if n := kept(); n != 400 {
			l.Errorf("%d statements kept", n)
		}
	})
}

// A statement that was prepared before its table changed reads the table as it is now.
func TestPreparedBeforeChange(t *testing.T) {
	alone(t, func(l *lab, run func(func(getter, execer) error) error, kept func() int) {
		do := func(query string, args ...any) {
			l.Helper()
			l.ok(run(func(_ getter, exec execer) error {
				_, err := exec(query, args...)
				return err
			}))
		}
		type row struct{ A, B string }
		read := func() (r row) {
			l.Helper()
			l.ok(run(func(get getter, _ execer) error { return get(&r, `SELECT * FROM changing WHERE a = $1`, "x") }))
			return r
		}
		do(`CREATE TABLE changing (a TEXT)`)
		do(`INSERT INTO changing (a) VALUES ($1)`, "x")
		if got := read(); got != (row{"x", ""}) {
			l.Errorf("read %+v", got)
		}
		do(`ALTER TABLE changing ADD COLUMN b TEXT NOT NULL DEFAULT 'new'`)
		if got := read(); got != (row{"x", "new"}) {
			l.Errorf("read %+v after the change", got)
		}
	})
}

// What is asked for each message is found by an index, however much mail there is. The
// indexes are partial, and SQLite takes one only for a statement that repeats its condition.
func TestSearchesUseIndexes(t *testing.T) {
	l := open(t, sqliteURL(t))
	l.tx(func(tx tickets.Tx) error {
		for _, ask := range []func() error{
			func() error { _, err := tx.ByContent("k"); return err },
			func() error { _, err := tx.ByMessageID("a@b"); return err },
			func() error { _, err := tx.OutgoingByMessageID("a@b"); return err },
			func() error { _, err := tx.EntriesByMessageID("a@b"); return err },
		} {
			if err := ask(); err != nil && !errors.Is(err, tickets.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	plans, err := ticketdb.Plans(l.ctx, l.DB, "message_id_hash = $1", "content_key = $1")
	l.ok(err)
	for query, plan := range plans {
		if !strings.Contains(plan, "_message_id (message_id_hash=?") && !strings.Contains(plan, "arrivals_content (content_key=?") {
			l.Errorf("%s\n%s", query, plan)
		}
	}
	if len(plans) != 4 {
		l.Errorf("%d statements looked at, expected 4", len(plans))
	}
}
