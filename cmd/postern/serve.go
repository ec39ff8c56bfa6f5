package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/mailin"
	"postern/rules"
	"postern/rules/strictyaml"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// stopWithin is how long a stop may take: messages under way end, the courier
// hands back what it cannot send any more.
const stopWithin = 30 * time.Second

// serve runs the helpdesk until ctx ends.
func serve(ctx context.Context, cfg Config, w *world) error {
	fmt.Fprint(w.errs, cfg.banner())
	g, err := newGateway(ctx, cfg, w)
	if err != nil {
		return err
	}
	defer g.close()
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
	broken  atomic.Bool // the rules folder has mistakes
	edges   edges
	http    *httpPages
}

// watchedRules are the rules of one folder and the end of watching it.
type watchedRules struct {
	*rules.Reloader
	stop context.CancelFunc
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
	g.metrics = newMetrics(g)
	g.edges = edges{g: g, running: map[string]*running{}}
	if err := g.furnish(ctx, cfg); err != nil {
		db.Close()
		return nil, err
	}
	return g, nil
}

// furnish sets everything that a configuration says but the edges.
func (g *gateway) furnish(ctx context.Context, cfg Config) error {
	composer, err := composerFor(cfg)
	if err != nil {
		return err
	}
	settings := cfg.Settings()
	watched, err := g.rulesFor(ctx, cfg, settings)
	if err != nil {
		return err
	}
	relays := relaysFor(cfg, g.w)
	g.settings.Store(settings)
	g.composer.Store(composer)
	if old := g.relays.Swap(&relays); old != nil {
		for _, r := range *old {
			r.Close()
		}
	}
	g.useRules(watched)
	g.cfg.Store(&cfg)
	return nil
}

// rulesFor loads the rules of a configuration: its folder, or when that is
// broken at the start the last good ones; without a folder the default ones.
func (g *gateway) rulesFor(ctx context.Context, cfg Config, s *tickets.Settings) (*watchedRules, error) {
	o := rules.Options{Settings: s, Templates: templateNames(cfg)}
	if cfg.Rules == "" {
		set, problems := rules.LoadDefault(o)
		if len(problems) > 0 {
			return nil, problems
		}
		g.setRules(set)
		return nil, nil
	}
	r := &rules.Reloader{Dir: cfg.Rules, Options: func() rules.Options { return o }, Last: g.lastRules(ctx),
		Loaded: g.rulesLoaded,
		Broken: func(p strictyaml.Problems) {
			g.broken.Store(true)
			g.metrics.rulesBroken.Set(1)
			g.log.Error("rules are broken; the last good ones stay in force", "problems", len(p), "first", p[0].Error())
		}}
	if err := r.Start(); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return &watchedRules{Reloader: r}, nil
}

// lastRules are the rules kept in the database, for a folder that is broken at
// the start.
func (g *gateway) lastRules(ctx context.Context) []rules.File {
	kept, err := g.db.LastRules(ctx)
	if err != nil {
		return nil
	}
	var out []rules.File
	for _, name := range slices.Sorted(maps.Keys(kept.Files)) {
		out = append(out, rules.File{Name: name, Text: []byte(kept.Files[name])})
	}
	return out
}

// rulesLoaded puts a new set in force and keeps it in the database.
func (g *gateway) rulesLoaded(set *rules.Set) {
	g.setRules(set)
	g.broken.Store(false)
	g.metrics.rulesBroken.Set(0)
	files := map[string]string{}
	for name, text := range set.Files() {
		files[name] = string(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := g.db.SaveRules(ctx, tickets.RuleFiles{Hash: set.Version(), Files: files, At: g.w.now(), Who: "reload"})
	if err == nil {
		err = g.db.WakeTimers(ctx, g.w.now())
	}
	g.log.Info("rules loaded", "version", set.Version(), "rules", set.Len(), "err", err)
}

func (g *gateway) setRules(set *rules.Set) {
	var r tickets.Rules = set
	g.rules.Store(&r)
}

// useRules watches the folder of the rules from now on, and the old one no more.
func (g *gateway) useRules(r *watchedRules) {
	if r != nil {
		ctx, stop := context.WithCancel(context.Background())
		r.stop = stop
		ticker := time.NewTicker(2 * time.Second)
		go func() {
			defer ticker.Stop()
			r.Run(ctx, ticker.C)
		}()
	}
	if old := g.watch.Swap(r); old != nil {
		old.stop()
	}
}

// run serves until ctx ends, and then stops in order: nothing new is taken,
// messages under way end, the outbox is drained or handed back.
func (g *gateway) run(ctx context.Context) error {
	cfg := g.cfg.Load()
	if err := g.edges.become(ctx, *cfg); err != nil {
		return err
	}
	page, err := g.openPages(cfg.HTTP)
	if err != nil {
		return errors.Join(err, g.edges.stop(ctx))
	}
	g.http = page
	g.log.Info("serving", "instance", cfg.Instance, "database", g.db.Dialect(), "listeners", len(cfg.Listeners), "mailboxes", len(cfg.Mailboxes))
	var group errgroup.Group
	group.Go(func() error { return g.courier.Run(ctx) })
	group.Go(func() error { g.sweep(ctx); return nil })
	group.Go(func() error { g.hangups(ctx); return nil })
	<-ctx.Done()
	g.log.Info("stopping")
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	err = g.edges.stop(late)
	err = errors.Join(err, group.Wait())
	page.close(late)
	g.log.Info("stopped")
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return err
}

// sweep digests what is due again and lets time pass.
func (g *gateway) sweep(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		if _, err := g.desk.Sweep(ctx, 50); err != nil && ctx.Err() == nil {
			g.log.Warn("sweep", "err", err)
		}
		if _, err := g.desk.Tick(ctx, 50); err != nil && ctx.Err() == nil {
			g.log.Warn("timers", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// hangups reloads the configuration at each SIGHUP.
func (g *gateway) hangups(ctx context.Context) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	defer signal.Stop(c)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c:
			if err := g.reload(ctx); err != nil {
				g.log.Error("configuration not reloaded; the old one stays in force", "err", err)
			} else {
				g.log.Info("configuration reloaded")
			}
		}
	}
}

// reload reads the whole configuration again, all or nothing: with any mistake
// everything stays as it is.
func (g *gateway) reload(ctx context.Context) error {
	cfg, err := g.w.load()
	if err != nil {
		return err
	}
	old := g.cfg.Load()
	if old.Instance != cfg.Instance || old.databaseURL() != cfg.databaseURL() || old.Secrets != cfg.Secrets {
		return errors.New("instance, database and secrets change only with a restart")
	}
	if err := g.furnish(ctx, cfg); err != nil {
		return err
	}
	if err := g.edges.become(ctx, cfg); err != nil {
		return errors.Join(err, g.furnish(ctx, *old), g.edges.become(ctx, *old))
	}
	g.level.Set(logLevel(cfg.Log.Level))
	return nil
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

// stateFolder is where the spool lies: beside the SQLite file, else beside the secrets.
func (c Config) stateFolder() string {
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
		return filepath.Dir(path)
	}
	return c.Secrets
}
