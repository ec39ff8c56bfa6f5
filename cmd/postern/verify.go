package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"postern/tickets/ticketdb"
)

// verifyCmd adds up the events of every ticket and compares the sum with its row;
// then it checks that every arrival has exactly one outcome, and that every event was
// caused by somebody who was entitled to it.
type verifyCmd struct{}

// verifyView is what was found.
type verifyView struct {
	OK       bool           `json:"ok"`
	Tickets  int            `json:"tickets"`
	Wrong    []wrongTicket  `json:"wrong"`
	Faults   []string       `json:"faults"`
	Unproved []unprovedAct  `json:"unproved"`
	Arrivals int            `json:"arrivals"`
	Counts   map[string]int `json:"counts"`
	Waiting  *time.Time     `json:"waiting_since"`
}

type wrongTicket struct {
	Ticket int64  `json:"ticket"`
	Why    string `json:"why"`
}

// unprovedAct is an event that its cause did not entitle it to.
type unprovedAct struct {
	Ticket  int64  `json:"ticket"`
	Event   int64  `json:"event"`
	Arrival int64  `json:"arrival"`
	Why     string `json:"why"`
}

// Run is errFound when something does not add up.
func (verifyCmd) Run(ctx context.Context, w *world) error {
	return w.withDatabase(ctx, func(db *ticketdb.DB) error {
		v, err := verified(ctx, w, db)
		if err != nil {
			return err
		}
		if w.json {
			err = writeJSON(w.out, v)
		} else {
			v.print(w)
		}
		if err == nil && !v.OK {
			err = errFound
		}
		return err
	})
}

func verified(ctx context.Context, w *world, db *ticketdb.DB) (verifyView, error) {
	v := verifyView{Wrong: []wrongTicket{}, Unproved: []unprovedAct{}, Counts: map[string]int{}}
	bar := w.progress("verifying tickets", 0)
	err := db.Verify(ctx, func(c ticketdb.Check) {
		bar.total = c.Of
		bar.step()
		v.Tickets++
		if !c.OK {
			v.Wrong = append(v.Wrong, wrongTicket{c.Ticket, c.Why})
		}
	})
	bar.end()
	if err != nil {
		return v, err
	}
	t, err := db.Totals(ctx)
	if err != nil {
		return v, err
	}
	v.Arrivals, v.Faults = t.Arrivals, list(t.Faults)
	countInto(v.Counts, "arrivals", t.States)
	countInto(v.Counts, "outcome", t.Outcomes)
	countInto(v.Counts, "tickets", t.Tickets)
	countInto(v.Counts, "outbox", t.Outbox)
	v.Counts["entries"] = t.Entries
	if !t.WaitingSince.IsZero() {
		v.Waiting = &t.WaitingSince
	}
	acts, err := db.Audit(ctx)
	if err != nil {
		return v, err
	}
	for _, a := range acts {
		v.Unproved = append(v.Unproved, unprovedAct{a.Ticket, a.Seq, a.Arrival, a.Why})
	}
	v.OK = len(v.Wrong)+len(v.Faults)+len(v.Unproved) == 0
	return v, nil
}

func countInto[K ~string](into map[string]int, what string, counts map[K]int) {
	for name, n := range counts {
		into[what+" "+string(name)] = n
	}
}

// sum says how many tickets add up, or how many do not.
func (v verifyView) sum() string {
	switch wrong := len(v.Wrong); {
	case wrong > 0:
		return fmt.Sprintf("of %s %d do not add up", plural(v.Tickets, "ticket"), wrong)
	case v.Tickets == 1:
		return "1 ticket adds up"
	}
	return plural(v.Tickets, "ticket") + " add up"
}

func (v verifyView) print(w *world) {
	for _, t := range v.Wrong {
		fmt.Fprintf(w.out, "FAIL ticket %d: %s\n", t.Ticket, printable(t.Why))
	}
	for _, f := range v.Faults {
		fmt.Fprintf(w.out, "FAIL %s\n", printable(f))
	}
	for _, a := range v.Unproved {
		fmt.Fprintf(w.out, "FAIL ticket %d, event %d, of arrival %d: %s\n", a.Ticket, a.Event, a.Arrival, printable(a.Why))
	}
	fmt.Fprintf(w.out, "%-4s %s\n", okText(len(v.Wrong) == 0), v.sum())
	fmt.Fprintf(w.out, "%-4s %s\n", okText(len(v.Faults) == 0), plural(v.Arrivals, "arrival"))
	fmt.Fprintf(w.out, "%-4s who did what was entitled to it\n", okText(len(v.Unproved) == 0))
	for _, name := range slices.Sorted(maps.Keys(v.Counts)) {
		fmt.Fprintf(w.out, "     %-24s %d\n", name, v.Counts[name])
	}
	if v.Waiting != nil {
		fmt.Fprintf(w.out, "     outgoing mail waits since %s\n", stamp(*v.Waiting))
	}
}
