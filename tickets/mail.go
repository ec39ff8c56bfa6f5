package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// letter is a mail that ought to be written: to whom, for what, about which event.
type letter struct {
	role    string // template
	mail    MailKind
	to      Recipient
	entry   *Entry
	seq     int64 // of the event that causes it
	why     string
	lines   []string
	answers []Answer
	back    string // the sender's own text, returned
	nonce   string
	lang    string    // of the mail it answers, when that decides; else empty
	before  time.Time // not before
	until   time.Time // something may be taken back, or is held, until then
	other   *Entry    // a second entry that is told beside the first
	// blind: the reader has no right to the ticket and learns nothing of it, not even
	// its subject; only his own words are told.
	blind bool
	// regardless of the quiet of the message: receipts, refusals and confirmations
	// answer an agent, not the mail.
	always bool
	// earlier are the entries that a gathered notice tells before its newest, in order;
	// told counts what else it gathers.
	earlier []Entry
	told    []Told
	count   int // that the template tells
}

// ErrUnwritable is what Compose answers when the recipient's address cannot be
// written safely: no mail can go there, and nobody else is to blame.
var ErrUnwritable = errors.New("address cannot be written")

// mail composes and queues a letter, or withholds it with a reason. The same
// template never goes to the same person twice because of one message.
func (w *work) mail(l letter) error {
	key := l.role + "/" + l.to.Key()
	if w.told[key] {
		return nil
	}
	w.told[key] = true
	why, before, err := w.mayMail(l)
	if err != nil {
		return err
	}
	if err := w.tripped(l, why); err != nil {
		return err
	}
	if done, err := w.later(l, why); done || err != nil {
		return err
	}
	if why != "" {
		return w.withhold(l, why)
	}
	if before.After(l.before) {
		l.before = before
	}
	if hold := w.at.Add(w.holdFor(l.to)); hold.After(w.at) && hold.After(l.before) {
		l.before = hold
	}
	o, err := w.compose(l)
	if errors.Is(err, ErrUnwritable) {
		return w.withhold(l, "no mail can be written to this address")
	} else if err != nil {
		return err
	}
	if _, err := w.tx.Enqueue(o); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	w.add(MailQueued{Role: l.role, Mail: l.mail, To: l.to.Key(), MessageID: o.MessageID}, w.cause)
	w.trace.Add("mail "+l.role+" to "+l.to.Key()+"?", "yes")
	return nil
}

// withhold books that a letter was not written, and why.
func (w *work) withhold(l letter, why string) error {
	w.told[l.role+"/"+l.to.Key()] = true
	w.add(Withheld{Role: l.role, Mail: l.mail, To: l.to.Key(), Why: why}, w.cause)
	w.trace.Add("mail "+l.role+" to "+l.to.Key()+"?", "no: "+why)
	w.d.Log.Info("mail withheld", "ticket", w.t.ID, "role", l.role, "why", why)
	return nil
}

// compose writes the letter with signed addresses and the ids that keep the
// conversation together.
func (w *work) compose(l letter) (Outgoing, error) {
	q, _ := w.s.Queue(w.t.Queue)
	d := Draft{
		Role: l.role, Mail: l.mail, At: w.at, Queue: q, Ticket: w.t, Instance: w.s.Instance, Domain: w.s.Domain,
		Recipient: l.to, Subject: w.t.Subject, Entry: l.entry, Lines: l.lines, Answers: l.answers, Why: l.why, Returned: l.back, Nonce: l.nonce, Count: l.count, Until: l.until, Other: l.other, Told: l.told,
	}
	d.Queue.Language = w.s.language(q, l.to, l.lang)
	if l.role == "ack-unverified" {
		d.Subject, d.Entry = "", nil
	}
	d.Requester, _ = w.person(w.t.Requester)
	d.Assignee, _ = w.s.Agent(w.t.Assignee)
	d.FromName = w.fromName(l)
	if l.to.Agent != "" {
		w.forAgent(&d, l)
	}
	key := OutKey(w.t.ID, l.seq, l.role, l.to.Key())
	from, err := w.addresses(&d, l, key)
	if err != nil {
		return Outgoing{}, err
	}
	if l.to.Agent == "" {
		d.Queue = d.Queue.speaking(w.t.Address)
	}
	if err := w.conversation(&d, l); err != nil {
		return Outgoing{}, err
	}
	if l.role == "notice-new" && l.to.Agent != "" {
		if err := w.introduce(&d); err != nil {
			return Outgoing{}, err
		}
	}
	if checkBlind && l.blind {
		blindfold(&d)
	}
	if err := w.forOutsiders(&d); err != nil {
		return Outgoing{}, err
	}
	w.attach(&d, l)
	if err := w.leaveOut(&d, l); err != nil {
		return Outgoing{}, err
	}
	content, err := w.d.Compose(d)
	if err != nil {
		return Outgoing{}, &guilty{fmt.Errorf("composing %s: %w", l.role, err)}
	}
	o := Outgoing{
		Key: key, Ticket: w.t.ID, Seq: l.seq, Role: l.role, Mail: l.mail, Queue: q.Name, Relay: q.Relay,
		From: from, To: l.to.Address, Recipient: l.to.Key(), MessageID: d.MessageID, Subject: strings.TrimSpace(d.Ticket.Tag(q) + " " + d.Subject),
		Content: content, NotBefore: l.before, At: w.at, NextTry: w.at, State: OutQueued,
	}
	if l.entry != nil {
		o.Entry = l.entry.ID
	}
	return o, nil
}

// forAgent adds to a draft what agents are told besides: that the message has
// opened the ticket again, and the agents by the names they go by here.
func (w *work) forAgent(d *Draft, l letter) {
	if !w.t.PendingUntil.IsZero() {
		d.Due = "waits until " + actorIs{s: w.s}.date(w.t.PendingUntil, w.t)
	}
	if d.Other != nil {
		other := w.s.signed(*d.Other)
		d.Other = &other
	}
	if d.Entry == nil {
		return
	}
	e := w.s.signed(*d.Entry)
	if e.Why == noProof {
		e.Why = "" // the template says that we cannot tell who wrote it
	}
	if d.Why == noProof {
		d.Why = ""
	}
	d.Entry = &e
	for _, early := range l.earlier {
		d.Earlier = append(d.Earlier, w.s.signed(early))
	}
	if e.Kind == EntryMessage && e.State == EntryVisible {
		d.Reopened = w.reopenedFrom()
	}
}

// reopenedFrom is the done status that the ticket has just left, or "".
func (w *work) reopenedFrom() Status {
	for _, e := range w.events {
		if b, ok := e.Body.(StatusSet); ok && b.From.Done() && !b.To.Done() {
			return b.From
		}
	}
	return ""
}

// signed is an entry as agents read it: an agent's mail bears his display name,
// whatever his mail client puts into From.
func (s *Settings) signed(e Entry) Entry {
	ag, ok := s.Agent(e.Agent)
	if !ok && e.State == EntryHeld {
		ag, ok = s.AgentOf(e.From.Addr)
	}
	if ok && ag.Display != "" {
		e.From.Name = ag.Display
	}
	return e
}

// blindfold takes everything of the ticket out of a draft: what stays is the
// reader's own mail and what was wrong with it.
func blindfold(d *Draft) {
	d.Subject = ""
	if d.Entry != nil {
		d.Subject = d.Entry.Subject
	}
	d.Ticket, d.Requester, d.Assignee = Ticket{}, Participant{}, Agent{}
	d.History, d.Links, d.InReplyTo, d.References = nil, nil, "", nil
	d.Similar, d.Due = nil, ""
	if d.Mail == MailRefusal {
		d.Entry, d.ReplyTo = nil, "" // nothing for him to release
	}
}

// fromName is the name beside the queue's address: the agent's for his replies.
func (w *work) fromName(l letter) string {
	q, _ := w.s.Queue(w.t.Queue)
	if l.mail != MailReply || l.entry == nil || q.HideAgents {
		return q.Display
	}
	ag, ok := w.s.Agent(l.entry.Agent)
	if !ok || ag.Display == "" {
		return q.Display
	}
	return ag.Display + " (" + orElse(q.Display, q.Name) + ")"
}

// addresses signs the reply address, the return path and the Message-ID.
func (w *work) addresses(d *Draft, l letter, key string) (envelopeFrom string, err error) {
	signer := w.d.signer()
	token := Token{Ticket: w.t.ID, Participant: l.to.Participant, Generation: w.t.Generation}
	sign := func(p Purpose) string {
		token.Purpose = p
		text, e := signer.Sign(token)
		err = errors.Join(err, e)
		return text
	}
	purpose := ForReply
	if l.mail == MailConfirmation {
		purpose = ForConfirm
	} else if l.entry != nil && l.entry.Kind == EntryNote {
		purpose = ForNote
	}
	d.ReplyTo = w.s.ReplyAddress(d.Queue, sign(purpose))
	d.MessageID = messageID(sign(ForMessageID), key, w.s.Domain)
	d.Mark = signer.Mark(keyHash(key))
	if l.to.Agent != "" && purpose == ForReply {
		d.Links = w.links(l, d, sign(ForNote))
	}
	return w.s.returnPath(d.Queue, l.mail, sign(ForBounce)), err
}

// returnPath is the envelope sender: nobody for acknowledgements, else the signed
// bounce address, or what the relay demands.
func (s *Settings) returnPath(q Queue, k MailKind, token string) string {
	switch {
	case k == MailAck || s.EnvelopeFrom == "null":
		return ""
	case s.EnvelopeFrom == "fixed":
		return s.FixedFrom
	}
	if a := s.ReplyAddress(q, token); a != "" {
		return a
	}
	return q.Address()
}

// conversation fills In-Reply-To, References and the history as the recipient
// may see it. Agents' notices hang on a root of the ticket's own; a requester's
// mails on his own messages.
func (w *work) conversation(d *Draft, l letter) error {
	last, err := w.tx.Entries(w.t.ID, 20)
	if err != nil {
		return fmt.Errorf("entries of ticket %d: %w", w.t.ID, err)
	}
	toAgent := l.to.Agent != ""
	for _, e := range last {
		if l.tells(e.ID) {
			continue
		}
		if len(d.History) < 2 && (toAgent && e.State != EntryQuiet && e.State != EntryRefused || e.Public() || !checkHistory) && e.Kind != EntrySystem && l.role != "ack-unverified" {
			if toAgent {
				e = w.s.signed(e)
			}
			d.History = append(d.History, e)
		}
	}
	if toAgent {
		root := fmt.Sprintf("ticket.%d.%s@%s", w.t.ID, w.s.Instance, w.s.Domain)
		d.InReplyTo, d.References = root, []string{root}
		return nil
	}
	for _, e := range slices.Backward(last) {
		if e.Kind == EntryMessage && e.State == EntryVisible && usableID(e.MessageID) {
			d.References = append(d.References, e.MessageID)
			d.InReplyTo = e.MessageID
		}
	}
	return nil
}

// usableID: an id we may copy into our own mail (RFC 5322 section 3.6.4, printable, short).
func usableID(id string) bool {
	if len(id) == 0 || len(id) > 250 || strings.Count(id, "@") != 1 {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' })
}

// attach lets the entry's attachments go along, up to the limit; the others are named.
func (w *work) attach(d *Draft, l letter) {
	if l.entry == nil || (l.mail != MailReply && l.mail != MailNotice) {
		return
	}
	left := w.s.Limits.AttachmentSize
	for _, e := range append(slices.Clone(l.earlier), *l.entry) {
		for _, p := range e.Parts {
			if p.Size > left || e.Arrival == 0 {
				d.Omitted = append(d.Omitted, p)
				continue
			}
			left -= p.Size
			d.Parts = append(d.Parts, AttachedPart{e.Arrival, p})
		}
	}
}

// tells reports whether an entry's words are in the letter itself.
func (l letter) tells(entry int64) bool {
	return l.entry != nil && l.entry.ID == entry || slices.ContainsFunc(l.earlier, func(e Entry) bool { return e.ID == entry })
}
