package tickets

import (
	"context"
	"errors"
	"time"
)

// Errors of the store. Everything else it returns is a fault of the database,
// hence temporary: nobody's mail is to blame for it.
var (
	// ErrNotFound: there is no such row. "I could not find out" is never ErrNotFound.
	ErrNotFound = errors.New("not found")
	// ErrTaken: the arrival is not new any more; somebody else digested it.
	ErrTaken = errors.New("already digested")
	// ErrConflict: the ticket moved under the writer; the transaction must be run again.
	ErrConflict = errors.New("ticket changed meanwhile")
	// ErrFenced: the lease was lost to another claim; the effect must not happen.
	ErrFenced = errors.New("lease lost")
	// ErrUnknown: the answer to COMMIT was lost. The transaction may or may not be
	// there: re-read by key, never assume.
	ErrUnknown = errors.New("commit: answer lost")
)

// Store is the contract with the database; one conformance suite holds every
// implementation to it. Every write is one transaction, protected by a unique
// key. A nil error of a write means that it is on disk.
type Store interface {
	// Accept stores an arrival with its raw octets, in chunks, and moves its IMAP
	// cursor, in one transaction. When the key is known already (and holds), nothing is
	// written but the cursor: known is true and id that of the first arrival.
	Accept(ctx context.Context, a Arrival, raw Raw) (id int64, known bool, err error)

	// Begin counts an attempt at a new arrival and commits the count, before anything
	// of it is read. ErrTaken when it is not new; ErrNotFound when it is not there.
	Begin(ctx context.Context, id int64, at time.Time) (a Arrival, attempts int, err error)
	// Fail keeps the error of an attempt and the time of the next one. When counted is
	// false the attempt is given back: a database that failed is nobody's fault.
	Fail(ctx context.Context, id int64, f Failure) error
	// Due lists new arrivals whose next attempt is due, oldest first, at most n. An
	// arrival under a running attempt is not due for two minutes.
	Due(ctx context.Context, at time.Time, n int) ([]int64, error)
	// Raw opens the octets of an arrival; ErrNotFound when there is none. It reads
	// chunk by chunk and never holds the whole message.
	Raw(ctx context.Context, arrival int64) (Raw, error)

	// Do runs f in one read-write transaction, and runs it again (at most five times)
	// on ErrConflict, a deadlock or a serialization failure. f must have no effect outside tx.
	Do(ctx context.Context, f func(Tx) error) error

	// Claim leases up to n queued messages that are due, human mail first, then by age;
	// per ticket and recipient in the order of their causes (a later one waits for an earlier
	// one unless that is older than 15 minutes). Each comes with a new fence and one attempt
	// more. The lease is counted by the database's clock; a lapsed one is claimed again.
	Claim(ctx context.Context, c Claim) ([]Outgoing, error)

	// Mailbox reads where reading of an IMAP mailbox stands; ErrNotFound before the first time.
	Mailbox(ctx context.Context, account, mailbox string) (Mailbox, error)
	// StartMailbox sets the state of a mailbox at its first connection or after a
	// change of UIDVALIDITY.
	StartMailbox(ctx context.Context, m Mailbox) error
	// NoteUID books a UID that was not accepted: "pending" (to be fetched again), "gone"
	// or "old". Accept turns pending into accepted.
	NoteUID(ctx context.Context, c Cursor, state UIDState, why string) error
	// PendingUIDs lists the UIDs booked as pending, with how often they were tried.
	PendingUIDs(ctx context.Context, c Cursor) (map[uint32]int, error)

	// Lease gives name to owner for ttl (the database's clock) when it is free, lapsed or his
	// already; ok is false when another holds it. The fence grows with every change of owner.
	Lease(ctx context.Context, name, owner string, ttl time.Duration) (fence int64, ok bool, err error)
	// Unlease gives it back.
	Unlease(ctx context.Context, name, owner string) error

	// SaveRules keeps a good rule set, and LastRules returns the one kept last.
	SaveRules(ctx context.Context, r RuleFiles) error
	LastRules(ctx context.Context) (RuleFiles, error)
}

// Failure is how an attempt at an arrival ended.
type Failure struct {
	Err     string
	Next    time.Time
	Counted bool
	// State is StateNew to try again, StateQuarantine to hold it for an admin.
	State ArrivalState
}

// Claim asks for outgoing messages.
type Claim struct {
	Owner string
	Max   int
	Lease time.Duration
	At    time.Time // the door's clock, for NotBefore and NextTry
}

// Mailbox is where reading of an IMAP mailbox stands.
type Mailbox struct {
	Account     string
	Mailbox     string
	UIDValidity uint32
	High        uint32    // every UID up to here is booked: accepted, pending, gone or old
	Since       time.Time // the first connection: older mail is not imported after a UIDVALIDITY change
}

// UIDState is what became of a UID that was not accepted.
type UIDState string

// The states of such a UID.
const (
	UIDPending UIDState = "pending"
	UIDGone    UIDState = "gone"
	UIDOld     UIDState = "old"
)

// RuleFiles is a rule set as files: names and contents.
type RuleFiles struct {
	Hash  string
	Files map[string]string
	At    time.Time
	Who   string
}

// Tx is one transaction. Its methods return ErrNotFound where nothing is found.
type Tx interface {
	inboxTx
	ticketTx
	personTx
	outboxTx
	findTx
	newsTx
	heldTx
	listTx
	stormTx
	refsTx
}

type inboxTx interface {
	// TakeArrival locks a new arrival; ErrTaken when it is not new.
	TakeArrival(id int64) (Arrival, error)
	// FinishArrival closes it with its outcome.
	FinishArrival(id int64, s ArrivalState, r Result) error
	// ByContent finds the first finished arrival with a content key.
	ByContent(key string) (Booked, error)
	// ByMessageID finds the first finished arrival with a Message-ID.
	ByMessageID(id string) (Booked, error)
	// RecordDecision keeps what the rules saw and decided, for an arrival or a ticket's event.
	RecordDecision(d DecisionRecord) error
}

type ticketTx interface {
	// CreateTicket makes a ticket with no events yet, and locks it.
	CreateTicket(subject string, at time.Time) (Ticket, error)
	// Ticket reads a ticket and locks its row until the end of the transaction.
	Ticket(id int64) (Ticket, error)
	// Append writes events behind t.Seq (their Ticket and Seq are filled in), folds them
	// into t and writes the row WHERE seq = t.Seq; ErrConflict when it moved.
	Append(t Ticket, events ...Event) (Ticket, error)
	// SetSubject changes the words kept beside the row.
	SetSubject(ticket int64, subject string) error
	// SetDue says when a timer rule next looks at the ticket; zero means never.
	SetDue(ticket int64, at time.Time) error
	// DueTickets lists tickets whose time has come, at most n, skipping those another gateway holds.
	DueTickets(at time.Time, n int) ([]int64, error)
	// Events lists the ledger of a ticket in order.
	Events(ticket int64) ([]Event, error)

	// AddEntry stores an entry and returns its id.
	AddEntry(e Entry) (int64, error)
	// Entry reads one.
	Entry(id int64) (Entry, error)
	// Entries lists the last n entries of a ticket, newest first.
	Entries(ticket int64, n int) ([]Entry, error)
	// UpdateEntry writes state, kind, agent, participant, level and why; words never change.
	UpdateEntry(e Entry) error
	// EntriesByMessageID finds entries by their Message-ID, over all tickets.
	EntriesByMessageID(id string) ([]Entry, error)
	// TicketsLike counts tickets created since then with this subject key, from this
	// participant (0: from anybody), and returns the newest's id.
	TicketsLike(subjectKey string, participant int64, since time.Time) (n int, newest int64, err error)
}

type personTx interface {
	// ParticipantOf finds the participant of an address or makes one, and locks his row, so
	// that limits counted after it hold among several gateways.
	ParticipantOf(a Address) (Participant, error)
	// FindParticipant finds the participant of an address; ErrNotFound when there is none.
	FindParticipant(address string) (Participant, error)
	// Participant reads one by id.
	Participant(id int64) (Participant, error)
	// UpdateParticipant writes name, verified and dead.
	UpdateParticipant(p Participant) error
	// TicketsOf counts a participant's tickets as requester: all, and those not done.
	TicketsOf(participant int64) (all, open int, err error)

	// AddConfirmation stores a question that was asked by mail.
	AddConfirmation(c Confirmation) (int64, error)
	// OpenConfirmations lists an agent's unused ones that have not expired, oldest first.
	OpenConfirmations(agent string, at time.Time) ([]Confirmation, error)
	// UseConfirmation marks the one with this nonce hash used, once; ErrNotFound when it is
	// unknown, used or expired.
	UseConfirmation(agent, nonceHash string, at time.Time) (Confirmation, error)
}

type outboxTx interface {
	// Enqueue stores an outgoing message; when its key is there already nothing happens
	// and the first one's id is returned.
	Enqueue(o Outgoing) (int64, error)
	// Outgoing reads and locks one.
	Outgoing(id int64) (Outgoing, error)
	// OutgoingByMessageID finds one by its Message-ID.
	OutgoingByMessageID(id string) (Outgoing, error)
	// OutgoingOf lists and locks the messages of a ticket that carry an entry, without
	// their content, oldest first.
	OutgoingOf(ticket, entry int64) ([]Outgoing, error)
	// UpdateOutgoing writes state, not-before, next try, code and answer.
	UpdateOutgoing(o Outgoing) error
	// RecordVerdict writes the end of an attempt; ErrFenced when its claim is not the last.
	RecordVerdict(v Verdict) (Outgoing, error)
	// LastOutgoing is the message with the latest NotBefore among those c describes, sent
	// or not, cancelled ones left out.
	LastOutgoing(c Count) (Outgoing, error)
	// LatestTo is the newest message of a ticket to a recipient key, for a bounce that
	// names no message.
	LatestTo(ticket int64, recipient string) (Outgoing, error)
	// CountSent counts messages in the outbox since a moment.
	CountSent(c Count) (int, error)
}

// Count says which outgoing messages to count.
type Count struct {
	Recipient string // "participant 7"; empty for all
	Ticket    int64  // 0 for all
	Since     time.Time
	// Kinds to count; empty for all automatic mail that is not security mail.
	Kinds []MailKind
}

// Booked is where an earlier message went.
type Booked struct {
	Arrival int64
	Ticket  int64
	Entry   int64
	Outcome Outcome
	At      time.Time
	Level   Level // of its entry
}

// Confirmation is a mail-back question: was this mail yours? Its nonce is stored
// as a hash and used once.
type Confirmation struct {
	ID        int64
	NonceHash string // SHA-256, hex
	Nonce     string // kept until used, since several open ones are listed in one mail
	Agent     string
	Ticket    int64
	Entry     int64
	// Orders are lines about a list that wait for it; then there is neither ticket nor entry.
	Orders  string
	At      time.Time
	Expires time.Time
}

// DecisionRecord is what the rules saw and decided, kept apart from the events.
type DecisionRecord struct {
	Arrival  int64
	Ticket   int64
	Seq      int64
	Facts    Facts
	Decision Decision
	At       time.Time
}
