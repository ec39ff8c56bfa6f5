package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"postern/rules/strictyaml"
)

// dataFolder holds everything of the built-in configuration.
const dataFolder = "postern-data"

// builtin is the configuration that serves when there is no file: a helpdesk
// for trying out, on this machine only, that sends no mail anywhere.
func builtin() Config {
	in := func(name string) string { return filepath.Join(dataFolder, name) }
	return Config{
		Instance: "trial", Database: "sqlite:" + in("postern.db"), Secrets: in("secrets"),
		Listeners: []ListenerConfig{{Name: "local", Role: "submission", Protocol: "smtp",
			Address: "127.0.0.1:2525", Hostname: "localhost", Trusted: []string{"127.0.0.0/8"}}},
		Relay: &RelayConfig{Maildir: in("outgoing"), EnvelopeFrom: "signed"},
		Queues: []QueueConfig{{Name: "help", Addresses: []string{"help@localhost"}, Display: "Helpdesk",
			Tag: "Help", Agents: []string{"agent"}, Language: "en", Zone: "UTC",
			ReopenWindow: strictyaml.Duration(14 * 24 * time.Hour)}},
		Agents: []AgentConfig{{Name: "agent", Display: "Agent", Addresses: []string{"agent@localhost"}}},
		Log:    LogConfig{Level: "info", Format: "text"},
	}
}

// banner says what the built-in configuration does; empty for one from a file.
func (c Config) banner() string {
	if c.File != "" {
		return ""
	}
	return fmt.Sprintf(`There is no %s here, so this is a helpdesk for trying out:

  write to        help@localhost, by SMTP on 127.0.0.1:2525
  the agent is    agent@localhost; whoever can connect on this machine may write as him
  outgoing mail   is not sent, but written into Maildirs below %s
  everything is   in %s (SQLite)

For a real one: postern help config > %s

`, configFile, c.Relay.Maildir, dataFolder, configFile)
}

// makeFolders makes the data folder of the built-in configuration; those of a
// file are the admin's.
func (c Config) makeFolders() error {
	if c.File != "" {
		return nil
	}
	return os.MkdirAll(dataFolder, 0o700)
}
