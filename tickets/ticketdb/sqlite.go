package ticketdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
)

// pragmas are the settings of every connection, and what each must read back as.
// synchronous=FULL: NORMAL may lose the last commits when the power fails, and they
// were answered 250.
var pragmas = []struct{ name, set, want string }{
	{"busy_timeout", "10000", "10000"},
	{"journal_mode", "WAL", "wal"},
	{"synchronous", "FULL", "2"},
	{"foreign_keys", "1", "1"},
}

// sqliteReaders bounds the connections that read beside the one that writes.
const sqliteReaders = 4

func (db *DB) openSQLite(path string) error {
	if path == "" {
		return fmt.Errorf("%w: sqlite: needs a path", ErrRefused)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%w: making the directory of %s: %w", ErrRefused, path, err)
	}
	if !db.visit {
		lock, err := lockFile(path + ".lock")
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrRefused, path, err)
		}
		db.lock = lock
		if err := private(path); err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	db.d, db.writers = sqliteDialect(), 1
	var err error
	// immediate: a transaction that reads first and writes later would fail at once
	// when another one writes meanwhile, busy_timeout or not.
	if db.write, err = db.openPool(sqliteDSN(path, "&_txlock=immediate"), db.writers); err != nil {
		return err
	}
	if db.read, err = db.openPool(sqliteDSN(path, "&_pragma=query_only(1)"), sqliteReaders); err != nil {
		return err
	}
	db.migrate, db.snapshot = db.write.DB, sql.LevelDefault
	db.settings = func(ctx context.Context) error {
		if err := db.sqliteSettings(ctx); err != nil {
			return err
		}
		opened, err := os.Stat(path)
		db.same = func() error { return sameFile(path, opened) }
		return err
	}
	return nil
}

// errReplaced says that what is written now would be lost with the file that is open.
var errReplaced = errors.New("the database file was removed or replaced while it is open; restart postern")

// sameFile returns errReplaced when another file, or none, stands where the one that
// is open was. SQLite itself would go on writing into the file that has lost its name.
func sameFile(path string, opened os.FileInfo) error {
	now, err := os.Stat(path)
	if err != nil || !os.SameFile(opened, now) {
		return fmt.Errorf("%s: %w", path, errReplaced)
	}
	return nil
}

// private makes a new database file that only its owner can read; the files beside it
// take its permissions.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("making the database file: %w", err)
	}
	return f.Close()
}

func sqliteDSN(path, more string) string {
	var set []string
	for _, p := range pragmas {
		set = append(set, fmt.Sprintf("_pragma=%s(%s)", p.name, p.set))
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String() + "?" + strings.Join(set, "&") + more
}

func (db *DB) openPool(dsn string, n int) (*sqlx.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	pool := sqlx.NewDb(sql.OpenDB(preparing{c, true}), "sqlite")
	db.pools = append(db.pools, pool)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return pool, nil
}

// sqliteSettings reads the pragmas back: SQLite ignores one that it does not know, and
// a file system without shared memory has no WAL.
func (db *DB) sqliteSettings(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	conn, err := db.connection(ctx, db.write)
	if err != nil {
		return db.refusal(fmt.Errorf("opening the database file: %w", err))
	}
	defer conn.Close()
	for _, p := range pragmas {
		var got string
		if err := conn.GetContext(ctx, &got, "PRAGMA "+p.name); err != nil {
			return db.refusal(fmt.Errorf("reading pragma %s: %w", p.name, err))
		}
		if got != p.want {
			return fmt.Errorf("%w: SQLite has %s=%s, and without %s a commit may be lost", ErrRefused, p.name, got, p.want)
		}
	}
	return nil
}
