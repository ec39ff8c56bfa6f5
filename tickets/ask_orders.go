package tickets

import (
	"fmt"
	"strings"
)

// roleConfirmOrders asks an agent whether orders about a list are his.
const roleConfirmOrders = "confirmation-list"

// askOrders asks an agent at his registered address whether unproved orders are his. They
// are kept as lines with the question, and nothing else of the mail: there is no
// ticket on which it could wait.
func (d *Desk) askOrders(w *work, ag Agent, o Orders) error {
	to := errandTo(ag)
	if _, err := w.tx.ParticipantOf(Address{Name: ag.Display, Addr: ag.Address()}); err != nil { // locks him
		return fmt.Errorf("agent %s: %w", ag.Name, err)
	}
	var lines []string
	for _, x := range o.List {
		lines = append(lines, x.String())
	}
	nonce := d.Nonce()
	c := Confirmation{NonceHash: nonceHash(nonce), Nonce: nonce, Agent: ag.Name, Orders: strings.Join(lines, "\n"),
		At: w.at, Expires: w.at.Add(w.s.Limits.ConfirmFor)}
	if _, err := w.tx.AddConfirmation(c); err != nil {
		return fmt.Errorf("confirmation: %w", err)
	}
	open, err := w.openQuestions(ag, c.NonceHash)
	if err != nil {
		return err
	}
	if err := w.replaceWaiting(Count{Recipient: to.Key(), Kinds: []MailKind{MailConfirmation}}); err != nil {
		return err
	}
	before, err := w.notBefore(letter{mail: MailConfirmation, to: to})
	if err != nil {
		return err
	}
	q, _ := w.s.homeOf(ag)
	x := errand{key: fmt.Sprintf("%s/%d/%s", roleConfirmOrders, w.arrival.ID, to.Key()), role: roleConfirmOrders, mail: MailConfirmation,
		queue: q, to: to, lines: open, back: c.Orders, nonce: nonce, before: before, answers: w.msg.MessageID}
	if err := d.post(w.tx, x, w.at); err != nil {
		return err
	}
	return w.close(OutcomeCommand, StateDone, Result{Why: "not proved to be from " + ag.Name + ": he is asked"})
}

// maxQuestions bounds the other questions that one mail lists: whoever forges an agent's
// address asks as many as he likes, and each mail would list them all.
const maxQuestions = 40

// openQuestions are the lines for an agent's other open confirmations: the oldest and
// the newest of them.
func (w *work) openQuestions(ag Agent, but string) (lines []string, err error) {
	open, err := w.tx.OpenConfirmations(ag.Name, w.at)
	if err != nil {
		return nil, fmt.Errorf("confirmations of %s: %w", ag.Name, err)
	}
	for i, o := range open {
		if o.NonceHash == but || i >= maxQuestions/2 && i < len(open)-maxQuestions/2 {
			continue
		}
		about := fmt.Sprintf("ticket %d", o.Ticket)
		if o.Orders != "" {
			about = cut(strings.ReplaceAll(o.Orders, "\n", ", "), 300)
		}
		lines = append(lines, fmt.Sprintf("%s: #confirm %s", about, o.Nonce))
	}
	return lines, nil
}

// confirmedOrders does what an agent has confirmed, as he may now.
func (d *Desk) confirmedOrders(w *work, c Confirmation, ag Agent) error {
	w.cause.Level, w.cause.Evidence = L2, "mail-back confirmation"
	w.ev.Level, w.ev.Why = L2, w.cause.Evidence
	o, err := ParseOrders(c.Orders, w.s.Queues)
	if err != nil {
		return asBlock(err, func(b *BlockError) error { return d.refuseOrders(w, ag, b) })
	}
	return d.obeyOrders(w, ag, o)
}
