package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"postern/rules"
	"postern/rules/strictyaml"
	"postern/tickets"
)

// errNoRules puts mail off: the rules folder has mistakes, and the database, where the
// last good rules are, is away.
var errNoRules = errors.New("no rules yet: the folder has mistakes and the database is away")

// rulesMissing says that there are no rules to serve with.
type rulesMissing struct{ error }

func (r rulesMissing) Unwrap() error { return r.error }

// watchedRules are the rules of one folder, or the built-in ones, and the end of
// watching. Before they are installed they tell nobody.
type watchedRules struct {
	*rules.Reloader // nil for the built-in ones
	set             *rules.Set
	live            bool
	stop            context.CancelFunc
}

// rulesFor loads the rules of a configuration: its folder, or when that is broken at
// the start the last good ones; without a folder the built-in ones.
func (g *gateway) rulesFor(ctx context.Context, cfg Config, s *tickets.Settings, start bool) (*watchedRules, error) {
	o := rules.Options{Settings: s, Templates: templateNames(cfg)}
	w := &watchedRules{stop: func() {}}
	if cfg.Rules == "" {
		set, problems := rules.LoadDefault(o)
		w.set = set
		return w, problems.Err()
	}
	w.Reloader = &rules.Reloader{Dir: cfg.Rules, Options: func() rules.Options { return o },
		Loaded: func(set *rules.Set) {
			if w.set = set; w.live {
				g.rulesLoaded(set)
			}
		},
		Broken: func(p strictyaml.Problems) {
			if start || w.live {
				g.log.Error("rules are broken; the last good ones stay in force", "problems", len(p), "first", p[0].Error())
			}
		}}
	if start {
		last, err := g.lastRules(ctx)
		if w.Last = last; err != nil && w.Start() != nil {
			return w, nil // findRules asks again when the database is back
		}
	}
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return w, nil
}

// lastRules are the rules kept in the database, for a folder that is broken at the
// start; none is no error.
func (g *gateway) lastRules(ctx context.Context) (out []rules.File, err error) {
	kept, err := g.db.LastRules(ctx)
	if errors.Is(err, tickets.ErrNotFound) {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(kept.Files)) {
		out = append(out, rules.File{Name: name, Text: []byte(kept.Files[name])})
	}
	return out, err
}

// useRules puts rules in force and watches their folder from now on, the old one no more.
func (g *gateway) useRules(w *watchedRules) {
	old := g.watch.Swap(w)
	if old != nil {
		old.stop()
	}
	if w.set != nil {
		g.rulesLoaded(w.set)
	}
	if w.Reloader == nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	w.live, w.stop = true, stop
	ticker := time.NewTicker(2 * time.Second)
	go func() {
		defer ticker.Stop()
		w.Run(ctx, ticker.C)
	}()
}

// rulesLoaded puts a new set in force; the sweep books it.
func (g *gateway) rulesLoaded(set *rules.Set) {
	var r tickets.Rules = set
	g.rules.Store(&r)
	g.unsaved.Store(set)
	g.log.Info("rules loaded", "version", set.Version(), "rules", set.Len())
}

// findRules looks again for the rules of a start that found neither good ones in the
// folder nor the database.
func (g *gateway) findRules(ctx context.Context) error {
	if g.rules.Load() != nil {
		return nil
	}
	last, err := g.lastRules(ctx)
	if err != nil {
		return err
	}
	w := g.watch.Load()
	if set, problems := rules.Compile(last, w.Options()); len(last) > 0 && len(problems) == 0 {
		g.rulesLoaded(set)
		return nil
	}
	if problems := w.Reload(); len(problems) > 0 {
		return rulesMissing{fmt.Errorf("rules: %w", problems.Err())}
	}
	return nil
}

// bookRules keeps the rules in force in the database and lets timers look at every
// ticket with them.
func (g *gateway) bookRules(ctx context.Context) error {
	set := g.unsaved.Load()
	if set == nil {
		return nil
	}
	files := map[string]string{}
	for name, text := range set.Files() {
		files[name] = string(text)
	}
	at := g.w.now()
	if err := g.db.SaveRules(ctx, tickets.RuleFiles{Hash: set.Version(), Files: files, At: at, Who: "reload"}); err != nil {
		return err
	}
	if err := g.db.WakeTimers(ctx, at); err != nil {
		return err
	}
	g.unsaved.CompareAndSwap(set, nil)
	return nil
}

// brokenRules says what is wrong with the rules folder; nil when it is in force.
func (g *gateway) brokenRules() error {
	w := g.watch.Load()
	if w == nil || w.Reloader == nil {
		return nil
	}
	if p := w.Problems(); len(p) > 0 {
		return fmt.Errorf("the rules folder has mistakes; the last good rules are in force: %w", p[0])
	}
	return nil
}
