package rules

import (
	"strings"
	"time"

	"postern/tickets"
)

// base is the moment a timer rule counts from; zero when there is none.
func (r *rule) base(t *tickets.TicketFacts) time.Time {
	switch r.since {
	case "created":
		return t.Created
	case "updated":
		return t.Updated
	case "pending":
		return t.PendingUntil
	case "last_requester":
		return t.LastRequester
	case "last_agent":
		return t.LastAgent
	}
	return t.StatusSince
}

// moment is when a timer rule is due, and its base; zero when there is no base or
// it ran for this one already.
func (s *Set) moment(r *rule, t *tickets.TicketFacts) (due, base time.Time, ran bool) {
	base = r.base(t)
	if base.IsZero() {
		return
	}
	if f, ok := t.Fired[r.name]; ok && f.Equal(base) {
		return time.Time{}, base, true
	}
	after := r.after
	if r.window {
		if after = s.windows[strings.ToLower(t.Queue)]; after == 0 {
			after = defaultWindow
		}
	}
	return base.Add(after), base, false
}

// due reports whether a timer rule's moment has come, and writes into the trace
// why not.
func (s *Set) due(r *rule, f *tickets.Facts, tr *tickets.RuleTrace) bool {
	due, base, ran := s.moment(r, &f.Ticket)
	tr.Base = base
	switch {
	case base.IsZero():
		tr.Failed = "there is no moment to count from: " + r.since
	case ran:
		tr.Failed = "ran already, counted from this moment"
	case due.After(f.At):
		tr.Failed = "not due before " + due.UTC().Format(time.RFC3339)
	default:
		return true
	}
	return false
}

// recheck is how long a timer rule waits whose moment has come but whose condition
// depends on the time of day.
const recheck = 15 * time.Minute

// NextDue is the first moment at which a timer rule may run on the ticket; zero
// for never, until the ticket changes. A rule whose condition is not true now has
// no moment, unless the condition depends on the clock: then it is asked again
// every quarter of an hour once it is due.
func (s *Set) NextDue(f tickets.Facts) time.Time {
	rules := s.rules[tickets.PhaseTimer]
	if len(rules) == 0 {
		return time.Time{}
	}
	f.Phase = tickets.PhaseTimer
	x := s.start(&f)
	defer s.scratch.Put(x)
	var next time.Time
	for _, r := range rules {
		due, _, _ := s.moment(r, &f.Ticket)
		if due.IsZero() {
			continue
		}
		var tr tickets.RuleTrace
		if !x.match(r, &tr) {
			if !r.clock {
				continue
			}
			if !due.After(f.At) {
				due = f.At.Truncate(recheck).Add(recheck)
			}
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}
