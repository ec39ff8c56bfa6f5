package ticketdb_test

import (
	"database/sql"
	"strings"
)

// raw changes the database behind the store's back.
func (l *lab) raw(query string) {
	l.Helper()
	l.ok(l.tryRaw(query))
}

func (l *lab) tryRaw(query string) error {
	driver, dsn := "postgres", l.url
	if path, ok := strings.CutPrefix(l.url, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	side, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer side.Close()
	_, err = side.Exec(query)
	return err
}
