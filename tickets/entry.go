package tickets

import "time"

// EntryKind says what an entry is.
type EntryKind string

// The kinds of entry. A note never leaves to anyone but agents.
const (
	EntryMessage EntryKind = "message" // from the requester or an outsider
	EntryReply   EntryKind = "reply"   // an agent's public reply
	EntryNote    EntryKind = "note"    // internal
	EntrySystem  EntryKind = "system"  // a line of postern's own for agents
)

// EntryState says whether an entry counts yet.
type EntryState string

// The states of an entry. Unverified and held ones are seen by agents only.
const (
	EntryVisible    EntryState = "visible"
	EntryUnverified EntryState = "unverified" // below the level it needs
	EntryHeld       EntryState = "held"       // an agent's mail that waits for his word
	EntryRefused    EntryState = "refused"    // an agent said no
	EntryQuiet      EntryState = "quiet"      // automatic mail, kept, told to nobody
)

// Entry is one contribution to a ticket with its words. Its text is kept apart
// from the events, so that a person's words can be erased and the log stay whole.
type Entry struct {
	ID          int64
	Ticket      int64
	Arrival     int64 // 0 for entries that postern or the CLI wrote
	Kind        EntryKind
	State       EntryState
	Participant int64  // author, when he is or could be a participant
	Agent       string // author, when an agent at L2
	Level       Level
	Why         string // why it is unverified, held, quiet
	From        Address
	Subject     string
	Text        string
	// Start and End bound the visible reply inside Text.
	Start, End int
	// HTML is the formatting of what an agent's reply says below its commands, sanitised,
	// pictures named by their place in Parts (src="cid:N"); empty where only the text is
	// sure. Its words are those of Said, and never more.
	HTML       string
	MessageID  string // empty when the mail had none
	ContentKey string
	Parts      []Part
	Automatic  bool
	Defects    []string
	At         time.Time
}

// Reply is the visible reply of the entry.
func (e Entry) Reply() string {
	if e.Start < 0 || e.End > len(e.Text) || e.Start > e.End {
		return e.Text
	}
	return e.Text[e.Start:e.End]
}

// Participant is a person outside the agents, known by one address for ever: a
// new address is a new participant.
type Participant struct {
	ID       int64
	Address  string // as first seen
	Name     string
	Verified bool // a mail from the address once proved itself
	// Dead says why nothing automatic is sent there any more (a complaint, a hard
	// bounce); empty for a living address.
	Dead string
}

// Public reports whether participants may see the entry: a visible message or
// reply. A note never is.
func (e Entry) Public() bool {
	return e.State == EntryVisible && (e.Kind == EntryMessage || e.Kind == EntryReply)
}

// Said is what the entry tells its readers: the visible reply, and of an
// agent's mail only what stands below his commands.
func (e Entry) Said() string {
	reply := e.Reply()
	if e.Agent == "" || e.Kind == EntryMessage {
		return reply
	}
	if b, err := ParseBlock(reply); err == nil && len(b.Commands) > 0 {
		return b.Text
	}
	return reply
}
