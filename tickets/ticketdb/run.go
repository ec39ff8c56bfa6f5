package ticketdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"postern/migrations"
	"postern/tickets"
)

const (
	// reruns is how often a transaction that lost a race runs again.
	reruns = 5
	// patience bounds the time in which a rerun may begin, so that reruns after long
	// waits for a lock do not add up beyond the 15 s of a call.
	patience = 4 * time.Second
	// slot is the longest wait for a connection to PostgreSQL, dialling included; silence
	// comes on top of it.
	slot = 4 * time.Second
	// stall is the longest time in which no statement ends, on SQLite, the wait for the
	// one writer included. PostgreSQL connections watch themselves (see guarded).
	stall = 14 * time.Second
)

// queries runs SQL inside one transaction. There is no other way to run any.
type queries struct {
	ctx   context.Context
	tx    *sqlx.Tx
	d     *dialect
	alive func() // a statement ended
}

// tx is one read-write transaction; it implements tickets.Tx.
type tx struct{ queries }

// get reads one row; no row is tickets.ErrNotFound.
func (q queries) get(dest any, query string, args ...any) error {
	defer q.alive()
	err := q.tx.GetContext(q.ctx, dest, q.d.sql(query), cleaned(args)...)
	if errors.Is(err, sql.ErrNoRows) {
		return tickets.ErrNotFound
	}
	return err
}

// list reads all rows.
func (q queries) list(dest any, query string, args ...any) error {
	defer q.alive()
	return q.tx.SelectContext(q.ctx, dest, q.d.sql(query), cleaned(args)...)
}

// exec writes and tells how many rows it touched.
func (q queries) exec(query string, args ...any) (int64, error) {
	defer q.alive()
	r, err := q.tx.ExecContext(q.ctx, q.d.sql(query), cleaned(args)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// one writes exactly one row; none is tickets.ErrNotFound.
func (q queries) one(query string, args ...any) error {
	n, err := q.exec(query, args...)
	if err == nil && n == 0 {
		return tickets.ErrNotFound
	}
	return err
}

// Do runs f in one read-write transaction; see tickets.Store.
func (db *DB) Do(ctx context.Context, f func(tickets.Tx) error) error {
	return db.run(ctx, func(t *tx) error { return f(t) })
}

// run runs f in one read-write transaction, and again when it lost a race.
func (db *DB) run(ctx context.Context, f func(*tx) error) error {
	if err := db.start(ctx); err != nil {
		return err
	}
	var late atomic.Bool
	defer time.AfterFunc(patience, func() { late.Store(true) }).Stop()
	w := db.watched(ctx)
	defer w.stop()
	for n := 1; ; n++ {
		err := db.once(w, f)
		if err == nil || n > reruns || late.Load() || !db.d.rerun(err) {
			return err
		}
		jitter := time.Duration(1+rand.IntN(10)) * time.Millisecond
		if perr := db.pause(w.ctx, time.Duration(n)*jitter); perr != nil {
			return errors.Join(err, perr)
		}
	}
}

// once runs f in one transaction, once.
func (db *DB) once(w watch, f func(*tx) error) error {
	if db.same != nil {
		if err := db.same(); err != nil {
			return err
		}
	}
	q, done, err := db.begin(w, db.write, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer done()
	err = q.commit(f)
	if ioFailed(err) {
		done()
		db.reopen()
	}
	return err
}

// commit runs f and commits, or rolls back.
func (q queries) commit(f func(*tx) error) error {
	defer q.tx.Rollback() // after a commit it does nothing
	if err := f(&tx{q}); err != nil {
		return err
	}
	if err := q.ctx.Err(); err != nil {
		return fmt.Errorf("before commit: %w", err)
	}
	return committed(q.tx.Commit())
}

// view runs f in one read-only transaction that sees one moment of the database.
func (db *DB) view(ctx context.Context, f func(queries) error) error {
	if err := db.start(ctx); err != nil {
		return err
	}
	w := db.watched(ctx)
	defer w.stop()
	q, done, err := db.begin(w, db.read, &sql.TxOptions{ReadOnly: true, Isolation: db.snapshot})
	if err != nil {
		return fmt.Errorf("beginning to read: %w", err)
	}
	defer done()
	defer q.tx.Rollback()
	return f(q)
}

// begin takes a connection and begins. Connections that died in the pool, because
// the database was restarted, are passed over: BEGIN may be sent twice. done gives the
// connection back and may be called twice.
func (db *DB) begin(w watch, pool *sqlx.DB, o *sql.TxOptions) (q queries, done func(), err error) {
	for n := 0; ; n++ {
		conn, err := db.connection(w.ctx, pool)
		if err != nil {
			return queries{}, nil, err
		}
		t, err := conn.BeginTxx(w.ctx, o)
		if err == nil {
			return queries{w.ctx, t, db.d, w.alive}, func() { conn.Close() }, nil
		}
		conn.Close()
		if !stale(err) || n > pool.Stats().MaxOpenConnections {
			return queries{}, nil, err
		}
	}
}

// connection takes a connection of the pool within the time for it.
func (db *DB) connection(ctx context.Context, pool *sqlx.DB) (*sqlx.Conn, error) {
	if db.d.name == migrations.SQLite {
		return pool.Connx(ctx) // watched
	}
	slotCtx, cancel := context.WithTimeout(ctx, slot)
	defer cancel()
	conn, err := pool.Connx(slotCtx)
	if err != nil && slotCtx.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("no connection within %v: %w", slot, err)
	}
	return conn, err
}

// A watch is the context of a call, which ends when no statement has ended for too long.
type watch struct {
	ctx         context.Context
	alive, stop func()
}

func (db *DB) watched(ctx context.Context) watch {
	if db.d.name != migrations.SQLite {
		return watch{ctx, func() {}, func() {}}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stall, func() { cancel(errStalled) })
	return watch{ctx, func() { timer.Reset(stall) }, func() { timer.Stop(); cancel(nil) }}
}

// errStalled says that SQLite has not ended a statement for too long.
var errStalled = fmt.Errorf("no answer within %v: %w", stall, context.DeadlineExceeded)

// reopen drops every pooled connection for writing, after a failed read or write
// of the files.
func (db *DB) reopen() {
	db.write.SetMaxIdleConns(0)
	db.write.SetMaxIdleConns(db.writers)
}
