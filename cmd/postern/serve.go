package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/mailin"
	"postern/rules"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// stopWithin is how long a stop may take. Messages under way may come to their end
// within stopGrace of it, and the courier hands back what it cannot send any more.
const (
	stopWithin = 30 * time.Second
	stopGrace  = 25 * time.Second
)

// serve runs the helpdesk until ctx ends.
func serve(ctx context.Context, cfg Config, w *world) error {
	hangup := make(chan os.Signal, 1) // from now on: one that comes early must not kill
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	fmt.Fprint(w.errs, cfg.banner())
	g, err := newGateway(ctx, cfg, w)
	if err != nil {
		return err
	}
	defer g.close()
	g.hangup = hangup
	return g.run(ctx)
}

// gateway is a running postern: the helpdesk, its edges to the world, and what
// is needed to change its configuration while it runs.
type gateway struct {
	*helpdesk
	w       *world
	cfg     atomic.Pointer[Config]
	level   *slog.LevelVar
	spool   *mailin.SpoolDir
	room    string // the folder whose free space bounds what is taken
	metrics *metrics
	watch   atomic.Pointer[watchedRules]
	unsaved atomic.Pointer[rules.Set] // in force, and not yet in the database
	edges   edges
	hangup  <-chan os.Signal
	file    os.FileInfo // of the SQLite database that was opened; nil for others
}

// newGateway opens everything that must be right before anything is served.
func newGateway(ctx context.Context, cfg Config, w *world) (*gateway, error) {
	g := &gateway{w: w, level: new(slog.LevelVar)}
	g.level.Set(logLevel(cfg.Log.Level))
	log := newLog(w.errs, g.level, cfg.Log.Format)
	g.room = cfg.stateFolder()
	if err := os.MkdirAll(g.room, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	keys, err := loadKeys(cfg.Secrets)
	if err != nil {
		return nil, err
	}
	if g.spool, err = mailin.OpenSpool(filepath.Join(g.room, "spool")); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	db, err := ticketdb.Open(ctx, ticketdb.Config{URL: cfg.databaseURL()})
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	g.helpdesk = newHelpdesk(db, keys, w.now, log)
	if path, ok := cfg.databaseFile(); ok {
		g.courier.Owner = onlyOwner
		g.file, _ = os.Stat(path)
	}
	g.metrics = newMetrics(g)
	g.edges = edges{g: g, running: map[string]*running{}}
	f, err := g.prepare(ctx, cfg, true)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	g.install(f)
	g.takeUp(ctx) // it decides, so settings and rules come first
	return g, nil
}

// onlyOwner holds the leases of a SQLite file: its lock lets one process in, so that
// what another one held is this one's.
const onlyOwner = "only"

// accept takes a message; nothing is taken before there are rules to decide with.
func (g *gateway) accept(ctx context.Context, a tickets.Arrival, raw tickets.Raw) error {
	if g.rules.Load() == nil {
		return errNoRules
	}
	return g.desk.Accept(ctx, a, raw)
}

// run serves until ctx ends, and then stops in order: nothing new is taken,
// messages under way end, the outbox is drained or handed back.
func (g *gateway) run(ctx context.Context) error {
	cfg := g.cfg.Load()
	if err := g.edges.become(*cfg, func() {}); err != nil {
		return err
	}
	g.log.Info("serving", "instance", cfg.Instance, "database", g.db.Dialect(), "listeners", len(cfg.Listeners), "mailboxes", len(cfg.Mailboxes))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return g.courier.Run(ctx) })
	group.Go(func() error { return g.sweep(ctx) })
	group.Go(func() error { g.hangups(ctx); return nil })
	<-ctx.Done()
	g.log.Info("stopping")
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if err := g.edges.stop(late); err != nil { // whoever was cut was not answered, and sends again
		g.log.Warn("stopping", "err", err)
	}
	err := group.Wait()
	g.log.Info("stopped")
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// sweep digests what is due again and lets time pass. It ends with an error when the
// database, away at the start, turns out to be one that must not be used.
func (g *gateway) sweep(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	c := complaint{log: g.log, now: g.w.now}
	for {
		err := g.turn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, ticketdb.ErrRefused) {
			return fmt.Errorf("database: %w", err)
		}
		if errors.As(err, new(rulesMissing)) {
			return err
		}
		c.about("sweep", err)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// turn is one turn of the sweep. Timers wait until the database knows the rules.
func (g *gateway) turn(ctx context.Context) error {
	if err := g.findRules(ctx); err != nil {
		return err
	}
	if err := g.bookRules(ctx); err != nil {
		return err
	}
	_, swept := g.desk.Sweep(ctx, 50)
	_, ticked := g.desk.Tick(ctx, 50)
	return errors.Join(swept, ticked)
}

// complaint logs a trouble when it begins, once a minute while it lasts, and its end.
type complaint struct {
	log  *slog.Logger
	now  func() time.Time
	last time.Time // of the last line; zero when all is well
}

func (c *complaint) about(what string, err error) {
	switch now := c.now(); {
	case err == nil && !c.last.IsZero():
		c.log.Info(what + " works again")
		c.last = time.Time{}
	case err != nil && now.Sub(c.last) >= time.Minute:
		c.log.Warn(what, "err", err)
		c.last = now
	}
}

func (g *gateway) close() {
	if r := g.watch.Load(); r != nil {
		r.stop()
	}
	for _, r := range *g.relays.Load() {
		r.Close()
	}
	g.db.Close()
}

// databaseFile is the path of the SQLite file.
func (c Config) databaseFile() (string, bool) {
	path, ok := strings.CutPrefix(c.Database, "sqlite:")
	return strings.TrimPrefix(path, "//"), ok
}

// stateFolder is where the spool lies: beside the SQLite file, else beside the secrets.
func (c Config) stateFolder() string {
	if path, ok := c.databaseFile(); ok {
		return filepath.Dir(path)
	}
	return c.Secrets
}
