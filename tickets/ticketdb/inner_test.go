package ticketdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/lib/pq"

	"postern/migrations"
	"postern/tickets"
)

// WriteAsReader runs a statement on a connection for reading.
func WriteAsReader(ctx context.Context, db *DB, query string) error {
	_, err := db.read.ExecContext(ctx, query)
	return err
}

// What is known after COMMIT failed: only what the database itself says is certain.
func TestCommitted(t *testing.T) {
	for _, c := range []struct {
		err     error
		unknown bool
	}{
		{&pq.Error{Code: "40001"}, false}, {&pq.Error{Code: "40P01"}, false}, {&pq.Error{Code: "23505"}, false},
		{&pq.Error{Code: "25P02"}, false}, {&pq.Error{Code: "53100"}, false},
		{&pq.Error{Code: "40003"}, true}, {&pq.Error{Code: "57P01"}, true}, {&pq.Error{Code: "08006"}, true},
		{&pq.Error{Code: "58030"}, true}, {&pq.Error{Code: "XX000"}, true},
		{pq.ErrInFailedTransaction, false}, {sql.ErrTxDone, false},
		{errors.New("read: connection reset"), true}, {context.DeadlineExceeded, true}, {sql.ErrConnDone, true},
	} {
		err := committed(c.err)
		if got := errors.Is(err, tickets.ErrUnknown); got != c.unknown || !errors.Is(err, c.err) {
			t.Errorf("%v: %v", c.err, err)
		}
	}
	if committed(nil) != nil {
		t.Error("a commit that was answered is an error")
	}
}

// Without sslmode a server elsewhere is verified, and one of this machine is spoken to
// in clear; what the URL says stands.
func TestSSLMode(t *testing.T) {
	for at, want := range map[string]string{
		"postgres://db.example.org/x":                    "verify-full",
		"postgres://u:p@192.0.2.7:5433/x":                "verify-full",
		"postgres://localhost.example.org/x":             "verify-full",
		"postgres:///x?host=db.example.org":              "verify-full",
		"postgres://127.0.0.1,db.example.org/x":          "verify-full",
		"postgres://localhost/x?hostaddr=192.0.2.7":      "verify-full",
		"postgres://db.example.org/x?sslmode=disable":    "disable",
		"postgres://127.0.0.1/x?sslmode=require":         "require",
		"postgres://localhost/x":                         "disable",
		"postgres://127.0.0.1/x":                         "disable",
		"postgres://[::1]:5432/x":                        "disable",
		"postgres:///x?host=/var/run/postgresql":         "disable",
		"postgres:///x":                                  "disable",
		"postgres://127.0.0.1/x?application_name=prefer": "disable",
	} {
		cfg, err := postgresConfig(at)
		if err != nil || string(cfg.SSLMode) != want || cfg.ConnectTimeout != dialing {
			t.Errorf("%s: %q, expected %q, %v", at, cfg.SSLMode, want, err)
		}
	}
}

// The words of the dialects are filled in, and nothing else.
func TestDialect(t *testing.T) {
	const q = `SELECT {now}, {later $3} FROM x WHERE a = '{}' {skip} {lock}`
	for _, c := range []struct {
		d    *dialect
		want string
	}{
		{sqliteDialect(), `SELECT strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now'), strftime('%Y-%m-%d %H:%M:%f000+00:00', 'now', '+' || $3 || ' seconds') FROM x WHERE a = '{}'  `},
		{postgresDialect(), `SELECT clock_timestamp(), clock_timestamp() + CAST($3 AS DOUBLE PRECISION) * INTERVAL '1 second' FROM x WHERE a = '{}' FOR UPDATE SKIP LOCKED FOR UPDATE`},
	} {
		for range 2 { // written once, remembered
			if got := c.d.sql(q); got != c.want {
				t.Errorf("%s:\ngot  %s\nwant %s", c.d.name, got, c.want)
			}
		}
	}
}

// A long text is unique under its short form; a short one is itself.
func TestShort(t *testing.T) {
	long := fmt.Sprintf("%0600d", 1)
	if short("a") != "a" || short("") != "" || short("a\x00b") != "ab" {
		t.Error("a short text changed otherwise than it must")
	}
	if s := short(long); len(s) > longest || s == short(long+"1") || s != short(long) {
		t.Errorf("a long text became %q", s)
	}
	if hashed("") != "" || len(hashed("x")) != 64 {
		t.Error("hash of nothing, or of something")
	}
}

// What is worth another run: lost races, and nothing whose end is unknown.
func TestRerun(t *testing.T) {
	d := postgresDialect()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&pq.Error{Code: "40001"}, true}, {fmt.Errorf("x: %w", &pq.Error{Code: "40P01"}), true}, {tickets.ErrConflict, true},
		{&pq.Error{Code: "0A000"}, true}, {&pq.Error{Code: "26000"}, true}, {&pq.Error{Code: "42P05"}, true},
		{&pq.Error{Code: "55P03"}, false}, {&pq.Error{Code: "57014"}, false}, {&pq.Error{Code: "23505"}, false},
		{fmt.Errorf("%w: %w", tickets.ErrUnknown, &pq.Error{Code: "40001"}), false}, {tickets.ErrTaken, false}, {errors.New("x"), false},
	} {
		if got := d.rerun(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// What passes by itself is not refused, and what does not is.
func TestAwayErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&pq.Error{Code: "57P03"}, true}, {&pq.Error{Code: "53300"}, true}, {&pq.Error{Code: "08006"}, true},
		{&pq.Error{Code: "25006"}, true}, {&pq.Error{Code: "55P03"}, true},
		{&net.OpError{Err: errors.New("refused")}, true}, {driver.ErrBadConn, true}, {context.DeadlineExceeded, true},
		{&pq.Error{Code: "28P01"}, false}, {&pq.Error{Code: "3D000"}, false}, {&pq.Error{Code: "42501"}, false},
		{migrations.ErrNewer, false}, {errors.New("x"), false},
	} {
		if got := away(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

// Kept tells how many statements the one connection for writing keeps prepared.
func Kept(ctx context.Context, db *DB) (n int, err error) {
	err = kept(ctx, db, func(c *preparedConn) { n = len(c.known) })
	return n, err
}

func kept(ctx context.Context, db *DB, f func(*preparedConn)) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error {
		f(c.(*preparedConn))
		return nil
	})
}

// Run runs f in one transaction, with the means of this package's own.
func Run(ctx context.Context, db *DB, f func(get func(dest any, query string, args ...any) error, exec func(query string, args ...any) (int64, error)) error) error {
	return db.run(ctx, func(t *tx) error { return f(t.get, t.exec) })
}

// Plans explains, on SQLite, the statements that the connection for writing keeps and that
// contain one of the terms.
func Plans(ctx context.Context, db *DB, terms ...string) (map[string]string, error) {
	plans := map[string]string{}
	if err := kept(ctx, db, func(c *preparedConn) {
		for query := range c.known {
			if slices.ContainsFunc(terms, func(term string) bool { return strings.Contains(query, term) }) {
				plans[query] = ""
			}
		}
	}); err != nil {
		return nil, err
	}
	return plans, db.run(ctx, func(t *tx) error {
		for query := range plans {
			var steps []struct {
				ID, Parent, Notused int
				Detail              string
			}
			args := make([]any, strings.Count(query, "$"))
			if err := t.list(&steps, "EXPLAIN QUERY PLAN "+query, args...); err != nil {
				return fmt.Errorf("%s: %w", query, err)
			}
			plans[query] = fmt.Sprint(steps)
		}
		return nil
	})
}
