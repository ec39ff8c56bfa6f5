package mailout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"postern/tickets"
)

// Claimer is the part of the store that the courier needs.
type Claimer interface {
	Claim(ctx context.Context, c tickets.Claim) ([]tickets.Outgoing, error)
}

// A Courier brings outgoing messages to their relays. It claims no more than it
// can send at once, one recipient a message, in the order the store gives; each
// claim ends in one recorded verdict. While a verdict cannot be recorded nothing
// new is claimed, so that what was sent is not sent again.
type Courier struct {
	Store Claimer
	// Record writes a verdict down. ErrFenced ends the matter; other errors are tried again.
	Record func(context.Context, tickets.Verdict) error
	Open   Opener
	// Relays by name, "" for the default one. It is asked for each message.
	Relays func(name string) (Relay, bool)
	Now    func() time.Time
	Log    *slog.Logger // nil for none
	Owner  string       // this process, in leases

	Workers int           // messages sent at once; 0 means 4
	Poll    time.Duration // the outbox is looked at so often without being woken; 0 means 15 s
	Lease   time.Duration // at least; a relay's Longest makes it longer. 0 means 15 min
	Grace   time.Duration // running attempts may end within, at shutdown; 0 means 20 s

	once       sync.Once
	wake       chan struct{}
	unrecorded atomic.Int64 // verdicts that could not be written yet
}

func (c *Courier) init() {
	c.once.Do(func() {
		c.wake = make(chan struct{}, 1)
		c.Workers = positive(c.Workers, 4)
		c.Poll = positive(c.Poll, 15*time.Second)
		c.Lease = positive(c.Lease, 15*time.Minute)
		c.Grace = positive(c.Grace, 20*time.Second)
		if c.Log == nil {
			c.Log = slog.New(slog.DiscardHandler)
		}
	})
}

func positive[N int | time.Duration](n, def N) N {
	if n > 0 {
		return n
	}
	return def
}

// Wake makes the courier look at the outbox now. It never blocks.
func (c *Courier) Wake() {
	c.init()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends. Then nothing more is claimed; attempts under way may
// end within Grace and are handed back afterwards. It returns when all claims
// have their verdict, or cannot get one.
func (c *Courier) Run(ctx context.Context) error {
	c.init()
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(c.Grace, cut) })()
	free := make(chan struct{}, c.Workers)
	for range c.Workers {
		free <- struct{}{}
	}
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		n := grab(ctx, free)
		if n == 0 {
			break
		}
		got := c.claim(ctx, n)
		for _, o := range got {
			running.Go(func() {
				c.attempt(work, o)
				free <- struct{}{}
				c.Wake() // what waited for this message may follow
			})
		}
		for range n - len(got) {
			free <- struct{}{}
		}
		if len(got) < n {
			c.rest(ctx)
		}
	}
	return nil
}

// grab waits for a free worker and takes all that are free.
func grab(ctx context.Context, free chan struct{}) (n int) {
	select {
	case <-ctx.Done():
		return 0
	case <-free:
	}
	for n = 1; ; n++ {
		select {
		case <-free:
		default:
			return n
		}
	}
}

// rest waits until somebody wakes the courier or it is time to look.
func (c *Courier) rest(ctx context.Context) {
	t := time.NewTimer(c.Poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-c.wake:
	case <-t.C:
	}
}

// claim takes up to n messages; none while a verdict waits to be recorded.
func (c *Courier) claim(ctx context.Context, n int) []tickets.Outgoing {
	if c.unrecorded.Load() > 0 {
		return nil
	}
	got, err := c.Store.Claim(ctx, tickets.Claim{Owner: c.Owner, Max: n, Lease: c.lease(), At: c.Now()})
	if err != nil && ctx.Err() == nil {
		c.Log.Error("outbox not readable", "err", err)
	}
	return got
}

// lease is long enough for any relay to take its time.
func (c *Courier) lease() time.Duration {
	if r, ok := c.Relays(""); ok {
		return max(c.Lease, r.Longest()+30*time.Second)
	}
	return c.Lease
}

// attempt brings one message to its relay and the verdict to the desk.
func (c *Courier) attempt(ctx context.Context, o tickets.Outgoing) {
	v := verdict(o, c.deliver(ctx, o), c.Now())
	c.Log.Info("mail "+string(v.Kind), "outgoing", o.ID, "ticket", o.Ticket, "role", o.Role,
		"recipient", o.Recipient, "attempt", o.Attempts, "code", v.Code, "answer", v.Answer)
	c.record(ctx, v)
}

// deliver makes the attempt; a panic of ours is our fault, and the message waits.
func (c *Courier) deliver(ctx context.Context, o tickets.Outgoing) (a Answer) {
	defer func() {
		if r := recover(); r != nil {
			c.Log.Error("panic while sending", "outgoing", o.ID, "panic", fmt.Sprint(r))
			a = Answer{Kind: tickets.VerdictLater, Text: "internal error while sending"}
		}
	}()
	r, ok := c.Relays(o.Relay)
	if !ok {
		return Answer{Kind: tickets.VerdictLater, Text: oneAnswer(fmt.Sprintf("no relay %q is configured", o.Relay))}
	}
	return r.Deliver(ctx, o, c.Open)
}

// record writes the verdict, again and again while the database is away. After
// the grace of a shutdown it gives up: then the lease lapses and the message is
// sent again, as after a crash.
func (c *Courier) record(ctx context.Context, v tickets.Verdict) {
	for n := 0; ; n++ {
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		err := c.Record(once, v)
		cancel()
		switch {
		case err == nil, errors.Is(err, tickets.ErrFenced), errors.Is(err, tickets.ErrNotFound):
			if err != nil {
				c.Log.Warn("verdict not wanted any more", "outgoing", v.Outgoing, "kind", v.Kind, "err", err)
			}
			if n > 0 {
				c.unrecorded.Add(-1)
			}
			return
		}
		if n == 0 {
			c.unrecorded.Add(1)
		}
		c.Log.Error("verdict not recorded yet", "outgoing", v.Outgoing, "kind", v.Kind, "err", err)
		if !sleep(ctx, min(time.Second<<min(n, 4), 10*time.Second)) {
			return
		}
	}
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
