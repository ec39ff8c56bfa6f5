package tickets

import "time"

// Via says how a message reached us.
type Via string

// The ways in.
const (
	ViaSMTP   Via = "smtp"
	ViaLMTP   Via = "lmtp"
	ViaIMAP   Via = "imap"
	ViaImport Via = "import"
)

// Role says what stands behind a listener or mailbox, and so what its evidence is worth.
type Role string

// The roles. Trusted networks exist only on submission listeners.
const (
	RoleMX         Role = "mx"         // strangers connect directly
	RoleMTA        Role = "mta"        // our own mail server hands over strangers' mail
	RoleSubmission Role = "submission" // agents and trusted peers submit
	RoleMailbox    Role = "mailbox"    // an IMAP mailbox
)

// Arrival is one observation of a raw message: who brought it, how, and when.
// Its Key makes that the same observation is stored once.
type Arrival struct {
	ID  int64
	Key string
	// KeyFor limits how long Key holds; after it the same key is a new message.
	// Zero means for ever (policy: ten minutes for SMTP mail without a Message-ID).
	KeyFor time.Duration

	Via         Via
	Role        Role
	Source      string // name of the listener or mailbox
	Peer        string // address of the peer, without port; "local" for a Unix socket
	Helo        string
	TLS         bool
	AuthAgent   string   // agent who logged in by SMTP AUTH on our listener
	TrustedPeer bool     // a peer of a submission listener's trusted networks
	From        *string  // envelope sender; nil when unknown, "" for the null sender
	To          []string // envelope recipients, as given; none over IMAP
	Queue       string   // the mailbox's or listener's own queue; may be empty
	Trust       Trust    // what the source's configuration lets headers prove
	// Verified is what we found out about the message ourselves; nil when the source's
	// Trust asks for nothing.
	Verified *Findings `json:",omitempty"`
	Cursor   *Cursor   // IMAP position, moved in the same transaction
	Size     int64     // octets
	SHA256   string    // hex, of the raw octets
	At       time.Time
	// Quiet says why nothing may be mailed because of this message ("older than
	// three days"); empty for ordinary mail.
	Quiet string
	// Defects the wire noticed (a SIZE= that lied, a cut TLS session).
	Defects []string
	// Released says which agent let it out of the quarantine; nil for all other mail.
	Released *Release `json:"-"`
}

// Cursor is a position in an IMAP mailbox (RFC 9051 section 2.3.1.1). Sequence
// numbers, flags and dates are never part of it.
type Cursor struct {
	Account     string
	Mailbox     string
	UIDValidity uint32
	UID         uint32
}

// Trust says which header fields of a source's mail are evidence. The zero
// value trusts nothing.
type Trust struct {
	// ServIDs are the authserv-ids whose Authentication-Results count.
	ServIDs []string `json:",omitempty"`
	// Mode is "boundary" (the field must stand at the trusted position) or
	// "single" (it must be the only one with its id). Empty trusts none.
	Mode string `json:",omitempty"`
	// Above is the greatest number of Received fields that our own servers put
	// above the field; one more and it was written outside.
	Above int `json:",omitempty"`
	// Fields is how many such fields our own servers write into one mail, one above the
	// other (a signature checker and a DMARC checker write one each). Zero means one.
	Fields int `json:",omitempty"`
	// Verify asks for our own look at DKIM, SPF and DMARC when a message arrives.
	Verify bool `json:",omitempty"`
	// Marker is a header that only our own mail server sets for authenticated
	// senders; the exact value is required, and the position as for Above.
	Marker *Marker `json:",omitempty"`
}

// Marker is an internal header with its exact value. In the value, "%a" stands for the
// agent's address that the mail's From must equal; without it any agent's From will do.
type Marker struct {
	Name  string
	Value string
	Above int
}

// ArrivalState is where an arrival stands in the inbox.
type ArrivalState string

// The states of the inbox. Only StateNew is picked up again.
const (
	StateNew        ArrivalState = "new"
	StateDone       ArrivalState = "done"
	StateQuarantine ArrivalState = "quarantined"
)

// Outcome is what became of an arrival; every done arrival has exactly one.
type Outcome string

// The outcomes. They close the books: arrivals = sum of outcomes + new ones.
const (
	OutcomeEntry       Outcome = "entry"       // an entry of a ticket
	OutcomeCopy        Outcome = "copy"        // seen already by another way
	OutcomeReturned    Outcome = "returned"    // our own mail coming back
	OutcomeBounce      Outcome = "bounce"      // tied to its outgoing message
	OutcomeRejected    Outcome = "rejected"    // a rule refused it
	OutcomeQuarantined Outcome = "quarantined" // held with a reason
	OutcomeCommand     Outcome = "command"     // only commands, carried out or refused
	OutcomeConfirmed   Outcome = "confirmation"
	OutcomeOld         Outcome = "old" // older than the mailbox's start; not imported
)

// Result closes an arrival: its outcome, the ticket and entry it became, why,
// and the questions and answers of its way.
type Result struct {
	Outcome Outcome
	Ticket  int64
	Entry   int64
	Copy    int64 // the arrival it is a copy of
	Why     string
	Trace   Trace
	// MessageID, ContentKey and Subject index the arrival for explain and for copies.
	MessageID  string
	ContentKey string
}

// Trace is the list of questions asked on a message's way, with their answers.
type Trace []Step

// Step is one question and its answer, in words for a person.
type Step struct {
	Ask string `json:"ask"`
	Ans string `json:"ans"`
}

// Add appends a question with its answer.
func (t *Trace) Add(ask, answer string) { *t = append(*t, Step{ask, answer}) }
