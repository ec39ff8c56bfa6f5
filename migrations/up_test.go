package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"postern/cmd/maillab"
	"postern/migrations"
)

func TestMain(m *testing.M) { os.Exit(maillab.Main(m)) }

// dialects are the databases under test, each as a way to open it once more.
func dialects(t *testing.T, test func(t *testing.T, dialect string, open func() *sql.DB)) {
	opener := func(t *testing.T, driver, dsn string) func() *sql.DB {
		return func() *sql.DB {
			db, err := sql.Open(driver, dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return db
		}
	}
	t.Run(migrations.SQLite, func(t *testing.T) {
		dsn := "file:" + filepath.Join(t.TempDir(), "x.db") + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_txlock=immediate"
		test(t, migrations.SQLite, opener(t, "sqlite", dsn))
	})
	t.Run(migrations.Postgres, func(t *testing.T) {
		test(t, migrations.Postgres, opener(t, "postgres", maillab.SharedPostgres(t).NewDatabase(t)))
	})
}

// Four gateways start at the same time on an empty database: each step runs once and
// none sees an error, nor waits long.
func TestFourStarters(t *testing.T) {
	dialects(t, func(t *testing.T, dialect string, open func() *sql.DB) {
		var wg sync.WaitGroup
		begun := time.Now()
		for range 4 {
			db := open()
			wg.Go(func() {
				if err := migrations.Up(t.Context(), db, dialect); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		db := open()
		current, target, err := migrations.Version(t.Context(), db, dialect)
		if err != nil || current != target || target == 0 {
			t.Errorf("schema %d of %d, %v", current, target, err)
		}
		var applied, events int
		if err := db.QueryRow(`SELECT count(*) FROM goose_db_version WHERE version_id > 0`).Scan(&applied); err != nil || applied != steps(t) {
			t.Errorf("%d steps applied of %d, %v", applied, steps(t), err)
		}
		if err := db.QueryRow(`SELECT count(*) FROM events`).Scan(&events); err != nil {
			t.Error(err)
		}
		if err := migrations.Up(t.Context(), db, dialect); err != nil {
			t.Errorf("once more: %v", err)
		}
		if err := migrations.Check(t.Context(), db, dialect); err != nil {
			t.Error(err)
		}
	})
}

// steps is how many steps there are; their numbers may have gaps.
func steps(t *testing.T) int {
	files, err := filepath.Glob("sql/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d steps, %v", len(files), err)
	}
	return len(files)
}

// An empty database is older than this binary; one with an unknown step is newer, and
// is refused: INV-H9.
func TestOlderAndNewer(t *testing.T) {
	dialects(t, func(t *testing.T, dialect string, open func() *sql.DB) {
		db := open()
		if err := migrations.Check(t.Context(), db, dialect); !errors.Is(err, migrations.ErrOlder) {
			t.Errorf("empty: %v", err)
		}
		if err := migrations.Up(t.Context(), db, dialect); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)`); err != nil {
			t.Fatal(err)
		}
		for name, f := range map[string]func(context.Context, *sql.DB, string) error{"Up": migrations.Up, "Check": migrations.Check} {
			if err := f(t.Context(), db, dialect); !errors.Is(err, migrations.ErrNewer) {
				t.Errorf("%s of a newer schema: %v", name, err)
			}
		}
	})
}

// A step that fails leaves nothing behind and says which one it was: FLT-66.
func TestStepFails(t *testing.T) {
	dialects(t, func(t *testing.T, dialect string, open func() *sql.DB) {
		db := open()
		if _, err := db.Exec(`CREATE TABLE leases (x TEXT)`); err != nil { // in the way of a late statement
			t.Fatal(err)
		}
		if err := migrations.Up(t.Context(), db, dialect); err == nil {
			t.Fatal("it passed over a table of another")
		}
		if _, err := db.Exec(`SELECT 1 FROM arrivals`); err == nil {
			t.Error("the first statements of the step stayed")
		}
		if _, err := db.Exec(`DROP TABLE leases`); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Up(t.Context(), db, dialect); err != nil {
			t.Errorf("with the way free: %v", err)
		}
	})
}

// A server that is not there is said at once.
func TestAway(t *testing.T) {
	db, err := sql.Open("postgres", "postgres://127.0.0.1:1/x?sslmode=disable&connect_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	begun := time.Now()
	if err := migrations.Up(t.Context(), db, migrations.Postgres); err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
