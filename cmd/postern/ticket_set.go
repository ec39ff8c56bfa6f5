package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"postern/rules"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// ticketSetCmd carries out commands on a ticket, the same as an agent's mail.
type ticketSetCmd struct {
	Ticket   int64    `arg:"" help:"Its number."`
	Commands []string `arg:"" help:"Commands, one an argument: '#assign bob' '#status open'; the # may be left out. All or none is done."`
}

// Run prints what was done: before → after. Nothing is done when one command is wrong.
func (c *ticketSetCmd) Run(ctx context.Context, w *world) error {
	return actOn(ctx, w, c.Ticket, commandLines(c.Commands))
}

// commandLines writes arguments as the lines of a command block.
func commandLines(args []string) []string {
	lines := make([]string, len(args))
	for i, a := range args {
		lines[i] = "#" + strings.TrimPrefix(strings.TrimSpace(a), "#")
	}
	return lines
}

// ticketReleaseCmd lets an entry through that waits for a person's word.
type ticketReleaseCmd struct {
	Ticket int64 `arg:"" help:"Its number."`
	Entry  int64 `arg:"" optional:"" help:"The entry; the last one that waits when left out."`
}

// Run releases the entry; what it says is then relayed and told as if it had never waited.
func (c *ticketReleaseCmd) Run(ctx context.Context, w *world) error {
	line := "#release"
	if c.Entry != 0 {
		line += fmt.Sprintf(" %d", c.Entry)
	}
	return actOn(ctx, w, c.Ticket, []string{line})
}

// actOn hands a command block to the desk and prints what it did.
func actOn(ctx context.Context, w *world, ticket int64, lines []string) error {
	db, cfg, err := w.database(ctx)
	if err != nil {
		return err
	}
	did, err := act(ctx, w, db, cfg, order{ticket, lines})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.out, map[string]any{"ticket": ticket, "did": list(did)})
	}
	for _, d := range did {
		fmt.Fprintf(w.out, "ticket %d: %s\n", ticket, printable(d))
	}
	return nil
}

// order is a command block for a ticket.
type order struct {
	ticket int64
	lines  []string
}

// act lets a desk act beside the gateway that runs. The mail it
// causes waits in the outbox for that gateway's courier.
func act(ctx context.Context, w *world, db *ticketdb.DB, cfg Config, o order) ([]string, error) {
	h, err := besideGateway(ctx, w, db, cfg)
	if err != nil {
		return nil, err
	}
	for _, line := range o.lines {
		if words := strings.Fields(strings.ToLower(line)); slices.Equal(words, []string{"#assign", "me"}) {
			return nil, fmt.Errorf("%w: the command line is no agent; name one: #assign NAME; nothing was done", errRefused)
		}
	}
	did, err := h.desk.Act(ctx, o.ticket, w.admin(), o.lines)
	var refused *tickets.BlockError
	switch {
	case errors.As(err, &refused) && refused.Line == "#release" && nothingHeld(ctx, db, o.ticket):
		err = fmt.Errorf("%w: nothing is held on ticket %d", errRefused, o.ticket)
	case refused != nil:
		err = fmt.Errorf("%w: %w; nothing was done", errRefused, err)
	}
	return did, err
}

// besideGateway puts a helpdesk together whose desk may act beside the gateway that runs.
func besideGateway(ctx context.Context, w *world, db *ticketdb.DB, cfg Config) (*helpdesk, error) {
	keys, err := loadKeys(cfg.Secrets)
	if err != nil {
		return nil, err
	}
	composer, err := composerFor(cfg)
	if err != nil {
		return nil, err
	}
	set, err := rulesInForce(ctx, db, cfg)
	if err != nil {
		return nil, err
	}
	h := newHelpdesk(db, keys, w.now, newLog(w.errs, slog.LevelError, cfg.Log.Format))
	var r tickets.Rules = set
	h.rules.Store(&r)
	h.settings.Store(cfg.Settings())
	h.composer.Store(composer)
	return h, nil
}

// nothingHeld says whether no entry of a ticket waits for a release.
func nothingHeld(ctx context.Context, db *ticketdb.DB, ticket int64) bool {
	entries, err := db.EntriesOf(ctx, ticket)
	return err == nil && !slices.ContainsFunc(entries, func(e tickets.Entry) bool { return e.State == tickets.EntryHeld || e.State == tickets.EntryUnverified })
}

// rulesInForce are the rules of the configuration, or when those are broken the last good
// ones, as the gateway does it.
func rulesInForce(ctx context.Context, db *ticketdb.DB, cfg Config) (*rules.Set, error) {
	set, problems := loadRules(cfg.Rules, ruleOptions(cfg))
	if len(problems) == 0 {
		return set, nil
	}
	kept, err := db.LastRules(ctx)
	if err != nil {
		return nil, problems
	}
	var files []rules.File
	for name, text := range kept.Files {
		files = append(files, rules.File{Name: name, Text: []byte(text)})
	}
	set, again := rules.Compile(files, ruleOptions(cfg))
	if len(again) > 0 {
		return nil, problems
	}
	return set, nil
}

// admin is who uses the command line, for the ledger.
func (w *world) admin() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := w.env(name); who != "" {
			return oneLine(who)
		}
	}
	return "admin"
}
