package migrations

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// ErrNewer says that a newer version of postern has migrated the database.
var ErrNewer = errors.New("the database was migrated by a newer version of postern")

// ErrOlder says that the database lacks steps that this version needs.
var ErrOlder = errors.New("the database has an older schema")

// starters is how often a gateway looks again when another one, starting at the
// same moment, was first.
const starters = 8

// Up brings db to the newest schema. It returns nil when another starter did it
// meanwhile, ErrNewer when the database is ahead of this binary, and the error of
// the step that failed otherwise; that step has then left nothing behind.
func Up(ctx context.Context, db *sql.DB, dialect string) error {
	p, err := provider(db, dialect)
	if err != nil {
		return err
	}
	for range starters {
		current, target, verr := p.GetVersions(ctx)
		switch {
		case verr != nil:
			err = verr
		case current > target:
			return newer(current, target)
		case current == target:
			return nil
		default:
			_, err = p.Up(ctx)
		}
		if err == nil {
			return nil
		}
		var lost net.Error
		if ctx.Err() != nil || errors.Is(err, driver.ErrBadConn) || errors.As(err, &lost) {
			break
		}
	}
	return fmt.Errorf("migrating the database: %w", err)
}

// Version tells which schema the database has and which one this binary needs. A
// database without any is 0.
func Version(ctx context.Context, db *sql.DB, dialect string) (current, target int64, err error) {
	p, err := provider(db, dialect)
	if err != nil {
		return 0, 0, err
	}
	if current, target, err = p.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("reading the schema version: %w", err)
	}
	return current, target, nil
}

// Check returns nil when the database has exactly the schema of this binary, else
// ErrOlder or ErrNewer.
func Check(ctx context.Context, db *sql.DB, dialect string) error {
	current, target, err := Version(ctx, db, dialect)
	switch {
	case err != nil:
		return err
	case current > target:
		return newer(current, target)
	case current < target:
		return fmt.Errorf("%w: %d, and this postern needs %d; `postern serve` migrates it", ErrOlder, current, target)
	}
	return nil
}

func newer(current, target int64) error {
	return fmt.Errorf("%w: it has schema %d, this one knows %d; start the newer postern", ErrNewer, current, target)
}

func provider(db *sql.DB, dialect string) (*goose.Provider, error) {
	sub, err := fs.Sub(files, "sql")
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	d := goose.DialectSQLite3
	if dialect == Postgres {
		d = goose.DialectPostgres
		// Losers look again each second, not each fifth, and wait as long as a step may take.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 3600), lock.WithUnlockTimeout(1, 5))
		if err != nil {
			return nil, fmt.Errorf("making the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(d, db, translated{dialect, sub}, options...)
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, nil
}
