package tickets

import (
	"context"
	"fmt"
	"time"
)

// maxNamed bounds the tickets that a summary names; it counts all of them.
const maxNamed = 20

// tellStorms writes the summaries that are due, each in a transaction of its own, and
// reports how many.
func (d *Desk) tellStorms(ctx context.Context, at time.Time) (int, error) {
	for n := 0; ; n++ {
		did := false
		err := d.Store.Do(ctx, func(tx Tx) error {
			due, err := tx.DueStorms(at, 1)
			if err != nil || len(due) == 0 {
				did = false
				return err
			}
			did = true
			return d.tellStorm(tx, due[0], at)
		})
		if err != nil {
			return n, fmt.Errorf("summary of a storm: %w", err)
		}
		if !did {
			return n, nil
		}
	}
}

// tellStorm tells the agents of the parent's queue how many tickets there are. A
// summary that a limit holds back is tried again, and not lost.
func (d *Desk) tellStorm(tx Tx, s Storm, at time.Time) error {
	t, err := tx.Ticket(s.Ticket)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", s.Ticket, err)
	}
	w := d.newWork(tx, t, at)
	w.cause = Cause{Clock: true}
	lines, err := w.stormLines(s)
	if err != nil {
		return err
	}
	for _, name := range w.agents("agents") {
		ag, ok := w.s.Agent(name)
		if !ok || ag.Address() == "" {
			continue
		}
		to, err := w.agentRecipient(ag)
		if err != nil {
			return err
		}
		l := letter{role: "storm", mail: MailDigest, to: to, seq: w.base.Seq + 1, lines: lines, count: s.Waiting}
		if why, _, err := w.mayMail(l); err != nil {
			return err
		} else if why != "" {
			s.Due = at.Add(summaryEvery / 3)
			w.trace.Add("mail storm to "+to.Key()+"?", "later: "+why)
			return tx.SaveStorm(s)
		}
		if err := w.mail(l); err != nil {
			return err
		}
	}
	s.Told, s.Due, s.Waiting = at, time.Time{}, 0
	if err := tx.SaveStorm(s); err != nil {
		return err
	}
	return w.finish()
}

// stormLines name the newest tickets of a storm by their tags, in the order they came.
func (w *work) stormLines(s Storm) ([]string, error) {
	ids, err := w.tx.Alike(s.Subject, s.Last.Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	ids = ids[max(0, len(ids)-min(s.Waiting, maxNamed)):]
	q, _ := w.s.Queue(w.t.Queue)
	var lines []string
	for _, id := range ids {
		lines = append(lines, Ticket{ID: id}.Tag(q))
	}
	return lines, nil
}
