package mailin

import (
	"context"
	"io"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// How much decoded text a Message holds; together with the header fields it
// stays below 4 MiB whatever the message measures.
const (
	maxPlain     = 1 << 20   // octets of text/plain
	maxHTML      = 3 << 19   // octets of text/html
	maxForwarded = 512 << 10 // octets of a forwarded original
	maxPeekText  = 64 << 10  // octets of a part that are looked at for its meaning
)

// Envelope is what the dialogue said beside the message.
type Envelope struct {
	// From is the envelope sender, "" the null sender; nil when the message did not
	// come with an envelope (IMAP): then the topmost Return-Path stands for it.
	From *string
	// To are the envelope recipients. They have no say in the reading.
	To []string
}

// Parse reads a raw message. It is total: whatever the octets are, it returns a
// Message that holds what could be read, with a defect for what could not; it
// never fails and never panics. Time is linear in the size of raw, memory is
// bounded and independent of it. When raw cannot be read to its end, or ctx
// ends, the Message carries mimetree.DefectReadError and is not to be relied on.
func Parse(ctx context.Context, raw tickets.Raw, env Envelope) (m tickets.Message) {
	r := &reader{ctx: ctx, raw: raw, env: env}
	defer func() {
		if fault := recover(); fault != nil {
			m = r.salvage()
		}
	}()
	r.read()
	return r.m
}

// OpenPart streams the decoded octets of an attachment: those, and exactly those,
// that its Size and SHA256 speak of.
func OpenPart(raw tickets.Raw, p tickets.Part) io.Reader {
	return mimetree.NewDecoder(raw, p.Offset, p.Length, p.Encoding)
}

// reader reads one message.
type reader struct {
	ctx     context.Context
	raw     tickets.Raw
	env     Envelope
	tree    *mimetree.Tree
	defects mimetree.Defects
	hint    string // charset for octets in headers that declare none
	m       tickets.Message

	lastRaw, lastWords string // a field value and what it says

	bodies    []decoded // the text parts that were read, for the judging of bounces
	leaves    int       // leaves seen so far
	found     bool      // some body text was found
	parts     []attachment
	plain     int // octets of text/plain still to be had
	html      int // octets of text/html still to be had
	invites   []string
	encrypted bool
	opaque    bool // the text is inside a signature
}

// decoded is a text part that has been read.
type decoded struct {
	node *mimetree.Node
	text string
}

func (r *reader) read() {
	r.plain, r.html = maxPlain, maxHTML
	r.tree = mimetree.Split(r.ctx, r.raw, r.raw.Size())
	for _, d := range r.tree.Defects {
		r.defects.Add(d)
	}
	r.hint = charsetHint(r.tree.Root)
	r.header()
	b := r.collect(r.tree.Root, "")
	r.attachments(b.html)
	r.judge(b)
	r.m.Defects = r.defects
}

// salvage returns what had been read when the reader itself broke: enough to make a ticket.
func (r *reader) salvage() tickets.Message {
	r.defects.Add(mimetree.DefectPanic)
	r.m.Defects = r.defects
	r.m.ReplyStart, r.m.ReplyEnd = 0, len(r.m.Text)
	r.m.MayAnswer, r.m.MayAnswerWhy = false, "the message could not be read"
	if r.m.Kind == "" {
		r.m.Kind = tickets.KindHuman
	}
	return r.m
}

// charsetHint is the first charset that the message declares.
func charsetHint(n *mimetree.Node) string {
	if cs := n.Params.Get("charset"); cs != "" {
		return cs
	}
	for i := 0; i < len(n.Children) && i < 3; i++ {
		if cs := charsetHint(n.Children[i]); cs != "" {
			return cs
		}
	}
	return ""
}
