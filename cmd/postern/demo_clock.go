package main

import (
	"sync/atomic"
	"time"
)

// demoClock is the clock of the demo's people and of its helpdesk. It runs as the real
// one does, until the story is put forward to another day.
type demoClock struct {
	real  func() time.Time
	ahead atomic.Int64 // nanoseconds
}

func (c *demoClock) now() time.Time { return c.real().Add(time.Duration(c.ahead.Load())) }

// forward puts the clock forward to a time; it never goes back.
func (c *demoClock) forward(to time.Time) {
	if d := to.Sub(c.now()); d > 0 {
		c.ahead.Add(int64(d))
	}
}

// nextMorning is eight o'clock UTC of the first weekday after a day.
func nextMorning(at time.Time) time.Time {
	at = at.UTC()
	for {
		at = time.Date(at.Year(), at.Month(), at.Day()+1, 8, 0, 0, 0, time.UTC)
		if d := at.Weekday(); d != time.Saturday && d != time.Sunday {
			return at
		}
	}
}
