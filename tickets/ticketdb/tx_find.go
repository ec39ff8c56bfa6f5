package ticketdb

import (
	"fmt"
	"strings"

	"postern/tickets"
)

// Look reads a ticket without locking it; see tickets.Tx.
func (t *tx) Look(id int64) (tickets.Ticket, error) { return t.ticketRow(id) }

// Find lists tickets to work on; see tickets.Tx.
func (t *tx) Find(s tickets.Search) ([]tickets.Found, error) {
	f := &filter{terms: []string{`status NOT IN ('resolved', 'closed') AND disposition = ''`}}
	f.is("assignee", s.Assignee)
	if s.Unassigned {
		f.add(`assignee = `, "")
	}
	if s.Queues != nil {
		f.anyOf("queue", s.Queues)
	}
	order := `CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'low' THEN 3 ELSE 2 END, id`
	if s.Due {
		f.terms = append(f.terms, `due_at IS NOT NULL`)
		order = `due_at, id`
	}
	var rows []ticketRow
	where := f.where()
	err := t.list(&rows, `SELECT `+ticketColumns+` FROM tickets `+where+` ORDER BY `+order+` LIMIT `+f.arg(limited(s.Limit)), f.args...)
	if err != nil {
		return nil, fmt.Errorf("finding tickets: %w", err)
	}
	return converted(rows, ticketRow.found)
}

func (r ticketRow) found() (tickets.Found, error) {
	t, err := r.ticket()
	f := tickets.Found{Ticket: t, Due: r.Due.time()}
	if !t.PendingUntil.IsZero() {
		f.Due = t.PendingUntil
	}
	return f, err
}

// anyOf asks for one of several values; of none, nothing is found.
func (f *filter) anyOf(column string, values []string) {
	if len(values) == 0 {
		f.terms = append(f.terms, `1 = 0`)
		return
	}
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = f.arg(v)
	}
	f.terms = append(f.terms, column+` IN (`+strings.Join(places, ", ")+`)`)
}

// Way is what became of an arrival; see tickets.Tx.
func (t *tx) Way(arrival int64) (tickets.Result, error) {
	var row arrivalRow
	if err := t.get(&row, `SELECT `+arrivalColumns+` FROM arrivals WHERE id = $1`, arrival); err != nil {
		return tickets.Result{}, fmt.Errorf("arrival %d: %w", arrival, err)
	}
	return row.result()
}
