package tickets

import "time"

// Phase says when a rule is asked.
type Phase string

// The phases. smtp runs in the dialogue, before a message is taken.
const (
	PhaseSMTP    Phase = "smtp"
	PhaseReceive Phase = "receive"
	PhaseChange  Phase = "change"
	PhaseTimer   Phase = "timer"
)

// Facts is what rules may see, as plain values: kept as JSON with each decision,
// so that it can be explained and replayed exactly.
type Facts struct {
	Phase   Phase        `json:"phase"`
	At      time.Time    `json:"at"`
	Zone    string       `json:"zone,omitempty"` // of the queue, for weekday and hour
	Message MessageFacts `json:"message"`
	Sender  SenderFacts  `json:"sender"`
	Ticket  TicketFacts  `json:"ticket"`
	Event   EventFacts   `json:"event"`
	Peer    PeerFacts    `json:"peer"`
}

// MessageFacts are the facts of a message. Text is cut at 64 KiB.
type MessageFacts struct {
	ID           string           `json:"id,omitempty"`
	From         AddressFacts     `json:"from"`
	To           []AddressFacts   `json:"to,omitempty"`
	CC           []AddressFacts   `json:"cc,omitempty"`
	Subject      string           `json:"subject,omitempty"`
	Text         string           `json:"text,omitempty"`
	Reply        string           `json:"reply,omitempty"`
	Headers      []HeaderFacts    `json:"headers,omitempty"`
	Attachments  []AttachmentFact `json:"attachments,omitempty"`
	Kind         Kind             `json:"kind,omitempty"`
	Automatic    bool             `json:"automatic,omitempty"`
	MayAnswer    bool             `json:"may_answer,omitempty"`
	Language     string           `json:"language,omitempty"`
	Size         int64            `json:"size,omitempty"`
	Level        int              `json:"level,omitempty"`
	EnvelopeFrom string           `json:"envelope_from,omitempty"`
	EnvelopeTo   []string         `json:"envelope_to,omitempty"`
	Queue        string           `json:"queue,omitempty"`  // the queue the addresses name
	Source       string           `json:"source,omitempty"` // listener or mailbox
	Defects      []string         `json:"defects,omitempty"`
}

// AddressFacts is an address taken apart.
type AddressFacts struct {
	Address string `json:"address,omitempty"`
	Name    string `json:"name,omitempty"`
	Local   string `json:"local,omitempty"`
	Domain  string `json:"domain,omitempty"`
}

// HeaderFacts is one header field.
type HeaderFacts struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AttachmentFact describes an attachment.
type AttachmentFact struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Inline bool   `json:"inline,omitempty"`
}

// SenderFacts say who a message's From is to us. Whether he really wrote it is
// Message.Level.
type SenderFacts struct {
	Agent       string `json:"agent,omitempty"` // agent name, at L2 only
	Participant bool   `json:"participant,omitempty"`
	Known       bool   `json:"known,omitempty"` // he had a ticket before
	Verified    bool   `json:"verified,omitempty"`
	Domain      string `json:"domain,omitempty"`
	Open        int    `json:"open,omitempty"` // his open tickets
}

// TicketFacts are the ticket's fields; ID is 0 in phase receive of a new one.
type TicketFacts struct {
	ID            int64             `json:"id,omitempty"`
	Queue         string            `json:"queue,omitempty"`
	Subject       string            `json:"subject,omitempty"`
	Status        Status            `json:"status,omitempty"`
	Disposition   Disposition       `json:"disposition,omitempty"`
	Type          Type              `json:"type,omitempty"`
	Priority      Priority          `json:"priority,omitempty"`
	Assignee      string            `json:"assignee,omitempty"`
	Requester     AddressFacts      `json:"requester"`
	Tags          []string          `json:"tags,omitempty"`
	Fields        map[string]string `json:"fields,omitempty"`
	Flags         []string          `json:"flags,omitempty"`
	Entries       int               `json:"entries,omitempty"`
	Reopens       int               `json:"reopens,omitempty"`
	Created       time.Time         `json:"created,omitzero"`
	Updated       time.Time         `json:"updated,omitzero"`
	StatusSince   time.Time         `json:"status_since,omitzero"`
	PendingUntil  time.Time         `json:"pending_until,omitzero"`
	LastRequester time.Time         `json:"last_requester,omitzero"`
	LastAgent     time.Time         `json:"last_agent,omitzero"`
	// Fired: timer rules that ran already, with the moment they were counted from.
	Fired map[string]time.Time `json:"fired,omitempty"`
}

// EventFacts are what happened, in phase change.
type EventFacts struct {
	// Kind is created, replied, noted, status, assigned, queue, priority, type,
	// tags, unverified, held, quiet, bounced, delayed, merged or released.
	Kind string `json:"kind,omitempty"`
	// By is requester, cc, outsider, agent, rule, clock or admin.
	By    string `json:"by,omitempty"`
	Agent string `json:"agent,omitempty"`
	From  string `json:"from,omitempty"` // before
	To    string `json:"to,omitempty"`   // after
	Why   string `json:"why,omitempty"`
	// Reopened: a status change out of resolved or closed.
	Reopened bool `json:"reopened,omitempty"`
	Quiet    bool `json:"quiet,omitempty"` // nothing may be mailed because of it
}

// PeerFacts are what is known in the SMTP dialogue.
type PeerFacts struct {
	Address string `json:"address,omitempty"`
	Helo    string `json:"helo,omitempty"`
	TLS     bool   `json:"tls,omitempty"`
	Role    Role   `json:"role,omitempty"`
}

// Do is the name of an action.
type Do string

// The actions rules may take.
const (
	DoQueue       Do = "queue"       // Value: queue
	DoAssign      Do = "assign"      // Value: agent, or "none"
	DoPriority    Do = "priority"    // Value
	DoType        Do = "type"        // Value
	DoStatus      Do = "status"      // Value
	DoTag         Do = "tag"         // Values
	DoUntag       Do = "untag"       // Values
	DoAcknowledge Do = "acknowledge" // Template (default "ack")
	DoRelay       Do = "relay"       // an agent's reply to requester and CC; an outsider's to the agents
	DoNotify      Do = "notify"      // Values: agents, assignee, watchers, requester, participants, an agent's name; Template
	DoRemind      Do = "remind"      // Template (default "reminder"), to the requester
	DoReject      Do = "reject"      // Value: reason; refusal in the dialogue, or booked as rejected
	DoQuarantine  Do = "quarantine"  // Value: reason
)

// Action is one thing a rule wants done.
type Action struct {
	Do       Do       `json:"do"`
	Value    string   `json:"value,omitempty"`
	Values   []string `json:"values,omitempty"`
	Template string   `json:"template,omitempty"`
	Cause    Cause    `json:"cause"`
}

// Decision is what a rule set made of facts.
type Decision struct {
	Version string      `json:"version"` // hash of the rule set
	Actions []Action    `json:"actions,omitempty"`
	Rules   []RuleTrace `json:"rules,omitempty"`
}

// RuleTrace says of one rule whether it matched, and if not why not.
type RuleTrace struct {
	Name    string `json:"name"`
	At      string `json:"at"` // file:line
	Matched bool   `json:"matched"`
	// Failed is the term of the condition that said no, or "stopped by …".
	Failed string `json:"failed,omitempty"`
	// Error is a run-time error: the rule was skipped and the message flagged.
	Error string `json:"error,omitempty"`
	// Note says what of a matching rule was not taken, and why: an earlier rule
	// had set the same thing, or there were too many actions.
	Note string `json:"note,omitempty"`
	// Base is the moment a timer rule is counted from.
	Base time.Time `json:"base,omitzero"`
}
