package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"postern/tickets/ticketdb"
)

// database opens the database of the configuration beside a gateway that may be
// running. The caller closes it.
func (w *world) database(ctx context.Context) (*ticketdb.DB, Config, error) {
	cfg, err := w.load()
	if err != nil {
		return nil, cfg, err
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
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := db.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database: %w: %w", errUnavailable, err), db.Close())
	}
	return db, nil
}

// withDatabase runs f on the database of the configuration.
func (w *world) withDatabase(ctx context.Context, f func(*ticketdb.DB) error) error {
	db, _, err := w.database(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
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
