package ticketdb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// worded makes a ticket with one entry.
func (l *lab) worded(queue, subject, text string, bodies ...tickets.Body) int64 {
	l.Helper()
	var id int64
	l.tx(func(tx tickets.Tx) error {
		tk, err := tx.CreateTicket(subject, noon)
		if err != nil {
			return err
		}
		id = tk.ID
		e := tickets.Entry{Ticket: id, Kind: tickets.EntryMessage, State: tickets.EntryVisible, Subject: subject, Text: text, End: len(text), At: noon}
		if _, err := tx.AddEntry(e); err != nil {
			return err
		}
		events := []tickets.Event{event(tickets.Created{Queue: queue, Priority: tickets.Normal})}
		for _, b := range bodies {
			events = append(events, event(b))
		}
		_, err = tx.Append(tk, events...)
		return err
	})
	return id
}

// Done tickets of the reader's queues that share two words are found, most alike first;
// on both databases the same.
func TestSimilar(t *testing.T) {
	both(t, func(l *lab) {
		done := tickets.StatusSet{From: tickets.New, To: tickets.Resolved}
		one := l.worded("it", "Printer on fire", "The toner burns.", done)
		two := l.worded("it", "Drucker brennt", "Der Toner im Drucker: Größe XL", tickets.StatusSet{From: tickets.New, To: tickets.Closed})
		l.worded("it", "Printer on fire", "still open")
		l.worded("hr", "Printer on fire", "not his", done)
		l.worded("it", "Printer on fire", "junk", done, tickets.Disposed{To: tickets.Spam})
		own := l.worded("it", "Printer on fire", "it is this one", done)
		for name, x := range map[string]struct {
			words string
			want  []int64
		}{
			"two words":       {"printer fire", []int64{one}},
			"most first":      {"toner printer fire drucker", []int64{one, two}},
			"one is too few":  {"printer coffee", nil},
			"one of one":      {"toner", []int64{two, one}},
			"other letters":   {"größe drucker", []int64{two}},
			"none":            {"coffee machine", nil},
			"no words":        {"", nil},
			"signs are words": {`printer" OR fire* NEAR( ' | ! & :* \ -- ;`, []int64{one}},
		} {
			l.tx(func(tx tickets.Tx) error {
				found, err := tx.Similar(tickets.Likeness{Ticket: own, Queues: []string{"it"}, Words: tickets.SearchWords(12, x.words), Limit: 3})
				var got []int64
				for _, f := range found {
					got = append(got, f.ID)
				}
				if !slices.Equal(got, x.want) {
					l.Errorf("%s: %v, want %v", name, got, x.want)
				}
				return err
			})
		}
		l.noInjection(own)
	})
}

// noInjection: even words that SearchWords would never make ask for nothing but words.
func (l *lab) noInjection(own int64) {
	for _, w := range []string{`"`, `'`, `\`, `a" OR "b`, `' | 'printer`, `printer:*`, `NEAR(`, `*`, `^printer`, `-- x`, `!printer`, `\' | printer`, "printer\x00"} {
		l.tx(func(tx tickets.Tx) error {
			_, err := tx.Similar(tickets.Likeness{Ticket: own, Queues: []string{"it"}, Words: []string{w, "printer"}, Limit: 3})
			if err != nil {
				l.Errorf("%q: %v", w, err)
			}
			return nil
		})
	}
}

// The list finds tickets by the words of their entries; an entry's words are all there
// before the transaction that wrote it ends, or none is.
func TestSearch(t *testing.T) {
	both(t, func(l *lab) {
		one := l.worded("it", "Printer on fire", "Der Toner brennt – Zimmer 12.")
		two := l.worded("it", "Coffee", "no toner here")
		l.ok(takenBack(l.Do(l.ctx, func(tx tickets.Tx) error {
			if _, err := tx.AddEntry(tickets.Entry{Ticket: one, Kind: tickets.EntryNote, State: tickets.EntryVisible, Text: "vanished", At: noon}); err != nil {
				return err
			}
			return errTest
		})))
		for words, want := range map[string][]int64{
			"toner": {two, one}, "TONER zimmer": {one}, "printer": {one}, "coffee": {two}, "12": {one}, "vanished": nil, "...": nil,
			`"toner" OR coffee`: nil, "toner' OR '1'='1": nil, strings.Repeat("toner ", 2000): {two, one},
		} {
			found, err := l.ListTickets(l.ctx, ticketdb.TicketFilter{Search: words})
			l.ok(err)
			var got []int64
			for _, f := range found {
				got = append(got, f.ID)
			}
			if !slices.Equal(got, want) {
				l.Errorf("%.40q: %v, want %v", words, got, want)
			}
		}
		if found, err := l.ListTickets(l.ctx, ticketdb.TicketFilter{Search: "toner", Queue: "hr"}); err != nil || len(found) != 0 {
			l.Errorf("in another queue: %v, %v", found, err)
		}
	})
}

var errTest = fmt.Errorf("taken back")

// takenBack lets errTest pass.
func takenBack(err error) error {
	if err == errTest {
		return nil
	}
	return fmt.Errorf("not taken back: %w", err)
}
