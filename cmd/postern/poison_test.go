package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"postern/mailin"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// poisonedStory is a story whose reader panics on a marked message.
func poisonedStory(t *testing.T, url string) *story {
	s := newStory(t, url, "testdata/crash/scenario.txtar")
	for _, word := range []string{"POISON", "FINE"} {
		s.files[word] = fmt.Sprintf("From: Eve <eve@%s.example>\nTo: help@example.org\nSubject: %s\nMessage-ID: <%s@example.com>\n\n%s\n", strings.ToLower(word), word, word, word)
	}
	return s
}

func (s *story) poison() {
	parse := s.house.desk.Parse
	s.house.desk.Parse = func(ctx context.Context, a tickets.Arrival, raw tickets.Raw) tickets.Message {
		b, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
		if err == nil && strings.Contains(string(b), "POISON") {
			panic("a message that kills its reader")
		}
		return parse(ctx, a, raw)
	}
}

// INV-B6, INV-A6, INV-G2: a message that panics its reader is tried five times and
// is a ticket with its raw original then; the mail behind it flows at once.
func TestINV_B6_Poison(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := poisonedStory(t, url)
		s.poison()
		s.play([]string{"deliver POISON", "deliver FINE", "arrival 2 state=done outcome=entry ticket=1", "mail to=eve@fine.example", "mail to=bob@example.org", "mail to=bea@example.org", "nomail"})
		for range 3 {
			s.play([]string{"arrival 1 state=new", "clock +11m"})
		}
		s.play([]string{"arrival 1 state=new", "clock +11m", "arrival 1 state=new", "clock +11m",
			"arrival 1 state=quarantined outcome=quarantined ticket=2", "ticket 2 flags=quarantine entries=1"})
		e := must(s.db.EntriesOf(context.Background(), 2))[0]
		if got := s.original(e); got != strings.ReplaceAll(s.files["POISON"], "\n", "\r\n") {
			t.Errorf("the original is not attached:\n%s", got)
		}
		s.end()
	})
}

// original reads the raw message that is attached to a quarantined entry.
func (s *story) original(e tickets.Entry) string {
	raw, err := s.db.Raw(context.Background(), e.Arrival)
	if err != nil || len(e.Parts) != 1 {
		s.t.Fatalf("%v, %d parts", err, len(e.Parts))
	}
	b, err := io.ReadAll(mailin.OpenPart(raw, e.Parts[0]))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// INV-B6: the count is on disk before reading begins, so that a message that kills
// the whole process is held as well.
func TestINV_B6_KillsTheProcess(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := poisonedStory(t, url)
		s.play([]string{"crash before:commit", "deliver POISON"})
		for range 4 {
			s.now = s.now.Add(3 * time.Minute)
			s.start()
			s.play([]string{"crash before:commit", "clock +0s", "arrival 1 state=new"})
		}
		s.now = s.now.Add(3 * time.Minute)
		s.play([]string{"restart", "arrival 1 state=quarantined", "ticket 1 flags=quarantine"})
		s.end()
	})
}

// broken is a store whose transactions end with an error.
type broken struct {
	tickets.Store
	err error
}

func (b broken) Do(context.Context, func(tickets.Tx) error) error { return b.err }

// INV-B6, policy: a database that fails and an event of a newer version are not
// the message's fault: they count no attempt, and it is a ticket as soon as they are gone.
func TestINV_B6_NotItsFault(t *testing.T) {
	for name, fault := range map[string]error{
		"database": errors.New("connection refused"),
		"newer":    fmt.Errorf("event of kind %q: %w", "teleported", tickets.ErrNewer),
		"unknown":  tickets.ErrUnknown,
	} {
		t.Run(name, func(t *testing.T) {
			databases(t, func(t *testing.T, url string) {
				s := poisonedStory(t, url)
				s.house.desk.Store = broken{s.crash, fault}
				raw := strings.ReplaceAll(s.files["FINE"], "\n", "\r\n")
				if err := s.house.desk.Accept(context.Background(), s.envelope(raw, nil), stringRaw(raw)); err != nil {
					t.Fatal(err)
				}
				for range 12 {
					s.now = s.now.Add(11 * time.Minute)
					if _, err := s.house.desk.Sweep(context.Background(), 10); err != nil {
						t.Fatal(err)
					}
				}
				a := must(s.db.ListArrivals(context.Background(), ticketdb.ArrivalFilter{}))[0]
				if a.Attempts != 0 || a.State != tickets.StateNew || !strings.Contains(a.Error, fault.Error()) {
					t.Errorf("%d attempts, %s, %q", a.Attempts, a.State, a.Error)
				}
				s.house.desk.Store = s.crash
				s.play([]string{"clock +11m", "arrival 1 outcome=entry", "mail to=eve@fine.example", "mail to=bob@example.org", "mail to=bea@example.org"})
				s.end()
			})
		})
	}
}
