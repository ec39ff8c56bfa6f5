package tickets

import (
	"slices"
	"strings"
	"time"
)

// News is something that an agent is told later, together with other things: a notice
// that limits hold back, or a line of postern's own. It names words, and holds none of
// a person's.
type News struct {
	ID     int64
	Agent  string // agent name
	Ticket int64  // 0 for none
	Seq    int64  // of the event it tells; with agent, ticket and role its key
	Entry  int64  // whose words it tells; 0 for none
	Role   string // the notice it would have been
	Line   string // a line of ours, where there is no notice
	// Digest: it waits for a digest. Else it waits for the next notice of its ticket.
	Digest bool
	At     time.Time
}

// newsTx keeps what agents are told later. Who writes or tells an agent's news holds
// the lock on his participant's row.
type newsTx interface {
	// AddNews keeps it, once for each agent, ticket, seq and role.
	AddNews(n News) error
	// OpenNews lists what an agent was not told yet, oldest first, at most n.
	OpenNews(agent string, n int) ([]News, error)
	// NewsWaits reports whether an agent has open news of a ticket.
	NewsWaits(agent string, ticket int64) (bool, error)
	// NewsAgents names the agents who have open news.
	NewsAgents() ([]string, error)
	// TellNews books open news as told; ids that are told already are none.
	TellNews(ids []int64, at time.Time) error
	// DigestNews makes open news wait for a digest.
	DigestNews(ids []int64) error
	// LastDigest is when an agent was last told news by a digest; zero for never.
	LastDigest(agent string) (time.Time, error)
	// OnceADay books that something was done for an agent on a day; false when it was
	// booked before.
	OnceADay(agent, what, day string, at time.Time) (bool, error)
	// Glance reads a ticket without a lock: for lists, never to write it.
	Glance(id int64) (Ticket, error)
}

// Noticed is what decides whether a notice to an agent leaves at once.
type Noticed struct {
	Priority Priority
	Waiting  bool // an earlier notice of the ticket to him waits
	Ticket   int  // notices of this ticket to him within Limits.Gather
	Hour     int  // notices to him within an hour
}

// Gathers says why a notice to an agent waits, "" when it leaves at once, and whether
// it waits for a digest. The first ones always leave; an urgent ticket's all do.
func Gathers(x Noticed, l Limits) (why string, digest bool) {
	switch {
	case x.Priority == Urgent:
		return "", false
	case l.NoticesHour > 0 && x.Hour >= l.NoticesHour:
		return "many notices within an hour: he is told in his next digest", true
	case x.Waiting, l.NoticesTicket > 0 && x.Ticket >= l.NoticesTicket:
		return "many notices of this ticket: it is gathered into the next one", false
	}
	return "", false
}

// toldNow decides what of an agent's open news is told now: tickets of which one
// gathered notice leaves each, and the news of a digest. What waits for a digest
// waits Limits.Gather for company, and Limits.DigestEvery after the last digest; all
// news of its tickets goes along, so that their order holds.
func toldNow(open []News, at, lastDigest time.Time, l Limits) (notices []int64, digest []News) {
	var inDigest, waiting []int64
	due := false
	for _, n := range open {
		if n.Digest {
			inDigest = append(inDigest, n.Ticket)
			due = due || !n.At.Add(l.Gather).After(at)
		}
	}
	due = due && !lastDigest.Add(l.DigestEvery).After(at)
	for _, n := range open {
		switch {
		case slices.Contains(inDigest, n.Ticket):
			if due {
				digest = append(digest, n)
			}
		case !slices.Contains(waiting, n.Ticket):
			waiting = append(waiting, n.Ticket) // the oldest of a ticket decides
			if !n.At.Add(l.Gather).After(at) {
				notices = append(notices, n.Ticket)
			}
		}
	}
	return notices, digest
}

// limited reports whether a reason of MaySend is a limit: then an agent is told later
// what he was not told now. All other reasons mean that he is not to be told.
func limited(why string) bool { return strings.HasPrefix(why, "limit") }

// newsOf are the news of one ticket.
func newsOf(open []News, ticket int64) []News {
	return slices.DeleteFunc(slices.Clone(open), func(n News) bool { return n.Ticket != ticket })
}

func newsIDs(news []News) []int64 {
	out := make([]int64, len(news))
	for i, n := range news {
		out[i] = n.ID
	}
	return out
}

// Told counts what is told of a ticket in one mail: notices of one kind.
type Told struct {
	Role string // the template of the notice it would have been
	N    int
}

// toldOf counts the news by what they would have been, in order.
func toldOf(news []News) []Told {
	var out []Told
	for _, n := range news {
		i := slices.IndexFunc(out, func(t Told) bool { return t.Role == n.Role })
		if i < 0 {
			out = append(out, Told{Role: n.Role})
			i = len(out) - 1
		}
		out[i].N++
	}
	return out
}
