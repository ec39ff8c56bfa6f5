package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/tickets"
)

// agentsMail is a mail about the ticket in an agent's mailbox.
func (o *secretOffice) agentsMail(f *secretFile, want func(agent string) bool) (kept, bool) {
	return o.letterIn(f, func(k kept) bool { return k.agent != "" && k.role != "confirmation" && want(k.agent) })
}

// worker is one of an agent who works the ticket now.
func (o *secretOffice) worker(f *secretFile) (kept, bool) {
	return o.agentsMail(f, func(a string) bool { return o.m.mayWork(f, a) })
}

// command is a line of a block, and what it does when it is carried out.
type commandLine struct {
	line string
	do   func(f *secretFile, at time.Time)
}

// commandFor chooses what an agent commands.
func (o *secretOffice) commandFor(f *secretFile, agent string) commandLine {
	switch o.r.IntN(16) {
	case 0, 1, 2:
		return commandLine{"#take", func(f *secretFile, at time.Time) { f.assign(agent, at); o.acts["taken"]++ }}
	case 3:
		other := among(o, o.m.works[f.queue])
		return commandLine{"#assign " + other, func(f *secretFile, at time.Time) { f.assign(other, at); o.acts["assigned"]++ }}
	case 4, 5:
		q := among(o, o.cfg.Queues).Name
		return commandLine{"#queue " + q, func(f *secretFile, at time.Time) { f.move(q, at); o.acts["moved"]++ }}
	case 6:
		return commandLine{"#watch", func(f *secretFile, at time.Time) { f.watch(agent, true, at); o.acts["watched"]++ }}
	case 7:
		return commandLine{"#unwatch", func(f *secretFile, at time.Time) { f.watch(agent, false, at) }}
	case 8:
		return commandLine{"#resolve", func(f *secretFile, at time.Time) { o.acts["resolved"]++ }}
	case 9:
		if o.chance(3) {
			return commandLine{"#close", func(f *secretFile, at time.Time) { o.acts["closed"]++ }}
		}
		return commandLine{"#pending", func(f *secretFile, at time.Time) { o.acts["asked the requester"]++ }}
	case 10:
		return commandLine{"#assign none", func(f *secretFile, at time.Time) { f.assign("", at) }}
	case 11:
		return commandLine{"#priority " + among(o, []string{"low", "high", "urgent", "normal"}), func(f *secretFile, at time.Time) {}}
	case 12:
		return commandLine{"#tag " + among(o, []string{"vip", "paper", "ink"}), func(f *secretFile, at time.Time) {}}
	case 13:
		if o.chance(6) {
			return commandLine{"#spam", func(f *secretFile, at time.Time) { f.spam = true; o.acts["spam"]++ }}
		}
	}
	return commandLine{}
}

// carried books an agent's mail that was carried out. On a new ticket, which it makes
// when the old one takes nothing in any more, its commands count as well.
func (o *secretOffice) carried(l landing, s *secretMail, c commandLine, note bool) {
	act := func(f *secretFile, at time.Time) {
		if c.do != nil {
			c.do(f, at)
		}
		if note {
			o.acts["note kept"]++
		} else {
			s.public = at
			o.acts["answered"]++
		}
	}
	if l.fresh {
		if g := o.m.tickets[l.ticket]; g != nil && c.do != nil && o.m.verified[s.author] && o.m.mayWork(g, s.agent) {
			c.do(g, o.now)
		}
		return
	}
	f := o.m.tickets[l.ticket]
	switch {
	case f == nil:
	case (l.state == tickets.EntryVisible || l.state == tickets.EntryQuiet) && o.m.mayWork(f, s.agent):
		act(f, o.now)
	case l.state == tickets.EntryHeld:
		o.acts["held"]++
		o.m.onFree[l.entry] = func(at time.Time) { act(f, at) }
	}
}

func (o *secretOffice) agentReplies() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	c := o.commandFor(f, k.agent)
	body := "We look at it: %s"
	if c.line != "" && o.chance(3) {
		body = "" // only commands
	}
	d := o.answer("agent replies", k, strings.TrimSpace(c.line+"\n"+body))
	d.proof = "yes"
	o.acts[fmt.Sprintf("agent quotes %d", d.style)]++
	l, s := o.send(d, f.id)
	o.carried(l, s, c, false)
	return true
}

func (o *secretOffice) agentNotes() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	c := o.commandFor(f, k.agent)
	d := o.answer("agent notes", k, strings.TrimSpace(c.line+"\n#note")+"\nNot for them: %s")
	d.proof, d.style = "yes", quoteBelow
	l, s := o.send(d, f.id)
	o.carried(l, s, c, true)
	return true
}

func (o *secretOffice) agentToNoteAddress() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	t := o.tokenOf(k)
	t.Purpose = tickets.ForNote
	d := letterOf{what: "agent to note address", from: k.to, to: []string{o.token(t)}, subject: "Re: " + k.subject, body: "Between us: %s", re: k.id, proof: "yes"}
	l, s := o.send(d, f.id)
	o.carried(l, s, commandLine{}, true)
	return true
}

// agentQuotesOnly: he presses reply and send; the client quotes all, notes too.
func (o *secretOffice) agentQuotesOnly() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	d := o.answer("agent quotes only", k, "")
	d.quote, d.proof, d.style, d.plain = k.text, "yes", o.r.IntN(quoteStyles), true
	l, s := o.send(d, f.id)
	o.carried(l, s, commandLine{}, false)
	return true
}

// agentUnproved: nothing proves the mail; he is asked, and most confirm.
func (o *secretOffice) agentUnproved() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	note := o.chance(3)
	c := o.commandFor(f, k.agent)
	lines := c.line
	if note {
		lines += "\n#note"
	}
	d := o.answer("agent unproved", k, strings.TrimSpace(lines)+"\nBelieve me: %s")
	d.subject, d.quote = "Re: "+o.tag(f), ""
	l, s := o.send(d, f.id)
	o.carried(l, s, c, note)
	return true
}

// asked: an agent who got a question confirms it soon, if the mail is his own.
func (o *secretOffice) asked(k kept) {
	act := o.m.onFree[k.entry]
	s := o.m.byEntry[k.entry]
	if act == nil || s == nil || s.what != "agent unproved" || o.chance(4) {
		return
	}
	o.todo = append(o.todo, func() {
		f := o.m.tickets[s.ticket]
		may := o.m.mayWork(f, s.agent)
		l, c := o.send(letterOf{what: "agent confirms", from: k.to, to: []string{k.replyTo}, subject: "Re: confirm", body: "#confirm " + k.nonce, re: k.id, plain: true}, s.ticket)
		c.agent = s.agent
		if may && l.ticket == s.ticket && o.entryNow(k.entry).State != tickets.EntryHeld {
			act(o.now)
			o.acts["confirmed"]++
			delete(o.m.onFree, k.entry)
		}
	})
}

func (o *secretOffice) entryNow(id int64) tickets.Entry { return o.seen.entry[id] }

func (o *secretOffice) agentMistypes() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	body := among(o, []string{"#clsoe\nDone: %s", "Hi, done: %s\n#note not for you", "#assign nobody-here\nDone: %s", "# note not for you: %s"})
	d := o.answer("agent mistypes", k, body)
	d.proof, d.style = "yes", quoteBelow
	l, s := o.send(d, f.id)
	if l.state != tickets.EntryHeld && !l.fresh {
		o.leak("canary "+s.String()+" of a mistyped mail was not held", "", l.ticket)
	}
	o.acts["mistake held"]++
	return true
}

// otherAgent: an agent got hold of a mail about a ticket that is not his.
func (o *secretOffice) otherAgent() bool {
	f := o.ticketAtWork()
	k, ok := o.letterIn(f, func(k kept) bool { return k.role != "confirmation" })
	if !ok {
		return false
	}
	agent := among(o, o.cfg.Agents)
	if o.m.mayWork(f, agent.Name) || f.participant(agent.Addresses[0], o.now) {
		return false
	}
	d := letterOf{what: "agent of another queue", from: agent.Addresses[0], to: []string{k.replyTo}, subject: "Re: " + o.tag(f), re: k.id,
		body: among(o, []string{"Let me help: %s", "#take\nLet me help: %s", "#watch", "#note\nLet me see: %s"}), proof: among(o, []string{"yes", "yes", ""})}
	l, s := o.send(d, f.id)
	o.carried(l, s, commandLine{}, false)
	o.acts["other agent held"]++
	return true
}

// agentForwards: an agent sends on what a customer wrote to him.
func (o *secretOffice) agentForwards() bool {
	agent := among(o, o.cfg.Agents)
	from, _ := o.writer()
	o.send(letterOf{what: "agent forwards", from: agent.Addresses[0], to: []string{among(o, o.cfg.Queues).Addresses[0]}, subject: "Fwd: Printer", proof: "yes", plain: true,
		body: "%s\n\n---------- Forwarded message ---------\nFrom: Somebody <" + from + ">\nDate: Mon, 2 Mar 2026 at 09:00\nSubject: Printer\nTo: Somebody else\n\nIt burns."})
	return true
}

// agentReleases lets a waiting entry count.
func (o *secretOffice) agentReleases() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok || len(f.unproved) == 0 {
		return false
	}
	id := among(o, f.unproved)
	d := o.answer("agent releases", k, fmt.Sprintf("#release %d", id))
	d.proof, d.style = "yes", quoteBelow
	l, s := o.send(d, f.id)
	if l.ticket != f.id || !o.m.mayWork(f, s.agent) || o.entryNow(id).State != tickets.EntryVisible {
		return true
	}
	f.unproved = slices.DeleteFunc(f.unproved, func(x int64) bool { return x == id })
	o.m.byEntry[id].public = o.now
	o.acts["released"]++
	return true
}

// agentAsRequester: an agent asks another team, and answers as anybody does.
func (o *secretOffice) agentAsRequester() bool {
	f := o.ticketAtWork()
	k, ok := o.letterIn(f, func(k kept) bool {
		return k.agent != "" && f.participant(k.to, o.now) && !o.m.mayWork(f, k.agent) && k.role != "confirmation"
	})
	if !ok {
		return false
	}
	d := o.answer("agent as requester", k, among(o, []string{"My words: %s", "#queue it\nMy words: %s"}))
	d.proof, d.style = "yes", quoteBelow
	l, s := o.send(d, f.id)
	o.said(f, l, s, true)
	return true
}
