package mailout

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"postern/tickets"
)

// maxWords bounds the text of one entry in a mail, in bytes; that of an agent's reply
// is bounded only by what a message may hold.
const (
	maxWords   = 256 << 10
	maxReplied = 4 << 20
)

// maxBefore bounds the text of an entry that only reminds, in code points.
const maxBefore = 3000

// Values is what a template may say. It is data only: nothing in it is ever
// read as a template, a header or HTML. Fields that do not apply are empty.
type Values struct {
	Role     string
	Number   int64  // of the ticket; 0 for none
	Tag      string // "[IT #42]"
	Subject  string // the ticket's, without tag and "Re:"; empty when the recipient may not see it
	Queue    string // its display name
	Status   string
	Priority string
	Assignee string
	// Requester is "Ann Smith <ann@example.net>", and FirstName "Ann".
	Requester string
	FirstName string
	// Silenced is why the requester gets no automatic mail; agents are told.
	Silenced string
	Agent    bool // the recipient is an agent
	// Answerable says that a reply to the mail finds its way; then the separator stands on top.
	Answerable bool

	// Reopened is the status out of which the mail told here has opened the ticket again.
	Reopened string

	Entry   Words   // what is told
	Earlier []Words // told before Entry, oldest first: a gathered notice
	Told    []Told  // what a gathered notice tells, by kind
	History []Words // what came before, newest first
	// Lines say what happened, one thing each.
	Lines    []string
	Items    []Item // tickets of a list
	Similar  []Item // tickets like the one told, that were dealt with
	Due      string // what the ticket waits for
	Answers  []Answered
	More     int // tickets it has no room for
	Count    int // of the new tickets in a storm
	Why      string
	Returned string // the recipient's own text, given back
	Links    []Link
	Files    []File // that go along
	TooLarge []File // that do not
	Nonce    string
	Other    Words  // what is told beside Entry: the answer that it has crossed
	Until    string // the time of day up to which something can be taken back or is held
}

// Offers reports whether there is a link for a word: "undo".
func (v Values) Offers(word string) bool {
	return slices.ContainsFunc(v.Links, func(l Link) bool { return l.Word == word })
}

// Words are the words of one entry.
type Words struct {
	Who  string // "Ann Smith <ann@example.net>"
	Name string // "Ann Smith"
	When string // in the queue's zone, written in its language
	Text string // the visible reply
	Full string // with all that was quoted
	Cut  bool   // Full says more than Text
	Note bool   // internal
	Sent bool   // an agent's reply
	Held bool   // it waits for #release
	// Unproved: held because nothing proves that the agent it names wrote it.
	Unproved bool
	// Unverified: nothing proves who wrote it; agents see it, nobody else.
	Unverified bool
	Auto       bool   // a machine wrote it
	Why        string // why it is unverified or held
	Files      []File
}

// Answered is what came of a question: sentences, tickets, entries.
type Answered struct {
	Ask   string // "#show 12"
	Lines []string
	Items []Item
	Said  []Words // newest first
}

// Item is one ticket of a list. Fields that do not apply are empty.
type Item struct {
	Number    int64
	Tag       string
	Subject   string
	Queue     string
	Status    string
	Assignee  string
	Requester string
	Due       string
	Age       string
	Links     []Link
	Told      []Told // what a digest tells of it
	Until     string // it waits until then, written as When
	Group     string // the heading it stands below: due, mine, unassigned, waiting, ...
}

// Told counts notices of one kind: the template each would have been.
type Told struct {
	Role string
	N    int
}

// Link is an offer to act by mail.
type Link struct {
	Word string // "take"
	URL  string // "mailto:…"
}

// File is an attachment by name and readable size.
type File struct {
	Name string
	Size string
}

// values chooses what the recipient of a draft may be told. An address that has
// not proved itself gets, in automatic mail, no word that a stranger may have
// written: only numbers, the queue's own name and an agent's reply.
func values(d tickets.Draft) Values {
	v := Values{Role: d.Role, Number: d.Ticket.ID, Queue: oneLine(first(d.Queue.Display, d.Queue.Name)),
		Status: standing(d), Agent: d.Recipient.Agent != "",
		Answerable: d.ReplyTo != "" || d.Ticket.ID != 0}
	if d.Ticket.ID != 0 {
		v.Tag = d.Ticket.Tag(d.Queue)
	}
	if shy(d) {
		if e := d.Entry; e != nil && e.Kind == tickets.EntryReply && e.Agent != "" {
			v.Entry = Words{When: when(e.At, d.Queue), Text: body(spoken(*e)), Name: oneLine(d.FromName)}
		}
		return v
	}
	v.Subject = cut(bareSubject(d.Subject, v.Tag), 200)
	v.Priority = string(d.Ticket.Priority)
	v.Assignee = oneLine(first(d.Assignee.Display, d.Assignee.Name))
	v.Requester = who(tickets.Address{Name: d.Requester.Name, Addr: d.Requester.Address})
	v.FirstName = firstName(d.Requester)
	if v.Agent {
		v.Silenced = oneLine(d.Requester.Dead)
	}
	lang := d.Queue.Language
	v.Lines, v.Why, v.Nonce = oneLines(sayAll(lang, d.Lines)), say(lang, oneLine(d.Why)), oneLine(d.Nonce)
	v.Returned = body(d.Returned)
	v.Links = links(d.Links)
	v.Items, v.Answers, v.More = items(d.Items, d.Queue), answers(d), d.More
	v.Told = counted(d.Told)
	v.Similar, v.Due = items(d.Similar, d.Queue), say(lang, oneLine(d.Due))
	v.Count = d.Count
	v.Reopened = string(d.Reopened)
	for _, p := range d.Parts {
		v.Files = append(v.Files, file(p.Part))
	}
	for _, p := range d.Omitted {
		v.TooLarge = append(v.TooLarge, file(p))
	}
	if d.Entry != nil {
		v.Entry = entry(*d.Entry, d.Queue)
		if d.Mail.Human() {
			v.Entry.Text = bodyOf(spoken(*d.Entry), maxReplied)
		}
	}
	if d.Other != nil {
		v.Other = entry(*d.Other, d.Queue)
	}
	if !d.Until.IsZero() {
		v.Until = d.Until.In(zone(d.Queue)).Format("15:04:05")
	}
	for _, e := range d.Earlier {
		v.Earlier = append(v.Earlier, entry(e, d.Queue))
	}
	for _, e := range d.History {
		w := entry(e, d.Queue)
		w.Text = cut(w.Text, maxBefore)
		v.History = append(v.History, w)
	}
	if checkQuote && !v.Agent {
		v.unquote()
	}
	return v
}

// unquote takes from an outsider's mail what the writers' clients quoted: an agent's
// quotes notes too. No template can show it, an admin's own neither.
func (v *Values) unquote() {
	v.Entry.Full, v.Entry.Cut = v.Entry.Text, false
	for i := range v.History {
		v.History[i].Full, v.History[i].Cut = v.History[i].Text, false
	}
}

// standing is the status of the ticket, or in words how it ended otherwise: "new" of a
// ticket that was merged would be true of its row and of nothing else.
func standing(d tickets.Draft) string {
	switch d.Ticket.Disposition {
	case "":
		return string(d.Ticket.Status)
	case tickets.Merged:
		return say(d.Queue.Language, fmt.Sprintf("merged into ticket %d", d.Ticket.MergedInto))
	}
	return say(d.Queue.Language, string(d.Ticket.Disposition))
}

// shy reports whether a mail must hold no word of a stranger (D4): automatic
// mail to an outsider whose address has not proved itself.
func shy(d tickets.Draft) bool {
	return checkShy && d.Recipient.Agent == "" && !d.Recipient.Verified && !d.Mail.Human() && d.Mail != tickets.MailAlarm
}

func entry(e tickets.Entry, q tickets.Queue) Words {
	w := Words{Who: who(e.From), Name: oneLine(first(e.From.Name, plainDomain(e.From.Addr), e.Agent)), When: when(e.At, q),
		Text: body(spoken(e)), Full: body(e.Text), Note: e.Kind == tickets.EntryNote, Sent: e.Kind == tickets.EntryReply, Held: e.State == tickets.EntryHeld,
		Auto: e.Automatic, Why: say(q.Language, oneLine(e.Why)), Unproved: e.State == tickets.EntryHeld && e.Level < tickets.L2,
		Unverified: e.State == tickets.EntryUnverified}
	if e.Agent != "" {
		w.Who = first(oneLine(e.From.Name), e.Agent)
		w.Name = w.Who
	}
	w.Cut = len(strings.TrimSpace(w.Full)) > len(strings.TrimSpace(w.Text))
	for _, p := range e.Parts {
		w.Files = append(w.Files, file(p))
	}
	return w
}

// spoken is the visible reply without the command block on top of it: commands
// are told to nobody. A mail with a faulty block was released as it is.
func spoken(e tickets.Entry) string {
	if e.Kind == tickets.EntryMessage || e.State == tickets.EntryHeld {
		return e.Reply()
	}
	if b, err := tickets.ParseBlock(e.Reply()); err == nil && len(b.Commands) > 0 {
		return b.Text
	}
	return e.Reply()
}

// answers are what an agent asked for.
func answers(d tickets.Draft) []Answered {
	var out []Answered
	for _, x := range d.Answers {
		a := Answered{Ask: oneLine(x.Ask), Lines: oneLines(sayAll(d.Queue.Language, x.Lines)), Items: items(x.Items, d.Queue)}
		for _, e := range x.Said {
			w := entry(e, d.Queue)
			w.Text = cut(w.Text, maxBefore)
			a.Said = append(a.Said, w)
		}
		out = append(out, a)
	}
	return out
}

// items are the tickets of a list, each field on one line.
func items(in []tickets.Item, q tickets.Queue) []Item {
	lang := q.Language
	var out []Item
	for _, x := range in {
		i := Item{x.Ticket, oneLine(x.Tag), first(cut(bareSubject(x.Subject, x.Tag), 120), "–"), oneLine(x.Queue), string(x.Status),
			oneLine(x.Assignee), oneLine(x.Requester), say(lang, oneLine(x.Due)), say(lang, oneLine(x.Age)), links(x.Links), counted(x.Told), "", x.Group}
		if !x.Until.IsZero() {
			i.Until = when(x.Until, q)
		}
		out = append(out, i)
	}
	return out
}

func counted(in []tickets.Told) []Told {
	var out []Told
	for _, t := range in {
		out = append(out, Told(t))
	}
	return out
}

func who(a tickets.Address) string {
	name, addr := oneLine(a.Name), plainDomain(oneLine(a.Addr))
	if name == "" || name == oneLine(a.Addr) {
		return addr
	}
	if addr == "" {
		return name
	}
	return name + " <" + addr + ">"
}

// firstName is how a line to an agent calls the requester.
func firstName(p tickets.Participant) string {
	name := oneLine(p.Name)
	if name == "" || strings.Contains(name, "@") || strings.Contains(name, ",") {
		return first(name, plainDomain(oneLine(p.Address)))
	}
	f, _, _ := strings.Cut(name, " ")
	return f
}

func file(p tickets.Part) File {
	return File{Name: first(oneLine(p.Filename), p.ContentType), Size: size(p.Size)}
}

// size writes octets for people.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func links(in []tickets.MailLink) []Link {
	var out []Link
	for _, l := range in {
		a, err := SafeAddress(l.Address)
		if err != nil {
			continue
		}
		u := "mailto:" + strings.NewReplacer("%40", "@", "%2B", "+").Replace(url.PathEscape(a))
		u += "?subject=" + escape(oneLine(l.Subject))
		if line := oneLine(l.Line); line != "" {
			u += "&body=" + escape(line+"\r\n")
		}
		out = append(out, Link{Word: oneLine(l.Word), URL: u})
	}
	return out
}

// escape is percent-encoding for mailto: (RFC 6068): a space is never a plus.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// body makes stored text fit for a text part: LF line ends, no control
// characters but tabs, no blanks at the ends of lines; at most maxWords bytes of it.
func body(s string) string { return bodyOf(s, maxWords) }

// bodyOf is body with another bound.
func bodyOf(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n", "\v", "\n").Replace(s)
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || invisible(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + " …"
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// when writes a moment in the queue's zone and language.
func when(t time.Time, q tickets.Queue) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(zone(q))
	if q.Language == "de" {
		return t.Format("2.1.2006 15:04")
	}
	return t.Format("2 Jan 2006 15:04")
}

func zone(q tickets.Queue) *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

func oneLines(in []string) []string {
	var out []string
	for _, s := range in {
		if s = oneLine(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func first(s ...string) string {
	for _, x := range s {
		if x != "" {
			return x
		}
	}
	return ""
}
