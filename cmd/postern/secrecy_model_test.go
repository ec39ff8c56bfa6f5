package main

import (
	"fmt"
	"slices"
	"time"
)

// A secretMail is one mail that somebody wrote: its canaries stand in every field of it.
// The model says, from what the test knows and not from what postern says, who may
// ever read them.
type secretMail struct {
	n      int
	what   string    // the act that wrote it
	author string    // From, as written
	agent  string    // the agent whose address From is
	via    string    // the agent whose reply address was used
	ticket int64     // where it stands; 0 for nowhere
	opened bool      // it made a new ticket
	public time.Time // since when participants may read it; zero for never
}

// secretSpan is a time in which somebody has a right: an address, a queue or an agent.
type secretSpan struct {
	who      string
	from, to time.Time
}

// held reports whether who had the right at a moment, borders included: a mail may
// be written just before or after what takes the right away.
func held(spans []secretSpan, who string, at time.Time) bool {
	return slices.ContainsFunc(spans, func(s secretSpan) bool {
		return s.who == who && !at.Before(s.from) && (s.to.IsZero() || !at.After(s.to))
	})
}

// grant and revoke keep the spans of a right.
func grant(spans []secretSpan, who string, at time.Time) []secretSpan {
	if slices.ContainsFunc(spans, func(s secretSpan) bool { return s.who == who && s.to.IsZero() }) {
		return spans
	}
	return append(spans, secretSpan{who: who, from: at})
}

func revoke(spans []secretSpan, who string, at time.Time) []secretSpan {
	for i := range spans {
		if spans[i].who == who && spans[i].to.IsZero() {
			spans[i].to = at
		}
	}
	return spans
}

// secretFile is a ticket as the model knows it.
type secretFile struct {
	id        int64
	queue     string
	requester string
	assignee  string
	watchers  []string
	people    []secretSpan // addresses of requester and CC
	queues    []secretSpan // queues whose agents may see it
	agents    []secretSpan // assignee and watchers
	revoked   time.Time    // when its reply addresses were last made worthless
	merged    int64
	spam      bool
	mailroom  bool
	unproved  []int64 // entries that wait for a release
	boxes     map[string][]kept
	direct    []kept // what the helpdesk did not send: copies among people outside
}

// secretModel is what the test knows.
type secretModel struct {
	secrets  []*secretMail // by number
	tickets  map[int64]*secretFile
	verified map[string]bool     // addresses that proved themselves once
	works    map[string][]string // queue → agents
	agentOf  map[string]string   // address → agent
	byEntry  map[int64]*secretMail
	// quotedBy: whoever quotes words that he got makes them his own words too.
	quotedBy map[int][]*secretMail
	onFree   map[int64]func(at time.Time) // what an entry does when it is released
}

// participant reports whether an address takes part in a ticket now.
func (d *secretFile) participant(addr string, at time.Time) bool {
	return slices.ContainsFunc(d.people, func(s secretSpan) bool { return s.who == addr && s.to.IsZero() })
}

func (d *secretFile) join(addr string, at time.Time)  { d.people = grant(d.people, addr, at) }
func (d *secretFile) leave(addr string, at time.Time) { d.people = revoke(d.people, addr, at) }

// assign gives the ticket to an agent, or to nobody.
func (d *secretFile) assign(agent string, at time.Time) {
	if d.assignee != "" && !slices.Contains(d.watchers, d.assignee) {
		d.agents = revoke(d.agents, d.assignee, at)
	}
	if d.assignee = agent; agent != "" {
		d.agents = grant(d.agents, agent, at)
	}
}

func (d *secretFile) watch(agent string, on bool, at time.Time) {
	d.watchers = slices.DeleteFunc(d.watchers, func(w string) bool { return w == agent })
	if on {
		d.watchers = append(d.watchers, agent)
		d.agents = grant(d.agents, agent, at)
	} else if d.assignee != agent {
		d.agents = revoke(d.agents, agent, at)
	}
}

func (d *secretFile) move(queue string, at time.Time) {
	d.queues = grant(revoke(d.queues, d.queue, at), queue, at)
	d.queue = queue
}

// leads: one of the tickets is that one, or was merged into it at last.
func (m *secretModel) leads(from []int64, to int64) bool {
	return slices.ContainsFunc(from, func(id int64) bool {
		for d := m.tickets[id]; d != nil; d = m.tickets[d.merged] {
			if d.id == to {
				return true
			}
		}
		return false
	})
}

// mayWork is policy section 4: an agent works the tickets of his queues and his own.
func (m *secretModel) mayWork(d *secretFile, agent string) bool {
	return slices.Contains(m.works[d.queue], agent) || d.assignee == agent
}

// maySee: agents of the ticket's queues, its assignee and its watchers.
func (m *secretModel) maySee(d *secretFile, agent string, at time.Time) bool {
	if held(d.agents, agent, at) {
		return true
	}
	for q, agents := range m.works {
		if slices.Contains(agents, agent) && held(d.queues, q, at) {
			return true
		}
	}
	return d.merged != 0 && m.tickets[d.merged] != nil && m.maySee(m.tickets[d.merged], agent, at)
}

// partakes: requester and CC at that moment, of the ticket or of the one it was
// merged into.
func (m *secretModel) partakes(d *secretFile, addr string, at time.Time) bool {
	return held(d.people, addr, at) || d.merged != 0 && m.tickets[d.merged] != nil && m.partakes(m.tickets[d.merged], addr, at)
}

// reading is one canary in one mail.
type reading struct {
	mail  *secretMail
	field byte
	to    string // address
	auto  bool   // the mail is automatic
	at    time.Time
}

// fault says why a canary must not stand in a mail, or "". An agent's quote excuses
// nothing to people outside: his client quotes notes too. Only the subject under which
// he opens a ticket of his own is his word.
func (m *secretModel) fault(r reading) string {
	why := m.direct(r)
	if why == "" {
		return ""
	}
	for _, s := range m.quotedBy[r.mail.n] {
		again := reading{s, 't', r.to, r.auto, r.at}
		if (s.agent == "" || m.agentOf[r.to] != "" || s.opened && r.field == 's') && m.direct(again) == "" {
			return ""
		}
	}
	return why
}

// direct is the fault of a canary's own mail.
func (m *secretModel) direct(r reading) string {
	agent := m.agentOf[r.to]
	if agent != "" && (r.mail.agent == agent || r.mail.via == agent) {
		return "" // his own words come back, or he is told who uses his address
	}
	d := m.tickets[r.mail.ticket]
	if d == nil {
		return "it stands on no ticket"
	}
	if agent != "" && m.maySee(d, agent, r.at) || r.field == 'n' && m.knows(r, agent) {
		return ""
	}
	switch {
	case !m.partakes(d, r.to, r.at) && agent != "":
		return "the agent has nothing to do with its ticket"
	case r.mail.public.IsZero() || r.at.Before(r.mail.public):
		return "only agents may read it"
	case !m.partakes(d, r.to, r.at):
		return "the reader takes no part in its ticket"
	case r.auto && !m.verified[r.to] && r.mail.agent == "" && r.field != 'm': // D4 allows one Message-ID
		return "automatic mail to an address that never proved itself holds words of a stranger"
	}
	return ""
}

// knows: a name is its owner's, on whatever ticket he takes part in; agents of it and
// others who take part read it there. Automatic mail names nobody to an address that never
// proved itself.
func (m *secretModel) knows(r reading, agent string) bool {
	if agent == "" && r.auto && !m.verified[r.to] {
		return false
	}
	if r.to == r.mail.author {
		return true
	}
	for _, d := range m.tickets {
		if (agent != "" && m.maySee(d, agent, r.at) || m.partakes(d, r.to, r.at)) &&
			slices.ContainsFunc(d.people, func(s secretSpan) bool { return s.who == r.mail.author }) {
			return true
		}
	}
	return false
}

func (s *secretMail) String() string {
	return fmt.Sprintf("%06d (%s by %s, ticket %d)", s.n, s.what, s.author, s.ticket)
}
