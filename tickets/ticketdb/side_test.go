package ticketdb_test

import (
	"database/sql"
	"strings"
)

// side is one connection beside the store's, as an admin's tool has it.
func (l *lab) side() *sql.DB {
	l.Helper()
	driver, dsn := "postgres", l.url
	if path, ok := strings.CutPrefix(l.url, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	side, err := sql.Open(driver, dsn)
	l.ok(err)
	side.SetMaxOpenConns(1)
	l.Cleanup(func() { side.Close() })
	return side
}

// raw changes the database behind the store's back.
func (l *lab) raw(query string) {
	l.Helper()
	l.ok(l.tryRaw(query))
}

func (l *lab) tryRaw(query string) error {
	side := l.side()
	defer side.Close()
	_, err := side.Exec(query)
	return err
}
