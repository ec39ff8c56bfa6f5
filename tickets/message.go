package tickets

import (
	"io"
	"time"
)

// Raw is the exact octets of one message as they came off the wire: a spool
// file, or the chunks of a database. It is safe for concurrent reads.
type Raw interface {
	io.ReaderAt
	// Size is the number of octets.
	Size() int64
}

// Address is one mailbox of an address header.
type Address struct {
	Name string // decoded display name, valid UTF-8, no control characters; may be empty
	Addr string // local@domain as written, domain lower case; "" when none could be read
	// Guessed says that the address was recovered from a broken field. It is
	// shown, and never identifies anybody.
	Guessed bool
}

// Kind says what sort of mail a message is (policy section 6).
type Kind string

// The kinds of mail. A human mail may still be one that must not be answered.
const (
	KindHuman     Kind = "human"
	KindAutoReply Kind = "auto-reply"
	KindBounce    Kind = "bounce"
	KindReceipt   Kind = "receipt"
	KindReport    Kind = "report"
	KindList      Kind = "list"
)

// Message is what postern reads in a raw message. All strings are valid UTF-8
// without NUL; identifiers come without angle brackets. It holds at most 4 MiB
// of text; attachments are described, not held.
type Message struct {
	MessageID  string
	InReplyTo  []string
	References []string // in the order of the field; at most the first and the last 50
	Subject    string   // decoded, one line, at most 998 code points

	From    []Address // more than one mailbox identifies nobody
	Froms   int       // number of From fields found; identity needs exactly one
	Sender  []Address
	To      []Address
	Cc      []Address
	ReplyTo []Address
	// DeliveredTo holds the addresses of Delivered-To and X-Original-To, top first.
	DeliveredTo []string
	// ReturnPath is the topmost Return-Path (nil when absent; "" is the null sender).
	ReturnPath *string
	Date       time.Time // UTC; zero when it could not be read

	Text string // the full text: text/plain, or the HTML made readable
	HTML string // the decoded HTML part, if there is one
	// ReplyStart and ReplyEnd bound the visible reply inside Text (byte offsets).
	ReplyStart, ReplyEnd int
	// ReplyWhy names the line or element that ended the visible reply.
	ReplyWhy string
	// CommandText is the start of the reply as the HTML part shows it, without hidden
	// text; it equals that of Text in an honest mail. Empty when there is no HTML part.
	CommandText string
	// CommandsDisagree says that the text part and the HTML part differ in their
	// first lines, so that neither may command.
	CommandsDisagree bool
	Language         string // a hint, ISO 639-1; may be empty

	Attachments []Part

	Automatic    bool   // written by a machine: no command, no reopen, no relay
	AutomaticWhy string // the header or sign that says so
	// OutOfOffice says that the subject looks like an out-of-office answer in one of
	// the 20 languages. Only a reference to one of our mails makes it automatic, and
	// only the Desk knows that, so Automatic does not include it.
	OutOfOffice  bool
	MayAnswer    bool   // an automatic mail may be sent because of it
	MayAnswerWhy string // why not, when it may not
	Kind         Kind
	Bounces      []Bounce
	// Complaint is what a feedback report says; nil for every other mail.
	Complaint *Complaint `json:",omitempty"`
	// Forwarded is set when the message is a forward whose original could be read.
	Forwarded *Forwarded

	Auth       []AuthResults // Authentication-Results fields, topmost first
	Signatures []Signature   // DKIM-Signature fields, topmost first, unverified
	Received   int           // number of Received fields
	// Headers holds every header field for rules and markers, in order, decoded
	// values, at most 1 000 fields of at most 4 KiB.
	Headers []Header

	ContentKey string // SHA-256, hex, over identity headers and body; "" without a Message-ID
	// Mark is the value of X-Postern-Instance: how our own mail is known when it
	// comes back. Whether it is genuine, Signer.OwnMark says.
	Mark    string
	Defects []string // named defects, in the order of finding, without repeats
}

// DefectReadError marks a message whose octets could not be read to their end: it
// says nothing about the mail and must not be relied on.
const DefectReadError = "read-error"

// Reply is the visible reply: what the sender wrote this time.
func (m Message) Reply() string {
	if m.ReplyStart < 0 || m.ReplyEnd > len(m.Text) || m.ReplyStart > m.ReplyEnd {
		return m.Text
	}
	return m.Text[m.ReplyStart:m.ReplyEnd]
}

// Header is one header field: canonical name, decoded value on one line. Above
// is the number of Received fields that stand above it.
type Header struct {
	Name  string
	Value string
	Above int
}

// Part is an attachment: where its octets lie in the raw message, and what they are.
type Part struct {
	Filename    string // safe: a base name, at most 255 bytes, real extension visible
	ContentType string // lower case type/subtype
	ContentID   string
	Inline      bool
	Size        int64  // decoded octets
	SHA256      string // hex, of the decoded octets
	Offset      int64  // of the encoded body in the raw message
	Length      int64  // encoded octets
	Encoding    string // "base64", "quoted-printable" or "" for none
}

// Bounce is what a delivery status notification says of one recipient (RFC 3464).
type Bounce struct {
	Recipient         string
	Action            string // failed, delayed, delivered, relayed, expanded
	Status            string // 5.1.1; may be empty
	Diagnostic        string
	OriginalMessageID string
}

// Complaint is what a feedback report says (RFC 5965): somebody called a mail of
// ours spam, or asked for no more of it.
type Complaint struct {
	Type string // abuse, opt-out, fraud, not-spam, auth-failure, ...; lower case
	// Addresses are those of the reported message that may be signed: its envelope
	// sender and its Reply-To. They are what the report says, and prove nothing before
	// their signature was read.
	Addresses []string
}

// Forwarded is the original of a forwarded message, as `#on-behalf` uses it.
type Forwarded struct {
	From    Address
	Date    time.Time
	Subject string
	Text    string
}

// AuthResults is one Authentication-Results field (RFC 8601), unjudged.
type AuthResults struct {
	ServID string
	// Above is the number of Received fields that stand above the field.
	Above   int
	Results []AuthResult
}

// AuthResult is one method's result with its properties, e.g. dkim=pass
// header.d=example.org: Props["header.d"] == "example.org".
type AuthResult struct {
	Method string // dkim, spf, dmarc, auth, ...
	Value  string // pass, fail, none, ...
	Props  map[string]string
}

// Signature is what a DKIM-Signature field claims; whether it holds is another question.
type Signature struct {
	Domain   string    // d=
	Selector string    // s=; set for signatures that we verified
	Headers  []string  // h=, lower case
	Length   bool      // l= is present: the body is not wholly covered
	At       time.Time // t=, zero when absent
	Expires  time.Time // x=, zero when absent
}
