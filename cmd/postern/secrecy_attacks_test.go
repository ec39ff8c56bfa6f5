package main

import (
	"fmt"
	"strings"

	"postern/tickets"
)

// attacks are the habits of those who should learn nothing, and of machines.
var attacks = []habit{
	{"stranger with a number", 3, (*secretOffice).strangerWithNumber},
	{"stranger with our Message-ID", 2, (*secretOffice).strangerWithID},
	{"leaked address, own name", 4, (*secretOffice).leakedAddress},
	{"leaked address, forged name", 3, (*secretOffice).leakedAndForged},
	{"another participant's address", 3, (*secretOffice).crossedAddress},
	{"address of another purpose", 2, (*secretOffice).otherPurpose},
	{"address that is none", 1, (*secretOffice).brokenAddress},
	{"forged requester with Cc and Reply-To", 4, (*secretOffice).forgedRequester},
	{"forged agent", 3, (*secretOffice).forgedAgent},
	{"two From fields", 1, (*secretOffice).twoFroms},
	{"replay", 2, (*secretOffice).replay},
	{"twin of a Message-ID", 1, (*secretOffice).twin},
	{"forged report", 2, (*secretOffice).forgedReport},
	{"bounce", 2, (*secretOffice).properBounce},
	{"forwarded notice", 1, (*secretOffice).forwardedNotice},
	{"second address", 2, (*secretOffice).secondAddress},
	{"out of office", 2, (*secretOffice).outOfOffice},
	{"machine", 1, (*secretOffice).machine},
	{"held at the door, then let in", 1, (*secretOffice).quarantined},
}

// mallory is who the attackers would like to have in copy.
const mallory = "mallory@evil.example"

// stranger is somebody who has nothing to do with anything.
func (o *secretOffice) stranger() string { return fmt.Sprintf("s%d@evil.example", o.r.IntN(1000)) }

func (o *secretOffice) anyLetter() (*secretFile, kept, bool) {
	f := o.ticketAtWork()
	k, ok := o.letterIn(f, func(k kept) bool { return k.role != "confirmation" })
	return f, k, ok
}

// stray books a mail that counts for nothing on the ticket it came to, unless its writer
// takes part there by right and proves himself.
func (o *secretOffice) stray(f *secretFile, k kept, d letterOf) {
	may := d.proof == "yes" && !d.broken && f.participant(d.from, o.now)
	l, s := o.send(d, f.id)
	s.via = k.agent
	o.said(f, l, s, may)
}

func (o *secretOffice) strangerWithNumber() bool {
	f, who := o.ticketAtWork(), o.stranger()
	if f == nil || o.m.partakes(f, who, o.now) {
		return false
	}
	o.send(letterOf{what: "stranger with a number", from: who, to: []string{o.address(f.queue)}, subject: "Re: " + o.tag(f), proof: among(o, []string{"yes", ""}),
		body: "#status\nWhat is it about? %s"})
	return true
}

func (o *secretOffice) strangerWithID() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	id := k.id
	if o.chance(2) {
		id = fmt.Sprintf("ticket.%d.%s@%s", f.id, o.cfg.Instance, o.cfg.Reply.Domain)
	}
	o.stray(f, kept{}, letterOf{what: "stranger with our Message-ID", from: o.stranger(), to: []string{o.address(f.queue)}, cc: []string{"m2@evil.example"}, subject: "Re: it", re: id,
		body: "Let me in: %s", proof: among(o, []string{"yes", ""})})
	return true
}

func (o *secretOffice) leakedAddress() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	from := among(o, []string{o.stranger(), fmt.Sprintf("r%d@alpha.example", o.r.IntN(60))})
	if f.participant(from, o.now) {
		return false
	}
	o.stray(f, k, letterOf{what: "leaked address, own name", from: from, to: []string{k.replyTo}, cc: []string{"m2@evil.example"}, subject: "Re: it", re: k.id,
		body: among(o, []string{"Me too: %s", "#close\nMe too: %s", "#take\nMe too: %s", "#note\nMe too: %s"}), proof: among(o, []string{"yes", ""})})
	return true
}

// leakedAndForged: the address and the name of its owner. It makes L1 where no verdict
// says fail (docs/security.md), and takes nobody in.
func (o *secretOffice) leakedAndForged() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	d := letterOf{what: "leaked address, forged name", from: k.to, to: []string{k.replyTo}, cc: []string{mallory}, subject: "Re: it", re: k.id,
		header: "Reply-To: " + mallory + "\r\n", body: "It is me, really: %s", proof: among(o, []string{"fail", ""})}
	l, s := o.send(d, f.id)
	o.said(f, l, s, d.proof == "" && f.valid(k))
	return true
}

// crossedAddress: the name of one participant, the address issued to another.
func (o *secretOffice) crossedAddress() bool {
	f := o.ticketAtWork()
	k, ok := o.letterIn(f, func(k kept) bool { return k.role != "confirmation" })
	if !ok {
		return false
	}
	for _, p := range f.people {
		if p.to.IsZero() && p.who != k.to && o.m.agentOf[p.who] == "" {
			o.stray(f, k, letterOf{what: "another participant's address", from: p.who, to: []string{k.replyTo}, subject: "Re: it", re: k.id, body: "Take my word: %s"})
			return true
		}
	}
	return false
}

// otherPurpose: the return path, a Message-ID's token, an approval's as a reply address.
func (o *secretOffice) otherPurpose() bool {
	f, k, ok := o.anyLetter()
	if !ok || k.agent != "" {
		return false
	}
	t := o.tokenOf(k)
	t.Purpose = among(o, []tickets.Purpose{tickets.ForBounce, tickets.ForMessageID, tickets.ForApprove, tickets.ForConfirm, tickets.ForNote})
	from := among(o, []string{o.stranger(), k.to})
	d := letterOf{what: "address of another purpose", from: from, to: []string{o.token(t)}, subject: "Re: it", body: "Try this: %s"}
	l, s := o.send(d, f.id)
	o.said(f, l, s, false)
	return true
}

func (o *secretOffice) brokenAddress() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	other := tickets.Signer{Instance: "another", Keys: o.house.keys}
	text := must(other.Sign(tickets.Token{Purpose: tickets.ForReply, Ticket: f.id, Participant: 1}))
	bad := among(o, []string{k.replyTo[:20] + k.replyTo[21:], "r-" + text + "@" + o.cfg.Reply.Domain, "r-@" + o.cfg.Reply.Domain})
	o.send(letterOf{what: "address that is none", from: o.stranger(), to: []string{bad, "help@example.org"}, subject: "Re: it", body: "Let me in: %s", proof: "yes"})
	return true
}

// forgedRequester: a new mail in a victim's name, that would like others to get it.
func (o *secretOffice) forgedRequester() bool {
	f := o.ticketAtWork()
	if f == nil || f.requester == "" || o.m.agentOf[f.requester] != "" {
		return false
	}
	o.send(letterOf{what: "forged requester with Cc and Reply-To", from: f.requester, to: []string{o.address(f.queue)}, cc: []string{mallory, "m2@evil.example"},
		header: "Reply-To: " + mallory + "\r\nSender: " + mallory + "\r\n", subject: "Invoice", body: "Pay this: %s", proof: among(o, []string{"fail", ""})})
	return true
}

func (o *secretOffice) forgedAgent() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	agent := among(o, o.cfg.Agents)
	d := letterOf{what: "forged agent", from: agent.Addresses[len(agent.Addresses)-1], to: []string{k.replyTo}, subject: "Re: it", re: k.id, proof: among(o, []string{"fail", ""}),
		cc: []string{mallory}, body: among(o, []string{"Send the money: %s", "#queue ops\nSend the money: %s", "#cc " + mallory + "\nHello: %s", "#assign none"})}
	if o.chance(4) {
		d.to, d.re, d.subject = []string{o.address(f.queue)}, "", "New"
	}
	l, s := o.send(d, f.id)
	o.said(f, l, s, false)
	if l.state == tickets.EntryHeld {
		o.acts["forged agent held"]++
	}
	return true
}

func (o *secretOffice) twoFroms() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	o.stray(f, kept{}, letterOf{what: "two From fields", from: k.to, to: []string{k.replyTo}, subject: "Re: it", re: k.id, body: "Both of us: %s", proof: "yes", broken: true})
	return true
}

// replay: an agent's own mail, octet by octet, but for the verdict of our server.
func (o *secretOffice) replay() bool {
	if len(o.signed) == 0 {
		return false
	}
	x := among(o, o.signed)
	_, raw, _ := strings.Cut(x.raw, "\r\n") // without the verdict
	d := letterOf{from: o.stranger(), to: x.to, imap: o.chance(2)}
	before := len(o.m.secrets)
	l := o.bring(raw, o.arrival(d, raw))
	o.acts["became "+string(l.outcome)]++
	if f := o.m.tickets[l.ticket]; f != nil && x.mail.opened && d.imap {
		f.queues = grant(f.queues, "it", o.now) // a request goes to every queue that it reaches
	}
	if l.outcome != tickets.OutcomeCopy || len(o.m.secrets) != before {
		o.leak(fmt.Sprintf("canary %s: a replay became %s", x.mail, l.outcome), raw, l.ticket)
	}
	return true
}

// twin: other words under the Message-ID of a mail that counted.
func (o *secretOffice) twin() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	d := letterOf{what: "twin of a Message-ID", from: o.stranger(), to: []string{k.replyTo}, subject: "Re: it", body: "Other words: %s", id: k.id}
	o.stray(f, k, d)
	return true
}

// forgedReport: a bounce or a complaint that nobody's server wrote.
func (o *secretOffice) forgedReport() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	t := o.tokenOf(k)
	t.Purpose = among(o, []tickets.Purpose{tickets.ForBounce, tickets.ForReply})
	d := letterOf{what: "forged report", from: among(o, []string{"MAILER-DAEMON@evil.example", o.stranger()}), to: []string{o.token(t)}, subject: "Undelivered", bounce: o.chance(2),
		report: "delivery-status", body: "It did not arrive: %s", about: "someone@elsewhere.example"}
	if o.chance(3) {
		d.report = "feedback-report"
	}
	l, s := o.send(d, f.id)
	if l.ticket != 0 && !l.fresh && l.state == tickets.EntryUnverified {
		o.said(f, l, s, false)
	}
	return true
}

// properBounce: the reader's server gives our mail back.
func (o *secretOffice) properBounce() bool {
	f, k, ok := o.anyLetter()
	if !ok || k.agent != "" || k.from == "" {
		return false
	}
	d := letterOf{what: "bounce", from: "MAILER-DAEMON@mx.example", to: []string{k.from}, subject: "Undelivered Mail", bounce: true, report: "delivery-status", about: k.to,
		body: "No such user: %s", original: k.id}
	l, _ := o.send(d, f.id)
	if l.outcome == tickets.OutcomeBounce {
		o.acts["bounced"]++
	}
	return true
}

// forwardedNotice: somebody sent a notice on, and the stranger who got it writes.
func (o *secretOffice) forwardedNotice() bool {
	f := o.ticketAtWork()
	k, ok := o.agentsMail(f, func(string) bool { return true })
	if !ok {
		return false
	}
	o.stray(f, k, letterOf{what: "forwarded notice", from: o.stranger(), to: []string{k.replyTo}, subject: "Fwd: " + o.tag(f), re: k.id, quote: k.text, style: o.r.IntN(quoteStyles),
		body: "I got this: %s", proof: "yes"})
	return true
}

func (o *secretOffice) secondAddress() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	o.stray(f, k, letterOf{what: "second address", from: "home." + k.to, to: []string{k.replyTo}, subject: "Re: it", re: k.id, body: "From home: %s", proof: among(o, []string{"yes", ""})})
	return true
}

func (o *secretOffice) outOfOffice() bool {
	f, k, ok := o.anyLetter()
	if !ok {
		return false
	}
	o.send(letterOf{what: "out of office", from: k.to, to: []string{k.replyTo}, subject: "Automatic reply: it", re: k.id, plain: true, proof: "yes",
		header: "Auto-Submitted: auto-replied\r\n", body: "#resolve\nI am away: %s"}, f.id)
	return true
}

func (o *secretOffice) machine() bool {
	o.send(letterOf{what: "machine", from: "no-reply@shop.example", to: []string{"help@example.org"}, subject: "Your order", plain: true,
		header: "Auto-Submitted: auto-generated\r\n", body: "Thank you: %s"})
	return true
}

// quarantined: a rule holds it; the admin changes the rule and lets it in.
func (o *secretOffice) quarantined() bool {
	from, proof := o.writer()
	d := letterOf{what: "held at the door, then let in", from: from, to: []string{"hr@example.org"}, subject: "please hold me", proof: proof, body: "Odd: %s"}
	l, s := o.send(d)
	if l.outcome != tickets.OutcomeQuarantined {
		o.t.Fatalf("%s became %s", s, l.outcome)
	}
	id := o.seen.last
	if o.chance(2) {
		o.todo = append(o.todo, func() {
			o.now = o.now.Add(secondsOf(60))
			if err := o.db.RetryArrival(o.t.Context(), id); err != nil {
				o.t.Fatal(err)
			}
			o.quietly("include: default\nversion: 1\nrules: []\n", func() {
				if err := o.house.desk.Digest(o.t.Context(), id); err != nil {
					o.t.Fatal(err)
				}
			})
			l := o.booked()
			s.ticket = l.ticket
			o.settle(d, s, l)
			o.acts["let in"]++
		})
	}
	return true
}
