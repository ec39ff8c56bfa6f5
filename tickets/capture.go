package tickets

import (
	"fmt"
	"slices"
)

// An agent who writes to somebody outside from his own mail client and puts the helpdesk
// into Cc or Bcc wants the mail on file. It is captured: the ticket is the other's, the
// mail is the agent's reply on it, and nobody is sent it a second time, for it has gone
// out already. What the other answers to it is found by its Message-ID.
//
// Only an agent at L2 does this, on a queue he works: a stranger could otherwise make
// somebody the requester of a ticket and have him written to. A mail that names us in To
// is written to us, whoever else is named.

// outsiders are those in To or Cc whom an agent's mail reached by itself.
func (w *work) outsiders(list []Address) (out []Address) {
	for _, a := range list[:min(len(list), 20)] {
		_, isAgent := w.s.AgentOf(a.Addr)
		if why, _ := w.s.writable(a); why != "" || a.Guessed || isAgent || w.s.ours(a.Addr) {
			continue
		}
		out = append(out, a)
	}
	return out
}

// capture finds the outsider to whom an agent's new mail was written, if it is one of
// which we have a copy.
func (w *work) capture() error {
	m := w.msg
	if w.ev.Level < L2 || w.ev.Agent == "" || m.Automatic || w.behalf != nil {
		return nil
	}
	if slices.ContainsFunc(m.To, func(a Address) bool { return w.s.ours(a.Addr) }) {
		return nil
	}
	to := w.outsiders(m.To)
	ag, _ := w.s.Agent(w.ev.Agent)
	if len(to) == 0 || w.mayWork(ag) != "" {
		return nil
	}
	p, err := w.tx.ParticipantOf(to[0])
	if err != nil {
		return fmt.Errorf("participant: %w", err)
	}
	w.captured = &p
	w.trace.Add("is it a copy of an agent's mail to somebody else?", fmt.Sprintf("yes, %s wrote it to %s", ag.Name, p.Address))
	return nil
}

// owner is whom a new ticket belongs to, and whether his address is proved.
func (w *work) owner() (id int64, verified bool) {
	if w.captured != nil {
		return w.captured.ID, w.captured.Verified
	}
	return w.author.ID, w.ev.Proved
}

// capturedEntry makes the first entry of a captured mail the agent's reply.
func (w *work) capturedEntry(e *Entry) {
	if w.captured == nil {
		return
	}
	*e = w.entry(EntryReply, EntryVisible)
	e.Agent = w.ev.Agent
	w.cause.Agent = w.ev.Agent
}

// addOthers puts the others in To of a captured mail in copy of its ticket.
func (w *work) addOthers() error {
	if w.captured == nil {
		return nil
	}
	for _, a := range w.outsiders(w.msg.To)[1:] {
		p, err := w.tx.ParticipantOf(a)
		if err != nil {
			return fmt.Errorf("participant: %w", err)
		}
		if !w.t.Participates(p.ID) {
			w.happen(CCSet{p.ID, true}, w.cause, nil)
		}
	}
	return nil
}

// reached says why a mail would only repeat what an agent's own mail has told its
// recipient: it went to him directly, or he has asked for nothing.
func (w *work) reached(l letter) string {
	if w.msg == nil || w.arrival == nil || w.ev.Level < L2 || w.ev.Agent == "" || l.to.Agent != "" {
		return ""
	}
	if l.mail == MailAck && w.captured != nil {
		return "an agent wrote to him, not he to us"
	}
	if l.mail != MailReply || l.entry == nil || l.entry.Arrival != w.arrival.ID {
		return ""
	}
	if slices.ContainsFunc(slices.Concat(w.msg.To, w.msg.Cc), func(a Address) bool { return SameAddress(a.Addr, l.to.Address) }) {
		return "the agent's own mail went to him"
	}
	return ""
}
