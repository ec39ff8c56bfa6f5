package ticketdb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3/lock"

	"postern/cmd/maillab"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// through is the URL of a database by way of a proxy.
func through(raw string, p *maillab.Proxy) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	u.Host = p.Addr
	return u.String()
}

// calls are all the ways into the database.
func (l *lab) calls() map[string]func() error {
	ctx := context.Background()
	return map[string]func() error{
		"Ping":    func() error { return l.Ping(ctx) },
		"Accept":  func() error { _, _, err := l.Accept(ctx, arrival(7), octets("x")); return err },
		"Begin":   func() error { _, _, err := l.Begin(ctx, 1, noon); return ignore(err) },
		"Due":     func() error { _, err := l.Due(ctx, noon, 1); return err },
		"Do":      func() error { return l.Do(ctx, func(tx tickets.Tx) error { _, err := tx.Events(1); return err }) },
		"Claim":   func() error { _, err := l.Claim(ctx, tickets.Claim{Max: 1, At: noon}); return err },
		"Lease":   func() error { _, _, err := l.Lease(ctx, "a", "b", time.Hour); return err },
		"Totals":  func() error { _, err := l.Totals(ctx); return err },
		"Mailbox": func() error { _, err := l.Mailbox(ctx, "a", "b"); return ignore(err) },
	}
}

// ignore passes what a database says that is there.
func ignore(err error) error {
	if errors.Is(err, tickets.ErrNotFound) || errors.Is(err, tickets.ErrTaken) {
		return nil
	}
	return err
}

// fail checks that every call returns an error in time, all made at once.
func (l *lab) fail(when string) {
	l.Helper()
	calls := l.calls()
	errs, most := make(chan error, 4*len(calls)), 15*time.Second
	for name, call := range calls {
		for range 4 {
			go func() {
				begun := time.Now()
				err := call()
				if took := time.Since(begun); err == nil || took > most {
					errs <- fmt.Errorf("%s, %s: %v after %v", when, name, err, took.Round(time.Millisecond))
					return
				}
				errs <- nil
			}()
		}
	}
	for range 4 * len(calls) {
		if err := <-errs; err != nil {
			l.Error(err)
		}
	}
}

// work checks that every call works, the first time it is made.
func (l *lab) work(when string) {
	l.Helper()
	for name, call := range l.calls() {
		if err := call(); err != nil {
			l.Errorf("%s, %s: %v", when, name, err)
		}
	}
}

// The database goes away in each way there is, and comes back; no restart of ours.
func TestAwayAndBack(t *testing.T) {
	t.Parallel()
	p := maillab.StartPostgres(t, maillab.PostgresOptions{})
	l := open(t, p.NewDatabase(t))
	l.work("before")
	for _, c := range []struct {
		name       string
		away, back func() error
	}{
		{"stopped", p.Stop, p.Start},
		{"stopped at once", p.StopImmediate, p.Start},
		{"killed", p.Kill, p.Start},
		{"frozen", p.Freeze, p.Thaw},
	} {
		l.atOnce(8, func(int) error { return l.Ping(l.ctx) }) // connections in the pool
		l.ok(c.away())
		l.fail(c.name)
		l.ok(c.back())
		l.work("after it was " + c.name)
	}
	l.atOnce(8, func(int) error { return l.Ping(l.ctx) })
	l.ok(errors.Join(p.Stop(), p.Start()))
	l.work("after a restart that no call saw")
}

// The database is away at the start: opening is no error, every call is, until it is back.
func TestAwayAtStart(t *testing.T) {
	t.Parallel()
	p := maillab.StartPostgres(t, maillab.PostgresOptions{})
	at := p.NewDatabase(t)
	l := open(t, at)
	l.ok(l.Close())
	l.ok(p.Stop())
	l = open(t, at)
	l.fail("away at the start")
	l.ok(p.Start())
	l.work("there at last")
}

// A migration that takes long goes on by itself; meanwhile calls fail in time, and they
// work when it is done.
func TestLongMigration(t *testing.T) {
	t.Parallel()
	l := &lab{T: t, url: maillab.SharedPostgres(t).NewDatabase(t), ctx: t.Context()}
	side := l.side()
	_, err := side.Exec(`SELECT pg_advisory_lock($1)`, lock.DefaultLockID) // another gateway migrates
	l.ok(err)
	impatient, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	l.DB, err = ticketdb.Open(impatient, ticketdb.Config{URL: l.url})
	l.ok(err)
	defer l.Close()
	l.fail("while it is migrated")
	_, err = side.Exec(`SELECT pg_advisory_unlock($1)`, lock.DefaultLockID)
	l.ok(err)
	l.work("after the migration")
}

// Packets vanish: FLT-23, INV-I4.
func TestBlackhole(t *testing.T) {
	t.Parallel()
	direct := open(t, postgresURL(t))
	proxy := maillab.StartProxy(t, maillab.SharedPostgres(t).Addr)
	l := open(t, through(direct.url, proxy))
	l.work("before")
	proxy.CutAll(maillab.Blackhole)
	proxy.Set(maillab.Fault{Dir: maillab.ToServer, After: 1, Cut: maillab.Blackhole})
	l.fail("blackhole")
	proxy.Set(maillab.Fault{})
	l.work("after")
}

// Connections are terminated under work: nothing lost, nothing twice: FLT-18.
func TestTerminated(t *testing.T) {
	t.Parallel()
	l := open(t, postgresURL(t))
	tk := l.ticket("x")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				_ = l.tryRaw(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			}
		}
	}()
	count := 0
	for n := range 60 {
		tag := fmt.Sprint(n)
		for range 50 {
			err := l.Do(l.ctx, func(tx tickets.Tx) error {
				now, err := tx.Ticket(tk.ID)
				if err != nil {
					return err
				}
				if len(now.Tags) > n {
					return nil // the try whose COMMIT was not answered did it
				}
				_, err = tx.Append(now, event(tickets.Tagged{Added: []string{tag}}))
				return err
			})
			if err == nil {
				count++
				break
			}
		}
	}
	close(stop)
	<-done
	got, err := l.TicketRow(l.ctx, tk.ID)
	if err != nil || count != 60 || len(got.Tags) != 60 || got.Seq != 61 {
		t.Errorf("%d of 60 done; %d tags at event %d; %v", count, len(got.Tags), got.Seq, err)
	}
	l.addsUp()
}

// A database that turned read-only has no partial effect, and works when it is
// writable again: FLT-19.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	l := open(t, postgresURL(t))
	tk := l.ticket("x")
	l.raw(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'cannot execute in a read-only transaction' USING ERRCODE = '25006'; END $$`)
	l.raw(`CREATE TRIGGER halfway BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()`)
	rename := func() error {
		return l.Do(l.ctx, func(tx tickets.Tx) error {
			if err := tx.SetSubject(tk.ID, "changed"); err != nil {
				return err
			}
			now, err := tx.Ticket(tk.ID)
			if err != nil {
				return err
			}
			_, err = tx.Append(now, event(tickets.Assigned{To: "bob"}))
			return err
		})
	}
	if err := rename(); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("read-only: %v", err)
	}
	if got, err := l.TicketRow(l.ctx, tk.ID); err != nil || got.Subject != "x" || got.Assignee != "" {
		t.Errorf("a partial effect: %+v %v", got, err)
	}
	l.raw(`DROP TRIGGER halfway ON events`)
	l.ok(rename())
	l.addsUp()
}

// A lock that somebody holds on a hot table is waited for, not longer than the time of
// a call: FLT-21.
func TestLockedTable(t *testing.T) {
	t.Parallel()
	l := open(t, postgresURL(t))
	side := l.side()
	tx, err := side.Begin()
	l.ok(err)
	defer tx.Rollback()
	_, err = tx.Exec(`LOCK TABLE arrivals IN ACCESS EXCLUSIVE MODE`)
	l.ok(err)
	begun := time.Now()
	_, _, err = l.Accept(l.ctx, arrival(1), octets("x"))
	if took := time.Since(begun); err == nil || took > 15*time.Second || took < 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	l.ok(tx.Rollback())
	l.accepted(arrival(1))
}

// Another program holds SQLite's lock: waited for, not longer than the time of a call:
// FLT-28.
func TestLockedFile(t *testing.T) {
	t.Parallel()
	l := open(t, sqliteURL(t))
	l.accepted(arrival(1))
	side := l.side()
	_, err := side.Exec(`BEGIN EXCLUSIVE`)
	l.ok(err)
	begun := time.Now()
	_, _, err = l.Accept(l.ctx, arrival(2), octets("x"))
	if took := time.Since(begun); err == nil || took > 15*time.Second || took < 5*time.Second {
		t.Errorf("%v after %v", err, took)
	}
	_, err = side.Exec(`ROLLBACK`)
	l.ok(err)
	l.accepted(arrival(2))
}

// No connection is left: FLT-22.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	p := maillab.StartPostgres(t, maillab.PostgresOptions{Settings: map[string]string{
		"max_connections": "9", "superuser_reserved_connections": "0", "max_wal_senders": "0"}})
	l := open(t, p.NewDatabase(t))
	l.ok(l.Close())
	var held []*sql.Conn
	for range 9 {
		if c, err := l.side().Conn(l.ctx); err == nil {
			held = append(held, c)
		}
	}
	l = open(t, l.url)
	l.fail("no connection left")
	for _, c := range held {
		_ = c.Raw(func(any) error { return driver.ErrBadConn }) // closes it, not only lends it back
	}
	l.work("with connections again")
}
