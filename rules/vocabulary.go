package rules

import (
	"strings"
	"time"

	"postern/tickets"
)

// vars is everything a condition can name. The expr tags are the vocabulary; a
// name that is not here is a mistake found when the file is read.
type vars struct {
	Message message `expr:"message"`
	Sender  sender  `expr:"sender"`
	Ticket  ticket  `expr:"ticket"`
	Event   event   `expr:"event"`
	Peer    peer    `expr:"peer"`

	At      time.Time `expr:"at"`      // the moment, in the queue's zone
	Weekday string    `expr:"weekday"` // "monday", in the queue's zone
	Hour    int       `expr:"hour"`    // 0 to 23, in the queue's zone

	Subject string  `expr:"subject"` // message.subject
	From    address `expr:"from"`    // message.from
	Text    string  `expr:"text"`    // message.text

	Header  func(string) string   `expr:"header"`  // first value of a field, or ""
	Headers func(string) []string `expr:"headers"` // all values of a field
}

type address struct {
	Address string `expr:"address"`
	Name    string `expr:"name"`
	Local   string `expr:"local"`
	Domain  string `expr:"domain"`
}

type headerField struct {
	Name  string `expr:"name"`
	Value string `expr:"value"`
}

type attachment struct {
	Name   string `expr:"name"`
	Type   string `expr:"type"`
	Size   int64  `expr:"size"`
	Inline bool   `expr:"inline"`
}

type message struct {
	ID           string        `expr:"id"`
	From         address       `expr:"from"`
	To           []address     `expr:"to"`
	CC           []address     `expr:"cc"`
	Subject      string        `expr:"subject"`
	Text         string        `expr:"text"`
	Reply        string        `expr:"reply"`
	Headers      []headerField `expr:"headers"`
	Attachments  []attachment  `expr:"attachments"`
	Kind         string        `expr:"kind"`
	Automatic    bool          `expr:"automatic"`
	MayAnswer    bool          `expr:"may_answer"`
	Language     string        `expr:"language"`
	Size         int64         `expr:"size"`
	Level        int           `expr:"level"`
	EnvelopeFrom string        `expr:"envelope_from"`
	EnvelopeTo   []string      `expr:"envelope_to"`
	Queue        string        `expr:"queue"`
	Source       string        `expr:"source"`
	Defects      []string      `expr:"defects"`
}

type sender struct {
	Agent       string `expr:"agent"`
	Participant bool   `expr:"participant"`
	Known       bool   `expr:"known"`
	Verified    bool   `expr:"verified"`
	Domain      string `expr:"domain"`
	Open        int    `expr:"open"`
}

type ticket struct {
	ID            int64             `expr:"id"`
	Queue         string            `expr:"queue"`
	Subject       string            `expr:"subject"`
	Status        string            `expr:"status"`
	Disposition   string            `expr:"disposition"`
	Type          string            `expr:"type"`
	Priority      string            `expr:"priority"`
	Assignee      string            `expr:"assignee"`
	Requester     address           `expr:"requester"`
	Tags          []string          `expr:"tags"`
	Fields        map[string]string `expr:"fields"`
	Flags         []string          `expr:"flags"`
	Entries       int               `expr:"entries"`
	Reopens       int               `expr:"reopens"`
	Created       time.Time         `expr:"created"`
	Updated       time.Time         `expr:"updated"`
	StatusSince   time.Time         `expr:"status_since"`
	PendingUntil  time.Time         `expr:"pending_until"`
	LastRequester time.Time         `expr:"last_requester"`
	LastAgent     time.Time         `expr:"last_agent"`
	Age           time.Duration     `expr:"age"` // since it was created
}

type event struct {
	Kind     string `expr:"kind"`
	By       string `expr:"by"`
	Agent    string `expr:"agent"`
	From     string `expr:"from"`
	To       string `expr:"to"`
	Why      string `expr:"why"`
	Reopened bool   `expr:"reopened"`
	Quiet    bool   `expr:"quiet"`
}

type peer struct {
	Address string `expr:"address"`
	Helo    string `expr:"helo"`
	TLS     bool   `expr:"tls"`
	Role    string `expr:"role"`
}

// fill makes the vocabulary of facts; zone is that of the queue. The lists of v
// are used again, so that deciding allocates little.
func (v *vars) fill(f *tickets.Facts, zone *time.Location) {
	v.message(&f.Message)
	v.Sender = sender(f.Sender)
	v.ticket(&f.Ticket, f.At)
	v.Event = event(f.Event)
	v.Peer = peer{f.Peer.Address, f.Peer.Helo, f.Peer.TLS, string(f.Peer.Role)}
	v.At = f.At.In(zone)
	v.Weekday, v.Hour = weekdays[v.At.Weekday()], v.At.Hour()
	v.Subject, v.From, v.Text = v.Message.Subject, v.Message.From, v.Message.Text
	if v.Header == nil {
		v.Header, v.Headers = v.header, v.headers
	}
}

func (v *vars) message(m *tickets.MessageFacts) {
	to, cc := v.Message.To[:0], v.Message.CC[:0]
	heads, files := v.Message.Headers[:0], v.Message.Attachments[:0]
	for _, a := range m.To {
		to = append(to, address(a))
	}
	for _, a := range m.CC {
		cc = append(cc, address(a))
	}
	for _, h := range m.Headers {
		heads = append(heads, headerField(h))
	}
	for _, a := range m.Attachments {
		files = append(files, attachment(a))
	}
	v.Message = message{
		ID: m.ID, From: address(m.From), To: to, CC: cc, Subject: m.Subject, Text: m.Text, Reply: m.Reply,
		Headers: heads, Attachments: files, Kind: string(m.Kind), Automatic: m.Automatic, MayAnswer: m.MayAnswer,
		Language: m.Language, Size: m.Size, Level: m.Level, EnvelopeFrom: m.EnvelopeFrom, EnvelopeTo: m.EnvelopeTo,
		Queue: m.Queue, Source: m.Source, Defects: m.Defects,
	}
}

func (v *vars) ticket(t *tickets.TicketFacts, at time.Time) {
	v.Ticket = ticket{
		ID: t.ID, Queue: t.Queue, Subject: t.Subject, Status: string(t.Status), Disposition: string(t.Disposition),
		Type: string(t.Type), Priority: string(t.Priority), Assignee: t.Assignee, Requester: address(t.Requester),
		Tags: t.Tags, Fields: t.Fields, Flags: t.Flags, Entries: t.Entries, Reopens: t.Reopens, Created: t.Created,
		Updated: t.Updated, StatusSince: t.StatusSince, PendingUntil: t.PendingUntil,
		LastRequester: t.LastRequester, LastAgent: t.LastAgent,
	}
	if !t.Created.IsZero() {
		v.Ticket.Age = at.Sub(t.Created)
	}
}

// header is the first value of a header field, or "".
func (v *vars) header(name string) string {
	for i := range v.Message.Headers {
		if strings.EqualFold(v.Message.Headers[i].Name, name) {
			return v.Message.Headers[i].Value
		}
	}
	return ""
}

// headers are all values of a header field.
func (v *vars) headers(name string) []string {
	var out []string
	for i := range v.Message.Headers {
		if strings.EqualFold(v.Message.Headers[i].Name, name) {
			out = append(out, v.Message.Headers[i].Value)
		}
	}
	return out
}

var weekdays = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
