package tickets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// nonceHash is how a confirmation is stored: SHA-256 of its nonce, in hex.
func nonceHash(nonce string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(nonce)))
	return hex.EncodeToString(sum[:])
}

// ask asks an agent at his registered address whether a held mail is his. Open
// questions are listed together, each with its nonce; one that has not left yet
// is replaced by the newer one.
func (w *work) ask(e Entry, ag Agent) error {
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	nonce := w.d.Nonce()
	c := Confirmation{NonceHash: nonceHash(nonce), Nonce: nonce, Agent: ag.Name, Ticket: w.t.ID, Entry: e.ID,
		At: w.at, Expires: w.at.Add(w.s.Limits.ConfirmFor)}
	if _, err := w.tx.AddConfirmation(c); err != nil {
		return fmt.Errorf("confirmation: %w", err)
	}
	ev := w.add(Asked{Entry: e.ID, Agent: ag.Name}, w.cause)
	lines, err := w.openQuestions(ag, c.NonceHash)
	if err != nil {
		return err
	}
	if err := w.replaceWaiting(Count{Recipient: to.Key(), Kinds: []MailKind{MailConfirmation}}); err != nil {
		return err
	}
	return w.mail(letter{role: "confirmation", mail: MailConfirmation, to: to, entry: &e, seq: ev.Seq,
		why: w.ev.Why, nonce: nonce, lines: lines, always: true, blind: w.mayWork(ag) != ""})
}

// replaceWaiting cancels a mail of the kind that waits for its time.
func (w *work) replaceWaiting(c Count) error {
	o, err := w.tx.LastOutgoing(c)
	if errors.Is(err, ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	if o.State != OutQueued || !o.NotBefore.After(w.at) {
		return nil
	}
	o.State = OutCancelled
	return w.tx.UpdateOutgoing(o)
}

var noncePattern = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`)

// firstNonce is the nonce that a confirmation means: the one behind the word, else
// that of the subject, else the first one quoted. Only that one counts: a spent one
// must not let the next of a quoted list be confirmed unasked.
func firstNonce(places ...string) string {
	for _, p := range places {
		if nonce := noncePattern.FindString(strings.ToLower(p)); nonce != "" {
			return nonce
		}
	}
	return ""
}

// confirming carries out what an agent confirms: his reply from any address of his
// with the word on its first line and the nonce behind it, in the subject or in
// what he quotes. The nonce is the proof: it went to his registered mailbox only.
func (d *Desk) confirming(w *work) (bool, error) {
	if w.ev.Agent == "" || w.msg.Automatic {
		return false, nil
	}
	b, err := ParseBlock(w.msg.Reply())
	if err != nil || len(b.Commands) == 0 || b.Commands[0].Word != "confirm" {
		return false, nil
	}
	ag, _ := w.s.Agent(w.ev.Agent)
	if nonce := firstNonce(b.Commands[0].Args, w.msg.Subject, w.msg.Text); nonce != "" {
		c, err := w.tx.UseConfirmation(ag.Name, nonceHash(nonce), w.at)
		if err == nil && c.Orders != "" {
			w.trace.Add("does it confirm an earlier mail?", "yes, orders about a list")
			return true, d.confirmedOrders(w, c, ag)
		} else if err == nil {
			w.trace.Add("does it confirm an earlier mail?", fmt.Sprintf("yes, entry %d of ticket %d", c.Entry, c.Ticket))
			return true, d.confirmed(w, c, ag)
		} else if !errors.Is(err, ErrNotFound) {
			return true, fmt.Errorf("confirmation: %w", err)
		}
	}
	w.trace.Add("does it confirm an earlier mail?", "it names no open question")
	return false, nil // he is told so on the ticket it belongs to, as far as he is proved
}

// noQuestion is the answer to a confirmation that confirms nothing.
const noQuestion = "no mail waits for this confirmation: it was used already, is too old, or is not whole"

// idleConfirm: the mail is a confirmation, and confirms nothing (else it would
// have been carried out).
func (w *work) idleConfirm() bool {
	b, err := ParseBlock(w.msg.Reply())
	return err == nil && len(b.Commands) > 0 && b.Commands[0].Word == "confirm"
}

// joinIdleConfirm keeps an unproved confirmation that confirms nothing. To ask
// whether it is genuine would never end.
func (w *work) joinIdleConfirm(e Entry) error {
	e.Kind, e.State, e.Why = EntryNote, EntryQuiet, noQuestion
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	return w.done(e)
}

// confirmed lets the held mail act, with the confirmation as its evidence.
func (d *Desk) confirmed(w *work, c Confirmation, ag Agent) error {
	t, err := w.tx.Ticket(c.Ticket)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", c.Ticket, err)
	}
	e, err := w.tx.Entry(c.Entry)
	if err != nil {
		return fmt.Errorf("entry %d: %w", c.Entry, err)
	}
	w.base, w.t = t, t
	w.cause.Agent, w.cause.Level, w.cause.Evidence = ag.Name, L2, "mail-back confirmation"
	w.ev.Level, w.ev.Why = L2, w.cause.Evidence
	w.add(Confirmed{Entry: e.ID, Agent: ag.Name}, w.cause)
	if e.State != EntryHeld {
		if err := w.finish(); err != nil {
			return err
		}
		return w.close(OutcomeConfirmed, StateDone, Result{Entry: e.ID, Why: "the mail was dealt with already"})
	}
	return w.act(e, ag)
}

// act lets a held entry of a now proved agent do what it says.
func (w *work) act(e Entry, ag Agent) error {
	e.Agent, e.Level = ag.Name, w.cause.Level
	if why := w.mayWork(ag); why != "" {
		return w.refuse(e, ag, &BlockError{Line: firstLine(e.Reply()), Why: why})
	}
	return w.command(e, ag, true)
}

// raise lets a copy with better evidence do what the first could not.
func (d *Desk) raise(w *work, id int64) error {
	e, err := w.tx.Entry(id)
	if err != nil {
		return fmt.Errorf("entry %d: %w", id, err)
	}
	if w.ev.Level <= e.Level || e.State != EntryHeld && e.State != EntryUnverified || w.t.Disposition != "" {
		return nil // what was merged or is spam wakes up by an agent's word alone
	}
	w.add(Raised{Entry: id, From: e.Level, To: w.ev.Level}, w.cause)
	ag, isAgent := w.s.Agent(w.ev.Agent)
	switch {
	case e.State == EntryHeld && isAgent && w.ev.Level >= L2 && w.heldBy(e, ag) && w.mayWork(ag) == "":
		e.Agent, e.Level, w.cause.Agent = ag.Name, L2, ag.Name
		pl, err := w.planFor(e, ag)
		if err != nil {
			return asBlock(err, func(*BlockError) error { return nil })
		}
		if e, err = w.carryOut(e, pl, true); err != nil {
			return err
		}
		return w.receipt(ag, pl, e)
	case e.State == EntryUnverified && w.ev.Level >= L1 && !d.toNotes(w):
		p, err := w.tx.FindParticipant(w.ev.Address)
		if err != nil || !w.t.Participates(p.ID) {
			return nil
		}
		e.Level = w.ev.Level
		return w.release(e, w.cause)
	}
	return nil
}

// toNotes: the mail came to an address that makes notes, where nobody but an agent
// says anything.
func (d *Desk) toNotes(w *work) bool {
	return slices.ContainsFunc(d.addressTokens(*w.arrival, *w.msg), func(t Token) bool { return t.Purpose == ForNote })
}
