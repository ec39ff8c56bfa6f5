package tickets

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Item is one ticket of a list, in words for a person. Templates read nothing else of
// it, so that a list never says more than what its maker put in.
type Item struct {
	Ticket    int64
	Tag       string // "[IT #42]"
	Subject   string
	Queue     string // its display name
	Status    Status
	Assignee  string // the name he goes by; empty for nobody
	Requester string // a name, never an address
	Due       string // a sentence as in Draft.Lines: "waits until 4 Mar 2026 09:00"; may be empty
	Age       string // likewise: "changed 3 days ago"; may be empty
	Links     []MailLink
	Told      []Told    // what a digest tells of it
	Until     time.Time // it waits until then; zero for no such moment
	// Group is the heading below which it stands: GroupDue and so on; empty for none.
	Group string
}

// errand is a mail that belongs to no ticket: a list, a digest, an alarm. The ledger
// of no ticket tells of it; the outbox does, and the log when it is withheld.
type errand struct {
	key     string // unique for ever, names cause and recipient: "morning/2026-03-02/agent bob"
	role    string // template
	mail    MailKind
	queue   Queue // whose address, language and relay it bears
	to      Recipient
	subject string
	lines   []string
	items   []Item
	asked   []Answer
	told    []Told // what it counts besides
	more    int    // tickets the list has no room for
	why     string
	lang    string    // of the mail it answers, when that decides; else empty
	before  time.Time // not before
	back    string    // the recipient's own lines, given back
	nonce   string    // of a confirmation
	answers string    // the Message-ID it answers; empty for none
	// always: it leaves beyond the limit of the whole instance, as alarms and security
	// mail do. An agent's question, proved, is answered like that.
	always bool
}

// post composes an errand and queues it, once for each key. One that may not leave is
// logged with the reason, and no error.
func (d *Desk) post(tx Tx, x errand, at time.Time) error {
	_, err := d.postOr(tx, x, at)
	return err
}

// postOr is post, and says why the errand was withheld; "" when it was queued.
func (d *Desk) postOr(tx Tx, x errand, at time.Time) (withheld string, err error) {
	if x.to.Address == "" {
		return d.unposted(x, "there is no address"), nil
	}
	p, err := tx.ParticipantOf(Address{Name: x.to.Name, Addr: x.to.Address}) // locks him: limits hold among gateways
	if err != nil {
		return "", fmt.Errorf("recipient of %s: %w", x.key, err)
	}
	x.to.Participant = p.ID
	why, err := d.mayPost(tx, x, p, at)
	if err != nil {
		return "", fmt.Errorf("counting mails to %s: %w", x.to.Key(), err)
	}
	if why != "" {
		return d.unposted(x, why), nil
	}
	o, err := d.composeErrand(x, at)
	if errors.Is(err, ErrUnwritable) {
		return d.unposted(x, "no mail can be written to this address"), nil
	} else if err != nil {
		return "", err
	}
	if _, err := tx.Enqueue(o); err != nil {
		return "", fmt.Errorf("outbox: %w", err)
	}
	return "", nil
}

func (d *Desk) unposted(x errand, why string) string {
	d.Log.Info("mail withheld", "key", x.key, "role", x.role, "why", why)
	return why
}

// mayPost decides as MaySend does. Errands go to agents and admins: no limit of one
// ticket or one outsider is theirs, only that of the whole instance.
func (d *Desk) mayPost(tx Tx, x errand, p Participant, at time.Time) (string, error) {
	s := d.Settings()
	send := Sending{Mail: x.mail, Verified: true, Agent: true, Own: s.ours(x.to.Address), Dead: p.Dead}
	if !x.always && !x.mail.Security() && x.mail != MailAlarm {
		var err error
		send.Instance, err = instanceCount(tx, s.Limits, at)
		if err != nil {
			return "", err
		}
	}
	return MaySend(send, s.Limits), nil
}

// composeErrand writes it. Its Message-ID and return path are signed for ticket 0,
// which is none: an answer to it threads nowhere, a bounce is known as ours.
func (d *Desk) composeErrand(x errand, at time.Time) (Outgoing, error) {
	s, signer := d.Settings(), d.signer()
	var signErr error
	sign := func(p Purpose) string {
		text, err := signer.Sign(Token{Purpose: p, Participant: x.to.Participant})
		signErr = errors.Join(signErr, err)
		return text
	}
	draft := Draft{
		Role: x.role, Mail: x.mail, At: at, Queue: x.queue, Instance: s.Instance, Domain: s.Domain, Recipient: x.to,
		FromName: x.queue.Display, Subject: x.subject, Lines: x.lines, Items: x.items, Answers: x.asked, More: x.more, Told: x.told, Why: x.why, Returned: x.back, Nonce: x.nonce,
		MessageID: messageID(sign(ForMessageID), x.key, s.Domain), Mark: signer.Mark(keyHash(x.key)),
	}
	draft.Queue.Language = s.language(x.queue, x.to, x.lang)
	if usableID(x.answers) {
		draft.InReplyTo = x.answers
	}
	from := s.returnPath(x.queue, x.mail, sign(ForBounce))
	if signErr != nil {
		return Outgoing{}, signErr
	}
	content, err := d.Compose(draft)
	if err != nil {
		return Outgoing{}, &guilty{fmt.Errorf("composing %s: %w", x.role, err)}
	}
	return Outgoing{
		Key: x.key, Role: x.role, Mail: x.mail, Queue: x.queue.Name, Relay: x.queue.Relay, From: from, To: x.to.Address,
		Recipient: x.to.Key(), MessageID: draft.MessageID, Subject: strings.TrimSpace(x.subject), Content: content,
		NotBefore: x.before, At: at, NextTry: at, State: OutQueued,
	}, nil
}

// errandTo is an agent as the recipient of an errand: his registered address.
func errandTo(ag Agent) Recipient {
	return Recipient{Address: ag.Address(), Name: ag.Display, Agent: ag.Name, Verified: true}
}
