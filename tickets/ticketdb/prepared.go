package ticketdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// preparedMost bounds how many statements a connection keeps prepared. The package has some
// 150; lists of several lengths and filters make more of one.
const preparedMost = 400

// preparing opens connections that prepare a statement once. To parse and plan it each time
// anew is a sixth of the work on SQLite (17 % of the canary workload's profile), and a second way to the
// server and back on PostgreSQL.
//
// This is a driver around the driver, and not database/sql's own Stmt, because that one is
// prepared on a second connection of the pool, which never comes where there is one writer.
type preparing struct {
	driver.Connector
	embedded bool // the database runs in this process and frees only what is closed
}

// driverConn is what the connections of both drivers can do.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// driverStmt is what their statements can do.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// Connect opens a connection; it knows no statement yet.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the connections of %T cannot prepare statements", p.Driver()), c.Close())
	}
	return &preparedConn{driverConn: full, embedded: p.embedded, known: map[string]driverStmt{}}, nil
}

// preparedConn is a connection with the statements that it has prepared. They end with it,
// so a connection that is dialled anew prepares anew. Both databases plan a statement again
// by themselves when the schema has changed, as long as its columns stay the same.
//
// A statement has one result at a time: the methods of queries read the whole of it before
// they return.
type preparedConn struct {
	driverConn
	embedded bool
	known    map[string]driverStmt
	lost     bool // what it has prepared is of no use
}

// CheckNamedValue lets the driver convert an argument, where it wants to.
func (c *preparedConn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.driverConn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ExecContext writes.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query, args)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return c.driverConn.ExecContext(ctx, query, args)
	}
	r, err := s.ExecContext(ctx, args)
	return r, c.forget(query, err)
}

// QueryContext reads.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query, args)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return c.driverConn.QueryContext(ctx, query, args)
	}
	r, err := s.QueryContext(ctx, args)
	return r, c.forget(query, err)
}

// statement is the prepared one, or nil for one that is not kept: those without arguments,
// which are settings and scripts of the schema, and what comes when the connection knows
// enough of them.
func (c *preparedConn) statement(ctx context.Context, query string, args []driver.NamedValue) (driverStmt, error) {
	if s := c.known[query]; s != nil {
		return s, nil
	}
	if len(args) == 0 || len(c.known) >= preparedMost {
		return nil, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	full, ok := s.(driverStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a prepared statement is a %T", s), s.Close())
	}
	c.known[query] = full
	return full, nil
}

// forget closes a statement that failed. It is prepared anew the next time; and where the
// server knows it no more or its tables have changed, on a new connection.
func (c *preparedConn) forget(query string, err error) error {
	if err != nil {
		c.known[query].Close() // its error adds nothing to the first
		delete(c.known, query)
		c.lost = c.lost || planLost(err)
	}
	return err
}

// IsValid tells the pool whether to keep the connection.
func (c *preparedConn) IsValid() bool { return !c.lost && c.driverConn.IsValid() }

// Close closes the connection. A server forgets its statements with it; SQLite would keep
// their memory.
func (c *preparedConn) Close() error {
	for _, s := range c.known {
		if c.embedded {
			s.Close() // whatever comes of it, the connection closes
		}
	}
	clear(c.known)
	return c.driverConn.Close()
}
