package ticketdb_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

// What lists are made of: queue, assignee, nobody's, what waits for a moment; never what
// is done or out of the work. Most urgent first, then the oldest.
func TestFind(t *testing.T) {
	both(t, func(l *lab) {
		until := noon.Add(48 * time.Hour)
		make := func(queue string, due time.Time, bodies ...tickets.Body) {
			l.tx(func(tx tickets.Tx) error {
				tk, err := tx.CreateTicket("Printer on fire", noon)
				if err != nil {
					return err
				}
				events := []tickets.Event{event(tickets.Created{Queue: queue, Priority: tickets.Normal})}
				for _, b := range bodies {
					events = append(events, event(b))
				}
				if _, err = tx.Append(tk, events...); err != nil {
					return err
				}
				return tx.SetDue(tk.ID, due)
			})
		}
		make("it", time.Time{})                                                                // 1
		make("it", noon.Add(time.Hour), tickets.Assigned{To: "bob"})                           // 2
		make("hr", time.Time{}, tickets.PrioritySet{From: tickets.Normal, To: tickets.Urgent}) // 3
		make("it", time.Time{}, tickets.StatusSet{From: tickets.New, To: tickets.Resolved})    // 4
		make("it", time.Time{}, tickets.Disposed{To: tickets.Spam})                            // 5
		make("hr", noon, tickets.StatusSet{From: tickets.New, To: tickets.Pending, Until: until})
		for name, x := range map[string]struct {
			s    tickets.Search
			want []int64
		}{
			"all":           {tickets.Search{}, []int64{3, 1, 2, 6}},
			"two":           {tickets.Search{Limit: 2}, []int64{3, 1}},
			"of a queue":    {tickets.Search{Queues: []string{"it"}}, []int64{1, 2}},
			"of two":        {tickets.Search{Queues: []string{"it", "hr"}}, []int64{3, 1, 2, 6}},
			"of none":       {tickets.Search{Queues: []string{}}, nil},
			"bob's":         {tickets.Search{Assignee: "bob"}, []int64{2}},
			"nobody's":      {tickets.Search{Unassigned: true, Queues: []string{"it"}}, []int64{1}},
			"due":           {tickets.Search{Due: true}, []int64{6, 2}},
			"no injection":  {tickets.Search{Assignee: "bob' OR '1'='1"}, nil},
			"nor by queues": {tickets.Search{Queues: []string{"it') OR ('1'='1"}}, nil},
		} {
			l.tx(func(tx tickets.Tx) error {
				found, err := tx.Find(x.s)
				var got []int64
				for _, f := range found {
					got = append(got, f.ID)
					if f.ID == 6 && !f.Due.Equal(until) || f.ID == 2 && !f.Due.Equal(noon.Add(time.Hour)) {
						l.Errorf("%s: ticket %d is due %s", name, f.ID, f.Due)
					}
				}
				if !slices.Equal(got, x.want) {
					l.Errorf("%s: %v, want %v", name, got, x.want)
				}
				return err
			})
		}
		l.looks()
	})
}

// looks: reading without a lock, and what is not there.
func (l *lab) looks() {
	l.tx(func(tx tickets.Tx) error {
		tk, err := tx.Look(3)
		if err != nil || tk.Priority != tickets.Urgent || tk.Subject != "Printer on fire" {
			l.Errorf("looked at %+v: %v", tk, err)
		}
		if _, err := tx.Look(99); !errors.Is(err, tickets.ErrNotFound) {
			l.Errorf("ticket 99: %v", err)
		}
		if _, err := tx.Way(99); !errors.Is(err, tickets.ErrNotFound) {
			l.Errorf("arrival 99: %v", err)
		}
		return nil
	})
	id := l.accepted(arrival(1))
	l.tx(func(tx tickets.Tx) error {
		if _, err := tx.TakeArrival(id); err != nil {
			return err
		}
		return tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeEntry, Ticket: 3, Why: "because", Trace: tickets.Trace{{Ask: "who?", Ans: "Ann"}}})
	})
	l.tx(func(tx tickets.Tx) error {
		r, err := tx.Way(id)
		if fmt.Sprint(r.Trace) != "[{who? Ann}]" || r.Ticket != 3 || !strings.Contains(r.Why, "because") {
			l.Errorf("way %+v", r)
		}
		return err
	})
}
