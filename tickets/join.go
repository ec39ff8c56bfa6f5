package tickets

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// join puts the mail on the ticket it belongs to. What it is there follows from
// its author's role and evidence, never from what it says of itself.
func (d *Desk) join(w *work, p Place) error {
	for _, n := range p.Also {
		w.add(Linked{n, "named by a second reply address"}, w.cause)
	}
	level, why := w.levelHere(p)
	w.trace.Add("what may it do here?", why)
	requester := w.author.ID != 0 && w.t.Requester == w.author.ID
	notes := p.Token != nil && p.Token.Purpose == ForNote
	if w.ev.Agent != "" && !notes && w.onlyPartakes() {
		requester, level = true, min(level, L1) // another team's ticket: here he is one of its people
	}
	switch {
	case w.msg.Automatic:
		return w.joinQuiet(p)
	case w.ev.Agent != "" && (notes || !(requester && level < L2)):
		return d.joinAgent(w, p, level)
	case notes:
		return w.joinUnverified(p, "the address makes notes, which only agents write")
	case level >= L1 && w.t.Participates(w.author.ID):
		return w.joinParticipant(level)
	}
	return w.joinUnverified(p, why)
}

// onlyPartakes: the author is an agent who takes part in a ticket that is not his to work,
// as anybody who asked another team for something.
func (w *work) onlyPartakes() bool {
	ag, ok := w.s.Agent(w.ev.Agent)
	return ok && w.t.Participates(w.author.ID) && w.mayWork(ag) != ""
}

// levelHere is the level of the mail on this ticket: the evidence of the mail
// itself, or that of a token issued to the very address it comes from.
func (w *work) levelHere(p Place) (Level, string) {
	if w.ev.Level >= L2 {
		return w.ev.Level, w.ev.Why
	}
	in := w.t.Participates(w.author.ID)
	if w.ev.Proved {
		if in {
			return L1, w.ev.Why
		}
		via := ""
		if p.Token != nil && p.Token.Participant != w.author.ID {
			via = w.via(p.Token)
		}
		return L0, "the sender is proved (" + w.ev.Why + "), but takes no part in this ticket" + via
	}
	t := p.Token
	switch {
	case t == nil:
		return L0, w.ev.Why
	case t.Purpose != ForReply:
		return L0, "the address is not one for replies"
	case checkOwner && (w.author.ID == 0 || t.Participant != w.author.ID):
		return L0, "the reply address was issued to somebody else" + w.via(t)
	case checkRevoked && w.revoked(t):
		return L0, "the reply address was revoked"
	case w.ev.Failed:
		return L0, "a verdict on the mail says fail"
	case !in:
		return L0, "the reply address is genuine, but its owner takes no part in this ticket any more"
	}
	return L1, "a reply address issued to this very sender"
}

// revoked: the address is older than the last revocation of the ticket that issued it,
// which a merge may have ended.
func (w *work) revoked(t *Token) bool {
	issuer := w.t
	if t.Ticket != w.t.ID {
		var err error
		if issuer, err = w.tx.Ticket(t.Ticket); err != nil {
			return true
		}
	}
	return t.Generation != issuer.Generation&0x1fff
}

// via says whose reply address a stranger used.
func (w *work) via(t *Token) string {
	p, err := w.tx.Participant(t.Participant)
	if err != nil {
		return ""
	}
	return " (via " + p.Address + "'s address)"
}

// joinQuiet keeps a machine's answer without any effect: no reopen, no relay, no command.
func (w *work) joinQuiet(p Place) error {
	e := w.entry(EntryMessage, EntryQuiet)
	e.Why = orElse(w.msg.AutomaticWhy, "automatic mail")
	w.quiet = "automatic mail is told to nobody"
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	w.trace.Add("is it automatic?", "yes: "+e.Why)
	if err := w.tellAbsence(); err != nil {
		return fmt.Errorf("telling of an absence: %w", err)
	}
	return w.done(e)
}

// joinParticipant is an ordinary reply of requester or CC: visible, and it
// wakes the ticket up.
func (w *work) joinParticipant(level Level) error {
	w.cause.Level = level
	if err := w.learnName(); err != nil {
		return err
	}
	e := w.entry(EntryMessage, EntryVisible)
	e.Level = level
	said, rest := w.words(e)
	if len(said) > 0 && rest == "" && len(e.Parts) == 0 && !slices.Contains(said, "close") {
		e.State, e.Why = EntryQuiet, "only commands"
	}
	if w.t.Status.Done() && len(said) == 0 && len(e.Parts) == 0 && thankful(rest) {
		e.Why = "a thank-you reopens nothing; #reopen does"
	}
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	if w.ev.Proved && !w.t.Verified && w.author.ID == w.t.Requester {
		w.add(Verified{w.author.ID}, w.cause)
	}
	if q, ok := w.s.Queue(w.t.Queue); ok {
		w.addCopied(q)
	}
	wake := e.Why == ""
	if len(said) > 0 {
		if wake, err = w.obey(said, rest); err != nil {
			return err
		}
	}
	if wake {
		if err := w.wakeUp(); err != nil {
			return err
		}
	}
	return w.done(e)
}

// learnName gives a participant who had none the name that his mail brings.
func (w *work) learnName() error {
	if w.author.ID == 0 || w.author.Name != "" || len(w.msg.From) != 1 || w.msg.From[0].Name == "" {
		return nil
	}
	w.author.Name = w.msg.From[0].Name
	if err := w.tx.UpdateParticipant(w.author); err != nil {
		return fmt.Errorf("name of participant %d: %w", w.author.ID, err)
	}
	return nil
}

// wakeUp opens a ticket that waited for its requester or was resolved. More than
// the limit of reopens an hour leave it as it is, flagged.
func (w *work) wakeUp() error {
	if w.t.Status != Pending && !w.t.Status.Done() {
		return nil
	}
	if w.t.Status.Done() {
		n, err := w.reopensSince(w.at.Add(-time.Hour))
		if err != nil {
			return err
		}
		if n >= w.s.Limits.ReopensHour {
			w.add(Flagged{Flag: "reopen-limit", Why: fmt.Sprintf("%d reopens an hour", n)}, w.cause)
			return nil
		}
	}
	w.happen(StatusSet{From: w.t.Status, To: Open, Why: "a reply arrived"}, w.cause, nil)
	return nil
}

func (w *work) reopensSince(since time.Time) (n int, err error) {
	events, err := w.tx.Events(w.t.ID)
	if err != nil {
		return 0, fmt.Errorf("events of ticket %d: %w", w.t.ID, err)
	}
	for _, e := range events {
		if b, ok := e.Body.(StatusSet); ok && b.From.Done() && !b.To.Done() && e.At.After(since) {
			n++
		}
	}
	return n, nil
}

// joinUnverified keeps the words for agents only, until one of them releases them.
func (w *work) joinUnverified(p Place, why string) error {
	e := w.entry(EntryMessage, EntryUnverified)
	e.Level, e.Why = L0, why
	w.noAuto = "an unverified mail is answered by nobody but an agent"
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	w.add(Flagged{Flag: "unverified", Why: why}, w.cause)
	if err := w.warnOwner(e, p); err != nil {
		return err
	}
	return w.done(e)
}

// warnOwner tells an agent, once a ticket and day, that a stranger used the reply
// address that was issued to him.
func (w *work) warnOwner(e Entry, p Place) error {
	if p.Token == nil {
		return nil
	}
	owner, err := w.tx.Participant(p.Token.Participant)
	if err != nil {
		return ifFound(err)
	}
	ag, ok := w.s.AgentOf(owner.Address)
	if !ok || slices.Contains(w.agents("agents"), ag.Name) {
		return nil // the agents are told by a rule
	}
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	events, err := w.tx.Events(w.t.ID)
	if err != nil {
		return fmt.Errorf("events of ticket %d: %w", w.t.ID, err)
	}
	for _, x := range events {
		if m, ok := x.Body.(MailQueued); ok && m.Role == "notice-unverified" && m.To == to.Key() && w.at.Sub(x.At) < 24*time.Hour {
			return nil
		}
	}
	return w.mail(letter{role: "notice-unverified", mail: MailNotice, to: to, entry: &e, seq: w.t.Seq, why: e.Why, blind: w.mayWork(ag) != ""})
}

// ifFound lets "there is none" pass.
func ifFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// release makes an unverified or held entry count.
func (w *work) release(e Entry, c Cause) error {
	if e.State != EntryUnverified && e.State != EntryHeld {
		return &BlockError{Why: fmt.Sprintf("entry %d does not wait for a release, it is %s", e.ID, e.State)}
	}
	if err := w.changeEntry(e, EntryVisible, c); err != nil {
		return err
	}
	if e.Kind == EntryReply {
		w.replied(c)
		if err := w.spoke(e, true); err != nil {
			return err
		}
	} else if w.t.Status.Done() || w.t.Status == Pending {
		w.happen(StatusSet{From: w.t.Status, To: Open, Why: "a held reply was released"}, c, nil)
	}
	if slices.Contains(w.t.Flags, "unverified") {
		w.add(Flagged{Flag: "unverified", Off: true}, c)
	}
	return nil
}

// answeredWhy is why a new ticket is open.
const answeredWhy = "an agent answered"

// replied: an agent's first public reply opens a new ticket.
func (w *work) replied(c Cause) {
	if w.t.Status == New {
		w.happen(StatusSet{From: New, To: Open, Why: answeredWhy}, c, nil)
	}
}
