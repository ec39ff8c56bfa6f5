package mailout

import (
	"errors"
	"fmt"
	"slices"

	"postern/tickets"
)

// Composer writes messages. The zero value uses the built-in templates.
type Composer struct {
	// Templates by folder, as Queue.Templates names it; see Load. A folder that
	// is not there means the built-in ones.
	Templates map[string]*Templates
}

// Compose writes one message to one recipient. It is pure: no clock, no
// network, and the same draft gives the same octets. The error is ErrAddress
// when an address cannot be written, and otherwise says what the draft lacks.
func (c *Composer) Compose(d tickets.Draft) (tickets.Content, error) {
	subject, text, err := c.render(d)
	if err != nil {
		return tickets.Content{}, fmt.Errorf("composing %s: %w", d.Role, err)
	}
	h, err := fields(d, subject)
	if err != nil {
		return tickets.Content{}, fmt.Errorf("composing %s: %w", d.Role, err)
	}
	b := newBuilder(d, text)
	b.page(c, d, text)
	return b.build(h.Bytes()), nil
}

// render writes subject and text. A template of an admin's that fails where
// Load's samples did not gives way to the built-in one: the mail must go out.
func (c *Composer) render(d tickets.Draft) (subject, text string, err error) {
	v, r := values(d), role(d)
	t := builtin()
	if own := c.Templates[d.Queue.Templates]; own != nil && d.Queue.Templates != "" {
		t = own
	}
	subject, text, err = t.render(d.Queue.Language, r, v)
	if err != nil && t != builtin() {
		subject, text, err = builtin().render(d.Queue.Language, r, v)
	}
	return cut(tagged(subject, v.Tag), 255), text, err
}

// fields writes the header of the message down to its MIME-Version.
func fields(d tickets.Draft, subject string) (*header, error) {
	h := &header{}
	id, ok := msgID(d.MessageID, maxID)
	if !ok {
		return nil, fmt.Errorf("no usable Message-ID %q", d.MessageID)
	}
	if d.At.IsZero() {
		return nil, errors.New("no date")
	}
	if err := people(h, d); err != nil {
		return nil, err
	}
	h.text("Subject", subject)
	h.field("Date", d.At.In(zone(d.Queue)).Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	h.field("Message-ID", id)
	conversation(h, d)
	automatic(h, d.Mail)
	if d.Mark != "" {
		h.text("X-Postern-Instance", d.Mark)
	}
	h.field("MIME-Version", "1.0")
	return h, nil
}

// people writes From, To and Reply-To.
func people(h *header, d tickets.Draft) error {
	name := d.Recipient.Name
	if shy(d) {
		name = ""
	}
	for _, f := range []struct{ field, name, addr string }{
		{"From", first(d.FromName, d.Queue.Display, d.Queue.Name), d.Queue.Address()},
		{"To", name, d.Recipient.Address},
		{"Reply-To", first(d.Queue.Display, d.Queue.Name), d.ReplyTo},
	} {
		if f.field == "Reply-To" && f.addr == "" {
			continue
		}
		w, err := mailbox(f.name, f.addr)
		if err != nil {
			return fmt.Errorf("%s: %w", f.field, err)
		}
		h.field(f.field, w...)
	}
	return nil
}

// conversation writes In-Reply-To and References: at most twenty, the first
// and the last nineteen, so that the thread holds in every client.
func conversation(h *header, d tickets.Draft) {
	limit, refs := maxID, d.References
	if shy(d) {
		limit, refs = 250, nil // one identifier is all a stranger may have put there
	}
	var ids []string
	for _, r := range append(slices.Clone(refs), d.InReplyTo) {
		if id, ok := msgID(r, limit); ok {
			ids = slices.DeleteFunc(ids, func(x string) bool { return x == id })
			ids = append(ids, id)
		}
	}
	if id, ok := msgID(d.InReplyTo, limit); ok {
		h.field("In-Reply-To", id)
	}
	if len(ids) > 20 {
		ids = append(ids[:1:1], ids[len(ids)-19:]...)
	}
	if len(ids) > 0 {
		h.field("References", ids...)
	}
}

// automatic marks what no person wrote (RFC 3834), so that nobody answers it.
// An agent's reply is human mail and carries no mark.
func automatic(h *header, k tickets.MailKind) {
	switch k {
	case tickets.MailReply:
		return
	case tickets.MailAck:
		h.field("Auto-Submitted", "auto-replied")
		h.field("Precedence", "bulk")
	case tickets.MailReceipt, tickets.MailRefusal, tickets.MailConfirmation:
		h.field("Auto-Submitted", "auto-replied")
	default:
		h.field("Auto-Submitted", "auto-generated")
	}
	h.field("X-Auto-Response-Suppress", "OOF,", "AutoReply,", "RN,", "NRN")
}
