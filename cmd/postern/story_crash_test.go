package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"postern/tickets"
)

// errCrashed is what a dead process answers: nothing; the caller is dead too.
var errCrashed = errors.New("the process died here")

// crashing is a store whose process dies at a named step: before:NAME (nothing of
// the step is on disk), in:commit (a transaction was about to commit) or after:NAME
// (all of it is on disk, but nobody learns of it). From then on nothing works until
// the story restarts.
type crashing struct {
	tickets.Store
	at   string
	dead bool
	// steps counts the steps that differ (before one is the same disk as after the one
	// before it), so that a test can die at each in turn; 0 in dieAt never dies.
	steps, dieAt int
	// sending says that the relay took a mail and no database knows of it yet.
	sending bool
}

func (c *crashing) step(name string, f func() error) error {
	if c.dead {
		return errCrashed
	}
	if c.here("before:" + name) {
		return errCrashed
	}
	err := f()
	if err == nil && name == "commit" {
		c.sending = false
	}
	if c.here("after:" + name) {
		return errCrashed
	}
	return err
}

func (c *crashing) here(name string) bool {
	if c.dead {
		return true
	}
	if !strings.HasPrefix(name, "before:") {
		c.steps++
		c.dead = c.dieAt != 0 && c.steps == c.dieAt
	}
	c.dead = c.dead || c.at == name
	return c.dead
}

// send hands a mail to the relay, which is a step like those of the database.
func (c *crashing) send(f func()) error {
	return c.step("send", func() error {
		f()
		c.sending = true
		return nil
	})
}

func (c *crashing) Claim(ctx context.Context, k tickets.Claim) (out []tickets.Outgoing, err error) {
	err = c.step("claim", func() (err error) {
		out, err = c.Store.Claim(ctx, k)
		return err
	})
	return out, err
}

func (c *crashing) Accept(ctx context.Context, a tickets.Arrival, raw tickets.Raw) (id int64, known bool, err error) {
	err = c.step("accept", func() (err error) {
		id, known, err = c.Store.Accept(ctx, a, raw)
		return err
	})
	return id, known, err
}

func (c *crashing) Begin(ctx context.Context, id int64, at time.Time) (a tickets.Arrival, n int, err error) {
	err = c.step("begin", func() (err error) {
		a, n, err = c.Store.Begin(ctx, id, at)
		return err
	})
	return a, n, err
}

func (c *crashing) Fail(ctx context.Context, id int64, f tickets.Failure) error {
	return c.step("fail", func() error { return c.Store.Fail(ctx, id, f) })
}

func (c *crashing) Do(ctx context.Context, f func(tickets.Tx) error) error {
	return c.step("commit", func() error {
		return c.Store.Do(ctx, func(tx tickets.Tx) error {
			if err := f(tx); err != nil {
				return err
			}
			if c.here("in:commit") {
				return errCrashed // rolled back: the process died inside the transaction
			}
			return nil
		})
	})
}
