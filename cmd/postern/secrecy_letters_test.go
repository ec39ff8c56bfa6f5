package main

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/tickets"
)

// letterOf is a mail that somebody writes.
type letterOf struct {
	what        string
	from        string
	to, cc, bcc []string
	subject     string // a canary is put behind it
	body        string // %s is the canary of the text
	quote       string // the text of a mail that the client quotes below, or as style says
	style       int
	re          string // Message-ID of the mail it answers
	refs        []string
	header      string
	proof       string // yes, fail, or nothing
	bounce      bool   // null envelope sender
	imap        bool
	plain       bool   // no HTML and no attachment
	broken      bool   // two From fields
	id          string // its Message-ID; its canary when left out
	report      string // report-type of a multipart/report
	about       string // the recipient the report is about
	original    string // the Message-ID the report is about
}

// The ways in which clients quote.
const (
	quoteBelow   = iota // gmail: attribution and > below the words
	quoteOutlook        // a header block and the text without marks
	quoteHTML           // HTML only, with gmail_quote
	quoteAbove          // the words stand below the quote
	quoteBetween        // the words stand between quoted lines
	quoteStyles
)

// body puts the words and the quote together.
func (d letterOf) text(words string) string {
	if d.quote == "" {
		return words
	}
	marked := "> " + strings.ReplaceAll(strings.TrimSpace(d.quote), "\n", "\n> ")
	const said = "On Mon, 2 Mar 2026 at 10:00, IT helpdesk <help@example.org> wrote:\n"
	switch d.style {
	case quoteOutlook:
		return words + "\n\n-----Original Message-----\nFrom: IT helpdesk <help@example.org>\nSent: Monday, March 2, 2026 10:00\nTo: Somebody\nSubject: Re: it\n\n" + d.quote
	case quoteAbove:
		return said + marked + "\n\n" + words
	case quoteBetween:
		lines := strings.Split(marked, "\n")
		n := len(lines) / 2
		return said + strings.Join(lines[:n], "\n") + "\n\n" + words + "\n\n" + strings.Join(lines[n:], "\n")
	}
	return words + "\n\n" + said + marked
}

func (d letterOf) html(words string) string {
	out := `<div dir="ltr">` + strings.ReplaceAll(html.EscapeString(words), "\n", "<br>\n") + "</div>"
	if d.quote != "" {
		out += `<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, 2 Mar 2026 at 10:00, IT helpdesk &lt;help@example.org&gt; wrote:<br></div>` +
			`<blockquote class="gmail_quote" style="margin:0">` + strings.ReplaceAll(html.EscapeString(d.quote), "\n", "<br>\n") + "</blockquote></div>"
	}
	return out
}

// write makes the octets of a mail, with the canaries of mail n in every field.
func (o *secretOffice) compose(d letterOf, n int) string {
	var b strings.Builder
	if d.proof == "yes" {
		_, domain, _ := strings.Cut(d.from, "@")
		fmt.Fprintf(&b, "Authentication-Results: mx.example.org; auth=pass smtp.auth=%s; dmarc=pass header.from=%s\r\n", d.from, domain)
	} else if d.proof == "fail" {
		b.WriteString("Authentication-Results: mx.example.org; spf=fail smtp.mailfrom=evil.example; dmarc=fail header.from=example.net\r\n")
	}
	fmt.Fprintf(&b, "From: N%s <%s>\r\n", canary(n, 'n'), d.from)
	if d.broken {
		fmt.Fprintf(&b, "From: N%s <mallory@evil.example>\r\n", canary(n, 'n'))
	}
	fmt.Fprintf(&b, "To: %s\r\n", strings.Join(d.to, ", "))
	if len(d.cc) > 0 {
		fmt.Fprintf(&b, "Cc: %s\r\n", strings.Join(d.cc, ", "))
	}
	fmt.Fprintf(&b, "Subject: %s %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n", d.subject, canary(n, 's'), or(d.id, canary(n, 'm')+"@client.example"), o.now.Format(time.RFC1123Z))
	if d.re != "" {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n", d.re, strings.Join(append(slices.Clone(d.refs), d.re), "> <"))
	}
	b.WriteString(d.header)
	words := strings.ReplaceAll(d.body, "%s", canary(n, 't'))
	b.WriteString(strings.ReplaceAll(o.parts(d, n, words), "\n", "\r\n"))
	return b.String()
}

// parts are the MIME parts below the header.
func (o *secretOffice) parts(d letterOf, n int, words string) string {
	text := d.text(words) + "\n"
	switch {
	case d.report != "":
		return reportOf(d, text)
	case d.style == quoteHTML && !d.plain:
		return "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n" + d.html(words) + "\n"
	case d.plain || n%4 != 0:
		return "\n" + text
	}
	body := "--alt\nContent-Type: text/plain; charset=utf-8\n\n" + text + "\n--alt\nContent-Type: text/html; charset=utf-8\n\n" +
		d.html(words) + "<p>" + canary(n, 'h') + "</p>\n--alt--\n"
	if n%8 != 0 {
		return "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=alt\n\n" + body
	}
	return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=mix\n\n--mix\nContent-Type: multipart/alternative; boundary=alt\n\n" + body +
		"\n--mix\nContent-Type: text/plain\nContent-Disposition: attachment; filename=\"" + canary(n, 'f') + ".txt\"\n\n" +
		strings.Repeat(canary(n, 'a')+" ", 20) + "\n--mix--\n"
}

// reportOf is the body of a bounce or a complaint.
func reportOf(d letterOf, text string) string {
	out := "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=" + d.report + "; boundary=rep\n\n--rep\nContent-Type: text/plain\n\n" + text
	if d.report == "feedback-report" {
		out += "\n--rep\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"
	} else {
		out += "\n--rep\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; " + d.about +
			"\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
	}
	return out + "\n--rep\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + d.original + ">\n--rep--\n"
}

// send writes a mail and lets it come in. mayJoin are the tickets it may stand on, and
// those they were merged into; a new one it may always make.
func (o *secretOffice) send(d letterOf, mayJoin ...int64) (landing, *secretMail) {
	o.t.Helper()
	s := &secretMail{n: len(o.m.secrets), what: d.what, author: d.from, agent: o.m.agentOf[d.from]}
	if d.broken {
		s.author = ""
	}
	o.m.secrets = append(o.m.secrets, s)
	for _, g := range canaryPattern.FindAllStringSubmatch(d.quote+d.subject, -1) {
		n, _ := strconv.Atoi(g[1])
		if by := o.m.quotedBy[n]; !slices.Contains(by, s) {
			o.m.quotedBy[n] = append(by, s)
		}
	}
	raw := o.compose(d, s.n)
	if d.proof == "yes" && !d.broken {
		o.m.verified[d.from] = true
	}
	l := o.bring(raw, o.arrival(d, raw))
	s.ticket = l.ticket
	if s.agent != "" && d.proof == "yes" && l.outcome == tickets.OutcomeEntry {
		if o.signed = append(o.signed, signedMail{raw, d.to, s}); len(o.signed) > 20 {
			o.signed = o.signed[1:]
		}
	}
	o.acts[d.what]++
	o.acts["became "+string(l.outcome)]++
	switch {
	case l.fresh:
		o.settle(d, s, l)
	case d.report != "" && l.ticket != 0 && o.m.tickets[l.ticket].mailroom: // nobody's report
	case l.ticket != 0 && !o.m.leads(mayJoin, l.ticket):
		o.leak(fmt.Sprintf("canary %s stands on ticket %d, where it has no business", s, l.ticket), raw, l.ticket)
	}
	if l.entry != 0 {
		o.m.byEntry[l.entry] = s
	}
	return l, s
}

// signedMail is an agent's own mail, which others may send on.
type signedMail struct {
	raw  string
	to   []string
	mail *secretMail
}

// settle opens the secretFile of a new ticket: From's one address is its requester, whatever
// proves it; Cc counts only when the mail proves itself.
func (o *secretOffice) settle(d letterOf, s *secretMail, l landing) {
	row := must(o.db.TicketRow(o.t.Context(), l.ticket))
	f := &secretFile{id: l.ticket, queue: row.Queue, requester: s.author, boxes: map[string][]kept{}}
	f.queues = grant(nil, f.queue, o.now)
	if want := o.queueOf(d); want != "" && want != row.Queue {
		o.t.Fatalf("ticket %d lies in queue %s, not %s", l.ticket, row.Queue, want)
	}
	for _, q := range row.Watching {
		if slices.ContainsFunc(slices.Concat(d.to, d.cc), func(a string) bool { return a == o.address(q) }) {
			f.queues = grant(f.queues, q, o.now)
		}
	}
	o.m.tickets[l.ticket] = f
	s.opened = true
	f.mailroom = slices.Contains(row.Flags, "mailroom")
	if s.author == "" || f.mailroom {
		return
	}
	f.join(s.author, o.now)
	if d.proof == "yes" && l.outcome == tickets.OutcomeEntry {
		o.copied(d, f)
	}
	if l.state == tickets.EntryVisible {
		s.public = o.now
		o.active = append(o.active, l.ticket)
		if len(o.active) > 60 {
			o.active = o.active[1:]
		}
	}
	o.acts["ticket"]++
}

// copied: people in the Cc of a proved mail take part from now on.
func (o *secretOffice) copied(d letterOf, f *secretFile) {
	for _, c := range d.cc {
		if o.m.agentOf[c] == "" && !strings.HasSuffix(c, "example.org") {
			f.join(c, o.now)
			o.acts["copied in"]++
		}
	}
}

// queueOf is the queue whose address stands first among the recipients; "" when a
// reply address or the mailbox decides.
func (o *secretOffice) queueOf(d letterOf) string {
	if d.imap {
		return ""
	}
	for _, to := range slices.Concat(d.to, d.cc, d.bcc) {
		for _, q := range o.cfg.Queues {
			if slices.Contains(q.Addresses, to) {
				return q.Name
			}
		}
	}
	return ""
}

func (o *secretOffice) address(queue string) string {
	for _, q := range o.cfg.Queues {
		if q.Name == queue {
			return q.Addresses[0]
		}
	}
	return ""
}
