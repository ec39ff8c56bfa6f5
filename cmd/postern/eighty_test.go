package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// Eight writers bring ten replies each to one ticket at the same time; all of them
// are entries after a few sweeps, none is there twice, and the books add up.
func TestEightyRepliesByEightWriters(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := newStory(t, url, "testdata/stories/first.txtar")
		ctx := context.Background()
		if err := s.deliver([]string{"new.eml", "proved=yes"}); err != nil {
			t.Fatal(err)
		}
		s.unread = nil
		s.house.desk.Store = s.db // the crashing one is for one writer
		var writers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() {
				for n := range 10 {
					raw := fmt.Sprintf("From: Ann Smith <ann@example.net>\r\nTo: help@example.org\r\nSubject: Re: [IT #1] Printer on fire\r\n"+
						"In-Reply-To: <one@example.net>\r\nMessage-ID: <%d.%d@example.net>\r\n\r\nReply %d of writer %d.\r\n", w, n, n, w)
					a := s.envelope(raw, map[string]string{})
					a.Role, a.TrustedPeer = tickets.RoleSubmission, true
					if err := s.house.desk.Accept(ctx, a, stringRaw(raw)); err != nil {
						t.Errorf("writer %d, reply %d: %v", w, n, err)
					}
				}
			})
		}
		writers.Wait()
		open := must(s.db.ListArrivals(ctx, ticketdb.ArrivalFilter{State: tickets.StateNew}))
		t.Logf("%d undigested before the first sweep", len(open))
		for range 3 {
			s.now = s.now.Add(3 * time.Minute)
			if _, err := s.house.desk.Sweep(ctx, 100); err != nil {
				t.Fatal(err)
			}
		}
		if open = must(s.db.ListArrivals(ctx, ticketdb.ArrivalFilter{State: tickets.StateNew})); len(open) > 0 {
			t.Errorf("%d are undigested after three sweeps", len(open))
		}
		if row := must(s.db.TicketRow(ctx, 1)); row.Entries != 81 {
			t.Errorf("ticket 1 has %d entries", row.Entries)
		}
		if err := s.flush(); err != nil {
			t.Fatal(err)
		}
		s.unread = nil // notices; their number is bounded elsewhere
		s.end()
	})
}
