package tickets

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// The headings of a morning list and of the list of what is held back.
const (
	GroupDue        = "due"        // waits until today, or waited until earlier
	GroupMine       = "mine"       // the agent's, and his turn
	GroupUnassigned = "unassigned" // nobody's, in a queue he works
	GroupWaiting    = "waiting"    // the agent's, and somebody else's turn
	GroupMails      = "mails"      // in quarantine
	GroupEntries    = "entries"    // messages on tickets that wait for a release
	GroupMailroom   = "mailroom"   // came to the mailroom since the last list
)

// listTx is what lists read. Nothing of it is locked.
type listTx interface {
	// Worklist lists the tickets of some queues that somebody has to work on, the oldest
	// first, at most n.
	Worklist(queues []string, n int) ([]Ticket, error)
	// WaitingEntries lists unverified and held entries of tickets of some queues that are
	// in the work, the oldest first, at most n.
	WaitingEntries(queues []string, n int) ([]Entry, error)
}

// morningFor is how long after its hour a morning list still leaves, when nobody was
// there to send it.
const morningFor = 4 * time.Hour

// morningDue says whether the morning list of a queue's agents is due, and for which
// day. There is none on Saturday and Sunday.
func morningDue(q Queue, at time.Time) (day string, due bool) {
	clock, err := time.Parse("15:04", q.Digest)
	if err != nil {
		return "", false
	}
	local := at.In(zoneOf(q))
	hour := time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), 0, 0, local.Location())
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	return local.Format("2006-01-02"), !weekend && !at.Before(hour) && at.Before(hour.Add(morningFor))
}

func zoneOf(q Queue) *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

// morningQueue is the queue whose hour, zone, language and address an agent's morning
// list has: the first of his that has one.
func (s *Settings) morningQueue(ag Agent) (Queue, bool) {
	i := slices.IndexFunc(s.Queues, func(q Queue) bool { return q.Digest != "" && q.Works(ag.Name) })
	if i < 0 {
		return Queue{}, false
	}
	return s.Queues[i], true
}

// queuesOf are the names of the queues an agent works.
func (s *Settings) queuesOf(ag Agent) (out []string) {
	for _, q := range s.Queues {
		if q.Works(ag.Name) {
			out = append(out, q.Name)
		}
	}
	return out
}

// groupOf is where a ticket stands in an agent's morning list; "" for nowhere. today
// ends at the moment given.
func groupOf(t Ticket, ag Agent, endOfDay time.Time) string {
	mine := t.Assignee == ag.Name
	switch {
	case !mine && t.Assignee != "" || t.Status.Done() || slices.Contains(t.Flags, mailroomFlag):
		return ""
	case !t.PendingUntil.IsZero() && t.PendingUntil.Before(endOfDay):
		return GroupDue
	case t.Status == Pending || t.Status == OnHold:
		if mine {
			return GroupWaiting
		}
		return ""
	case mine:
		return GroupMine
	}
	return GroupUnassigned
}

// daysSeen remembers which lists were seen to, so that the database is asked once. It is
// a memory only: what counts is OnceADay.
type daysSeen struct {
	mu   sync.Mutex
	seen map[string]string // agent → day
}

func (d *daysSeen) known(agent, day string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[agent] == day
}

func (d *daysSeen) note(agent, day string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[string]string{}
	}
	d.seen[agent] = day
}

// mornings mails the morning lists that are due: for each agent one transaction, booked
// for the day. It reports how many were seen to.
func (d *Desk) mornings(ctx context.Context, at time.Time) (n int, err error) {
	for _, ag := range d.Settings().Agents {
		q, ok := d.Settings().morningQueue(ag)
		day, due := morningDue(q, at)
		if !ok || !due || ag.Away || ag.Address() == "" || d.days.known(ag.Name, day) {
			continue
		}
		err := d.Store.Do(ctx, func(tx Tx) error {
			first, err := tx.OnceADay(ag.Name, "morning", day, at)
			if err != nil || !first {
				return err
			}
			m := morning{d: d, tx: tx, s: d.Settings(), ag: ag, q: q, day: day, at: at}
			return m.mail()
		})
		if err != nil {
			return n, fmt.Errorf("morning list of agent %s: %w", ag.Name, err)
		}
		d.days.note(ag.Name, day)
		n++
	}
	return n, nil
}

// morning is one agent's lists of one day.
type morning struct {
	d   *Desk
	tx  Tx
	s   *Settings
	ag  Agent
	q   Queue
	day string
	at  time.Time
}

// mail writes both lists; one that would say nothing is not written.
func (m morning) mail() error {
	queues := m.s.queuesOf(m.ag)
	open, err := m.tx.Worklist(queues, 1000)
	if err != nil {
		return err
	}
	held, err := m.held(queues, open)
	if err != nil {
		return err
	}
	work := m.errand("morning")
	m.fill(&work, open)
	for _, g := range []string{GroupMails, GroupEntries, GroupMailroom} {
		if n := len(slices.DeleteFunc(slices.Clone(held), func(i Item) bool { return i.Group != g })); n > 0 && len(work.items) > 0 {
			work.told = append(work.told, Told{g, n})
		}
	}
	list := m.errand("quarantine")
	list.items = held[:min(len(held), maxItems)]
	list.more = len(held) - len(list.items)
	for _, x := range []errand{work, list} {
		if len(x.items) == 0 {
			continue
		}
		if err := m.d.post(m.tx, x, m.at); err != nil {
			return err
		}
	}
	return nil
}

func (m morning) errand(role string) errand {
	return errand{key: fmt.Sprintf("%s/%s/%s", role, m.day, errandTo(m.ag).Key()), role: role, mail: MailDigest, queue: m.q, to: errandTo(m.ag)}
}

// fill puts the tickets on the list, group by group.
func (m morning) fill(x *errand, open []Ticket) {
	local := m.at.In(zoneOf(m.q))
	end := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, local.Location())
	for _, g := range []string{GroupDue, GroupMine, GroupUnassigned, GroupWaiting} {
		for _, t := range open {
			if groupOf(t, m.ag, end) != g {
				continue
			}
			if len(x.items) == maxItems {
				x.more++
				continue
			}
			i := m.d.item(m.tx, t)
			i.Group, i.Until = g, t.PendingUntil
			x.items = append(x.items, i)
		}
	}
}

// held are the items that wait for an agent's word, with the reason of each. Their
// words are strangers': no bracket of theirs may look like the name of another item.
func (m morning) held(queues []string, open []Ticket) ([]Item, error) {
	var out []Item
	mails, err := m.tx.HeldMails(1000)
	if err != nil {
		return nil, err
	}
	for _, h := range mails {
		if m.s.deals(m.ag, h) {
			out = append(out, Item{Tag: "[" + Ref{RefArrival, h.Arrival.ID}.String() + "]", Subject: tame(orElse(h.Subject, "–")),
				Requester: tame(h.sender()), Due: tame(h.Why), Until: h.Arrival.At, Group: GroupMails})
		}
	}
	entries, err := m.tx.WaitingEntries(queues, 1000)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		owner, isAgent := m.s.AgentOf(e.From.Addr)
		if e.State == EntryHeld && (!isAgent || owner.Name != m.ag.Name) {
			continue // only he can release it
		}
		out = append(out, Item{Ticket: e.Ticket, Tag: "[" + Ref{RefEntry, e.ID}.String() + "]", Subject: tame(orElse(e.Subject, "–")),
			Requester: tame(strings.TrimSpace(e.From.Name + " <" + e.From.Addr + ">")), Due: tame(e.Why), Until: e.At, Group: GroupEntries})
	}
	since := m.at.Add(-24 * time.Hour)
	if m.at.In(zoneOf(m.q)).Weekday() == time.Monday {
		since = since.Add(-48 * time.Hour)
	}
	for _, t := range open {
		if slices.Contains(t.Flags, mailroomFlag) && t.Updated.After(since) {
			i := m.d.item(m.tx, t)
			i.Group, i.Until = GroupMailroom, t.Updated
			out = append(out, i)
		}
	}
	return out, nil
}

// sender is who a held mail says it is from, or who brought it.
func (h HeldMail) sender() string {
	if h.From.Address != "" {
		return strings.TrimSpace(h.From.Name + " <" + h.From.Address + ">")
	}
	if h.Arrival.From != nil && *h.Arrival.From != "" {
		return "<" + *h.Arrival.From + ">"
	}
	return "–"
}

// tame takes out of a stranger's words what could be read as a line of our list.
func tame(s string) string {
	return strings.NewReplacer("[", "(", "]", ")", "#", "").Replace(cut(s, 120))
}

// unbidden takes out of a stranger's words in a list what would be a command or another
// item, if an agent's client broke the line there and quoted without marks.
func unbidden(s string) string {
	return command.ReplaceAllString(itemName.ReplaceAllString(s, "($1$2)"), "$1")
}

var (
	command  = regexp.MustCompile(`#([a-zA-Z])`)
	itemName = regexp.MustCompile(`\[([^\[\]#]{0,40}#|m|e)([1-9][0-9]{0,11})\]`)
)
