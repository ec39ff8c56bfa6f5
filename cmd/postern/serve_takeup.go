package main

import (
	"context"
	"errors"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// takeUp makes what a killed process had in hand due again at once. The lock of a SQLite
// file proves that it is dead; with several gateways on one database its claims have to
// lapse: two minutes for arrivals, a quarter of an hour for outgoing mail.
func (g *gateway) takeUp(ctx context.Context) {
	if g.file == nil {
		return
	}
	in, err := g.takeUpArrivals(ctx)
	out, err2 := g.takeUpMail(ctx)
	if err = errors.Join(err, err2); in+out > 0 || err != nil {
		g.log.Warn("the last process did not end in order; its work is taken up", "arrivals", in, "outgoing", out, "err", err)
	}
}

const endedInside = "postern ended in the middle of this"

// takeUpArrivals: the attempt that was cut off stays counted, for the message may be what
// kills us.
func (g *gateway) takeUpArrivals(ctx context.Context) (n int, err error) {
	at := g.w.now()
	all, err := g.db.ListArrivals(ctx, ticketdb.ArrivalFilter{State: tickets.StateNew, Limit: 10000})
	for _, a := range all {
		if a.Error != "" && a.Error != endedInside || !a.NextTry.After(at) {
			continue // it waits after a failure of its own, or is due already
		}
		n++
		f := tickets.Failure{Err: endedInside, Counted: true, State: tickets.StateNew, Next: at.Add(again(a.Attempts))}
		err = errors.Join(err, g.db.Fail(ctx, a.Arrival.ID, f))
	}
	return n, err
}

// takeUpMail: whether the relay had it already nobody knows, so it goes out again. Without
// any rules there is nothing to decide with, and it waits until its lease is over.
func (g *gateway) takeUpMail(ctx context.Context) (n int, err error) {
	if g.rules.Load() == nil {
		return 0, nil
	}
	all, err := g.db.ListOutbox(ctx, ticketdb.OutboxFilter{State: tickets.OutSending, Limit: 10000})
	for _, o := range all {
		v := tickets.Verdict{Outgoing: o.ID, Fence: o.Fence, Kind: tickets.VerdictLater, Answer: endedInside,
			NextTry: g.w.now().Add(again(o.Attempts))}
		err = errors.Join(err, g.desk.Record(ctx, v))
	}
	return len(all), err
}

// again is the pause after so many attempts that were cut off: none after the first.
func again(attempts int) time.Duration {
	return time.Duration(min(max(attempts-1, 0), 10)) * 2 * time.Second
}
