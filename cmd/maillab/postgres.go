package maillab

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver of the administrator's connection
)

// PostgresOptions change a PostgreSQL instance; the zero value is a server with
// every durability setting at its default (on), tuned for many small databases:
// for a benchmark set wal_init_zero and wal_recycle to "on".
type PostgresOptions struct {
	// Settings of postgresql.conf, such as "fsync": "off" or "max_connections": "10".
	Settings map[string]string
	// DataParent is an existing directory to make the data directory in, for
	// instance a small tmpfs; empty means the room.
	DataParent string
}

// A PostgresServer is a private PostgreSQL. It listens on 127.0.0.1 and on a Unix
// socket; its superuser is postgres, without a password.
type PostgresServer struct {
	// Addr is host:port of the server, for a Proxy in front of it. It stays the
	// same over Stop and Start.
	Addr string
	// SocketDir holds the Unix socket.
	SocketDir string

	dir, data, log string
	port           int
	who            *account
	args           []string

	mu        sync.Mutex
	proc      *process
	admin     *sql.DB
	databases int
	templates map[string]string
}

var shared struct {
	sync.Mutex
	postgres *PostgresServer
	err      error
}

// SharedPostgres returns the one PostgreSQL of this test process; the first
// caller starts it, the end of the process (or Main) stops it. A test that stops
// or changes the server takes StartPostgres instead.
func SharedPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	Need(t, PostgreSQL)
	shared.Lock()
	defer shared.Unlock()
	if shared.postgres == nil && shared.err == nil {
		shared.postgres, shared.err = newPostgres(PostgresOptions{})
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.postgres
}

func stopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.postgres != nil {
		_ = shared.postgres.remove()
	}
}

// StartPostgres starts a PostgreSQL for this test alone; the end of the test
// stops and removes it.
func StartPostgres(t testing.TB, o PostgresOptions) *PostgresServer {
	t.Helper()
	Need(t, PostgreSQL)
	p, err := newPostgres(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.remove(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func newPostgres(o PostgresOptions) (*PostgresServer, error) {
	who, err := ordinary("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	dir, err := newDir("pg", who)
	if err != nil {
		return nil, err
	}
	p := &PostgresServer{dir: dir, SocketDir: dir, who: who, templates: map[string]string{}}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	p.Addr, p.log = loopback(p.port), filepath.Join(dir, "log")
	p.data = filepath.Join(dir, "data")
	if o.DataParent != "" {
		p.data = filepath.Join(o.DataParent, "data")
		if err := who.own(o.DataParent); err != nil {
			return nil, err
		}
	}
	p.args = p.arguments(o.Settings)
	if err := p.initdb(); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	if err := p.Start(); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	p.admin, err = sql.Open("postgres", p.URL("postgres"))
	return p, err
}

func (p *PostgresServer) arguments(settings map[string]string) []string {
	args := []string{"-D", p.data, "-k", p.SocketDir, "-h", "127.0.0.1", "-p", fmt.Sprint(p.port)}
	// A new database costs 25 ms when segments of the log are not filled with zeros
	// first, 250 ms when they are; it takes nothing from durability.
	all := map[string]string{"shared_buffers": "32MB", "max_wal_size": "256MB", "log_checkpoints": "off",
		"wal_init_zero": "off", "wal_recycle": "off"}
	for k, v := range settings {
		all[k] = v
	}
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		args = append(args, "-c", k+"="+all[k])
	}
	return args
}

// command prepares a program of PostgreSQL with its output in the log file. A
// file, not a pipe: a child that keeps the pipe would keep Wait from ending.
func (p *PostgresServer) command(name string, args ...string) (*exec.Cmd, *os.File, error) {
	bin, err := postgresBin(name)
	if err != nil {
		return nil, nil, err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the log of PostgreSQL: %w", err)
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + p.dir, "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = asServer(p.who, syscall.SIGQUIT) // SIGQUIT: stop at once
	return cmd, log, nil
}

func (p *PostgresServer) initdb() error {
	// --no-sync speeds up the making only; the running server syncs.
	cmd, log, err := p.command("initdb", "-D", p.data, "-U", "postgres",
		"--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
	if err != nil {
		return err
	}
	defer log.Close()
	run, err := launch("initdb", cmd)
	if err != nil {
		return err
	}
	<-run.done
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("initdb: %v\n%s", cmd.ProcessState, tail(p.log))
	}
	return nil
}

// Start starts a stopped server again with the same data on the same port, and
// returns when it takes connections.
func (p *PostgresServer) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd, log, err := p.command("postgres", p.args...)
	if err != nil {
		return err
	}
	defer log.Close()
	if p.proc, err = launch("PostgreSQL", cmd); err != nil {
		return err
	}
	if err := ready(p.proc, "PostgreSQL", p.ping); err != nil {
		return fmt.Errorf("%w\n%s", err, tail(p.log))
	}
	return nil
}

func (p *PostgresServer) ping() error {
	db, err := sql.Open("postgres", p.URL("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

// URL is the connection URL of a database of this server, by TCP and without TLS.
func (p *PostgresServer) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", p.Addr, database)
}

// Log is what the server has written to its log, or the last 4000 bytes of it.
func (p *PostgresServer) Log() string { return tail(p.log) }
