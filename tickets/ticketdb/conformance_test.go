package ticketdb_test

import (
	"testing"

	"postern/tickets"
)

// A message becomes a ticket, its acknowledgement is sent, and the books close.
func TestMainPath(t *testing.T) {
	both(t, func(l *lab) {
		id := l.accepted(arrival(1))
		a, attempts, err := l.Begin(l.ctx, id, noon)
		l.ok(err)
		if a.ID != id || attempts != 1 || *a.From != "ann1@example.net" || !a.At.Equal(noon) {
			l.Fatalf("began %+v, attempt %d", a, attempts)
		}
		var entry, out int64
		l.tx(func(tx tickets.Tx) error {
			if _, err := tx.TakeArrival(id); err != nil {
				return err
			}
			p, err := tx.ParticipantOf(tickets.Address{Name: "Ann", Addr: "ann1@example.net"})
			if err != nil {
				return err
			}
			tk, err := tx.CreateTicket("Printer on fire", noon)
			if err != nil {
				return err
			}
			entry, err = tx.AddEntry(tickets.Entry{Ticket: tk.ID, Arrival: id, Kind: tickets.EntryMessage,
				State: tickets.EntryVisible, Participant: p.ID, Text: "It burns.", MessageID: "a@b", At: noon})
			if err != nil {
				return err
			}
			tk, err = tx.Append(tk, event(tickets.Created{Queue: "it", Requester: p.ID, Priority: tickets.High}),
				event(tickets.EntryAdded{Entry: entry, Is: tickets.EntryMessage, State: tickets.EntryVisible}))
			if err != nil {
				return err
			}
			if out, err = tx.Enqueue(outgoing(tk.ID, tk.Seq, "ack")); err != nil {
				return err
			}
			return tx.FinishArrival(id, tickets.StateDone, tickets.Result{Outcome: tickets.OutcomeEntry, Ticket: tk.ID,
				Entry: entry, MessageID: "a@b", ContentKey: "ck"})
		})
		got := l.claimed(noon, 10)
		if len(got) != 1 || got[0].ID != out || len(got[0].Content.Segments) != 2 || got[0].Attempts != 1 {
			l.Fatalf("claimed %+v", got)
		}
		l.tx(func(tx tickets.Tx) error {
			o, err := tx.RecordVerdict(tickets.Verdict{Outgoing: out, Fence: got[0].Fence, Kind: tickets.VerdictSent, Code: "250 2.0.0", At: noon})
			if err != nil {
				return err
			}
			tk, err := tx.Ticket(o.Ticket)
			if err != nil {
				return err
			}
			_, err = tx.Append(tk, event(tickets.MailDone{Outgoing: out, State: "sent"}))
			return err
		})
	})
}
