package tickets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxNews bounds what one mail tells; the rest follows in the next.
const maxNews = 500

// lists mails what agents are told later and is due: gathered notices, digests and
// morning lists. It reports how many mails it wrote.
func (d *Desk) lists(ctx context.Context, at time.Time) (int, error) {
	var agents []string
	err := d.Store.Do(ctx, func(tx Tx) (err error) {
		agents, err = tx.NewsAgents()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("news: %w", err)
	}
	n := 0
	for _, agent := range agents {
		for did := true; did && ctx.Err() == nil; {
			err := d.Store.Do(ctx, func(tx Tx) (err error) {
				did, err = d.tellNews(tx, agent, at)
				return err
			})
			if err != nil {
				return n, fmt.Errorf("news of agent %s: %w", agent, err)
			}
			if did {
				n++
			}
		}
	}
	seen, err := d.mornings(ctx, at)
	return n + seen, err
}

// tellNews mails what agents are told later and is due. Each agent's digest and each
// gathered notice is a transaction of its own: who dies between two of them has told
// the first, and the second is due still.
func (d *Desk) tellNews(tx Tx, agent string, at time.Time) (did bool, err error) {
	s := d.Settings()
	ag, ok := s.Agent(agent)
	open, err := tx.OpenNews(agent, maxNews)
	if err != nil || len(open) == 0 {
		return false, err
	}
	if !ok || ag.Address() == "" {
		d.Log.Warn("news of an agent who is no longer configured", "agent", agent, "count", len(open))
		return true, tx.TellNews(newsIDs(open), at)
	}
	last, err := tx.LastDigest(agent)
	if err != nil {
		return false, err
	}
	notices, digest := toldNow(open, at, last, s.Limits)
	switch {
	case len(notices) > 0:
		return d.tellTicket(tx, ag, notices[0], at)
	case len(digest) > 0 && !ag.Away:
		return d.tellDigest(tx, ag, at)
	}
	return false, nil
}

// tellTicket writes the gathered notice of one ticket. The locks are taken in the order
// of every message: ticket, then person; what is open is read again behind them.
func (d *Desk) tellTicket(tx Tx, ag Agent, ticket int64, at time.Time) (bool, error) {
	t, err := tx.Ticket(ticket)
	if err != nil {
		return false, fmt.Errorf("ticket %d: %w", ticket, err)
	}
	w := d.newWork(tx, t, at)
	w.cause = Cause{Clock: true}
	to, err := w.agentRecipient(ag)
	if err != nil {
		return false, err
	}
	open, err := tx.OpenNews(ag.Name, maxNews)
	if err != nil {
		return false, err
	}
	open = newsOf(open, ticket)
	if len(open) == 0 || slices.ContainsFunc(open, func(n News) bool { return n.Digest }) {
		return false, nil // another gateway told it
	}
	l := letter{role: roleSeveral, mail: MailNotice, to: to, seq: t.Seq, told: toldOf(open)}
	if !w.s.sees(ag, t) { // it went to other hands while the news waited
		return true, errors.Join(w.withhold(l, "he has no part in this ticket any more"), tx.TellNews(newsIDs(open), at), w.finish())
	}
	if err := w.gathered(&l, open); err != nil {
		return false, err
	}
	why, _, err := w.mayMail(l)
	if err != nil {
		return false, err
	}
	if limited(why) {
		return true, tx.DigestNews(newsIDs(open))
	}
	if err := w.mail(l); err != nil {
		return false, err
	}
	if err := tx.TellNews(newsIDs(open), at); err != nil {
		return false, err
	}
	return true, w.finish()
}

// gathered fills in the words that the news are about: the newest is the one the mail
// answers, the earlier ones are told above it, in order.
func (w *work) gathered(l *letter, open []News) error {
	for _, n := range open {
		if n.Entry == 0 {
			continue
		}
		e, err := w.tx.Entry(n.Entry)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return fmt.Errorf("entry %d: %w", n.Entry, err)
		}
		if l.entry != nil && l.entry.ID == e.ID {
			continue
		}
		if l.entry != nil {
			l.earlier = append(l.earlier, *l.entry)
		}
		l.entry = &e
	}
	return nil
}

// tellDigest writes an agent's digest: a list of tickets, one line each.
func (d *Desk) tellDigest(tx Tx, ag Agent, at time.Time) (bool, error) {
	s := d.Settings()
	if _, err := tx.ParticipantOf(Address{Name: ag.Display, Addr: ag.Address()}); err != nil { // locks him
		return false, fmt.Errorf("agent %s: %w", ag.Name, err)
	}
	open, err := tx.OpenNews(ag.Name, maxNews)
	if err != nil {
		return false, err
	}
	last, err := tx.LastDigest(ag.Name)
	if err != nil {
		return false, err
	}
	_, news := toldNow(open, at, last, s.Limits)
	if len(news) == 0 {
		return false, nil // another gateway told it
	}
	x := errand{key: fmt.Sprintf("digest/%d/%s", news[len(news)-1].ID, errandTo(ag).Key()), role: "digest", mail: MailDigest, to: errandTo(ag)}
	if err := d.fillDigest(tx, &x, ag, news); err != nil {
		return false, err
	}
	if n, err := tx.CountSent(Count{Since: at.Add(-time.Hour), Kinds: automatic}); err != nil || n >= s.Limits.InstanceHour {
		return false, err // it waits until the whole instance may write again
	}
	if len(x.items)+len(x.lines) > 0 {
		if err := d.post(tx, x, at); err != nil {
			return false, err
		}
	}
	return true, tx.TellNews(newsIDs(news), at)
}

// maxItems bounds the tickets that one list names.
const maxItems = 100

// fillDigest puts the tickets of the news on the list, those that the agent may still
// see, in the order in which they first had something to tell.
func (d *Desk) fillDigest(tx Tx, x *errand, ag Agent, news []News) error {
	s := d.Settings()
	x.queue, _ = s.homeOf(ag)
	var seen []int64
	more := 0
	for _, n := range news {
		if n.Ticket == 0 {
			x.lines = append(x.lines, n.Line)
			continue
		}
		if slices.Contains(seen, n.Ticket) {
			continue
		}
		seen = append(seen, n.Ticket)
		t, err := tx.Glance(n.Ticket)
		if err != nil {
			return fmt.Errorf("ticket %d: %w", n.Ticket, err)
		}
		if !s.sees(ag, t) || t.Disposition == Spam {
			continue
		}
		if len(x.items) == maxItems {
			more++
			continue
		}
		i := d.item(tx, t)
		i.Told, i.Age = toldOf(newsOf(news, t.ID)), lineOf(newsOf(news, t.ID))
		x.items = append(x.items, i)
	}
	x.more = more
	return nil
}

// lineOf is the last line of ours among the news of a ticket.
func lineOf(news []News) (line string) {
	for _, n := range news {
		line = orElse(n.Line, line)
	}
	return line
}

// item is a ticket as lists show it to agents.
func (d *Desk) item(tx Tx, t Ticket) Item {
	s := d.Settings()
	q, _ := s.Queue(t.Queue)
	ag, _ := s.Agent(t.Assignee)
	i := Item{Ticket: t.ID, Tag: t.Tag(q), Subject: unbidden(t.Subject), Queue: orElse(q.Display, q.Name), Status: t.Status,
		Assignee: orElse(ag.Display, t.Assignee)}
	if p, err := tx.Participant(t.Requester); err == nil && t.Requester != 0 {
		i.Requester = unbidden(p.Name)
	}
	return i
}

// homeOf is the queue whose address, language and zone an agent's lists bear: the
// first one he works, else the first one there is.
func (s *Settings) homeOf(ag Agent) (Queue, bool) {
	for _, q := range s.Queues {
		if q.Works(ag.Name) {
			return q, true
		}
	}
	if len(s.Queues) == 0 {
		return Queue{}, false
	}
	return s.Queues[0], false
}

// sees reports whether an agent may read a ticket: he works one of its queues, or it is
// his, or he watches it.
func (s *Settings) sees(ag Agent, t Ticket) bool {
	if t.Assignee == ag.Name || slices.Contains(t.Watchers, ag.Name) {
		return true
	}
	return slices.ContainsFunc(append([]string{t.Queue}, t.Watching...), func(name string) bool {
		q, ok := s.Queue(name)
		return ok && q.Works(ag.Name)
	})
}
