package mailcorpus

import (
	"hash/fnv"
	"strings"

	"postern/tickets"
)

// Cell is one mail of the corpus and what a person reads in it.
type Cell struct {
	Client, Language, Style string

	Subject string
	Headers []tickets.Header
	Null    bool   // the envelope sender is <>
	Plain   string // "" when there is no text part
	HTML    string // "" when there is no HTML part
	Status  string // a message/delivery-status part
	Flowed  bool

	// Reply is what the writer wrote this time, white space apart. For answers
	// between the lines it is what must stand in the reply, in this order, by "|".
	Reply string
	// Forward says that the mail forwards the mail of Origin.
	Forward bool
	// Auto, Away and Bounce are what an automatic mail must be taken for.
	Auto, Away bool
	Bounce     string // the recipient that failed
}

// Name is the cell's own name.
func (c Cell) Name() string { return c.Client + "/" + c.Language + "/" + c.Style }

// HeldOut says that rules must not be tuned on the cell: one in five, by its name.
func (c Cell) HeldOut() bool {
	h := fnv.New32a()
	h.Write([]byte(c.Name()))
	return h.Sum32()%5 == 0
}

// Origin is the mail that is quoted or forwarded: its sender, the first words of
// its text, and the day, "2024-05-03 10:12" where the program tells the time.
func (l Language) Origin() (name, address, text string) {
	return l.name, addr, paragraphs(l.orig)[1]
}

// Subject7 is the subject of the mail that is quoted.
const Subject7 = subject

// Cells is the whole corpus.
func Cells() (cells []Cell) {
	for _, l := range Languages {
		for _, c := range clients {
			for _, style := range strings.Fields(c.styles) {
				cell := Cell{Client: c.name, Language: l.Code, Style: style, Subject: "Re: " + subject, Reply: l.Own()}
				c.write(&cell, l)
				cells = append(cells, cell)
			}
		}
		cells = append(cells, machines(l)...)
	}
	return cells
}

// client is a mail program: how it writes a reply, by style.
type client struct {
	name   string
	styles string
	write  func(c *Cell, l Language)
}

// The programs. The styles are those that a person can reach with them: both (a
// text and an HTML part, answer on top), html (the HTML part alone), text (the
// text part alone), bottom, inline, forward (with words of the writer's), bare
// (a forward without).
var clients = []client{
	{"Outlook desktop", "both html text forward bare", outlookDesktop},
	{"Outlook web", "both html forward bare", outlookWeb},
	{"Outlook mobile", "both html forward", outlookMobile},
	{"Gmail web", "both html bottom inline forward bare", gmailWeb},
	{"Gmail Android", "both html", gmailAndroid},
	{"Apple Mail", "both html text bottom inline forward bare", appleMail},
	{"iOS Mail", "both html forward", iosMail},
	{"Thunderbird", "both html text bottom inline forward bare", thunderbird},
	{"Yahoo", "both html text forward", yahooMail},
	{"Lotus Notes", "both html text forward", lotusNotes},
	{"mutt", "text bottom inline forward bare", mutt},
	{"K-9", "both text bottom", k9},
	{"GroupWise", "text html", groupWise},
	{"Zimbra", "both html text forward bare", zimbra},
	{"helpdesk", "text quoted html", helpdesk},
}
