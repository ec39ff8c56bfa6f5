package tickets

import (
	"errors"
	"fmt"
	"slices"
)

// maxAncestors is how many ids of a mail are kept with its entry and looked for, the
// nearest first.
const maxAncestors = 20

// maxSharing is how many tickets may share an ancestor with a mail before that says nothing.
const maxSharing = 50

// refsTx keeps the ids that the mails of entries refer to.
type refsTx interface {
	// AddRefs keeps, as hashes, the ids that the mail of an entry refers to. An id that
	// comes twice is kept once.
	AddRefs(entry int64, ids []string) error
	// TicketsByRefs lists the tickets with a visible message or reply whose mail refers to
	// one of the ids, each once, by number, at most n. No ticket is locked.
	TicketsByRefs(ids []string, n int) ([]int64, error)
}

// ancestors are the ids that a mail refers to, the nearest first: In-Reply-To, then
// References from the right, each once. Those of our own mails are left out, since
// they are signed and need no memory.
func (d *Desk) ancestors(m Message) (ids []string) {
	for _, id := range referred(m) {
		if len(ids) == maxAncestors {
			break
		}
		if !d.ours(id) && id != m.MessageID && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// referred are the ids of In-Reply-To, then of References from the right.
func referred(m Message) []string {
	ids := slices.Clone(m.InReplyTo)
	for _, r := range slices.Backward(m.References) {
		ids = append(ids, r)
	}
	return ids
}

// ours: we made the Message-ID.
func (d *Desk) ours(id string) bool {
	if _, ok := d.rootID(id); ok {
		return true
	}
	t, err := d.signer().Read(messageToken(id))
	return err == nil && t.Purpose == ForMessageID
}

// remember keeps what the mail of an entry refers to. The tickets of one mail for two
// queues would make each other ambiguous, so the first alone remembers.
func (w *work) remember(e Entry) error {
	if w.msg == nil || w.arrival == nil || e.Arrival != w.arrival.ID || w.first != 0 ||
		e.Kind != EntryMessage && e.Kind != EntryReply {
		return nil
	}
	ids := w.d.ancestors(*w.msg)
	if len(ids) == 0 {
		return nil
	}
	if err := w.tx.AddRefs(e.ID, ids); err != nil {
		return fmt.Errorf("references of entry %d: %w", e.ID, err)
	}
	return nil
}

// byAncestor finds the one ticket of the author whose mails refer to an id that this mail
// refers to as well, though nothing with that id ever came here. Anybody can write any
// id into a mail, and people of one thread know its ids: so it is for those who take
// part in the ticket already, and for everybody else as if there were no such ticket.
func (w *work) byAncestor() (Place, error) {
	ids := w.d.ancestors(*w.msg)
	if len(ids) == 0 {
		return Place{}, nil
	}
	numbers, err := w.tx.TicketsByRefs(ids, maxSharing+1)
	if err != nil {
		return Place{}, fmt.Errorf("tickets by references: %w", err)
	}
	if len(numbers) > maxSharing {
		return Place{}, nil
	}
	var sharing []Ticket
	for _, n := range numbers {
		t, err := w.merged(n)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return Place{}, fmt.Errorf("ticket %d: %w", n, err)
		}
		sharing = append(sharing, t)
	}
	p, why := placeByAncestor(sharing, w.author.ID)
	if why != "" {
		w.trace.Add("does it share an ancestor with a ticket?", why)
	}
	return p, nil
}

// merged looks at a ticket, or at the one it was merged into.
func (w *work) merged(id int64) (t Ticket, err error) {
	for range 20 {
		if t, err = w.tx.Look(id); err != nil || t.Disposition != Merged {
			return t, err
		}
		id = t.MergedInto
	}
	return t, nil
}

// placeByAncestor decides among the tickets that share an ancestor with a mail: exactly
// one in which its author takes part. Others' tickets do not count, lest a stranger who
// knows the thread could part it; nor does a closed one beside one that takes mail. why is for agents and names no ticket but the author's.
func placeByAncestor(sharing []Ticket, author int64) (p Place, why string) {
	own := map[int64]bool{}  // those the author takes part in
	open := map[int64]bool{} // those among them that take mail
	for _, t := range sharing {
		if t.Participates(author) {
			own[t.ID] = true
			if t.Status != Closed && t.Disposition == "" {
				open[t.ID] = true
			}
		}
	}
	if len(own) > 1 && len(open) > 0 {
		own = open
	}
	switch {
	case len(sharing) == 0:
		return Place{}, ""
	case len(own) == 0:
		return Place{}, "yes, but its sender takes part in none such"
	case len(own) > 1:
		return Place{}, fmt.Sprintf("yes, with %d tickets of the sender, so none is meant", len(own))
	}
	for n := range own {
		p.Ticket = n
	}
	p.How = fmt.Sprintf("a mail of it refers to the same earlier mail: ticket %d", p.Ticket)
	return p, fmt.Sprintf("yes, with ticket %d, in which its sender takes part", p.Ticket)
}
