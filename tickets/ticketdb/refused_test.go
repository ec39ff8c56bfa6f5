package ticketdb_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/cmd/maillab"
	"postern/tickets/ticketdb"
)

// A server that may lose what it has committed is refused when opening: INV-A5.
func TestNotDurable(t *testing.T) {
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			p := maillab.StartPostgres(t, maillab.PostgresOptions{Settings: map[string]string{setting: "off"}})
			refused(t, p.NewDatabase(t), setting+"=off")
		})
	}
}

// refused checks that a database is refused, with a word that says why and none of the password.
func refused(t *testing.T, at, why string) {
	t.Helper()
	db, err := ticketdb.Open(t.Context(), ticketdb.Config{URL: at})
	if err == nil {
		db.Close()
	}
	if text := fmt.Sprint(err); !errors.Is(err, ticketdb.ErrRefused) || !strings.Contains(text, why) || strings.Contains(text, "hunter2") {
		t.Errorf("%s: %v", why, err)
	}
}

// What is wrong with a URL is said when opening, and never the password in it.
func TestWrongURL(t *testing.T) {
	at := postgresURL(t)
	elsewhere, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Path = "/no_such_database"
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, why string }{
		{at + "&synchronous_commit=off", "synchronous_commit=off"},
		{elsewhere.String(), "does not exist"},
		{"mysql://root:hunter2@localhost/x", "neither sqlite"},
		{"sqlite:", "needs a path"},
		{"sqlite:" + file, "not a database"},
		{"sqlite:" + file + "/below", "directory"},
		{"postgres://u:hunter2%zz@h/x", "%-encoded"},
		{"postgres://u:hunter2/s@h/x", "%-encoded"},
		{"postgres://u:hunter2@h:port/x", "%-encoded"},
		{"postgres://u:hunter2@h/x?sslmode=sometimes", "sslmode"},
		{"postgres://u:hunter2@h/x?connect_timeout=hunter2", "connect_timeout"},
	} {
		refused(t, c.at, c.why)
	}
}

// A database of a newer postern is refused and stays as it is, and so is one that a
// visitor would have to migrate: INV-H9.
func TestOtherSchema(t *testing.T) {
	both(t, func(l *lab) {
		if now, want, err := l.Schema(l.ctx); err != nil || now != want || now == 0 {
			l.Errorf("schema %d of %d, %v", now, want, err)
		}
		l.raw(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)`)
		l.ok(l.Close())
		refused(l.T, l.url, "newer version")
	})
	at := "sqlite:" + filepath.Join(t.TempDir(), "new.db")
	if _, err := ticketdb.Open(t.Context(), ticketdb.Config{URL: at, Visit: true}); !errors.Is(err, ticketdb.ErrRefused) || !strings.Contains(err.Error(), "postern serve") {
		t.Errorf("a visitor of an empty database: %v", err)
	}
}
