package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/alecthomas/kong"
)

const about = `The helpdesk that lives in mail.

Without a configuration file "postern serve" runs a complete helpdesk for trying out
in ./postern-data. "postern help config" prints a commented configuration.`

// cli is the command line: each verb is a field, and its type tells its
// arguments. Flags of cli itself are known to every verb.
type cli struct {
	Config  string           `short:"c" placeholder:"FILE" env:"POSTERN_CONFIG" help:"Configuration file (default: postern.yaml here, if there is one)."`
	JSON    bool             `name:"json" help:"Print JSON for programs."`
	Version kong.VersionFlag `hidden:"" name:"version"`

	Serve serveCmd `cmd:"" help:"Run the helpdesk."`
	Demo  demoCmd  `cmd:"" help:"Play a whole helpdesk on this machine, with mailboxes to look into."`

	Check   checkCmd   `cmd:"" help:"Check configuration, rules and templates, and connect to everything they name."`
	Verify  verifyCmd  `cmd:"" help:"Add up the events of every ticket and check the totals."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this version's schema."`

	Inspect inspectCmd `cmd:"" help:"Show how postern reads a message."`

	Explain explainCmd `cmd:"" help:"Tell what became of a message, and why."`

	Ticket ticketCmd `cmd:"" help:"List, show and change tickets."`
	Inbox  inboxCmd  `cmd:"" help:"List, show and retry arrivals."`
	Outbox outboxCmd `cmd:"" help:"List, show, retry, hold and release outgoing mail."`

	Keys     keysCmd     `cmd:"" help:"List, rotate and revoke the keys of signed reply addresses."`
	Rules    rulesCmd    `cmd:"" help:"Check rules, or print the built-in ones."`
	Password passwordCmd `cmd:"" help:"Make the password_hash of an agent."`
	Help     helpCmd     `cmd:"" help:"Explain a verb, or a topic: config, exit-codes."`
	Ver      versionCmd  `cmd:"" name:"version" help:"Print the version."`
}

// serveCmd runs the helpdesk until it is told to stop.
type serveCmd struct{}

// Run reads the configuration and serves it (serve.go).
func (serveCmd) Run(ctx context.Context, w *world) error {
	cfg, err := w.load()
	if err != nil {
		return err
	}
	return inUse(serve(ctx, cfg, w))
}

// demoCmd plays the story.
type demoCmd struct {
	Exit bool   `help:"End after the story; exit 0 only if every step happened."`
	HTML string `name:"html" placeholder:"DIR" help:"Write the HTML of each mail that is printed into this folder, numbered."`
}

// Run plays it (demo.go).
func (c demoCmd) Run(ctx context.Context, w *world) error { return demo(ctx, w, c) }

// isMissing reports whether err says that a file is not there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
