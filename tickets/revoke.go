package tickets

import (
	"context"
)

// Revoke makes every reply address of a ticket that was handed out so far worthless, also
// those of mails that have not left yet: from now on they identify nobody (policy section
// 4). They still say which ticket is meant, so that what comes to them is an unverified
// entry that agents see. New mails carry new addresses. It returns the new generation;
// ErrNotFound when there is no such ticket.
func (d *Desk) Revoke(ctx context.Context, ticket int64, admin string) (generation int, err error) {
	at := d.now()
	err = d.Store.Do(ctx, func(tx Tx) error {
		t, err := tx.Ticket(ticket)
		if err != nil {
			return err // it names the ticket
		}
		w := d.newWork(tx, t, at)
		w.cause = Cause{Admin: admin, Level: L2, Evidence: "command line"}
		generation = t.Generation + 1
		w.add(Revoked{Generation: generation}, w.cause)
		return w.finish()
	})
	return generation, err
}
