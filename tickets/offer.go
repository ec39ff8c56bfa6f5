package tickets

import "fmt"

// links are the mailto: offers of a mail to an agent: what he can do with one word. A
// mail client cannot press buttons. Whose ticket it is already is not offered to take it.
func (w *work) links(l letter, d *Draft, noteToken string) []MailLink {
	if d.ReplyTo == "" {
		return nil
	}
	subject := w.t.Tag(d.Queue) + " " + w.t.Subject
	offer := func(word, line string) MailLink { return MailLink{word, d.ReplyTo, subject, line} }
	switch {
	case l.mail == MailReceipt && !l.until.IsZero(), l.role == "conflict" && l.entry != nil && l.to.Agent == l.entry.Agent:
		return []MailLink{offer("undo", "#undo")}
	case l.mail == MailReceipt, l.role == "conflict":
		return nil
	case l.mail == MailRefusal && l.entry != nil && l.entry.State == EntryHeld:
		return []MailLink{offer("release", fmt.Sprintf("#release %d", l.entry.ID)), offer("reject", fmt.Sprintf("#reject %d", l.entry.ID))}
	case l.role == "failure" && l.entry != nil && l.entry.Kind == EntryReply:
		return []MailLink{offer("resend", fmt.Sprintf("#resend %d", l.entry.ID))}
	case l.entry != nil && l.entry.State == EntryUnverified:
		return w.unverifiedLinks(*l.entry, offer)
	}
	out := []MailLink{
		offer("take", "#take"), offer("resolve", "#resolve"),
		{"note", w.s.ReplyAddress(d.Queue, noteToken), subject, ""},
	}
	if l.to.Agent == w.t.Assignee {
		return out[1:]
	}
	return out
}

// unverifiedLinks let an entry count, count with its author in copy, or count for nothing.
func (w *work) unverifiedLinks(e Entry, offer func(word, line string) MailLink) []MailLink {
	out := []MailLink{offer("release", fmt.Sprintf("#release %d", e.ID))}
	if why, _ := w.s.outsider(e.From); why == "" && e.Kind == EntryMessage {
		out = append(out, offer("release-cc", fmt.Sprintf("#release %d cc", e.ID)))
	}
	return append(out, offer("reject", fmt.Sprintf("#reject %d", e.ID)))
}
