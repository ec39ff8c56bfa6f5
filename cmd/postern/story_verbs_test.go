package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/mailin"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// verbs are the words a story is told with.
var verbs = map[string]func(*story, []string) error{
	"deliver": (*story).deliver,
	"write":   (*story).write,
	"revoke":  (*story).revoke,
	"merge":   (*story).merge,
	"mail":    (*story).mail,
	"nomail":  (*story).nomail,
	"clock":   (*story).clock,
	"ticket":  (*story).ticket,
	"entry":   (*story).entry,
	"arrival": (*story).arrival,
	"explain": (*story).explain,
	"admin":   (*story).admin,
	"refuse":  func(s *story, a []string) error { s.refuse[a[0]] = strings.Join(a[1:], " "); return nil },
	"bounce":  (*story).bounce,
	"restart": func(s *story, _ []string) error { s.start(); return s.settle() },
	"crash":   func(s *story, a []string) error { s.crash.at = a[0]; return nil },
	// restart-later comes up again without doing anything yet.
	"restart-later": func(s *story, _ []string) error { s.start(); return nil },
	"sabotage":      (*story).sabotage,
}

func init() { verbs["repeat"] = (*story).repeat } // it uses the others

// stringRaw makes octets a tickets.Raw.
func stringRaw(s string) tickets.Raw { return strings.NewReader(s) }

// options splits key=value words from the rest.
func options(args []string) (rest []string, opt map[string]string) {
	opt = map[string]string{}
	for _, a := range args {
		if k, v, ok := strings.Cut(a, "="); ok && regexp.MustCompile(`^[a-z_-]+$`).MatchString(k) {
			opt[k] = v
		} else {
			rest = append(rest, a)
		}
	}
	return rest, opt
}

// deliver brings a mail in: by the mail server (role=mta, when left out), a mailbox
// (via=imap; uid= when the server shows one again), or with a login (auth=bob). proved=yes stamps it as our mail server
// stamps a mail whose sender it knows; proved=fail as it stamps a forgery. The envelope's recipients are those of To
// and Cc that are ours, unless to= names them.
func (s *story) deliver(args []string) error {
	rest, opt := options(args)
	text, ok := s.files[rest[0]]
	if !ok {
		return fmt.Errorf("no file %s", rest[0])
	}
	text = s.expand(strings.TrimRight(text, "\n") + "\n")
	if opt["proved"] == "yes" {
		from := mailin.Parse(context.Background(), stringRaw(text), mailin.Envelope{}).From[0].Addr
		_, domain, _ := strings.Cut(from, "@")
		text = fmt.Sprintf("Authentication-Results: mx.example.org; auth=pass smtp.auth=%s; dmarc=pass header.from=%s\n", from, domain) + text
	} else if opt["proved"] == "fail" {
		text = "Authentication-Results: mx.example.org; spf=fail smtp.mailfrom=evil.example; dmarc=fail header.from=example.net\n" + text
	}
	raw, err := s.signIn(strings.ReplaceAll(text, "\n", "\r\n"), opt)
	if err != nil {
		return err
	}
	a := s.envelope(raw, opt)
	err = s.house.desk.Accept(context.Background(), a, stringRaw(raw))
	if s.crash.dead {
		return nil // nobody is there to answer
	}
	if err != nil {
		return err
	}
	return s.settle()
}

// write composes a mail and delivers it: write ADDRESS TEXT, with | for a new line
// in the text; addr= is the To field (help@example.org when left out), subject=,
// re= a Message-ID it answers, id= its own, header= a further field ('Name: value').
// All other words are those of deliver.
func (s *story) write(args []string) error {
	rest, opt := options(args)
	if len(rest) != 2 {
		return fmt.Errorf("write ADDRESS TEXT, not %q", rest)
	}
	s.arrived++
	_, domain, _ := strings.Cut(strings.TrimSuffix(rest[0], ">"), "@")
	id := or(opt["id"], fmt.Sprintf("%d@%s", s.arrived, domain))
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\nTo: %s\nSubject: %s\n", rest[0], or(opt["addr"], "help@example.org"), or(opt["subject"], "Printer on fire"))
	if id != "none" {
		fmt.Fprintf(&b, "Message-ID: <%s>\n", id)
	}
	if opt["re"] != "" {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\nReferences: <%s>\n", opt["re"], opt["re"])
	}
	for _, h := range strings.Split(opt["header"], "|") {
		if h != "" {
			b.WriteString(h + "\n")
		}
	}
	fmt.Fprintf(&b, "\n%s\n", strings.ReplaceAll(rest[1], "|", "\n"))
	s.files["written"] = b.String()
	return s.deliver(append([]string{"written"}, args...))
}

// repeat carries out a line several times; $n is its number.
func (s *story) repeat(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	for i := range n {
		line := slices.Clone(args[2:])
		for j := range line {
			line[j] = strings.ReplaceAll(line[j], "$n", strconv.Itoa(i+1))
		}
		if err := verbs[args[1]](s, line); err != nil {
			return err
		}
	}
	return nil
}

// revoke makes the reply addresses of a ticket worthless, as the command line does.
func (s *story) revoke(args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	_, err = s.house.desk.Revoke(context.Background(), id, "root")
	return err
}

// merge ends a ticket in favour of another. It writes the event alone, as a command will.
func (s *story) merge(args []string) error {
	into, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	return s.happen(args[0], func(tickets.Ticket) tickets.Body { return tickets.MergedInto{Ticket: into} })
}

func (s *story) happen(ticket string, body func(tickets.Ticket) tickets.Body) error {
	id, err := strconv.ParseInt(ticket, 10, 64)
	if err != nil {
		return err
	}
	return s.db.Do(context.Background(), func(tx tickets.Tx) error {
		t, err := tx.Ticket(id)
		if err != nil {
			return err
		}
		_, err = tx.Append(t, tickets.Event{At: s.now, Cause: tickets.Cause{Admin: "story"}, Body: body(t)})
		return err
	})
}

func (s *story) envelope(raw string, opt map[string]string) tickets.Arrival {
	m := mailin.Parse(context.Background(), stringRaw(raw), mailin.Envelope{})
	a := tickets.Arrival{Via: tickets.ViaLMTP, Role: tickets.RoleMTA, Source: "mta", Peer: "127.0.0.1",
		Trust: tickets.Trust{ServIDs: []string{"mx.example.org"}, Mode: "boundary"}, Size: int64(len(raw))}
	for _, to := range slices.Concat(m.To, m.Cc) {
		if s.house.settings.Load().Recipient(to.Addr, s.house.keys) {
			a.To = append(a.To, to.Addr)
		}
	}
	if to := s.expand(opt["to"]); to != "" {
		a.To = strings.Split(to, ",") // to= is the envelope
	}
	from := ""
	if len(m.From) > 0 {
		from = m.From[0].Addr
	}
	if f, ok := opt["from"]; ok {
		from = strings.Trim(f, "<>")
	}
	a.From = &from
	if opt["auth"] != "" {
		a.Role, a.Via, a.AuthAgent = tickets.RoleSubmission, tickets.ViaSMTP, opt["auth"]
	}
	if opt["via"] == "imap" {
		s.peers++
		uid, err := strconv.ParseUint(or(opt["uid"], fmt.Sprint(s.peers)), 10, 32)
		if err != nil {
			s.t.Fatalf("uid=%s: %v", opt["uid"], err)
		}
		a.Via, a.Role, a.Source, a.From, a.To = tickets.ViaIMAP, tickets.RoleMailbox, "help", nil, nil
		a.Queue = opt["queue"]
		a.Cursor = &tickets.Cursor{Account: "help", Mailbox: "INBOX", UIDValidity: 1, UID: uint32(uid)}
	}
	s.asStranger(&a, opt)
	if q := opt["quiet"]; q != "" {
		a.Quiet = q
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(a.Peer, a.AuthAgent, a.To, from, raw)))
	a.Key, a.SHA256 = hex.EncodeToString(sum[:]), hex.EncodeToString(sum[:])
	if a.Cursor != nil {
		a.Key = fmt.Sprintf("help/INBOX/1/%d", a.Cursor.UID)
	} else if m.MessageID == "" {
		a.KeyFor = 10 * time.Minute
	}
	return a
}

// expand puts in what the last mails said: $replyto, $msgid, $nonce, $from, $subject, $note.
func (s *story) expand(text string) string {
	keys := make([]string, 0, len(s.vars))
	for k := range s.vars {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return len(b) - len(a) })
	for _, k := range keys {
		text = strings.ReplaceAll(text, "$"+k, s.vars[k])
	}
	return text
}

// mail takes the next unread mail to an address and looks at it: to=, subject=, role=,
// has= and not= (text anywhere in the decoded mail), page= (in its HTML), attachment=, auto=yes|no.
// as=NAME keeps its facts under $NAME.replyto and so on beside $replyto; keep=FILE keeps the whole mail, to be delivered.
func (s *story) mail(args []string) error {
	_, opt := options(args)
	i := slices.IndexFunc(s.unread, func(m sentMail) bool {
		return m.out.To == opt["to"] && (opt["role"] == "" || m.out.Role == opt["role"])
	})
	if i < 0 {
		return fmt.Errorf("no mail %v to %s", opt["role"], opt["to"])
	}
	m := s.unread[i]
	s.unread = slices.Delete(s.unread, i, i+1)
	s.remember("", m)
	if opt["as"] != "" {
		s.remember(opt["as"]+".", m)
	}
	if opt["keep"] != "" {
		s.files[opt["keep"]] = strings.ReplaceAll(m.raw, "\r\n", "\n")
	}
	return m.look(opt)
}

func (m sentMail) look(opt map[string]string) error {
	for k, want := range opt {
		ok := true
		switch k {
		case "subject":
			ok = m.msg.Subject == want
		case "has":
			ok = strings.Contains(m.msg.Text+"\n"+m.msg.Subject, want)
		case "page":
			ok = strings.Contains(m.msg.HTML, want)
		case "not":
			ok = !strings.Contains(m.raw+m.msg.Text+m.msg.HTML, want)
		case "from":
			ok = strings.Contains(m.msg.From[0].Name+" <"+m.msg.From[0].Addr+">", want)
		case "attachment":
			ok = slices.ContainsFunc(m.msg.Attachments, func(p tickets.Part) bool { return p.Filename == want })
		case "auto":
			ok = m.msg.Automatic == (want == "yes")
		case "envelope":
			ok = m.out.From == strings.Trim(want, "<>")
		}
		if !ok {
			return fmt.Errorf("%s is not %q in\n%s\n--- read as\n%s", k, want, m.raw, m.msg.Text)
		}
	}
	return nil
}

var noteLink = regexp.MustCompile(`mailto:([^?"\s]+)\?`)

func (s *story) remember(prefix string, m sentMail) {
	s.vars[prefix+"msgid"] = m.msg.MessageID
	s.vars[prefix+"subject"] = m.msg.Subject
	s.vars[prefix+"envelope"] = m.out.From
	if len(m.msg.ReplyTo) > 0 {
		s.vars[prefix+"replyto"] = m.msg.ReplyTo[0].Addr
	}
	if n := regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`).FindString(m.msg.Text + " " + m.msg.Subject); n != "" {
		s.vars[prefix+"nonce"] = n
	}
	if all := noteLink.FindAllStringSubmatch(m.msg.Text, -1); len(all) > 0 {
		s.vars[prefix+"note"] = strings.ReplaceAll(all[len(all)-1][1], "%40", "@")
	}
}

func (s *story) nomail([]string) error {
	if len(s.unread) > 0 {
		return fmt.Errorf("%d mails are there", len(s.unread))
	}
	return nil
}

// clock lets time pass and everything happen that is due.
func (s *story) clock(args []string) error {
	d, err := duration(strings.TrimPrefix(args[0], "+"))
	if err != nil {
		return err
	}
	s.now = s.now.Add(d)
	return s.settle()
}

func duration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(s)
}

// ticket looks at a ticket's fields.
func (s *story) ticket(args []string) error {
	rest, opt := options(args)
	id, err := strconv.ParseInt(rest[0], 10, 64)
	if err != nil {
		return err
	}
	t, err := s.db.TicketRow(context.Background(), id)
	if rest[len(rest)-1] == "missing" {
		if err == nil {
			return fmt.Errorf("ticket %d is there", id)
		}
		return nil
	}
	if err != nil {
		return err
	}
	links := ""
	for _, l := range t.Links {
		links += fmt.Sprint(l.Ticket) + " "
	}
	got := map[string]string{
		"status": string(t.Status), "queue": t.Queue, "assignee": t.Assignee, "priority": string(t.Priority), "type": string(t.Type),
		"tags": strings.Join(t.Tags, ","), "flags": strings.Join(t.Flags, ","), "entries": fmt.Sprint(t.Entries), "subject": t.Subject,
		"disposition": string(t.Disposition), "links": strings.TrimSpace(links), "watching": strings.Join(t.Watching, ","),
		"cc": fmt.Sprint(len(t.CC)), "verified": fmt.Sprint(t.Verified),
	}
	for k, want := range opt {
		if got[k] != want {
			return fmt.Errorf("%s is %q", k, got[k])
		}
	}
	return nil
}

// entry looks at an entry: kind=, state=, agent=, level=, why= (a part of it).
func (s *story) entry(args []string) error {
	rest, opt := options(args)
	for _, t := range must(s.db.ListTickets(context.Background(), ticketdb.TicketFilter{Limit: 1000})) {
		for _, e := range must(s.db.EntriesOf(context.Background(), t.ID)) {
			if fmt.Sprint(e.ID) != rest[0] {
				continue
			}
			got := map[string]string{"kind": string(e.Kind), "state": string(e.State), "agent": e.Agent, "level": e.Level.String(), "ticket": fmt.Sprint(e.Ticket)}
			for k, want := range opt {
				if k == "why" && strings.Contains(e.Why, want) || got[k] == want {
					continue
				}
				return fmt.Errorf("%s is %q (why: %s)", k, got[k], e.Why)
			}
			return nil
		}
	}
	return fmt.Errorf("no entry %s", rest[0])
}

// arrival looks at what became of an arrival: state=, outcome=, ticket=.
func (s *story) arrival(args []string) error {
	rest, opt := options(args)
	id, err := strconv.ParseInt(rest[0], 10, 64)
	if err != nil {
		return err
	}
	a, err := s.db.ArrivalRow(context.Background(), id)
	if err != nil {
		return err
	}
	got := map[string]string{"state": string(a.State), "outcome": string(a.Result.Outcome), "ticket": fmt.Sprint(a.Result.Ticket), "why": a.Result.Why}
	for k, want := range opt {
		if got[k] != want {
			return fmt.Errorf("%s is %q", k, got[k])
		}
	}
	return nil
}

// explain looks for words in the questions and answers of an arrival.
func (s *story) explain(args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	a, err := s.db.ArrivalRow(context.Background(), id)
	if err != nil {
		return err
	}
	var all strings.Builder
	for _, step := range a.Result.Trace {
		fmt.Fprintln(&all, step.Ask, step.Ans)
	}
	for _, want := range args[1:] {
		if !strings.Contains(all.String(), want) {
			return fmt.Errorf("not explained: %q in\n%s", want, &all)
		}
	}
	return nil
}

// admin uses the command line on a ticket.
func (s *story) admin(args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	if _, err := s.house.desk.Act(context.Background(), id, "root", args[1:]); err != nil {
		return err
	}
	return s.settle()
}

// bounce returns the mail looked at last, as its recipient's server would.
func (s *story) bounce(args []string) error {
	_, opt := options(args)
	s.arrived++
	s.files["bounce"] = fmt.Sprintf(`From: MAILER-DAEMON@mx.example.net
To: %s
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce.%d@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The address does not exist.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %s
Action: %s
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user here
--b
Content-Type: text/rfc822-headers

Message-ID: <$msgid>
--b--
`, opt["to"], s.arrived, opt["of"], opt["action"])
	return s.deliver([]string{"bounce", "from=<>", "to=" + opt["to"]})
}
