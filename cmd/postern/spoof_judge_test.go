package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// judge holds a cell to what is due: what its arrival caused on the ticket it was aimed
// at, and on the one that came of it.
func (m *spoofMatrix) judge(c *cell) {
	ctx := context.Background()
	var did []tickets.Event
	places := []int64{c.target.ID}
	if got := must(m.db.ArrivalRow(ctx, c.id)).Result.Ticket; got != 0 && got != c.target.ID {
		places = append(places, got)
	}
	for _, id := range places {
		for _, e := range must(m.db.EventsOf(ctx, id)) {
			if e.Cause.Arrival == c.id {
				did = append(did, e)
			}
		}
	}
	m.mails(c, did)
	switch {
	case c.level == tickets.L2 && c.who == agent && c.pass.name != "from an address book":
		m.mustAct(c, did)
	case c.level == tickets.L1 && c.pass.name != "from an address book" && c.pass.name != "for notes":
		m.mustSpeak(c, did)
	default:
		m.mustRest(c, did)
	}
}

func (m *spoofMatrix) fault(c *cell, did []tickets.Event, format string, args ...any) {
	m.t.Helper()
	var b strings.Builder
	for _, e := range did {
		fmt.Fprintf(&b, "\n\t%d/%d %s %+v, by %q at %s", e.Ticket, e.Seq, e.Body.Kind(), e.Body, e.Cause.Agent, e.Cause.Level)
	}
	m.t.Errorf("%s (due %s): %s%s", c, c.level, fmt.Sprintf(format, args...), &b)
}

// idle are the kinds of event that change nothing for anybody.
var idle = []string{"flagged", "linked", "mail", "withheld", "asked", "copy", "queue-watching", "entry", "created", "refused", "raised"}

// mustRest: nothing is changed, said in public or attributed to an agent who was not
// proved; what the sender opens is a ticket of his own.
func (m *spoofMatrix) mustRest(c *cell, did []tickets.Event) {
	m.acted[tickets.L0]++
	now := must(m.db.TicketRow(context.Background(), c.target.ID))
	if now.Status != c.target.Status || now.Assignee != c.target.Assignee || now.Reopens != c.target.Reopens ||
		!slices.Equal(now.CC, c.target.CC) || now.Disposition != "" || now.Requester != c.target.Requester {
		m.fault(c, did, "the ticket is %+v", now)
	}
	if len(did) == 0 {
		m.fault(c, did, "it left no trace")
	}
	for _, e := range did {
		b, entry := e.Body.(tickets.EntryAdded)
		here := e.Ticket == c.target.ID
		switch {
		case !slices.Contains(idle, e.Body.Kind()) && (here || e.Body.Kind() != "cc" || c.strength == silent || c.strength == fails):
			m.fault(c, did, "%s happened", e.Body.Kind())
		case e.Cause.Agent != "" && c.level < tickets.L2:
			m.fault(c, did, "attributed to %s", e.Cause.Agent)
		case entry && here && b.State == tickets.EntryVisible:
			m.fault(c, did, "its words are public")
		case entry && b.Agent != "" && c.level < tickets.L2:
			m.fault(c, did, "words of %s", b.Agent)
		}
	}
}

// mustSpeak: a participant's words are seen by everybody on the ticket and wake it up;
// the requester's own word closes it; an agent's commands are only words.
func (m *spoofMatrix) mustSpeak(c *cell, did []tickets.Event) {
	m.acted[tickets.L1]++
	status := tickets.Open
	if strings.HasPrefix(c.words, "#close") && c.who != copied {
		status = tickets.Closed
	} else if c.who == elsewhere {
		status = tickets.New
	}
	m.mustBe(c, did, status)
	if !slices.ContainsFunc(did, func(e tickets.Event) bool {
		b, ok := e.Body.(tickets.EntryAdded)
		return ok && b.Is == tickets.EntryMessage && b.State == tickets.EntryVisible && b.Level == tickets.L1 && b.Agent == ""
	}) {
		m.fault(c, did, "its words are not public")
	}
}

// mustAct: a proved agent's commands run and his words go where they belong.
func (m *spoofMatrix) mustAct(c *cell, did []tickets.Event) {
	m.acted[tickets.L2]++
	word, _, _ := strings.Cut(strings.TrimPrefix(c.words, "#"), "\n")
	status := c.target.Status
	switch word {
	case "resolve":
		status = tickets.Resolved
	case "close":
		status = tickets.Closed
	}
	if c.pass.name == "other ticket" && status == tickets.New && word != "note" && c.pass.name != "for notes" {
		status = tickets.Open // the first reply opens it
	}
	m.mustBe(c, did, status)
	is := tickets.EntryReply
	if word == "note" || c.pass.name == "for notes" {
		is = tickets.EntryNote
	}
	spoke, ran := false, !strings.HasPrefix(c.words, "#")
	for _, e := range did {
		switch b := e.Body.(type) {
		case tickets.EntryAdded:
			spoke = spoke || b.Is == is && b.State == tickets.EntryVisible && b.Agent == "bob"
		case tickets.CommandRun:
			ran = ran || b.Word == word && e.Cause.Agent == "bob"
		}
	}
	if !spoke || !ran {
		m.fault(c, did, "spoke %v, ran %v", spoke, ran)
	}
}

func (m *spoofMatrix) mustBe(c *cell, did []tickets.Event, want tickets.Status) {
	if now := must(m.db.TicketRow(context.Background(), c.target.ID)); now.Status != want {
		m.fault(c, did, "the ticket is %s, expected %s", now.Status, want)
	}
}

// mails: only a proved agent's reply carries the words of the cell to anybody but
// agents, and whoever is below L1 causes no mail about the ticket to a participant.
func (m *spoofMatrix) mails(c *cell, did []tickets.Event) {
	public := c.level == tickets.L2 && c.who == agent && !strings.HasPrefix(c.words, "#note") && c.pass.name != "for notes" && c.pass.name != "from an address book"
	for _, e := range did {
		b, ok := e.Body.(tickets.MailQueued)
		if !ok || strings.HasPrefix(b.To, "agent ") {
			continue
		}
		if e.Ticket == c.target.ID && c.level == tickets.L0 {
			m.fault(c, did, "%s to %s", b.Role, b.To)
		}
		for _, o := range must(m.db.ListOutbox(context.Background(), ticketdb.OutboxFilter{Ticket: e.Ticket, Recipient: b.To})) {
			if o.Role != b.Role {
				continue
			}
			text := m.text(o.ID)
			if !public && strings.Contains(text, c.canary()) {
				m.fault(c, did, "%s learned its words:\n%s", o.To, text)
			}
			if e.Ticket != c.target.ID && strings.Contains(text, fmt.Sprintf("#%d]", c.target.ID)) {
				m.fault(c, did, "%s learned of ticket %d:\n%s", o.To, c.target.ID, text)
			}
		}
	}
}
