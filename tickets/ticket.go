package tickets

import (
	"fmt"
	"slices"
	"time"
)

// Status is where a ticket stands for the people who work on it.
type Status string

// The statuses. Pending waits for the requester and stops the clock; on-hold
// waits for a third party; resolved runs the reopen window; closed is final.
const (
	New      Status = "new"
	Open     Status = "open"
	Pending  Status = "pending"
	OnHold   Status = "on-hold"
	Resolved Status = "resolved"
	Closed   Status = "closed"
)

// Statuses lists them in their usual order.
var Statuses = []Status{New, Open, Pending, OnHold, Resolved, Closed}

// Done reports whether nobody has to work on a ticket in this status.
func (s Status) Done() bool { return s == Resolved || s == Closed }

// Disposition takes a ticket out of the work without being a status.
type Disposition string

// The dispositions; the empty one is an ordinary ticket.
const (
	Merged   Disposition = "merged"
	Spam     Disposition = "spam"
	Rejected Disposition = "rejected"
)

// Priority of a ticket.
type Priority string

// The priorities, lowest first.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// Priorities lists them, lowest first.
var Priorities = []Priority{Low, Normal, High, Urgent}

// Type of a ticket in the sense of IT service management.
type Type string

// The types; empty when nobody has said.
const (
	Incident Type = "incident"
	Request  Type = "request"
	Problem  Type = "problem"
	Change   Type = "change"
)

// Types lists them.
var Types = []Type{Incident, Request, Problem, Change}

// Ticket is the sum of its events. Everything in it but ID and Subject comes
// from Apply; people's words are never in events, so Subject is kept beside them.
type Ticket struct {
	ID      int64  `json:"-"`
	Subject string `json:"-"`

	Seq         int64             `json:"seq"`
	Queue       string            `json:"queue"`
	Status      Status            `json:"status"`
	Disposition Disposition       `json:"disposition,omitempty"`
	MergedInto  int64             `json:"merged_into,omitempty"`
	Type        Type              `json:"type,omitempty"`
	Priority    Priority          `json:"priority"`
	Requester   int64             `json:"requester,omitempty"` // participant id; 0 when unknown
	Verified    bool              `json:"verified,omitempty"`  // the requester's address was once proved
	Assignee    string            `json:"assignee,omitempty"`  // agent name
	CC          []int64           `json:"cc,omitempty"`        // participant ids, sorted
	Watchers    []string          `json:"watchers,omitempty"`  // agent names, sorted
	Stopped     []int64           `json:"stopped,omitempty"`   // participants who want no automatic mail
	Tags        []string          `json:"tags,omitempty"`      // sorted
	Fields      map[string]string `json:"fields,omitempty"`
	Watching    []string          `json:"watching,omitempty"` // further queues that received it
	Links       []Link            `json:"links,omitempty"`
	Flags       []string          `json:"flags,omitempty"` // sorted; why an agent should look
	Generation  int               `json:"generation,omitempty"`
	Address     string            `json:"address,omitempty"` // the queue's further address that was written to

	Created       time.Time `json:"created"`
	Updated       time.Time `json:"updated"`
	StatusSince   time.Time `json:"status_since"`
	PendingUntil  time.Time `json:"pending_until,omitzero"`
	LastRequester time.Time `json:"last_requester,omitzero"` // last visible entry of an outsider
	LastAgent     time.Time `json:"last_agent,omitzero"`     // last public reply
	FirstResponse time.Time `json:"first_response,omitzero"`
	Reopens       int       `json:"reopens,omitempty"`
	Entries       int       `json:"entries,omitempty"`
	// Fired remembers timer rules: name → the moment they were counted from.
	Fired map[string]time.Time `json:"fired,omitempty"`
}

// Link ties a ticket to another one, and says why.
type Link struct {
	Ticket int64  `json:"ticket"`
	Why    string `json:"why"`
}

// Tag is the subject tag of the ticket in queue q: "[IT #42]".
func (t Ticket) Tag(q Queue) string {
	if q.Tag == "" {
		return fmt.Sprintf("[#%d]", t.ID)
	}
	return fmt.Sprintf("[%s #%d]", q.Tag, t.ID)
}

// Participates reports whether the participant is the requester or in CC.
func (t Ticket) Participates(p int64) bool {
	return p != 0 && (t.Requester == p || slices.Contains(t.CC, p))
}
