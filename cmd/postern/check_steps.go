package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"postern/mailin"
	"postern/mailout"
)

// checkSteps lists what there is to look at, in the order in which a message
// would meet it.
func checkSteps(cfg Config, w *world) []checkStep {
	file := func(name string, see func() (string, error)) checkStep {
		return checkStep{name, false, func(context.Context) (string, error) { return see() }}
	}
	steps := []checkStep{
		file("configuration", func() (string, error) { return cfg.summary(), nil }),
		file("rules", func() (string, error) { return checkRules(cfg) }),
		file("templates", func() (string, error) { return checkTemplates(cfg) }),
		file("keys", func() (string, error) { return checkKeys(cfg) }),
		file("disk", func() (string, error) { return checkDisk(cfg) }),
		{"database", true, func(ctx context.Context) (string, error) { return checkDatabase(ctx, cfg) }},
	}
	for _, l := range cfg.Listeners {
		steps = append(steps, checkStep{"listener " + l.Name, true, func(context.Context) (string, error) { return checkListener(l) }})
	}
	for _, m := range cfg.Mailboxes {
		steps = append(steps, checkStep{"mailbox " + m.Name, true, func(ctx context.Context) (string, error) { return checkMailbox(ctx, m, w.roots) }})
	}
	relays := relaysFor(cfg, w)
	for _, name := range slices.Sorted(maps.Keys(relays)) {
		r := relays[name]
		steps = append(steps, checkStep{strings.TrimSpace("relay " + name), true, func(ctx context.Context) (string, error) { return checkRelay(ctx, r) }})
	}
	return steps
}

// summary says in one line what a configuration holds.
func (c Config) summary() string {
	return fmt.Sprintf("%s: %s, %s, %s, %s", or(c.File, "built-in"), plural(len(c.Queues), "queue"), plural(len(c.Agents), "agent"),
		plural(len(c.Listeners), "listener"), plural2(len(c.Mailboxes), "mailbox", "mailboxes"))
}

func plural(n int, one string) string { return plural2(n, one, one+"s") }

func plural2(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func checkRules(cfg Config) (string, error) {
	set, problems := loadRules(cfg.Rules, ruleOptions(cfg))
	if err := problems.Err(); err != nil {
		return "", err
	}
	return rulesText(cfg.Rules, set), nil
}

func checkTemplates(cfg Config) (string, error) {
	var errs []error
	own := 0
	for _, q := range cfg.Queues {
		if q.Templates == "" {
			continue
		}
		if _, err := mailout.Load(q.Templates); err != nil {
			errs = append(errs, fmt.Errorf("queue %s: %w", q.Name, err))
		}
		own++
	}
	return fmt.Sprintf("%d of %s with a folder of its own", own, plural(len(cfg.Queues), "queue")), errors.Join(errs...)
}

// checkKeys makes no keys: that is for the first start.
func checkKeys(cfg Config) (string, error) {
	if _, err := os.Stat(filepath.Join(cfg.Secrets, keyFile)); errors.Is(err, fs.ErrNotExist) {
		return "none yet; the first start makes them in " + cfg.Secrets, nil
	}
	ring, err := readKeys(cfg.Secrets)
	return fmt.Sprintf("%s in %s, number %d signs", plural(len(ring.Keys), "key"), filepath.Join(cfg.Secrets, keyFile), ring.Current), err
}

// checkDisk wants room for the messages that may be under way at once: one and a half of the
// largest, as at the door.
func checkDisk(cfg Config) (string, error) {
	room := cfg.dataFolder()
	free, err := mailin.FreeSpace(room)
	if err != nil {
		return "", err
	}
	need := cfg.Settings().Limits.MessageSize * 3 / 2
	if free < uint64(need) {
		return "", fmt.Errorf("%s free in %s; mail is put off below %s", bytesText(int64(free)), room, bytesText(need))
	}
	return fmt.Sprintf("%s free in %s", bytesText(int64(free)), room), nil
}

// dataFolder is the nearest folder there is of that where messages are stored on this
// machine.
func (c Config) dataFolder() string {
	dir := c.Secrets
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok {
		dir = filepath.Dir(path)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	for dir != filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func checkDatabase(ctx context.Context, cfg Config) (string, error) {
	if path, ok := strings.CutPrefix(cfg.Database, "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return path + " is not there yet; the first start makes it", nil
		}
	}
	db, err := openDatabase(ctx, cfg, true)
	if err != nil {
		return "", err
	}
	current, target, err := db.Schema(ctx)
	return fmt.Sprintf("%s answers, schema %d of %d", db.Dialect(), current, target), errors.Join(err, db.Close())
}

// checkListener tries the address. One in use is well: a gateway may be running there.
func checkListener(l ListenerConfig) (string, error) {
	if path, unix := isUnix(l.Address); unix {
		if _, err := os.Stat(path); err == nil {
			return path + " is there; a gateway may be running", nil
		}
		return path + " is free", nil
	}
	s, err := net.Listen("tcp", l.Address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return l.Address + " is in use; a gateway may be running", nil
	}
	if err != nil {
		return "", err
	}
	return l.Address + " is free", s.Close()
}

func checkRelay(ctx context.Context, r mailout.Relay) (string, error) {
	defer r.Close()
	rep, err := r.Check(ctx)
	if err != nil {
		return "", err
	}
	out := rep.Name + ", " + or(rep.TLS, "without TLS") + ", " + or(rep.Auth, "without login")
	if rep.Size > 0 {
		out += ", takes " + bytesText(rep.Size)
	}
	return out, nil
}
