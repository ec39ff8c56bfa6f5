package mailin

import (
	"strings"

	"postern/mailin/automail"
	"postern/tickets"
)

// reported fills in what a complaint or a read receipt says of the message it is about.
func (r *reader) reported(parts []automail.Part) {
	switch r.m.Kind {
	case tickets.KindReport:
		r.m.Complaint = complaint(parts)
	case tickets.KindReceipt:
		if id := receiptOf(parts); id != "" && len(r.m.InReplyTo) == 0 {
			r.m.InReplyTo = []string{id}
		}
	}
}

// complaint reads a feedback report (RFC 5965): what it complains of, and the
// addresses of the reported message that may be signed ones of ours.
func complaint(parts []automail.Part) *tickets.Complaint {
	c := &tickets.Complaint{}
	for _, p := range parts {
		switch p.Type {
		case "message/feedback-report":
			c.Type = strings.ToLower(fieldOf(p.Text, "feedback-type"))
			c.Addresses = append(c.Addresses, addressIn(fieldOf(p.Text, "original-mail-from"))...)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			for _, name := range []string{"return-path", "reply-to"} {
				c.Addresses = append(c.Addresses, addressIn(fieldOf(headOf(p.Text), name))...)
			}
		}
	}
	return c
}

// receiptOf is the Message-ID that a disposition notification is about (RFC 8098 section 3.2.5).
func receiptOf(parts []automail.Part) string {
	for _, p := range parts {
		if p.Type == "message/disposition-notification" || p.Type == "message/global-disposition-notification" {
			return strings.Trim(fieldOf(p.Text, "original-message-id"), "<> ")
		}
	}
	return ""
}

// headOf is a text up to its first empty line.
func headOf(text string) string {
	head, _, _ := strings.Cut(strings.ReplaceAll(text, "\r", ""), "\n\n")
	return head
}

// fieldOf is the value of the first field with the name, unfolded; "" for none.
func fieldOf(text, name string) string {
	value, in := "", false
	for line := range strings.Lines(strings.ReplaceAll(text, "\r", "")) {
		line = strings.TrimRight(line, "\n")
		folded := line != "" && (line[0] == ' ' || line[0] == '\t')
		if in && !folded {
			return strings.TrimSpace(value)
		}
		if in {
			value += " " + strings.TrimSpace(line)
			continue
		}
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			value, in = v, true
		}
	}
	return strings.TrimSpace(value)
}

// addressIn is the address of a field that holds one: the part in angle brackets,
// or all of it.
func addressIn(value string) []string {
	if i := strings.LastIndexByte(value, '<'); i >= 0 {
		value, _, _ = strings.Cut(value[i+1:], ">")
	}
	if value = strings.TrimSpace(value); value == "" || len(value) > 320 || strings.ContainsAny(value, " \t") {
		return nil
	}
	return []string{value}
}
