package main

import (
	"context"
	"errors"
	"fmt"

	"postern/tickets/ticketdb"
)

// migrateCmd brings the schema up to date, as serve does at its start. It is for admins
// who want to see it happen.
type migrateCmd struct{}

// Run is done when the database has this version's schema; running it again changes nothing.
func (migrateCmd) Run(ctx context.Context, w *world) error {
	cfg, err := w.load()
	if err != nil {
		return err
	}
	if err := cfg.makeFolders(); err != nil {
		return err
	}
	var db *ticketdb.DB
	err = w.during("bringing the database up to date", func() (err error) {
		db, err = openDatabase(ctx, cfg, false)
		return err
	})
	if err != nil {
		return err
	}
	current, target, err := db.Schema(ctx)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.out, map[string]any{"dialect": db.Dialect(), "schema": current, "needed": target})
	}
	fmt.Fprintf(w.out, "%s has schema %d, and this version needs %d\n", db.Dialect(), current, target)
	return nil
}
