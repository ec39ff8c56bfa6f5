package maillab_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
)

func TestMain(m *testing.M) { os.Exit(maillab.Main(m)) }

func query(t *testing.T, url, q string) string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got string
	if err := db.QueryRow(q).Scan(&got); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return got
}

func TestPostgres_is_durable_and_private(t *testing.T) {
	pg := maillab.SharedPostgres(t)
	url := pg.NewDatabase(t)
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		if got := query(t, url, "SHOW "+setting); got != "on" {
			t.Errorf("%s = %s, want on", setting, got)
		}
	}
	if got := query(t, url, "SHOW data_directory"); !strings.HasPrefix(got, maillab.Room(t)) {
		t.Errorf("data directory %s lies outside the room %s", got, maillab.Room(t))
	}
	if other := pg.NewDatabase(t); other == url {
		t.Errorf("two tests share %s", url)
	}
}

func TestPostgres_copies_a_template_filled_once(t *testing.T) {
	pg := maillab.SharedPostgres(t)
	key := "shelf of " + time.Now().String() // -count runs this again on the same server
	filled := 0
	fill := func(url string) error {
		filled++
		db, err := sql.Open("postgres", url)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec(`CREATE TABLE shelf AS SELECT 'book'::text AS thing`)
		return err
	}
	for range 2 {
		if got := query(t, pg.NewDatabaseFrom(t, key, fill), `SELECT thing FROM shelf`); got != "book" {
			t.Errorf("got %q", got)
		}
	}
	if filled != 1 {
		t.Errorf("filled %d times, want once", filled)
	}
}

func TestPostgres_comes_back_with_its_data(t *testing.T) {
	pg := maillab.StartPostgres(t, maillab.PostgresOptions{Settings: map[string]string{"max_connections": "11"}})
	url := pg.NewDatabase(t)
	if got := query(t, url, "SHOW max_connections"); got != "11" {
		t.Errorf("max_connections = %s, want 11", got)
	}
	query(t, url, `CREATE TABLE shelf (thing text); INSERT INTO shelf VALUES ('book'); SELECT 'done'`)
	for name, stop := range map[string]func() error{"stop": pg.Stop, "immediate": pg.StopImmediate, "kill": pg.Kill} {
		if err := stop(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		db, _ := sql.Open("postgres", url)
		if err := db.Ping(); err == nil {
			t.Fatalf("%s: the server still answers", name)
		}
		db.Close()
		if err := pg.Start(); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		if got := query(t, url, `SELECT thing FROM shelf`); got != "book" {
			t.Errorf("after %s: got %q", name, got)
		}
	}
}

func TestPostgres_leaves_nothing(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL)
	before := instances(t)
	t.Run("one", func(t *testing.T) { maillab.StartPostgres(t, maillab.PostgresOptions{}).NewDatabase(t) })
	if after := instances(t); len(after) != len(before) {
		t.Errorf("before %v, after %v", before, after)
	}
}

// instances lists the folders of the room.
func instances(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(maillab.Room(t), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
