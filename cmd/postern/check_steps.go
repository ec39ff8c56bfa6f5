package main

import (
	"context"
	"fmt"
)

// checkSteps lists what there is to look at, in the order in which a message
// would meet it.
func checkSteps(cfg Config) []checkStep {
	return []checkStep{{name: "configuration", see: func(context.Context) (string, error) { return cfg.summary(), nil }}}
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
