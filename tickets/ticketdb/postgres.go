package ticketdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

const (
	// dialing bounds a connect, the handshake included.
	dialing = 3 * time.Second
	// silence is the longest wait for an answer. The server gives up a statement after
	// 10 s by itself, so a longer silence is a dead network or a frozen server.
	silence = 10800 * time.Millisecond
	// migrating is the same for the steps of a migration, which may take long.
	migrating = time.Hour
)

// session is set on every connection. A gateway that is frozen inside a transaction
// loses it after half a minute, and its locks with it.
var session = map[string]string{
	"statement_timeout":                   "10s",
	"lock_timeout":                        "8s",
	"idle_in_transaction_session_timeout": "30s",
	"default_transaction_isolation":       "read committed",
	"timezone":                            "UTC",
	"client_min_messages":                 "warning",
	"application_name":                    "postern",
}

func (db *DB) openPostgres(c Config) error {
	cfg, err := postgresConfig(c.URL)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	db.d, db.writers = postgresDialect(), number(c.Writers, 8)
	db.snapshot = sql.LevelRepeatableRead
	durable := map[string]string{"synchronous_commit": "on", "default_transaction_read_only": "off"}
	long := map[string]string{"statement_timeout": "0", "lock_timeout": "0", "synchronous_commit": "on"}
	if db.write, err = db.postgresPool(cfg, silence, db.writers, durable); err != nil {
		return err
	}
	if db.read, err = db.postgresPool(cfg, silence, number(c.Readers, 4), map[string]string{"default_transaction_read_only": "on"}); err != nil {
		return err
	}
	migrate, err := db.postgresPool(cfg, migrating, 2, long)
	if err != nil {
		return err
	}
	plain, err := db.postgresPool(cfg, silence, 1, nil)
	if err != nil {
		return err
	}
	migrate.SetMaxIdleConns(0)
	plain.SetMaxIdleConns(0)
	db.migrate = migrate.DB
	db.settings = func(ctx context.Context) error { return db.refusal(db.postgresSettings(ctx, plain)) }
	return nil
}

func number(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// postgresConfig reads the URL. Its errors never quote it: it holds a password.
func postgresConfig(raw string) (pq.Config, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		if u, _, ok := strings.Cut(raw, "@"); ok && strings.Contains(err.Error(), tail(u)) {
			err = errors.New("a part of it cannot be read")
		}
		return pq.Config{}, fmt.Errorf("its URL is not one (special characters of a password must be %%-encoded): %w", err)
	}
	q := u.Query()
	if q.Get("sslmode") == "" {
		q.Set("sslmode", defaultSSL(u.Hostname(), q))
		u.RawQuery = q.Encode()
	}
	cfg, err := pq.NewConfig(u.String())
	if err != nil {
		return pq.Config{}, errors.New(hidden(err.Error(), u))
	}
	cfg.ConnectTimeout = dialing
	return cfg, nil
}

// tail is the last part of the user information of a URL, where the password is.
func tail(s string) string { return s[strings.LastIndexAny(s, ":/")+1:] }

// hidden takes the password out of a text.
func hidden(s string, u *url.URL) string {
	if p, ok := u.User.Password(); ok && p != "" {
		s = strings.ReplaceAll(s, p, "xxxxx")
		s = strings.ReplaceAll(s, url.QueryEscape(p), "xxxxx")
	}
	return s
}

// defaultSSL is verify-full, and disable where nothing leaves the machine.
func defaultSSL(host string, q url.Values) string {
	for _, h := range append(strings.Split(q.Get("host"), ","), strings.Split(host, ",")...) {
		ip := net.ParseIP(h)
		if h != "" && h != "localhost" && !filepath.IsAbs(h) && !strings.HasPrefix(h, "@") && (ip == nil || !ip.IsLoopback()) {
			return "verify-full"
		}
	}
	if a := net.ParseIP(q.Get("hostaddr")); a != nil && !a.IsLoopback() {
		return "verify-full"
	}
	return "disable"
}

func (db *DB) postgresPool(cfg pq.Config, silence time.Duration, n int, more map[string]string) (*sqlx.DB, error) {
	cfg = cfg.Clone()
	runtime := map[string]string{}
	for _, m := range []map[string]string{cfg.Runtime, session, more} {
		for k, v := range m {
			runtime[k] = v
		}
	}
	cfg.Runtime = runtime
	c, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	c.Dialer(guard{silence})
	pool := sqlx.NewDb(sql.OpenDB(preparing{c, false}), "postgres")
	db.pools = append(db.pools, pool)
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return pool, nil
}

// postgresSettings refuses a server that may lose what it has committed. plain
// connections take synchronous_commit as the server, the database or the URL sets it.
func (db *DB) postgresSettings(ctx context.Context, plain *sqlx.DB) error {
	conn, err := db.connection(ctx, plain)
	if err != nil {
		return fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	defer conn.Close()
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var got string
		if err := conn.GetContext(ctx, &got, "SHOW "+name); err != nil {
			return fmt.Errorf("reading the setting %s: %w", name, err)
		}
		if got == "off" {
			return fmt.Errorf("PostgreSQL runs with %s=off and may lose what it has committed; turn it on", name)
		}
	}
	return nil
}

// away reports an error of a server that is not there, or not yet, or not for us now.
// The rest of what can go wrong at the start needs an admin.
func away(err error) bool {
	var e *pq.Error
	if !errors.As(err, &e) {
		var n net.Error
		return errors.As(err, &n) || stale(err) || sqliteAgain(err) ||
			errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, net.ErrClosed)
	}
	switch e.Code.Class() {
	case "08", "40", "53", "55", "57": // connection, race, resources, locks, shutdown and start
		return true
	}
	return e.Code == "25006" // read-only: half a failover
}
