package tickets

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Event is one line of a ticket's ledger. Its place is Seq, never its time. It
// holds ids, hashes and before-values; words live in entries.
type Event struct {
	Ticket int64
	Seq    int64
	At     time.Time // the moment of the door that caused it, UTC
	Cause  Cause
	Body   Body
}

// Cause says why an event happened: which arrival, rule, clock or person.
type Cause struct {
	Arrival  int64  `json:"arrival,omitempty"`
	Rule     string `json:"rule,omitempty"`     // its name
	At       string `json:"at,omitempty"`       // file:line of the rule
	Version  string `json:"version,omitempty"`  // hash of the rules in force
	Clock    bool   `json:"clock,omitempty"`    // time passed
	Agent    string `json:"agent,omitempty"`    // who commanded it
	Level    Level  `json:"level,omitempty"`    // with which evidence
	Evidence string `json:"evidence,omitempty"` // in words: "SMTP AUTH as bob"
	Admin    string `json:"admin,omitempty"`    // who used the command line
}

// Body is what happened. The set is closed: Apply knows every kind.
type Body interface {
	// Kind is the name under which the body is stored, for ever.
	Kind() string
}

// ErrNewer says that a stored event is of a kind that this version does not
// know: a newer gateway wrote it. The work waits, uncounted, for an upgrade.
var ErrNewer = errors.New("written by a newer version of postern")

// The kinds of event.
type (
	// Created opens a ticket.
	Created struct {
		Queue     string   `json:"queue"`
		Requester int64    `json:"requester,omitempty"`
		Verified  bool     `json:"verified,omitempty"`
		Priority  Priority `json:"priority"`
		Type      Type     `json:"type,omitempty"`
		// Address is the further address of the queue that the requester wrote to; empty
		// when it was the queue's first. It is the helpdesk's own, never a person's.
		Address string `json:"address,omitempty"`
	}
	// EntryAdded puts an entry on the ticket.
	EntryAdded struct {
		Entry       int64      `json:"entry"`
		Is          EntryKind  `json:"kind"`
		State       EntryState `json:"state"`
		Participant int64      `json:"participant,omitempty"`
		Agent       string     `json:"agent,omitempty"`
		Automatic   bool       `json:"automatic,omitempty"`
		Level       Level      `json:"level,omitempty"`
		Why         string     `json:"why,omitempty"`
		SHA256      string     `json:"sha256,omitempty"` // of the entry's text
	}
	// EntryChanged moves an entry from one state to another: released, refused, raised.
	EntryChanged struct {
		Entry int64      `json:"entry"`
		From  EntryState `json:"from"`
		To    EntryState `json:"to"`
		// Reply says that a released entry counts as an agent's public reply.
		Is  EntryKind `json:"kind,omitempty"`
		Why string    `json:"why,omitempty"`
	}
	// StatusSet changes the status.
	StatusSet struct {
		From  Status    `json:"from"`
		To    Status    `json:"to"`
		Until time.Time `json:"until,omitzero"` // for pending
		Why   string    `json:"why,omitempty"`
	}
	// QueueSet moves the ticket to another queue.
	QueueSet struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	// Assigned gives the ticket to an agent, or to nobody.
	Assigned struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	// PrioritySet changes the priority.
	PrioritySet struct {
		From Priority `json:"from"`
		To   Priority `json:"to"`
	}
	// TypeSet changes the type.
	TypeSet struct {
		From Type `json:"from"`
		To   Type `json:"to"`
	}
	// Tagged adds and removes tags.
	Tagged struct {
		Added   []string `json:"added,omitempty"`
		Removed []string `json:"removed,omitempty"`
	}
	// FieldSet changes a custom field.
	FieldSet struct {
		Name string `json:"name"`
		From string `json:"from"`
		To   string `json:"to"`
	}
	// SubjectSet says that the subject was changed; the words are kept beside the row.
	SubjectSet struct {
		FromSHA256 string `json:"from_sha256"`
		ToSHA256   string `json:"to_sha256"`
	}
	// RequesterSet changes whose ticket it is; only an agent does that.
	RequesterSet struct {
		From     int64 `json:"from"`
		To       int64 `json:"to"`
		Verified bool  `json:"verified,omitempty"`
	}
	// CCSet adds or removes an outsider kept informed.
	CCSet struct {
		Participant int64 `json:"participant"`
		On          bool  `json:"on"`
	}
	// WatcherSet adds or removes an agent kept informed.
	WatcherSet struct {
		Agent string `json:"agent"`
		On    bool   `json:"on"`
	}
	// Stopped: the participant wants no more automatic mail of this ticket.
	StopSet struct {
		Participant int64 `json:"participant"`
		On          bool  `json:"on"`
	}
	// QueueWatching records a further queue that received the same mail.
	QueueWatching struct {
		Queue string `json:"queue"`
	}
	// Linked ties the ticket to another.
	Linked struct {
		Ticket int64  `json:"ticket"`
		Why    string `json:"why"`
	}
	// MergedInto ends the ticket in favour of another.
	MergedInto struct {
		Ticket int64 `json:"ticket"`
	}
	// Disposed takes the ticket out of the work: spam, rejected; or back.
	Disposed struct {
		From Disposition `json:"from"`
		To   Disposition `json:"to"`
	}
	// Flagged marks the ticket for an agent's eye.
	Flagged struct {
		Flag string `json:"flag"`
		Why  string `json:"why,omitempty"`
		Off  bool   `json:"off,omitempty"`
	}
	// Verified: the requester's address proved itself.
	Verified struct {
		Participant int64 `json:"participant"`
	}
	// Revoked makes all signed reply addresses of the ticket worthless.
	Revoked struct {
		Generation int `json:"generation"`
	}
	// CommandRun is one executed command of a command block.
	CommandRun struct {
		N    int    `json:"n"`
		Word string `json:"word"`
		Args string `json:"args,omitempty"`
		Did  string `json:"did"` // before → after
	}
	// Refused is a command block that was not executed, and why.
	Refused struct {
		Why string `json:"why"`
	}
	// Asked: a mail-back confirmation was asked for an entry.
	Asked struct {
		Entry int64  `json:"entry"`
		Agent string `json:"agent"`
	}
	// Confirmed: the agent confirmed the mail behind the entry.
	Confirmed struct {
		Entry int64  `json:"entry"`
		Agent string `json:"agent"`
	}
	// CopySeen records a further observation of a message already booked.
	CopySeen struct {
		Arrival int64 `json:"arrival"`
		Entry   int64 `json:"entry"`
	}
	// Raised: better evidence for an entry came with a copy.
	Raised struct {
		Entry int64 `json:"entry"`
		From  Level `json:"from"`
		To    Level `json:"to"`
	}
	// MailQueued: an outgoing message was written for someone.
	MailQueued struct {
		Role      string   `json:"role"`
		Mail      MailKind `json:"mail"`
		To        string   `json:"to"` // "participant 7" or "agent bob": never an address
		MessageID string   `json:"message_id"`
	}
	// Withheld: a mail was not written, and why.
	Withheld struct {
		Role string   `json:"role"`
		Mail MailKind `json:"mail"`
		To   string   `json:"to"`
		Why  string   `json:"why"`
	}
	// MailDone is the end of an outgoing message: sent, failed, bounced; or what is told of
	// it meanwhile: delayed (by a later server), waiting (its relay puts it off).
	MailDone struct {
		Outgoing int64  `json:"outgoing"`
		State    string `json:"state"`
		Code     string `json:"code,omitempty"` // "550 5.1.1"
	}
	// TimerFired: a timer rule ran, counted from Base.
	TimerFired struct {
		Rule string    `json:"rule"`
		Base time.Time `json:"base"`
	}
)

func (Created) Kind() string       { return "created" }
func (EntryAdded) Kind() string    { return "entry" }
func (EntryChanged) Kind() string  { return "entry-changed" }
func (StatusSet) Kind() string     { return "status" }
func (QueueSet) Kind() string      { return "queue" }
func (Assigned) Kind() string      { return "assigned" }
func (PrioritySet) Kind() string   { return "priority" }
func (TypeSet) Kind() string       { return "type" }
func (Tagged) Kind() string        { return "tags" }
func (FieldSet) Kind() string      { return "field" }
func (SubjectSet) Kind() string    { return "subject" }
func (RequesterSet) Kind() string  { return "requester" }
func (CCSet) Kind() string         { return "cc" }
func (WatcherSet) Kind() string    { return "watcher" }
func (StopSet) Kind() string       { return "stop" }
func (QueueWatching) Kind() string { return "queue-watching" }
func (Linked) Kind() string        { return "linked" }
func (MergedInto) Kind() string    { return "merged" }
func (Disposed) Kind() string      { return "disposed" }
func (Flagged) Kind() string       { return "flagged" }
func (Verified) Kind() string      { return "verified" }
func (Revoked) Kind() string       { return "revoked" }
func (CommandRun) Kind() string    { return "command" }
func (Refused) Kind() string       { return "refused" }
func (Asked) Kind() string         { return "asked" }
func (Confirmed) Kind() string     { return "confirmed" }
func (CopySeen) Kind() string      { return "copy" }
func (Raised) Kind() string        { return "raised" }
func (MailQueued) Kind() string    { return "mail" }
func (Withheld) Kind() string      { return "withheld" }
func (MailDone) Kind() string      { return "mail-done" }
func (TimerFired) Kind() string    { return "timer" }

// bodies knows how to read each kind back.
var bodies = map[string]func([]byte) (Body, error){}

func init() {
	register[Created]()
	register[EntryAdded]()
	register[EntryChanged]()
	register[StatusSet]()
	register[QueueSet]()
	register[Assigned]()
	register[PrioritySet]()
	register[TypeSet]()
	register[Tagged]()
	register[FieldSet]()
	register[SubjectSet]()
	register[RequesterSet]()
	register[CCSet]()
	register[WatcherSet]()
	register[StopSet]()
	register[QueueWatching]()
	register[Linked]()
	register[MergedInto]()
	register[Disposed]()
	register[Flagged]()
	register[Verified]()
	register[Revoked]()
	register[CommandRun]()
	register[Refused]()
	register[Asked]()
	register[Confirmed]()
	register[CopySeen]()
	register[Raised]()
	register[MailQueued]()
	register[Withheld]()
	register[MailDone]()
	register[TimerFired]()
}

func register[B Body]() {
	var zero B
	bodies[zero.Kind()] = func(b []byte) (Body, error) {
		var v B
		err := json.Unmarshal(b, &v)
		return v, err
	}
}

// EncodeBody writes the body of an event as it is stored.
func EncodeBody(b Body) (kind string, data []byte, err error) {
	data, err = json.Marshal(b)
	return b.Kind(), data, err
}

// DecodeBody reads a stored body back. A kind of a newer version is ErrNewer.
func DecodeBody(kind string, data []byte) (Body, error) {
	read, ok := bodies[kind]
	if !ok {
		return nil, fmt.Errorf("event of kind %q: %w", kind, ErrNewer)
	}
	b, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("event of kind %q: %w", kind, err)
	}
	return b, nil
}
