package ticketdb

import (
	"fmt"
	"strings"

	"postern/tickets"
)

// Worklist lists the tickets of some queues that somebody has to work on; see tickets.Tx.
func (t *tx) Worklist(queues []string, n int) ([]tickets.Ticket, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	f := &filter{terms: []string{`status IN ('new', 'open', 'pending', 'on-hold')`, `disposition = ''`}}
	f.in(`queue`, queues)
	limit := f.arg(n)
	var rows []ticketRow
	if err := t.list(&rows, `SELECT `+ticketColumns+` FROM tickets `+f.where()+` ORDER BY id LIMIT `+limit, f.args...); err != nil {
		return nil, fmt.Errorf("listing tickets: %w", err)
	}
	return converted(rows, ticketRow.ticket)
}

// WaitingEntries lists what waits for a release; see tickets.Tx.
func (t *tx) WaitingEntries(queues []string, n int) ([]tickets.Entry, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	f := &filter{terms: []string{`state IN ('unverified', 'held')`}}
	inQueues := &filter{terms: []string{`t.id = entries.ticket`, `t.disposition = ''`}, args: f.args}
	inQueues.in(`t.queue`, queues)
	limit := inQueues.arg(n)
	var rows []entryRow
	err := t.list(&rows, `SELECT `+entryColumns+` FROM entries `+f.where()+
		` AND EXISTS (SELECT 1 FROM tickets t `+inQueues.where()+`) ORDER BY id LIMIT `+limit, inQueues.args...)
	if err != nil {
		return nil, fmt.Errorf("listing what waits for a release: %w", err)
	}
	return converted(rows, entryRow.entry)
}

// in adds that a column has one of some values.
func (f *filter) in(column string, values []string) {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = f.arg(v)
	}
	f.terms = append(f.terms, column+` IN (`+strings.Join(places, ", ")+`)`)
}
