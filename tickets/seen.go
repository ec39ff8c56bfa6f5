package tickets

import (
	"strings"
	"unicode/utf8"
)

// maxFactText bounds the words of a message that rules see and that are kept
// with their decision.
const maxFactText = 64 << 10

// facts builds what rules may see of the ticket as it is now.
func (w *work) facts(p Phase, e EventFacts) Facts {
	f := Facts{Phase: p, At: w.at, Event: e, Ticket: w.ticketFacts()}
	f.Event.Quiet = w.quiet != ""
	if q, ok := w.s.Queue(w.t.Queue); ok && q.Zone != nil {
		f.Zone = q.Zone.String()
	}
	if w.msg != nil && w.arrival != nil {
		f.Message = messageFacts(*w.arrival, *w.msg, w.ev)
		f.Sender = w.senderFacts()
	}
	return f
}

func (w *work) ticketFacts() TicketFacts {
	t := w.t
	f := TicketFacts{
		ID: t.ID, Queue: t.Queue, Subject: t.Subject, Status: t.Status, Disposition: t.Disposition, Type: t.Type,
		Priority: t.Priority, Assignee: t.Assignee, Tags: t.Tags, Fields: t.Fields, Flags: t.Flags,
		Entries: t.Entries, Reopens: t.Reopens, Created: t.Created, Updated: t.Updated, StatusSince: t.StatusSince,
		PendingUntil: t.PendingUntil, LastRequester: t.LastRequester, LastAgent: t.LastAgent, Fired: t.Fired,
	}
	if p, err := w.person(t.Requester); err == nil {
		f.Requester = addressFacts(Address{Name: p.Name, Addr: p.Address})
	}
	return f
}

func (w *work) senderFacts() SenderFacts {
	f := SenderFacts{Participant: w.t.Participates(w.author.ID), Verified: w.ev.Proved || w.author.Verified}
	if w.ev.Level >= L2 {
		f.Agent = w.ev.Agent
	}
	_, f.Domain, _ = cutAddress(strings.ToLower(w.ev.Address))
	if w.author.ID != 0 {
		if all, open, err := w.tx.TicketsOf(w.author.ID); err == nil {
			f.Known, f.Open = all > 0, open
		}
	}
	return f
}

// person reads a participant; 0 is nobody.
func (w *work) person(id int64) (Participant, error) {
	if id == 0 {
		return Participant{}, ErrNotFound
	}
	if id == w.author.ID {
		return w.author, nil
	}
	return w.tx.Participant(id)
}

func messageFacts(a Arrival, m Message, ev Evidence) MessageFacts {
	f := MessageFacts{
		ID: m.MessageID, Subject: m.Subject, Text: cut(m.Text, maxFactText), Reply: cut(m.Reply(), maxFactText),
		To: addressList(m.To), CC: addressList(m.Cc), Kind: m.Kind, Automatic: m.Automatic, MayAnswer: m.MayAnswer,
		Language: m.Language, Size: a.Size, Level: int(ev.Level), EnvelopeTo: a.To, Queue: a.Queue, Source: a.Source,
		Defects: m.Defects,
	}
	if len(m.From) > 0 {
		f.From = addressFacts(m.From[0])
	}
	if a.From != nil {
		f.EnvelopeFrom = *a.From
	}
	for _, h := range m.Headers {
		f.Headers = append(f.Headers, HeaderFacts{h.Name, h.Value})
	}
	for _, p := range m.Attachments {
		f.Attachments = append(f.Attachments, AttachmentFact{p.Filename, p.ContentType, p.Size, p.Inline})
	}
	return f
}

func addressList(as []Address) []AddressFacts {
	var out []AddressFacts
	for _, a := range as[:min(len(as), 100)] {
		out = append(out, addressFacts(a))
	}
	return out
}

func addressFacts(a Address) AddressFacts {
	local, domain, _ := cutAddress(a.Addr)
	return AddressFacts{a.Addr, a.Name, local, strings.ToLower(domain)}
}

// cut shortens a text to at most n bytes, at a rune's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// MessageFactsOf are the facts of a message that is not weighed yet: its level is 0.
func MessageFactsOf(a Arrival, m Message) MessageFacts { return messageFacts(a, m, Evidence{}) }
