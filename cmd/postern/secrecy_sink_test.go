package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"postern/tickets"
)

// kept is a mail in somebody's mailbox, as far as a client uses it.
type kept struct {
	to, agent   string
	replyTo     string
	from        string // envelope sender
	id          string
	subject     string
	text        string
	role        string
	nonce       string
	ticket      int64
	entry       int64
	at          time.Time
	participant int64 // of the reply address
}

var noncePattern = regexp.MustCompile(`#confirm ([0-9a-hjkmnp-tv-z]{26})`)

// receive is the sink: it takes a mail apart, holds every canary in it against the
// secretModel, and puts it into its reader's mailbox.
func (o *secretOffice) receive(x tickets.Outgoing, raw string) {
	o.t.Helper()
	o.mails++
	m, err := openMail(raw)
	if err != nil {
		o.t.Fatalf("a mail nobody can read: %v\n%s", err, raw)
	}
	o.shape(x, m, raw)
	agent := o.m.agentOf[x.To]
	for _, s := range m.seen {
		if s.n == 0 || s.n >= len(o.m.secrets) {
			continue
		}
		r := reading{mail: o.m.secrets[s.n], field: s.field, to: x.To, auto: x.Role != "reply" && agent == "", at: x.At}
		if why := o.m.fault(r); why != "" {
			o.leak(fmt.Sprintf("canary %s, field %c, in %s of a mail to %s: %s", r.mail, s.field, s.where, x.To, why), raw, r.mail.ticket)
		}
	}
	if ids := o.strangersIDs(x, m); ids > 1 {
		o.leak(fmt.Sprintf("canary: %d Message-IDs of others in automatic mail to %s, who never proved himself", ids, x.To), raw, x.Ticket)
	}
	if len(m.seen) > 0 {
		o.acts["canary in "+x.Role]++
	}
	k := kept{to: x.To, agent: agent, id: strings.Trim(m.header.Get("Message-ID"), "<>"), subject: readAgain(raw).Subject, text: m.text,
		role: x.Role, from: x.From, ticket: x.Ticket, entry: x.Entry, at: x.At}
	k.replyTo = angle(m.header.Get("Reply-To"))
	if token, err := o.signer().Read(between(k.replyTo, "r-", "@")); err == nil {
		k.participant = token.Participant
	}
	if g := noncePattern.FindStringSubmatch(m.text); g != nil && x.Role == "confirmation" {
		k.nonce = g[1]
		o.asked(k)
	}
	o.keep(k)
}

// keep puts a mail into the mailbox of its reader: the newest few are enough.
func (o *secretOffice) keep(k kept) {
	f := o.m.tickets[k.ticket]
	if f == nil || k.replyTo == "" {
		return
	}
	box := append(f.boxes[k.to], k)
	if len(box) > 4 {
		box = box[1:]
	}
	f.boxes[k.to] = box
}

// shape: a mail has one reader. Nobody else is named in its header, no Bcc either;
// an agent's address is told to nobody outside.
func (o *secretOffice) shape(x tickets.Outgoing, m unsealed, raw string) {
	o.t.Helper()
	if to := angle(m.header.Get("To")); to != x.To || m.header.Get("Cc") != "" || m.header.Get("Bcc") != "" {
		o.leak(fmt.Sprintf("a mail to %s is addressed to %q, Cc %q", x.To, to, m.header.Get("Cc")), raw, x.Ticket)
	}
	if o.m.agentOf[x.To] != "" {
		return
	}
	for addr := range o.m.agentOf {
		if strings.Contains(raw, addr) || strings.Contains(m.text, addr) || strings.Contains(m.html, addr) {
			if !o.partaker(x.Ticket, addr) {
				o.leak(fmt.Sprintf("a mail to %s names the address of agent %s", x.To, addr), raw, x.Ticket)
			}
		}
	}
}

// partaker: an agent who is requester or in copy is named as such.
func (o *secretOffice) partaker(ticket int64, addr string) bool {
	f := o.m.tickets[ticket]
	return f != nil && slices.ContainsFunc(f.people, func(s secretSpan) bool { return s.who == addr })
}

func angle(v string) string {
	if i := strings.LastIndexByte(v, '<'); i >= 0 {
		return strings.TrimSuffix(v[i+1:], ">")
	}
	return v
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

func (o *secretOffice) signer() tickets.Signer {
	return tickets.Signer{Instance: o.cfg.Instance, Keys: o.house.keys}
}

// address of another purpose, ticket or generation, for the same person: what leaks from
// a notice's links, a return path, or an older mail.
func (o *secretOffice) token(t tickets.Token) string {
	return "r-" + must(o.signer().Sign(t)) + "@" + o.cfg.Reply.Domain
}

func (o *secretOffice) tokenOf(k kept) tickets.Token {
	t, err := o.signer().Read(between(k.replyTo, "r-", "@"))
	if err != nil {
		o.t.Fatalf("no reply address in %+v", k)
	}
	return t
}

// strangersIDs counts the Message-IDs that an automatic mail repeats to an address that
// never proved itself: D4 allows one.
func (o *secretOffice) strangersIDs(x tickets.Outgoing, m unsealed) (n int) {
	if x.Role == "reply" || o.m.agentOf[x.To] != "" || o.m.verified[x.To] {
		return 0
	}
	for _, s := range m.seen {
		if s.field == 'm' {
			n++
		}
	}
	return n
}
