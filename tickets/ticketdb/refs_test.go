package ticketdb_test

import (
	"errors"
	"slices"
	"testing"

	"postern/tickets"
)

// Tickets are found by what their visible messages and replies refer to, each once, and
// by nothing else; what is released or refused later counts as it then is.
func TestRefs(t *testing.T) {
	both(t, func(l *lab) {
		a, b := l.ticket("a"), l.ticket("b")
		var late tickets.Entry
		l.tx(func(tx tickets.Tx) error {
			add := func(tk int64, k tickets.EntryKind, s tickets.EntryState, refs ...string) tickets.Entry {
				e := tickets.Entry{Ticket: tk, Kind: k, State: s, Text: "words", At: noon}
				id, err := tx.AddEntry(e)
				e.ID = id
				l.ok(errors.Join(err, tx.AddRefs(id, refs)))
				return e
			}
			add(b.ID, tickets.EntryMessage, tickets.EntryVisible, "x@y", "x@y", "long@z")
			add(a.ID, tickets.EntryReply, tickets.EntryVisible, "x@y")
			add(a.ID, tickets.EntryMessage, tickets.EntryVisible, "x@y", "a@z")
			add(b.ID, tickets.EntryNote, tickets.EntryVisible, "note@y")
			late = add(b.ID, tickets.EntryMessage, tickets.EntryUnverified, "a@z")
			return nil
		})
		find := func(n int, ids ...string) (out []int64) {
			l.tx(func(tx tickets.Tx) (err error) { out, err = tx.TicketsByRefs(ids, n); return err })
			return out
		}
		expect := func(name string, got []int64, want ...int64) {
			if !slices.Equal(got, want) {
				l.Errorf("%s: %v, want %v", name, got, want)
			}
		}
		expect("both refer to it", find(9, "x@y"), a.ID, b.ID)
		expect("at most one", find(1, "x@y"), a.ID)
		expect("by two ids", find(9, "long@z", "a@z"), a.ID, b.ID)
		expect("unverified does not count", find(9, "a@z"), a.ID)
		expect("a note does not count", find(9, "note@y"))
		expect("nobody refers to it", find(9, "X@Y", "none@y", ""))
		expect("no id", find(9))
		late.State = tickets.EntryVisible
		l.tx(func(tx tickets.Tx) error { return tx.UpdateEntry(late) })
		expect("released", find(9, "a@z"), a.ID, b.ID)
	})
}
