package main

import (
	"context"
	"fmt"
	"slices"

	"postern/tickets"
)

// A past is a ticket with a history that the desk itself has written, to be copied:
// a thousand attacked tickets cost one transaction each time fifty are needed.
type past struct {
	events  []tickets.Event
	entries []tickets.Entry
}

// pastOf reads a ticket's history.
func (m *spoofMatrix) pastOf(ticket int64) past {
	ctx := context.Background()
	events := slices.DeleteFunc(must(m.db.EventsOf(ctx, ticket)), func(e tickets.Event) bool {
		switch e.Body.(type) {
		case tickets.MailQueued, tickets.Withheld, tickets.MailDone:
			return true // they name mails of that ticket alone
		}
		return false
	})
	return past{events, must(m.db.EntriesOf(ctx, ticket))}
}

// copyOf makes a ticket with this past, and with more events behind it.
func (m *spoofMatrix) copyOf(tx tickets.Tx, p past, subject string, more ...tickets.Body) (tickets.Ticket, error) {
	t, err := tx.CreateTicket(subject, m.now)
	if err != nil {
		return t, err
	}
	ids := map[int64]int64{}
	for _, e := range p.entries {
		old := e.ID
		e.ID, e.Ticket, e.At = 0, t.ID, m.now
		e.MessageID = fmt.Sprintf("%d.%s", t.ID, e.MessageID)
		if ids[old], err = tx.AddEntry(e); err != nil {
			return t, err
		}
	}
	var events []tickets.Event
	for _, e := range p.events {
		switch b := e.Body.(type) {
		case tickets.EntryAdded:
			b.Entry = ids[b.Entry]
			e.Body = b
		case tickets.EntryChanged:
			b.Entry = ids[b.Entry]
			e.Body = b
		}
		e.At = m.now
		events = append(events, e)
	}
	for _, b := range more {
		events = append(events, tickets.Event{At: m.now, Cause: tickets.Cause{Admin: "matrix"}, Body: b})
	}
	return tx.Append(t, events...)
}
