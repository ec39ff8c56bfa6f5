package main

import (
	"context"
	"strings"
	"testing"
)

// A mail that only asks has no ticket, and its explanation still tells of its answer;
// that of a mail on a ticket tells each mail that was withheld, and why.
func TestExplainTellsOfAnswers(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := newStory(t, url, "testdata/crash/scenario.txtar")
		s.play([]string{
			"write bob@example.org '#list|#help' subject=Lists proved=yes",
			"write ann@example.net 'It burns.' header='Auto-Submitted: auto-generated'",
		})
		for arrival, want := range map[int64][]string{1: {"answer agent bob sent", "help agent bob sent"}, 2: {"notice-new agent bob sent", "ack-unverified participant withheld"}} {
			a := must(s.db.ArrivalRow(context.Background(), arrival))
			e := must(explainArrival(context.Background(), s.db, a))
			var got []string
			for _, m := range e.Mails {
				to := strings.TrimRight(m.To, " 0123456789")
				if m.Written {
					got = append(got, m.Role+" "+to+" "+m.State)
				} else if m.Why != "" {
					got = append(got, m.Role+" "+to+" withheld")
				}
			}
			for _, w := range want {
				if !strings.Contains(strings.Join(got, "; "), w) {
					t.Errorf("arrival %d: no %q in %q", arrival, w, got)
				}
			}
		}
	})
}
