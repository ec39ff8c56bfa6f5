package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"postern/migrations"
	"postern/tickets/ticketdb"
)

// database opens the database of the configuration beside a gateway that may be
// running. The caller closes it.
func (w *world) database(ctx context.Context) (*ticketdb.DB, Config, error) {
	cfg, err := w.load()
	if err != nil {
		return nil, cfg, err
	}
	if path, ok := strings.CutPrefix(cfg.Database, "sqlite:"); ok {
		if _, err := os.Stat(path); isMissing(err) { // a verb that reads makes nothing
			return nil, cfg, errNoHelpdesk
		}
	}
	var db *ticketdb.DB
	err = w.during("opening the database", func() (err error) {
		db, err = openDatabase(ctx, cfg, true)
		return err
	})
	return db, cfg, err
}

// openDatabase opens it and waits until it answers. visit leaves the schema alone and works
// beside a running gateway.
func openDatabase(ctx context.Context, cfg Config, visit bool) (*ticketdb.DB, error) {
	db, err := ticketdb.Open(ctx, ticketdb.Config{URL: cfg.databaseURL(), Visit: visit})
	if err != nil {
		return nil, opening(err)
	}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w: %w", errUnavailable, err), db.Close())
	}
	return db, nil
}

// errNoHelpdesk says that nothing was ever served with this configuration.
var errNoHelpdesk = errors.New("no helpdesk here yet; postern serve makes one")

// takenBy finds who has a database file, in the error of a second gateway.
var takenBy = regexp.MustCompile(`([^: ]+): process (\d+) is using it`)

// inUse says plainly that another process has the database file; every other error stays.
func inUse(err error) error {
	if !errors.Is(err, ticketdb.ErrRefused) {
		return err
	}
	if m := takenBy.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("database: %s is in use by process %s", m[1], m[2])
	}
	return err
}

// opening says why a database cannot be opened, in the words of an admin.
func opening(err error) error {
	if errors.Is(err, migrations.ErrOlder) && strings.Contains(err.Error(), migrations.ErrOlder.Error()+": 0,") {
		return errNoHelpdesk
	}
	return inUse(fmt.Errorf("database: %w", err))
}

// withDatabase runs f on the database of the configuration.
func (w *world) withDatabase(ctx context.Context, f func(*ticketdb.DB) error) error {
	return w.withConfigured(ctx, func(db *ticketdb.DB, _ Config) error { return f(db) })
}

// withConfigured is withDatabase for a verb that needs the configuration too.
func (w *world) withConfigured(ctx context.Context, f func(*ticketdb.DB, Config) error) error {
	db, cfg, err := w.database(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(db, cfg), db.Close())
}

// databaseURL is the URL with the password from its own file; never print it.
func (c Config) databaseURL() string {
	u, err := url.Parse(c.Database)
	if c.DatabasePassword.Empty() || err != nil {
		return c.Database
	}
	u.User = url.UserPassword(u.User.Username(), c.DatabasePassword.Reveal())
	return u.String()
}
