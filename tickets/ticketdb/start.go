package ticketdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/migrations"
)

// An attempt is one try to make the database usable: to check its settings and bring
// its schema up to date. All calls that come meanwhile wait for the same one.
type attempt struct {
	done chan struct{}
	err  error // after done; nil or ErrRefused is for good
}

// patient is how long a call waits for an attempt. A long migration goes on without it.
const patient = 14 * time.Second

// errStarting says that an attempt takes longer than a call may.
var errStarting = errors.New("the database is being prepared")

// start waits until the database is usable. One that was away is tried again.
func (db *DB) start(ctx context.Context) error {
	a := db.trying(ctx)
	select {
	case <-a.done:
		return a.err
	default:
	}
	late := time.NewTimer(patient)
	defer late.Stop()
	select {
	case <-a.done:
		return a.err
	case <-late.C:
		return errStarting
	case <-ctx.Done():
		return fmt.Errorf("waiting for the database: %w", ctx.Err())
	}
}

// trying returns the attempt that counts: one under way, one that ended for good, or a
// new one.
func (db *DB) trying(ctx context.Context) *attempt {
	db.mu.Lock()
	defer db.mu.Unlock()
	if a := db.attempt; a != nil {
		select {
		case <-a.done:
			if a.err == nil || errors.Is(a.err, ErrRefused) {
				return a
			}
		default:
			return a
		}
	}
	a := &attempt{done: make(chan struct{})}
	db.attempt = a
	go func() {
		defer close(a.done)
		a.err = db.prepare(context.WithoutCancel(ctx)) // the others wait for it too
	}()
	return a
}

// prepare checks and migrates.
func (db *DB) prepare(ctx context.Context) error {
	if err := db.settings(ctx); err != nil {
		return err
	}
	err := migrations.Check(ctx, db.write.DB, db.d.name)
	if errors.Is(err, migrations.ErrOlder) && !db.visit {
		err = migrations.Up(ctx, db.migrate, db.d.name)
	}
	return db.refusal(err)
}
