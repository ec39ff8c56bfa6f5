package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"postern/tickets"
)

// A story that breaks everything must be found out by every invariant.
func TestInvariantsFindEverything(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := newStory(t, url, "testdata/must-fail/everything.txtar")
		s.play(s.script())
		found := s.invariants()
		for _, want := range strings.Split(strings.TrimSpace(s.files["problems"]), "\n") {
			if !strings.Contains(strings.Join(found, "\n"), want) {
				t.Errorf("nobody noticed: %s", want)
			}
		}
	})
}

// sabotage breaks the books: "row TICKET" makes the row differ from its events,
// "leak ENTRY PARTICIPANT" mails an entry to somebody.
func (s *story) sabotage(args []string) error {
	var n [2]int64
	for i, a := range args[1:] {
		var err error
		if n[i], err = strconv.ParseInt(a, 10, 64); err != nil {
			return err
		}
	}
	return s.db.Do(context.Background(), func(tx tickets.Tx) error {
		if args[0] == "leak" {
			e, err := tx.Entry(n[0])
			if err != nil {
				return err
			}
			_, err = tx.Enqueue(tickets.Outgoing{Key: "leak", Ticket: e.Ticket, Entry: e.ID, Mail: tickets.MailReply, State: tickets.OutHeld,
				Recipient: fmt.Sprintf("participant %d", n[1]), MessageID: "leak@example.org", At: s.now, NextTry: s.now})
			return err
		}
		t, err := tx.Ticket(n[0])
		if err != nil {
			return err
		}
		t.Assignee = "nobody at all" // no event says so
		_, err = tx.Append(t, tickets.Event{At: s.now, Body: tickets.Refused{Why: "sabotage"}})
		return err
	})
}
