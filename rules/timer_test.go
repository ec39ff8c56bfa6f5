package rules

import (
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

func timed(since string, after time.Duration) tickets.Facts {
	f := tickets.Facts{Phase: tickets.PhaseTimer, At: at.Add(after), Zone: "Europe/Berlin", Ticket: tickets.TicketFacts{ID: 7, Queue: "it", Status: tickets.Open}}
	switch t := &f.Ticket; since {
	case "created":
		t.Created = at
	case "updated":
		t.Updated = at
	case "status":
		t.StatusSince = at
	case "pending":
		t.PendingUntil = at
	case "last_requester":
		t.LastRequester = at
	case "last_agent":
		t.LastAgent = at
	}
	return f
}

// A timer counts from the moment it names, and runs once for each value of it.
func TestTimerCountsFromItsMoment(t *testing.T) {
	for _, since := range sinces {
		s := must(t, "rules:\n- {name: nag, on: timer, after: 2h, since: "+since+", then: {notify: agents}}\n")
		early, late := timed(since, 2*time.Hour-time.Second), timed(since, 2*time.Hour)
		d := s.Decide(early)
		if d.Rules[0].Matched || !strings.HasPrefix(d.Rules[0].Failed, "not due before 2026-01-14T11:30:00Z") {
			t.Errorf("%s: early %+v", since, d.Rules[0])
		}
		if next := s.NextDue(early); !next.Equal(at.Add(2 * time.Hour)) {
			t.Errorf("%s: next %v", since, next)
		}
		d = s.Decide(late)
		if !d.Rules[0].Matched || !d.Rules[0].Base.Equal(at) || !d.Actions[0].Cause.Clock {
			t.Errorf("%s: due %+v", since, d)
		}
		late.Ticket.Fired = map[string]time.Time{"nag": at}
		if d = s.Decide(late); d.Rules[0].Matched || !s.NextDue(late).IsZero() {
			t.Errorf("%s: ran twice: %+v", since, d.Rules[0])
		}
		late.Ticket.Fired["nag"] = at.Add(-time.Hour) // an earlier base
		if d = s.Decide(late); !d.Rules[0].Matched || !s.NextDue(late).Equal(at.Add(2*time.Hour)) {
			t.Errorf("%s: did not run for the new base: %+v", since, d.Rules[0])
		}
		if none := (tickets.Facts{Phase: tickets.PhaseTimer, At: at}); s.Decide(none).Rules[0].Matched || !s.NextDue(none).IsZero() {
			t.Errorf("%s: ran without a moment", since)
		}
	}
}

// A due rule whose condition waits for the time of day is asked again soon; one
// whose condition only the ticket can make true is not.
func TestNextDueOfConditions(t *testing.T) {
	for condition, want := range map[string]time.Time{
		"hour == 23":                                time.Date(2026, 1, 14, 13, 45, 0, 0, time.UTC),
		"ticket.status == \"pending\"":              {},
		"ticket.status == \"open\"":                 at.Add(2 * time.Hour),
		"ticket.tags[3] == \"x\"":                   {},
		"weekday == \"monday\" && ticket.id == 7":   time.Date(2026, 1, 14, 13, 45, 0, 0, time.UTC),
		"ticket.id == 8 && ticket.subject == \"x\"": {},
	} {
		s := must(t, "rules:\n- {name: nag, on: timer, after: 2h, since: created, when: '"+condition+"', then: {notify: agents}}\n")
		f := timed("created", 4*time.Hour+7*time.Minute)
		if got := s.NextDue(f); !got.Equal(want) {
			t.Errorf("%s: next %v, want %v", condition, got, want)
		}
	}
}

// The reopen window is that of the ticket's queue, and the default where none is known.
func TestReopenWindow(t *testing.T) {
	text := "version: 1\nrules:\n- {name: close, on: timer, after: reopen-window, then: {status: closed}}\n"
	s, p := Compile([]File{{"t.yaml", []byte(text)}}, Options{Settings: &tickets.Settings{Queues: []tickets.Queue{{Name: "IT", ReopenWindow: time.Hour}, {Name: "hr"}}}})
	if p.Err() != nil {
		t.Fatal(p)
	}
	for queue, want := range map[string]time.Duration{"it": time.Hour, "hr": defaultWindow, "gone": defaultWindow} {
		f := timed("status", 0)
		f.Ticket.Queue = queue
		if got := s.NextDue(f); !got.Equal(at.Add(want)) {
			t.Errorf("%s: %v", queue, got)
		}
	}
}
