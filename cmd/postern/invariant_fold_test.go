package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// INV-B4, INV-K1: whatever is commanded in whatever order, with mails and passing
// time between, the sum of a ticket's events is its row.
func TestFoldEqualsRow(t *testing.T) {
	lines := []string{"#assign bob", "#assign bea", "#assign none", "#queue hr", "#queue it", "#status open", "#status on-hold", "#resolve",
		"#close", "#reopen", "#pending", "#pending until +2d", "#hold", "#priority low", "#priority urgent", "#type incident", "#type change",
		"#tag a b c", "#untag b", "#tag B", "#untag none-such", "#spam", "#assign nobody-like-this", "#status sideways"}
	databases(t, func(t *testing.T, url string) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		s := newStory(t, url, "testdata/crash/scenario.txtar")
		for n := range 4 {
			s.play([]string{fmt.Sprintf("write ann@example.net hello subject='Thing %d' proved=yes", n)})
		}
		ctx, done, refused := context.Background(), 0, 0
		for range 150 {
			block := []string{lines[r.IntN(len(lines))], lines[r.IntN(len(lines))]}
			var wrong *tickets.BlockError
			switch _, err := s.house.desk.Act(ctx, 1+r.Int64N(4), "root", block); {
			case errors.As(err, &wrong):
				refused++
			case err != nil:
				t.Fatalf("%q: %v", block, err)
			default:
				done++
			}
			if r.IntN(10) == 0 {
				s.play([]string{fmt.Sprintf("clock +%dh", r.IntN(200)), fmt.Sprintf("write ann@example.net again subject='[IT #%d] Thing' proved=yes", 1+r.IntN(4))})
			}
		}
		if done < 30 || refused < 5 {
			t.Errorf("%d blocks done, %d refused", done, refused)
		}
		if err := s.settle(); err != nil { // what the last block caused is still on its way
			t.Fatal(err)
		}
		s.foldFromNothing()
		s.unread = nil
		s.end()
	})
}

// foldFromNothing adds the events up here, beside what the database says of itself.
func (s *story) foldFromNothing() {
	ctx := context.Background()
	for _, row := range must(s.db.ListTickets(ctx, ticketdb.TicketFilter{Limit: 1000})) {
		sum := tickets.Fold(tickets.Ticket{ID: row.ID, Subject: row.Subject}, must(s.db.EventsOf(ctx, row.ID))...)
		if a, b := fmt.Sprintf("%+v", sum), fmt.Sprintf("%+v", row); a != b {
			s.t.Errorf("ticket %d\nevents: %s\nrow:    %s", row.ID, a, b)
		}
	}
}
