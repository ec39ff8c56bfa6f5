package ticketdb

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"postern/tickets"
)

// ErrRefused says that the database may not be used as it is: a setting that can
// lose a commit, a schema of a newer version, another process on the same file.
var ErrRefused = errors.New("database refused")

// again reports whether a transaction that ended with err is worth another run.
func (d *dialect) rerun(err error) bool {
	if errors.Is(err, tickets.ErrUnknown) {
		return false // it may be there: running it again could do it twice
	}
	return errors.Is(err, tickets.ErrConflict) || d.again(err)
}

func postgresAgain(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") || planLost(err)
}

// planLost reports that PostgreSQL has no use for a prepared statement any more: the
// columns of its result have changed, or the connection leads to another server process
// now, behind a pooler that lends one for each transaction.
func planLost(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "0A000" || e.Code == "26000" || e.Code == "42P05")
}

func sqliteAgain(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	return false
}

func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// ioFailed reports a failed read, write or fsync of SQLite's files. What the pages
// in memory hold after it is not to be trusted, nor is the handle.
func ioFailed(err error) bool { return sqliteCode(err)&0xff == sqlite3.SQLITE_IOERR }

// committed turns the error of COMMIT into what is known: rolled back for certain,
// or unknown.
func committed(err error) error {
	var e *pq.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pq.ErrInFailedTransaction), errors.Is(err, sql.ErrTxDone):
		return err
	case errors.As(err, &e):
		// What PostgreSQL itself says of a COMMIT that it did not do. 40003 is
		// "statement completion unknown".
		if certain := "23 25 40 53 55"; strings.Contains(certain, string(e.Code.Class())) && e.Code != "40003" {
			return err
		}
	case sqliteCode(err) != 0 && !ioFailed(err):
		return err
	}
	return fmt.Errorf("%w (%w)", tickets.ErrUnknown, err)
}

// stale reports that a pooled connection had died before the statement began.
func stale(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
