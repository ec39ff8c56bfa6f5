package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// shownEntries is how many of a ticket's last entries #show tells.
const shownEntries = 5

// show tells a ticket: its facts, and its last entries.
func (a asker) show(out *Answer, args string) error {
	n, named := ticketNumber(args)
	if !named && a.w == nil {
		out.Lines = []string{"it names no ticket (#show 12, or #show in a reply to a ticket's mail)"}
		return nil
	}
	if !named {
		n = a.w.t.ID
	}
	t, why, err := a.look(n)
	if err != nil {
		return err
	}
	if why != "" {
		out.Lines = []string{why}
		return nil
	}
	item, err := a.item(Found{Ticket: t, Due: t.PendingUntil})
	if err != nil {
		return err
	}
	out.Items = []Item{item}
	if out.Lines, err = a.facts(t); err != nil {
		return err
	}
	last, err := a.tx.Entries(t.ID, 4*shownEntries)
	for _, e := range last {
		if len(out.Said) < shownEntries && e.Kind != EntrySystem && !(e.State == EntryQuiet && strings.TrimSpace(e.Said()) == "") {
			out.Said = append(out.Said, a.s.signed(e))
		}
	}
	return err
}

// facts are lines about a ticket beyond what a list says of it; what is usual is left out.
func (a asker) facts(t Ticket) ([]string, error) {
	lines := []string{"opened on " + a.date(t.Created, t)}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if t.Priority != Normal {
		add("priority: %s", t.Priority)
	}
	if t.Type != "" {
		add("type: %s", t.Type)
	}
	if len(t.Tags) > 0 {
		add("tags: %s", strings.Join(t.Tags, " "))
	}
	if t.Disposition == Merged {
		add("goes on as ticket %d", t.MergedInto)
	} else if t.Disposition != "" {
		add("marked as %s", t.Disposition)
	}
	copied, err := a.names(t.CC)
	if err != nil {
		return nil, err
	}
	if len(copied) > 0 {
		add("in copy: %s", strings.Join(copied, ", "))
	}
	if len(t.Watchers) > 0 {
		add("watched by: %s", strings.Join(t.Watchers, ", "))
	}
	for _, l := range t.Links {
		if _, why, err := a.look(l.Ticket); err != nil {
			return nil, err
		} else if why == "" { // a link is no way to learn of a foreign ticket
			add("linked to ticket %d: %s", l.Ticket, l.Why)
		}
	}
	if len(t.Flags) > 0 {
		add("to look at: %s", strings.Join(t.Flags, ", "))
	}
	return lines, nil
}

// names are people's names, or their addresses where they gave none.
func (a asker) names(ids []int64) (out []string, err error) {
	for _, id := range ids {
		name, err := a.name(id)
		if err != nil {
			return nil, err
		}
		if name != "" {
			out = append(out, name)
		}
	}
	return out, nil
}

func (a asker) name(id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	p, err := a.tx.Participant(id)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return orElse(p.Name, p.Address), err
}

// item is a ticket as a list tells it.
func (a asker) item(f Found) (Item, error) {
	q, _ := a.s.Queue(f.Queue)
	ag, _ := a.s.Agent(f.Assignee)
	requester, err := a.name(f.Requester)
	if err != nil {
		return Item{}, err
	}
	x := Item{Ticket: f.ID, Tag: f.Tag(q), Subject: f.Subject, Queue: orElse(q.Display, q.Name), Status: f.Status,
		Assignee: orElse(ag.Display, f.Assignee), Requester: requester, Age: "changed " + ago(a.at.Sub(f.Updated))}
	switch {
	case !f.PendingUntil.IsZero():
		x.Due = "waits until " + a.date(f.PendingUntil, f.Ticket)
	case !f.Due.IsZero():
		x.Due = "next step on " + a.date(f.Due, f.Ticket)
	}
	if f.Assignee == "" && f.Disposition == "" && !f.Status.Done() {
		x.Links, err = a.take(f.Ticket, q)
	}
	return x, err
}

// take is the offer to take a ticket, to an address signed for this agent.
func (a asker) take(t Ticket, q Queue) ([]MailLink, error) {
	token, err := a.d.signer().Sign(Token{Purpose: ForReply, Ticket: t.ID, Participant: a.to.Participant, Generation: t.Generation})
	if err != nil {
		return nil, err
	}
	if addr := a.s.ReplyAddress(q, token); addr != "" {
		return []MailLink{{"take", addr, t.Tag(q) + " " + t.Subject, "#take"}}, nil
	}
	return nil, nil
}

// date writes a moment in the zone of the ticket's queue.
func (a asker) date(at time.Time, t Ticket) string { return actorIs{s: a.s}.date(at, t) }

// ago says how long something is over, in one unit.
func ago(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Minute:
		return "1 minute ago"
	case d < time.Hour:
		return fmt.Sprintf("%d minutes ago", d/time.Minute)
	case d < 2*time.Hour:
		return "1 hour ago"
	case d < day:
		return fmt.Sprintf("%d hours ago", d/time.Hour)
	case d < 2*day:
		return "1 day ago"
	}
	return fmt.Sprintf("%d days ago", d/day)
}

// shownItems is how many tickets a list holds at most.
const shownItems = 50

// list tells the tickets somebody has to work on: the agent's own, those nobody has,
// one queue's, or those that wait for a moment.
func (a asker) list(out *Answer, args string) error {
	what, name, _ := strings.Cut(args, " ")
	s := Search{Assignee: a.ag.Name, Limit: shownItems + 1}
	switch strings.ToLower(what) {
	case "unassigned":
		s.Assignee, s.Unassigned, s.Queues = "", true, a.queues()
	case "due":
		s.Assignee, s.Due, s.Queues = "", true, a.queues()
	case "queue":
		q, ok := a.s.Queue(strings.TrimSpace(name))
		if !ok || !q.Works(a.ag.Name) {
			out.Lines = []string{fmt.Sprintf("there is no queue %q you may see (known are %s)", strings.TrimSpace(name), strings.Join(a.queues(), ", "))}
			return nil
		}
		s.Assignee, s.Queues = "", []string{q.Name}
	}
	found, err := a.tx.Find(s)
	if err != nil {
		return err
	}
	for _, f := range found[:min(len(found), shownItems)] {
		item, err := a.item(f)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, item)
	}
	switch {
	case len(found) == 0:
		out.Lines = []string{"there is none"}
	case len(found) > shownItems:
		out.Lines = []string{fmt.Sprintf("there are more; these are the first %d", shownItems)}
	}
	return nil
}

// queues are those the agent works.
func (a asker) queues() []string {
	out := []string{}
	for _, q := range a.s.Queues {
		if q.Works(a.ag.Name) {
			out = append(out, q.Name)
		}
	}
	return slices.Clip(out)
}
