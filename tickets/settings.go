package tickets

import (
	"slices"
	"strings"
	"time"
)

// Settings is the part of the configuration that decisions need. It is an
// immutable value: a reload makes a new one.
type Settings struct {
	Instance string // name of this helpdesk, part of every token and Message-ID
	// Domain is the host part of our Message-IDs.
	Domain string
	// ReplyDomain is the subdomain of signed reply addresses; when empty they take
	// the plus form of the queue's address.
	ReplyDomain string
	// NoPlus says that the queues' server knows no plus addresses either: then the
	// Message-ID alone carries the token.
	NoPlus bool
	// EnvelopeFrom is "signed", "null" or "fixed"; FixedFrom is the sender for "fixed".
	EnvelopeFrom string
	FixedFrom    string
	Queues       []Queue
	Agents       []Agent
	// Admins are the addresses that alarms go to; none for no alarms by mail.
	Admins []string
	Limits Limits
}

// Queue is where tickets wait for a group of agents.
type Queue struct {
	Name         string
	Addresses    []string // the first is its identity in outgoing mail
	Display      string   // name beside the address in outgoing mail
	Tag          string   // subject tag without number: "IT"
	Agents       []string // names of the agents who work it
	Language     string   // ISO 639-1, of its mails
	Zone         *time.Location
	ReopenWindow time.Duration
	// HideAgents keeps agents' names out of relayed mail.
	HideAgents bool
	// NoCC: the Cc of a mail at L1 does not add participants.
	NoCC bool
	// Silent: unverified requesters get no acknowledgement at all.
	Silent bool
	// Templates is the folder whose files override built-in templates by name.
	Templates string
	// Relay names the relay of its mail; empty for the default one.
	Relay string
	// Digest is the hour, "08:00" in Zone, of its agents' morning list; empty for none.
	Digest string
	// LinkCopies: a mail to two queues makes two linked tickets, not one.
	LinkCopies bool
}

// Address is the queue's own address.
func (q Queue) Address() string {
	if len(q.Addresses) == 0 {
		return ""
	}
	return q.Addresses[0]
}

// Agent is a person who works tickets.
type Agent struct {
	Name      string   // the word used in commands and rules
	Display   string   // the name requesters see
	Addresses []string // all of his; the first is the registered one
	Away      bool
	Language  string // ISO 639-1, of the mails he gets; empty for that of the queue
}

// Address is the registered address: confirmations, receipts and refusals go there only.
func (a Agent) Address() string {
	if len(a.Addresses) == 0 {
		return ""
	}
	return a.Addresses[0]
}

// Queue finds a queue by name.
func (s *Settings) Queue(name string) (Queue, bool) {
	i := slices.IndexFunc(s.Queues, func(q Queue) bool { return strings.EqualFold(q.Name, name) })
	if i < 0 {
		return Queue{}, false
	}
	return s.Queues[i], true
}

// QueueOf finds the queue that owns an address.
func (s *Settings) QueueOf(addr string) (Queue, bool) {
	for _, q := range s.Queues {
		if slices.ContainsFunc(q.Addresses, func(a string) bool { return SameAddress(a, addr) }) {
			return q, true
		}
	}
	return Queue{}, false
}

// Agent finds an agent by name.
func (s *Settings) Agent(name string) (Agent, bool) {
	i := slices.IndexFunc(s.Agents, func(a Agent) bool { return strings.EqualFold(a.Name, name) })
	if i < 0 {
		return Agent{}, false
	}
	return s.Agents[i], true
}

// AgentOf finds the agent who registered an address.
func (s *Settings) AgentOf(addr string) (Agent, bool) {
	for _, a := range s.Agents {
		if slices.ContainsFunc(a.Addresses, func(x string) bool { return SameAddress(x, addr) }) {
			return a, true
		}
	}
	return Agent{}, false
}

// Works reports whether the agent works the queue.
func (q Queue) Works(agent string) bool {
	return slices.ContainsFunc(q.Agents, func(a string) bool { return strings.EqualFold(a, agent) })
}

// SameAddress compares two addresses by their key: nothing is folded but case and
// needless quotes (no plus or dot tricks).
func SameAddress(a, b string) bool {
	return a != "" && (strings.EqualFold(a, b) || AddressKey(a) == AddressKey(b))
}

// AddressKey is the form under which an address is unique: lower case, and a
// quoted local part that needs no quotes without them, since "v\ictim"@example.net
// is the mailbox victim@example.net (RFC 5321 section 4.1.2).
func AddressKey(a string) string {
	local, domain, ok := cutAddress(a)
	if !ok || len(local) < 3 || local[0] != '"' || local[len(local)-1] != '"' {
		return strings.ToLower(a)
	}
	var plain strings.Builder
	for i := 1; i < len(local)-1; i++ {
		if local[i] == '\\' && i+1 < len(local)-1 {
			i++
		}
		plain.WriteByte(local[i])
	}
	if p := plain.String(); dotAtom(p) {
		return strings.ToLower(p + "@" + domain)
	}
	return strings.ToLower(local + "@" + domain)
}

// dotAtom: a local part that needs no quotes (RFC 5322 section 3.2.3).
func dotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r) })
}

// Limits bounds automatic mail and sizes; see policy section 6. Zero values
// are replaced by DefaultLimits.
type Limits struct {
	MessageSize     int64         // largest message taken, octets
	AttachmentSize  int64         // largest sum of relayed attachments, octets
	UnverifiedEvery time.Duration // one automatic mail to an unverified address
	UnverifiedDay   int
	VerifiedHour    int
	VerifiedDay     int
	RefusalsHour    int // refusals to one sender
	ReopensHour     int // reopens of one ticket
	TicketsHour     int // new tickets an hour from one address with one subject
	StormHour       int // new tickets an hour with one subject from many senders
	InstanceHour    int // automatic mails of the whole instance
	PerTicket       []Window
	NoticesTicket   int           // notices of one ticket to one agent within Gather that leave at once
	NoticesHour     int           // notices to one agent within an hour; more become a digest
	Gather          time.Duration // how long a notice waits for company once there were many
	DigestEvery     time.Duration // between two digests to one agent
	QuietAge        time.Duration // imported mail older than this makes tickets quietly
	ConflictHold    time.Duration
	UndoWindow      time.Duration // how long an agent's last commands can be taken back
	ReplyHold       time.Duration // mail to people outside waits that long behind an agent's mail; 0 for not at all
	ConfirmEvery    time.Duration // one confirmation mail to one agent
	ConfirmFor      time.Duration // life of a confirmation
	RelayDelay      time.Duration // the agents are told of a mail that its relay puts off for so long
	ReplayAge       time.Duration // greatest age of a signed mail that acts
	Attempts        int           // of reading or digesting, before quarantine
}

// Window allows at most Max mails in Within.
type Window struct {
	Max    int
	Within time.Duration
}

// DefaultLimits are the values of the policy.
func DefaultLimits() Limits {
	return Limits{
		MessageSize: 64 << 20, AttachmentSize: 20 << 20,
		UnverifiedEvery: 15 * time.Minute, UnverifiedDay: 5,
		VerifiedHour: 10, VerifiedDay: 30,
		RefusalsHour: 1, ReopensHour: 3, TicketsHour: 10, StormHour: 50, InstanceHour: 500,
		PerTicket:     []Window{{10, 10 * time.Minute}, {15, 30 * time.Minute}, {25, time.Hour}, {50, 3 * time.Hour}},
		NoticesTicket: 5, NoticesHour: 30, Gather: 10 * time.Minute, DigestEvery: 30 * time.Minute,
		QuietAge: 72 * time.Hour, ConflictHold: 5 * time.Minute, UndoWindow: time.Minute,
		ConfirmEvery: 10 * time.Minute, ConfirmFor: 24 * time.Hour, ReplayAge: 5 * 24 * time.Hour, RelayDelay: 4 * time.Hour,
		Attempts: 5,
	}
}
