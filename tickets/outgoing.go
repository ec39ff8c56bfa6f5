package tickets

import (
	"fmt"
	"time"
)

// MailKind says what an outgoing message is for; limits and priorities follow it.
type MailKind string

// The kinds of outgoing mail.
const (
	MailReply        MailKind = "reply"        // an agent's words to requester and CC: human mail
	MailAck          MailKind = "ack"          // acknowledgement to a requester
	MailUpdate       MailKind = "update"       // status update to a requester
	MailReminder     MailKind = "reminder"     // to a requester who is waited for
	MailNotice       MailKind = "notice"       // to agents
	MailReceipt      MailKind = "receipt"      // to an agent, after commands
	MailRefusal      MailKind = "refusal"      // to an agent, commands not carried out
	MailConfirmation MailKind = "confirmation" // to an agent: was this you?
	MailDigest       MailKind = "digest"
	MailAlarm        MailKind = "alarm" // to the admin
)

// Human reports whether the mail carries a person's words and so counts in no
// limit of automatic mail.
func (k MailKind) Human() bool { return k == MailReply }

// Security reports whether the mail protects someone and so has a budget of its own.
func (k MailKind) Security() bool { return k == MailConfirmation || k == MailRefusal }

// OutState is where a message stands in the outbox.
type OutState string

// The states of the outbox. Queued and sending are the only ones that move by themselves.
const (
	OutQueued    OutState = "queued"
	OutSending   OutState = "sending" // claimed by a courier with a lease
	OutSent      OutState = "sent"    // the relay answered 250
	OutFailed    OutState = "failed"  // final; an agent was told
	OutHeld      OutState = "held"    // an admin or a restored copy keeps it
	OutCancelled OutState = "cancelled"
)

// Outgoing is one message to one recipient, composed once; every retry sends
// the same octets.
type Outgoing struct {
	ID        int64
	Key       string // ticket/seq/role/recipient: unique
	Ticket    int64
	Seq       int64  // of the event that caused it
	Entry     int64  // whose words it carries; 0 for none
	Role      string // template name: "ack", "notice", "reply", "resolved", ...
	Mail      MailKind
	Queue     string
	Relay     string // name of the relay; empty for the default one
	From      string // envelope sender; "" is the null sender
	To        string // envelope recipient
	Recipient string // "participant 7" or "agent bob"
	MessageID string
	Subject   string // for lists
	Content   Content
	NotBefore time.Time
	At        time.Time

	State     OutState
	Attempts  int
	NextTry   time.Time
	Code      string // last answer of the relay: "451 4.3.0"
	Answer    string // its words, at most 512 bytes, no control characters
	Fence     int64  // number of the claim; a verdict with an older one is refused
	LeaseOver time.Time
}

// Content is a composed message: literal octets and references to attachments,
// which are base64-encoded into it as a stream when it is sent.
type Content struct {
	Segments []Segment `json:"segments"`
}

// Segment is a piece of a composed message: either literal octets (header, text,
// boundary lines; CRLF line ends) or one attachment of a stored arrival.
type Segment struct {
	Literal []byte `json:"literal,omitempty"`
	Arrival int64  `json:"arrival,omitempty"`
	Part    *Part  `json:"part,omitempty"`
}

// OutKey names an outgoing message: the same cause never makes two.
func OutKey(ticket, seq int64, role, recipient string) string {
	return fmt.Sprintf("%d/%d/%s/%s", ticket, seq, role, recipient)
}

// Verdict is what the relay made of one attempt.
type Verdict struct {
	Outgoing int64
	Fence    int64
	Kind     VerdictKind
	Code     string // "250 2.0.0"; empty when the relay said nothing
	Answer   string // at most 512 bytes, sanitised
	At       time.Time
	// NextTry is when to try again, for Later.
	NextTry time.Time
}

// VerdictKind is sent, later or never.
type VerdictKind string

// The verdicts.
const (
	VerdictSent  VerdictKind = "sent"
	VerdictLater VerdictKind = "later"
	VerdictNever VerdictKind = "never"
	// VerdictBack hands a claimed message back untried (shutdown).
	VerdictBack VerdictKind = "back"
)

// Draft is everything a composer may know to write one message. It is built
// from stored values only, never from the mail that caused it.
type Draft struct {
	Role      string // template name
	Mail      MailKind
	At        time.Time
	Queue     Queue
	Ticket    Ticket
	Instance  string
	Domain    string
	Recipient Recipient
	FromName  string // "Ann Smith (IT)"; empty for the queue's own name
	ReplyTo   string // signed reply address; empty leaves the field out
	MessageID string
	InReplyTo string
	// References, oldest first, at most 20.
	References []string
	// Subject is the ticket's subject when the recipient may see it, else "".
	Subject string
	// Entry is what is told: the reply relayed, the message noticed. Nil for none.
	Entry *Entry
	// Earlier are entries that the mail tells before Entry, oldest first: those of a
	// gathered notice. Told counts what it gathers, by kind of notice.
	Earlier []Entry
	Told    []Told
	// History holds the last entries below it, newest first, as the recipient may see them.
	History []Entry
	// Lines say what happened, one thing each, in the queue's language where they
	// come from us ("status: open → resolved").
	Lines []string
	// Items are the tickets of a list; More counts those that it has no room for.
	Items []Item
	More  int
	// Similar are tickets that were dealt with and resemble the new one, for agents.
	Similar []Item
	// Due says what the ticket waits for, as a sentence in Lines; empty for nothing.
	Due string
	// Answers are what an agent asked for, in the order of his questions.
	Answers []Answer
	// Count is a number that the template tells: of the tickets in a storm.
	Count int
	// Why explains (why a refusal, why a ticket did not join).
	Why string
	// Reopened is the status out of which the message told here has opened the ticket
	// again; empty when it has not.
	Reopened Status
	// Returned is the sender's own text given back in a refusal.
	Returned string
	// Links are mailto: addresses offered to agents: word → address.
	Links []MailLink
	// Parts are the attachments that go along, Omitted those that are too big.
	Parts   []AttachedPart
	Omitted []Part
	// Names resolves participants and agents for people: requester, assignee.
	Requester Participant
	Assignee  Agent
	// Other is a second entry that is told beside Entry: the answer it has crossed.
	Other *Entry
	// Until is the moment up to which something can be taken back or is held.
	Until time.Time
	// Nonce of a confirmation.
	Nonce string
	// Instance header value that marks our own mail; see Signer.Mark.
	Mark string
}

// AttachedPart is an attachment and the arrival that holds it.
type AttachedPart struct {
	Arrival int64
	Part    Part
}

// MailLink is a mailto: offer: what it does, where it goes, its first line.
type MailLink struct {
	Word    string // "take"
	Address string
	Subject string
	Line    string // "#take"
}

// Recipient is who a draft is for.
type Recipient struct {
	Address     string
	Name        string
	Agent       string // agent name, when an agent
	Participant int64  // else his participant id
	Verified    bool   // his address proved itself; only then may others' words go there automatically
}

// Key is the recipient as events and outbox keys name him: never an address.
func (r Recipient) Key() string {
	if r.Agent != "" {
		return "agent " + r.Agent
	}
	return fmt.Sprintf("participant %d", r.Participant)
}
