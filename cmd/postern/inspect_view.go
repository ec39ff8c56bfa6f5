package main

import (
	"time"

	"postern/tickets"
)

// messageView is what `inspect --json` prints; docs/inspect.schema.json pins it.
// Lists are never null, identifiers have no angle brackets.
type messageView struct {
	MessageID  string        `json:"message_id"`
	InReplyTo  []string      `json:"in_reply_to"`
	References []string      `json:"references"`
	Subject    string        `json:"subject"`
	From       []addressView `json:"from"`
	To         []addressView `json:"to"`
	CC         []addressView `json:"cc"`
	ReplyTo    []addressView `json:"reply_to"`
	// Date is RFC 3339 in UTC; empty when the message has none that can be read.
	Date        string           `json:"date"`
	Text        string           `json:"text"`
	HTML        string           `json:"html"`
	Reply       string           `json:"reply"`
	Attachments []attachmentView `json:"attachments"`
	Automatic   bool             `json:"automatic"`
	MayAnswer   bool             `json:"may_answer"`
	Kind        string           `json:"kind"`
	Bounce      []bounceView     `json:"bounce"`
	Defects     []string         `json:"defects"`
	Language    string           `json:"language"`
	Forwarded   *forwardedView   `json:"forwarded"`
	Explain     *explainView     `json:"explain,omitempty"`
}

type addressView struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

type attachmentView struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	Inline      bool   `json:"inline"`
	ContentID   string `json:"content_id"`
}

type bounceView struct {
	Recipient         string `json:"recipient"`
	Action            string `json:"action"`
	Status            string `json:"status"`
	Diagnostic        string `json:"diagnostic"`
	OriginalMessageID string `json:"original_message_id"`
}

type forwardedView struct {
	From    addressView `json:"from"`
	Date    string      `json:"date"`
	Subject string      `json:"subject"`
	Text    string      `json:"text"`
}

// explainView says why; it is there with --explain only.
type explainView struct {
	ReplyEndedBy  string `json:"reply_ended_by"`
	AutomaticBy   string `json:"automatic_by"`
	NoAnswerBy    string `json:"no_answer_by"`
	OutOfOffice   bool   `json:"out_of_office"`
	CommandsClash bool   `json:"commands_disagree"`
}

// kinds of mail in the order of the summary line.
var kinds = []string{
	string(tickets.KindHuman), string(tickets.KindAutoReply), string(tickets.KindBounce),
	string(tickets.KindReceipt), string(tickets.KindReport), string(tickets.KindList),
}

// view turns a message into what inspect shows.
func view(m tickets.Message, explain bool) messageView {
	v := messageView{
		MessageID: m.MessageID, InReplyTo: list(m.InReplyTo), References: list(m.References),
		Subject: m.Subject, From: addresses(m.From), To: addresses(m.To), CC: addresses(m.Cc),
		ReplyTo: addresses(m.ReplyTo), Date: rfc3339(m.Date), Text: m.Text, HTML: m.HTML,
		Reply: m.Reply(), Attachments: attachments(m.Attachments), Automatic: automatic(m),
		MayAnswer: m.MayAnswer, Kind: string(m.Kind), Bounce: bounces(m.Bounces),
		Defects: list(m.Defects), Language: m.Language, Forwarded: forwarded(m.Forwarded),
	}
	if explain {
		v.Explain = explained(m)
	}
	return v
}

// automatic is the answer without a database: an out-of-office subject counts
// when the mail refers to anything at all, since we cannot ask whose mail that was.
func automatic(m tickets.Message) bool {
	return m.Automatic || m.OutOfOffice && len(m.InReplyTo)+len(m.References) > 0
}

func explained(m tickets.Message) *explainView {
	why := m.AutomaticWhy
	if !m.Automatic && automatic(m) {
		why = "an out-of-office subject, and a reference to another mail"
	}
	return &explainView{ReplyEndedBy: m.ReplyWhy, AutomaticBy: why, NoAnswerBy: m.MayAnswerWhy,
		OutOfOffice: m.OutOfOffice, CommandsClash: m.CommandsDisagree}
}

// list is the same list, and [] instead of null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func addresses(in []tickets.Address) []addressView {
	out := []addressView{}
	for _, a := range in {
		out = append(out, addressView{a.Name, a.Addr})
	}
	return out
}

func attachments(in []tickets.Part) []attachmentView {
	out := []attachmentView{}
	for _, p := range in {
		out = append(out, attachmentView{p.Filename, p.ContentType, p.Size, p.SHA256, p.Inline, p.ContentID})
	}
	return out
}

func bounces(in []tickets.Bounce) []bounceView {
	out := []bounceView{}
	for _, b := range in {
		out = append(out, bounceView(b))
	}
	return out
}

func forwarded(f *tickets.Forwarded) *forwardedView {
	if f == nil {
		return nil
	}
	return &forwardedView{addressView{f.From.Name, f.From.Addr}, rfc3339(f.Date), f.Subject, f.Text}
}

// rfc3339 is a moment in UTC, and "" for none.
func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
