package main

import (
	"fmt"
	"slices"
	"strings"

	"postern/tickets"
)

// habit is a kind of thing that people do. It says false when there is no occasion.
type habit struct {
	name   string
	weight int
	do     func(*secretOffice) bool
}

// habits are all kinds; each must have happened by the end of the test.
var habits = []habit{
	{"request", 16, (*secretOffice).request},
	{"request to two queues", 2, (*secretOffice).requestToTwo},
	{"participant replies", 18, (*secretOffice).participantReplies},
	{"participant replies without token", 4, (*secretOffice).repliesWithoutToken},
	{"reply-all", 4, (*secretOffice).replyAll},
	{"colleague answers directly", 14, (*secretOffice).colleagueAnswers},
	{"requester's word", 2, (*secretOffice).requesterWord},
	{"agent replies", 26, (*secretOffice).agentReplies},
	{"agent notes", 8, (*secretOffice).agentNotes},
	{"agent to note address", 4, (*secretOffice).agentToNoteAddress},
	{"agent quotes only", 1, (*secretOffice).agentQuotesOnly},
	{"agent unproved", 4, (*secretOffice).agentUnproved},
	{"agent mistypes", 2, (*secretOffice).agentMistypes},
	{"agent of another queue", 3, (*secretOffice).otherAgent},
	{"agent forwards", 2, (*secretOffice).agentForwards},
	{"agent as requester", 8, (*secretOffice).agentAsRequester},
	{"agent releases", 6, (*secretOffice).agentReleases},
}

func (o *secretOffice) chance(n int) bool { return o.r.IntN(n) == 0 }

// among chooses one of several.
func among[T any](o *secretOffice, all []T) T { return all[o.r.IntN(len(all))] }

// ticketAtWork chooses a ticket that people still write about.
func (o *secretOffice) ticketAtWork() *secretFile {
	if len(o.active) == 0 {
		return nil
	}
	f := o.m.tickets[among(o, o.active)]
	if f.spam {
		return nil
	}
	return f
}

// letterIn chooses a mail about the ticket in somebody's mailbox.
func (o *secretOffice) letterIn(f *secretFile, want func(kept) bool) (kept, bool) {
	if f == nil {
		return kept{}, false
	}
	var all []kept
	for _, box := range f.boxes {
		for _, k := range box {
			if want(k) {
				all = append(all, k)
			}
		}
	}
	if len(all) == 0 {
		return kept{}, false
	}
	slices.SortFunc(all, func(a, b kept) int { return strings.Compare(a.id, b.id) }) // maps have no order, the seed decides
	return among(o, all), true
}

// writer is a requester: those of alpha and beta have a mail server that proves them.
func (o *secretOffice) writer() (addr, proof string) {
	addr = fmt.Sprintf("r%d@%s.example", o.r.IntN(60), among(o, []string{"alpha", "beta", "gamma"}))
	return addr, proofOf(addr, o)
}

func proofOf(addr string, o *secretOffice) string {
	if strings.HasSuffix(addr, "@gamma.example") || o.chance(6) {
		return ""
	}
	return "yes"
}

func (o *secretOffice) copies() []string {
	if !o.chance(4) {
		return nil
	}
	return []string{fmt.Sprintf("c%d@%s.example", o.r.IntN(30), among(o, []string{"alpha", "delta"}))}
}

func (o *secretOffice) request() bool {
	from, proof := o.writer()
	o.send(letterOf{what: "request", from: from, to: []string{among(o, o.cfg.Queues).Addresses[0]}, cc: o.copies(), subject: "Printer",
		body: "Something is broken: %s\nPlease help.", proof: proof})
	return true
}

func (o *secretOffice) requestToTwo() bool {
	from, proof := o.writer()
	o.send(letterOf{what: "request to two queues", from: from, to: []string{"help@example.org", "hr@example.org"}, subject: "Both of you",
		body: "For both of you: %s", proof: proof, imap: o.chance(3)})
	return true
}

// mailboxOf: a mail to somebody who takes part in the ticket now, outside the agents.
func (o *secretOffice) participantsMail(f *secretFile) (kept, bool) {
	return o.letterIn(f, func(k kept) bool { return f.participant(k.to, o.now) && o.m.agentOf[k.to] == "" })
}

// answer is a client's answer to a mail: to its reply address, with its subject, and
// usually quoting it.
func (o *secretOffice) answer(what string, k kept, body string) letterOf {
	d := letterOf{what: what, from: k.to, to: []string{k.replyTo}, subject: "Re: " + k.subject, body: body, re: k.id, style: o.r.IntN(quoteStyles)}
	if !o.chance(3) {
		d.quote = k.text
	}
	return d
}

// valid: the reply address still counts.
func (f *secretFile) valid(k kept) bool { return k.at.After(f.revoked) }

// said books what a participant's mail came to: his words are everybody's when the
// policy lets them, and otherwise wait for an agent.
func (o *secretOffice) said(f *secretFile, l landing, s *secretMail, may bool) {
	if into := o.m.tickets[l.ticket]; into != nil && into != f && !l.fresh {
		// The ticket that took this one in: who takes part there as well is heard there.
		may = may && into.participant(s.author, o.now)
		f = into
	}
	switch {
	case l.fresh || l.ticket == 0:
		return
	case may && l.ticket == f.id && l.state == tickets.EntryVisible:
		s.public = o.now
		o.acts["heard"]++
	case l.state == tickets.EntryUnverified:
		if g := o.m.tickets[l.ticket]; g != nil {
			g.unproved = append(g.unproved, l.entry)
		}
		o.acts["kept unverified"]++
	}
}

func (o *secretOffice) participantReplies() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	d := o.answer("participant replies", k, "It is still so: %s")
	d.proof = proofOf(k.to, o)
	if d.proof == "" && o.chance(8) {
		d.proof = "fail"
	}
	may := d.proof == "yes" || d.proof == "" && f.valid(k)
	if !may {
		d.subject, d.quote = "Re: it", ""
	}
	l, s := o.send(d, f.id)
	o.said(f, l, s, may)
	return true
}

// repliesWithoutToken: the client kept only a Message-ID, or the tag.
func (o *secretOffice) repliesWithoutToken() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	d := letterOf{what: "participant replies without token", from: k.to, to: []string{o.address(f.queue)}, subject: "Re: it", body: "Once more: %s", re: k.id, proof: proofOf(k.to, o)}
	if o.chance(2) {
		d.subject, d.re = "Re: "+o.tag(f), ""
	}
	l, s := o.send(d, f.id)
	o.said(f, l, s, d.proof == "yes")
	return true
}

// tag is the subject tag of a ticket.
func (o *secretOffice) tag(f *secretFile) string {
	for _, q := range o.cfg.Queues {
		if q.Name == f.queue {
			return fmt.Sprintf("[%s #%d]", q.Tag, f.id)
		}
	}
	return ""
}

// replyAll: a participant answers all and takes a colleague in.
func (o *secretOffice) replyAll() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	d := o.answer("reply-all", k, "My colleague knows more: %s")
	d.cc = []string{fmt.Sprintf("c%d@delta.example", o.r.IntN(30))}
	d.to = append(d.to, o.address(f.queue))
	d.proof = proofOf(k.to, o)
	may := d.proof == "yes" || f.valid(k)
	if !may {
		d.subject, d.quote = "Re: it", ""
	}
	l, s := o.send(d, f.id)
	o.said(f, l, s, may)
	if into := o.m.tickets[l.ticket]; d.proof == "yes" && !l.fresh && into != nil && into.participant(k.to, o.now) && l.state == tickets.EntryVisible {
		o.copied(d, into)
		o.acts["colleague copied in"]++
	}
	// The colleague got it too, from the requester's own client.
	f.direct = append(f.direct, kept{to: d.cc[0], id: canary(s.n, 'm') + "@client.example", ticket: f.id, subject: d.subject, at: o.now})
	return true
}

// colleagueAnswers: somebody answers a mail that the helpdesk never sent him.
func (o *secretOffice) colleagueAnswers() bool {
	f := o.ticketAtWork()
	if f == nil || len(f.direct) == 0 {
		return false
	}
	k := among(o, f.direct)
	d := letterOf{what: "colleague answers directly", from: k.to, to: []string{o.address(f.queue)}, subject: "Re: it", body: "I saw it too: %s", re: k.id}
	if !o.chance(4) {
		d.proof = "yes"
	}
	may := d.proof == "yes" && f.participant(k.to, o.now)
	l, s := o.send(d, f.id)
	o.said(f, l, s, may)
	if may && l.ticket == f.id {
		o.acts["colleague heard"]++
	}
	return true
}

func (o *secretOffice) requesterWord() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	d := o.answer("requester's word", k, among(o, []string{"#status", "#stop", "#status\nAnd: %s", "#close\nThanks %s"}))
	d.proof = "yes"
	if strings.HasSuffix(k.to, "@gamma.example") {
		d.proof = ""
	}
	may := d.proof == "yes" || f.valid(k)
	if !may {
		d.quote, d.subject = "", "Re: it"
	}
	l, s := o.send(d, f.id)
	o.said(f, l, s, may)
	return true
}
