package main

import (
	"context"
	"errors"
	"time"

	"postern/tickets"
)

// errCrashed is what a dead process answers: nothing; the caller is dead too.
var errCrashed = errors.New("the process died here")

// crashing is a store whose process dies at a named step: before:NAME (nothing of
// the step is on disk) or after:NAME (all of it is, but nobody learns of it). From
// then on nothing works until the story restarts.
type crashing struct {
	tickets.Store
	at   string
	dead bool
	// steps counts every step, so that a test can die at each in turn; 0 in dieAt never dies.
	steps, dieAt int
}

func (c *crashing) step(name string, f func() error) error {
	if c.dead {
		return errCrashed
	}
	if c.here("before:" + name) {
		return errCrashed
	}
	err := f()
	if c.here("after:" + name) {
		return errCrashed
	}
	return err
}

func (c *crashing) here(name string) bool {
	c.steps++
	c.dead = c.dead || c.at == name || c.dieAt != 0 && c.steps == c.dieAt
	return c.dead
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
