package tickets

import (
	"fmt"
	"slices"
	"strings"
)

// apply does what one action of a rule wants. What makes no difference makes no
// event; what is not possible is a line in the trace, never an error of the mail.
func (w *work) apply(a Action, x waiting) error {
	switch a.Do {
	case DoAcknowledge:
		return w.acknowledge(a, x)
	case DoRelay:
		return w.relay(a, x)
	case DoNotify:
		return w.notify(a, x)
	case DoRemind:
		return w.tellRequester(MailReminder, orElse(a.Template, "reminder"), x)
	case DoReject, DoQuarantine:
		w.trace.Add(string(a.Do)+"?", "only in phase receive")
		return nil
	}
	if b, ok := w.change(a); ok {
		w.happen(b, a.Cause, nil)
	}
	return nil
}

// change is the event an action asks for; false when nothing would change.
func (w *work) change(a Action) (Body, bool) {
	t := w.t
	switch a.Do {
	case DoQueue:
		q, ok := w.s.Queue(a.Value)
		return QueueSet{t.Queue, q.Name}, ok && q.Name != t.Queue
	case DoAssign:
		to := ""
		if ag, ok := w.s.Agent(a.Value); ok {
			to = ag.Name
		} else if a.Value != "none" {
			return nil, false
		}
		return Assigned{t.Assignee, to}, to != t.Assignee
	case DoPriority:
		p := Priority(a.Value)
		return PrioritySet{t.Priority, p}, p != t.Priority && slices.Contains(Priorities, p)
	case DoType:
		y := Type(a.Value)
		return TypeSet{t.Type, y}, y != t.Type && slices.Contains(Types, y)
	case DoStatus:
		s := Status(a.Value)
		return StatusSet{From: t.Status, To: s, Why: a.Cause.Rule}, s != t.Status && slices.Contains(Statuses, s)
	case DoTag:
		return tagged(t, a.Values, nil)
	case DoUntag:
		return tagged(t, nil, a.Values)
	}
	return nil, false
}

// tagged is the change of tags that really changes something.
func tagged(t Ticket, add, remove []string) (Body, bool) {
	b := Tagged{}
	for _, x := range add {
		if x = strings.ToLower(x); x != "" && !slices.Contains(t.Tags, x) {
			b.Added = append(b.Added, x)
		}
	}
	for _, x := range remove {
		if x = strings.ToLower(x); slices.Contains(t.Tags, x) {
			b.Removed = append(b.Removed, x)
		}
	}
	return b, len(b.Added)+len(b.Removed) > 0
}

// acknowledge tells the requester that the ticket exists. To an unverified
// address the mail holds no word of the sender's.
func (w *work) acknowledge(a Action, x waiting) error {
	r, ok := w.requester()
	if !ok {
		w.trace.Add("acknowledge?", "no: there is no sender address")
		return nil
	}
	role := orElse(a.Template, "ack")
	if w.first != 0 {
		return w.withhold(letter{role: role, mail: MailAck, to: r, seq: x.event.Seq}, fmt.Sprintf("the mail was acknowledged as ticket %d", w.first))
	}
	if role == "ack" && !r.Verified {
		role = "ack-unverified"
		if q, _ := w.s.Queue(w.t.Queue); q.Silent {
			return w.withhold(letter{role: role, mail: MailAck, to: r, seq: x.event.Seq}, "the queue does not answer unverified addresses")
		}
	}
	return w.mail(letter{role: role, mail: MailAck, to: r, entry: x.entry, seq: x.event.Seq})
}

// relay carries words to the other side: an agent's reply to requester and CC,
// an outsider's message to the agents.
func (w *work) relay(a Action, x waiting) error {
	e := x.entry
	if e == nil || checkRelay && e.State != EntryVisible {
		return nil
	}
	if e.Kind != EntryReply {
		return w.notify(Action{Do: DoNotify, Values: []string{"agents"}, Template: orElse(a.Template, "notice-reply"), Cause: a.Cause}, x)
	}
	for _, id := range append([]int64{w.t.Requester}, w.t.CC...) {
		p, err := w.person(id)
		if err != nil {
			continue
		}
		to := Recipient{Address: p.Address, Name: p.Name, Participant: p.ID, Verified: p.Verified || id == w.t.Requester && w.t.Verified}
		if err := w.mail(letter{role: orElse(a.Template, "reply"), mail: MailReply, to: to, entry: e, seq: x.event.Seq}); err != nil {
			return err
		}
	}
	return nil
}

// notify tells the named people. "agents" is the assignee, or without one all
// agents of the queue, and the watchers; whoever caused the event is left out.
func (w *work) notify(a Action, x waiting) error {
	for _, who := range a.Values {
		switch who {
		case "requester":
			if err := w.tellRequester(MailUpdate, orElse(a.Template, "update"), x); err != nil {
				return err
			}
			continue
		case "participants":
			if err := w.tellParticipants(orElse(a.Template, "update"), x); err != nil {
				return err
			}
			continue
		}
		for _, ag := range w.agents(who) {
			if err := w.tellAgent(ag, orElse(a.Template, noticeFor(x.facts)), x); err != nil {
				return err
			}
		}
	}
	return nil
}

// noticeFor is the template that fits an event when the rule names none.
func noticeFor(f EventFacts) string {
	switch f.Kind {
	case "created":
		return "notice-new"
	case "unverified":
		return "notice-unverified"
	case "held":
		return "notice-held"
	case "assigned":
		return "assigned"
	case "bounced":
		return "failure"
	case "delayed":
		return "delay"
	}
	return "notice-reply"
}

// agents resolves a word of a rule to agent names.
func (w *work) agents(who string) []string {
	q, _ := w.s.Queue(w.t.Queue)
	switch who {
	case "assignee":
		if w.t.Assignee == "" {
			return nil
		}
		return []string{w.t.Assignee}
	case "watchers":
		return w.t.Watchers
	case "queue":
		return q.Agents
	case "agents":
		return with(w.s.onDuty(w.t), w.t.Watchers...)
	}
	if ag, ok := w.s.Agent(who); ok {
		return []string{ag.Name}
	}
	return nil
}

// tellAgent writes a notice to one agent, unless he did it himself.
func (w *work) tellAgent(name, role string, x waiting) error {
	ag, ok := w.s.Agent(name)
	if !ok || ag.Address() == "" {
		return nil
	}
	if x.event.Cause.Agent == ag.Name && x.facts.Kind != "bounced" {
		return nil
	}
	if x.facts.Kind == "held" && x.entry != nil && w.heldBy(*x.entry, ag) {
		return nil // he is asked, or told why, by a mail of its own
	}
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	return w.mail(letter{role: role, mail: MailNotice, to: to, entry: x.entry, seq: x.event.Seq, why: x.facts.Why})
}

// agentRecipient gives the agent a participant id, so that reply addresses can
// be issued to him.
func (w *work) agentRecipient(ag Agent) (Recipient, error) {
	p, err := w.tx.ParticipantOf(Address{Name: ag.Display, Addr: ag.Address()})
	if err != nil {
		return Recipient{}, fmt.Errorf("agent %s: %w", ag.Name, err)
	}
	return Recipient{Address: ag.Address(), Name: ag.Display, Agent: ag.Name, Participant: p.ID, Verified: true}, nil
}

// requester is the ticket's requester as a recipient.
func (w *work) requester() (Recipient, bool) {
	p, err := w.person(w.t.Requester)
	if err != nil || p.Address == "" {
		return Recipient{}, false
	}
	return Recipient{Address: p.Address, Name: p.Name, Participant: p.ID, Verified: p.Verified || w.t.Verified}, true
}

// tellRequester writes an automatic mail to the requester.
func (w *work) tellRequester(k MailKind, role string, x waiting) error {
	r, ok := w.requester()
	if !ok {
		return nil
	}
	l := letter{role: role, mail: k, to: r, entry: w.publicEntry(x.entry), seq: x.event.Seq, why: x.facts.Why}
	if asks(role) && w.answered(r) {
		return w.withhold(l, "the reply itself asks")
	}
	if l.entry == nil && (asks(role) || k == MailReminder) {
		var err error
		if l.entry, err = w.lastReply(); err != nil {
			return err
		}
	}
	return w.mail(l)
}

// asks: the template, or a variant of it, puts the agent's question to the requester.
func asks(role string) bool { return role == "pending" || strings.HasPrefix(role, "pending-") }

// answered reports whether an agent's reply goes to r because of the same message.
func (w *work) answered(r Recipient) bool {
	return slices.ContainsFunc(w.events, func(e Event) bool {
		b, ok := e.Body.(MailQueued)
		return ok && b.Mail == MailReply && b.Role != roleAgain && b.To == r.Key()
	})
}

// lastReply is an agent's last public reply among the newest entries, or nil.
func (w *work) lastReply() (*Entry, error) {
	last, err := w.tx.Entries(w.t.ID, 20)
	if err != nil {
		return nil, fmt.Errorf("entries of ticket %d: %w", w.t.ID, err)
	}
	for _, e := range last {
		if e.Kind == EntryReply && e.Public() {
			return &e, nil
		}
	}
	return nil, nil
}

// tellParticipants writes an automatic mail to requester and CC.
func (w *work) tellParticipants(role string, x waiting) error {
	if err := w.tellRequester(MailUpdate, role, x); err != nil {
		return err
	}
	for _, id := range w.t.CC {
		p, err := w.person(id)
		if err != nil {
			continue
		}
		to := Recipient{Address: p.Address, Name: p.Name, Participant: id, Verified: p.Verified}
		if err := w.mail(letter{role: role, mail: MailUpdate, to: to, entry: w.publicEntry(x.entry), seq: x.event.Seq}); err != nil {
			return err
		}
	}
	return nil
}

// publicEntry lets only what a requester may see through.
func (w *work) publicEntry(e *Entry) *Entry {
	if e == nil || checkPublic && !e.Public() {
		return nil
	}
	return e
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
