package main

import (
	"fmt"
	"slices"
	"time"

	"postern/tickets"
)

// changes are the habits that change who takes part in what.
var changes = []habit{
	{"agent copies somebody in", 3, (*secretOffice).agentCopies},
	{"agent takes somebody out", 2, (*secretOffice).agentUncopies},
	{"agent merges", 3, (*secretOffice).agentMerges},
	{"agent refuses an entry", 1, (*secretOffice).agentRejects},
	{"agent releases with its author", 1, (*secretOffice).agentReleasesAuthor},
	{"agent quotes another ticket", 2, (*secretOffice).agentQuotesAnother},
	{"requester changes", 1, (*secretOffice).requesterChanges},
	{"addresses are revoked", 4, (*secretOffice).addressesRevoked},
	{"long silence", 1, (*secretOffice).silence},
}

func secondsOf(n int) time.Duration { return time.Duration(n) * time.Second }

// commanded sends a block of a worker and returns the ticket on which it was carried out,
// if it was: a new one, when the old one takes nothing in any more.
func (o *secretOffice) commanded(what string, f *secretFile, k kept, block string) *secretFile {
	d := letterOf{what: what, from: k.to, to: []string{k.replyTo}, subject: "Re: it", re: k.id, body: block, proof: "yes", plain: true}
	l, s := o.send(d, f.id)
	f = o.m.tickets[l.ticket]
	if f == nil || l.state == tickets.EntryHeld || !(l.fresh || l.state == tickets.EntryQuiet) || !o.m.mayWork(f, s.agent) {
		return nil
	}
	return f
}

func (o *secretOffice) agentCopies() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	who := fmt.Sprintf("c%d@delta.example", o.r.IntN(30))
	if f := o.commanded("agent copies somebody in", f, k, "#cc "+who); f != nil {
		f.join(who, o.now)
		o.acts["in copy by command"]++
	}
	return true
}

func (o *secretOffice) agentUncopies() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok {
		return false
	}
	for _, p := range f.people {
		if p.to.IsZero() && p.who != f.requester {
			if o.commanded("agent takes somebody out", f, k, "#uncc "+p.who) == f {
				f.leave(p.who, o.now)
				o.acts["out by command"]++
			}
			return true
		}
	}
	return false
}

// agentMerges: two tickets become one. Who reads the one takes part in the other only
// where the requester is the same, or the agent says so.
func (o *secretOffice) agentMerges() bool {
	f, g := o.ticketAtWork(), o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok || g == nil || f == g || g.merged != 0 || f.merged != 0 || !o.m.mayWork(g, k.agent) {
		return false
	}
	word, all := fmt.Sprintf("#merge #%d", g.id), o.chance(2)
	if all {
		word += " cc"
	}
	// Where f takes nothing in any more the command came to a new ticket, and it is that
	// one, the agent's own, which is part of g from now on: answers to it stand on g.
	if f = o.commanded("agent merges", f, k, word); f == nil || f == g {
		return true
	}
	f.merged, all = g.id, all || f.requester == g.requester
	for _, p := range slices.Clone(f.people) {
		if all && p.to.IsZero() {
			g.join(p.who, o.now)
		}
	}
	o.acts["merged"]++
	return true
}

func (o *secretOffice) agentRejects() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok || len(f.unproved) == 0 {
		return false
	}
	id := among(o, f.unproved)
	if o.commanded("agent refuses an entry", f, k, fmt.Sprintf("#reject %d", id)) == f {
		f.unproved = slices.DeleteFunc(f.unproved, func(x int64) bool { return x == id })
		o.acts["refused"]++
	}
	return true
}

func (o *secretOffice) agentReleasesAuthor() bool {
	f := o.ticketAtWork()
	k, ok := o.worker(f)
	if !ok || len(f.unproved) == 0 {
		return false
	}
	id := among(o, f.unproved)
	if o.commanded("agent releases with its author", f, k, fmt.Sprintf("#release %d cc", id)) == f && o.entryNow(id).State == tickets.EntryVisible {
		f.unproved = slices.DeleteFunc(f.unproved, func(x int64) bool { return x == id })
		s := o.m.byEntry[id]
		s.public = o.now
		if s.author != "" {
			f.join(s.author, o.now)
		}
		o.acts["released with author"]++
	}
	return true
}

// agentQuotesAnother: his client quotes a mail about something else.
func (o *secretOffice) agentQuotesAnother() bool {
	f, g := o.ticketAtWork(), o.ticketAtWork()
	k, ok := o.worker(f)
	q, ok2 := o.letterIn(g, func(q kept) bool { return q.to == k.to })
	if !ok || !ok2 || f == g {
		return false
	}
	d := o.answer("agent quotes another ticket", k, "As I wrote elsewhere: %s")
	d.quote, d.proof = q.text, "yes"
	l, s := o.send(d, f.id)
	o.carried(l, s, commandLine{}, false)
	return true
}

// requesterChanges: the ticket is another's from now on.
func (o *secretOffice) requesterChanges() bool {
	f := o.ticketAtWork()
	if f == nil || f.requester == "" || f.merged != 0 {
		return false
	}
	who := fmt.Sprintf("r%d@alpha.example", o.r.IntN(60))
	o.now = o.now.Add(secondsOf(5))
	o.change(f, func(tx tickets.Tx, t tickets.Ticket) tickets.Body {
		p, err := tx.ParticipantOf(tickets.Address{Addr: who})
		if err != nil {
			o.t.Fatal(err)
		}
		if slices.Contains(t.CC, t.Requester) {
			o.t.Fatal("the requester is in copy")
		}
		return tickets.RequesterSet{From: t.Requester, To: p.ID}
	})
	if f.requester != who {
		f.leave(f.requester, o.now)
	}
	f.join(who, o.now)
	f.requester = who
	o.acts["requester changed"]++
	return true
}

// addressesRevoked: all reply addresses of the ticket are worthless, and somebody uses one
// all the same.
func (o *secretOffice) addressesRevoked() bool {
	f := o.ticketAtWork()
	k, ok := o.participantsMail(f)
	if !ok {
		return false
	}
	o.now = o.now.Add(secondsOf(5))
	o.change(f, func(_ tickets.Tx, t tickets.Ticket) tickets.Body {
		return tickets.Revoked{Generation: t.Generation + 1}
	})
	f.revoked = o.now
	o.acts["revoked"]++
	o.todo = append(o.todo, func() {
		l, s := o.send(letterOf{what: "revoked address", from: k.to, to: []string{k.replyTo}, subject: "Re: it", re: k.id, body: "Still me: %s"}, f.id)
		o.said(f, l, s, false)
	})
	return true
}

// change writes an event of the command line's.
func (o *secretOffice) change(f *secretFile, body func(tickets.Tx, tickets.Ticket) tickets.Body) {
	o.t.Helper()
	err := o.db.Do(o.t.Context(), func(tx tickets.Tx) error {
		t, err := tx.Ticket(f.id)
		if err != nil {
			return err
		}
		_, err = tx.Append(t, tickets.Event{At: o.now, Cause: tickets.Cause{Admin: "root"}, Body: body(tx, t)})
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// silence lets days pass, so that timers run: reminders, closings.
func (o *secretOffice) silence() bool {
	if o.chance(10) {
		o.pass()
		o.now = o.now.Add(30 * time.Hour)
		o.pass()
		o.acts["days passed"]++
	}
	return true
}
