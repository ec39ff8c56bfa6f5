package ticketdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"postern/migrations"
	"postern/tickets"
)

// Config says which database to open.
type Config struct {
	// URL is "sqlite:PATH" or "postgres://USER:PASSWORD@HOST/NAME?OPTIONS". Where the
	// latter has no sslmode it is verify-full, and disable for a loopback address or
	// a Unix socket (host=/DIRECTORY).
	URL string
	// Visit opens the database beside a gateway that runs, for the command line: no
	// lock is taken on the SQLite file and the schema is checked, not changed.
	Visit bool
	// Writers and Readers bound the connections to PostgreSQL; 0 means 8 and 4. SQLite
	// has one writer.
	Writers, Readers int
	// Pause waits between two runs of a transaction that lost a race; nil means a timer.
	Pause func(context.Context, time.Duration) error
}

// DB is an open database. It implements tickets.Store, and holds the queries of the
// command line beside it. It is safe for concurrent use.
type DB struct {
	d        *dialect
	write    *sqlx.DB
	read     *sqlx.DB // its connections refuse to write
	pools    []*sqlx.DB
	writers  int
	snapshot sql.IsolationLevel
	visit    bool
	pause    func(context.Context, time.Duration) error
	settings func(context.Context) error // checks the durability settings
	lock     io.Closer
	migrate  *sql.DB      // connections whose statements may take long
	same     func() error // the file is still the one that was opened

	mu      sync.Mutex
	attempt *attempt // at starting; the last one

	closing sync.Once
	closed  error
}

var _ tickets.Store = (*DB)(nil)

// Open opens the database, checks its settings and brings its schema up to date. A
// server that is away is no error here: then each call tries again, and returns an
// error until it is back; Ping tells. ErrRefused means that this will not pass by
// itself: settings that can lose a commit, a newer schema, a wrong password, a file in
// use by another process.
func Open(ctx context.Context, c Config) (*DB, error) {
	db := &DB{visit: c.Visit, pause: c.Pause}
	if db.pause == nil {
		db.pause = wait
	}
	scheme, rest, _ := strings.Cut(c.URL, ":")
	var err error
	switch scheme {
	case "sqlite":
		err = db.openSQLite(strings.TrimPrefix(rest, "//"))
	case "postgres", "postgresql":
		err = db.openPostgres(c)
	default:
		err = fmt.Errorf("%w: its URL begins with neither sqlite: nor postgres://", ErrRefused)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := db.start(ctx); errors.Is(err, ErrRefused) {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close waits for running queries and closes. Closing again does nothing.
func (db *DB) Close() error {
	db.closing.Do(func() {
		var errs []error
		for _, pool := range db.pools {
			errs = append(errs, pool.Close())
		}
		if db.lock != nil { // last: the next process may open the file
			errs = append(errs, db.lock.Close())
		}
		db.closed = errors.Join(errs...)
	})
	return db.closed
}

// Ping returns nil when the database answers and its schema is the right one.
func (db *DB) Ping(ctx context.Context) error {
	return db.view(ctx, func(q queries) error {
		var one int
		return q.get(&one, `SELECT 1`)
	})
}

// Dialect is "sqlite" or "postgres".
func (db *DB) Dialect() string { return db.d.name }

// Schema tells the schema version of the database and the one this binary needs.
func (db *DB) Schema(ctx context.Context) (current, target int64, err error) {
	return migrations.Version(ctx, db.write.DB, db.d.name)
}

// refusal marks what will not pass by itself.
func (db *DB) refusal(err error) error {
	if err == nil || away(err) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// wait pauses for d.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
