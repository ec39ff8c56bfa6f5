package main

import (
	"context"
	"errors"
	"slices"

	"postern/mailout"
	"postern/tickets"
)

// furniture is everything a configuration says but the edges, made and checked and not
// yet in force.
type furniture struct {
	cfg      Config
	settings *tickets.Settings
	keys     tickets.Keyring
	composer *mailout.Composer
	relays   map[string]mailout.Relay
	rules    *watchedRules
}

// prepare makes the furniture of a configuration. At the start rules with mistakes may
// be replaced by the last good ones; at a reload they are a mistake like any other.
func (g *gateway) prepare(ctx context.Context, cfg Config, start bool) (*furniture, error) {
	f := &furniture{cfg: cfg, settings: cfg.Settings()}
	var err error
	if f.keys, err = readKeys(cfg.Secrets); err != nil {
		return nil, err
	}
	if f.composer, err = composerFor(cfg); err != nil {
		return nil, err
	}
	if f.rules, err = g.rulesFor(ctx, cfg, f.settings, start); err != nil {
		return nil, err
	}
	f.relays = relaysFor(cfg, g.w)
	return f, nil
}

// install puts the furniture in force. It cannot fail.
func (g *gateway) install(f *furniture) {
	if old := g.keyNow(); old.Current != f.keys.Current || !slices.Equal(keyNames(old), keyNames(f.keys)) {
		g.log.Info("keys changed", "signs", f.keys.Current, "known", keyNames(f.keys))
	}
	g.keyring.Store(&f.keys)
	g.settings.Store(f.settings)
	g.composer.Store(f.composer)
	g.resolver.Store(resolverFor(f.cfg, g.w))
	if old := g.relays.Swap(&f.relays); old != nil {
		for _, r := range *old {
			r.Close()
		}
	}
	g.useRules(f.rules)
	g.level.Set(logLevel(f.cfg.Log.Level))
	g.cfg.Store(&f.cfg)
}

// hangups reloads the configuration at each SIGHUP.
func (g *gateway) hangups(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.hangup:
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
	if old.Instance != cfg.Instance || old.databaseURL() != cfg.databaseURL() || old.Secrets != cfg.Secrets || old.Log.Format != cfg.Log.Format {
		return errors.New("instance, database, secrets and log.format change only with a restart")
	}
	f, err := g.prepare(ctx, cfg, false)
	if err != nil {
		return err
	}
	return g.edges.become(cfg, func() { g.install(f) })
}
