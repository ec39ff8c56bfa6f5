package tickets

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// complained begins the reason of an address whose owner complained. Such an
// address stays silent even when its owner writes again.
const complained = "complaint: "

// gone are the answers of a server that say of an address that it takes no mail
// now and will not tomorrow (RFC 3463 sections 3.2 and 3.3, RFC 7505, RFC 7372): no such mailbox,
// no such system, moved, disabled. A full mailbox or a refused word may pass.
var gone = regexp.MustCompile(`^(?:5\d\d )?5\.(?:1\.(?:1|2|3|6|10)|2\.1)(?:\D|$)`)

// isGone reports whether a code with or without a reply code before it ("550
// 5.1.1 …", "5.1.1 …") says that the address is undeliverable.
func isGone(code string) bool { return gone.MatchString(strings.TrimSpace(code)) }

// participantOf is the participant behind a recipient's key; 0 for an agent.
func participantOf(key string) int64 {
	text, ok := strings.CutPrefix(key, "participant ")
	n, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return 0
	}
	return n
}

// bury marks the address of a recipient dead: no automatic mail goes there any
// more. Agents are never silenced so; their tickets are flagged.
func (w *work) bury(recipient, why string) error {
	p, err := w.person(participantOf(recipient))
	if err != nil {
		return ifFound(err)
	}
	if _, agent := w.s.AgentOf(p.Address); agent || p.Dead != "" {
		return nil
	}
	p.Dead = cut(why, 300)
	if err := w.tx.UpdateParticipant(p); err != nil {
		return fmt.Errorf("participant %d: %w", p.ID, err)
	}
	if p.ID == w.author.ID {
		w.author = p
	}
	w.add(Flagged{Flag: "undeliverable", Why: fmt.Sprintf("participant %d: %s", p.ID, p.Dead)}, w.cause)
	w.trace.Add("does automatic mail go there any more?", "no: "+p.Dead)
	return nil
}

// revive takes an address back among the living: a mail from it has proved that
// somebody is there. A complaint stands.
func (w *work) revive() error {
	p := w.author
	if p.ID == 0 || p.Dead == "" || !w.ev.Proved || strings.HasPrefix(p.Dead, complained) {
		return nil
	}
	w.trace.Add("does automatic mail go there again?", "yes, its owner wrote; it did not because: "+p.Dead)
	p.Dead = ""
	if err := w.tx.UpdateParticipant(p); err != nil {
		return fmt.Errorf("participant %d: %w", p.ID, err)
	}
	w.author = p
	return nil
}

// unwanted are the complaints that end automatic mail. "not-spam" takes one
// back, and reports on signatures (RFC 6591) are no person's word.
var unwanted = []string{"abuse", "fraud", "opt-out", "opt-out-list"}

// complaint books a feedback report. Only a signed address of ours inside it
// says whose mail is meant; without one it changes nothing and goes to the mailroom.
func (d *Desk) complaint(w *work) (bool, error) {
	c := w.msg.Complaint
	if c == nil {
		return false, nil
	}
	token, ok := d.reportedToken(w, c)
	if !ok {
		w.trace.Add("whose mail is complained of?", "nobody's that can be proved")
		return true, d.mailroom(w, "a complaint that belongs to no message of ours")
	}
	t, err := w.tx.Ticket(token.Ticket)
	if err != nil {
		return true, fmt.Errorf("ticket %d: %w", token.Ticket, err)
	}
	w.base, w.t = t, t
	w.trace.Add("whose mail is complained of?", fmt.Sprintf("participant %d's, of ticket %d", token.Participant, token.Ticket))
	e := w.entry(EntryMessage, EntryQuiet)
	e.Why = "a complaint (" + orElse(c.Type, "of no kind") + ")"
	if e, err = w.addEntry(e, w.cause); err != nil {
		return true, err
	}
	w.waiting = nil // told by its flag
	if slices.Contains(unwanted, c.Type) {
		if err := w.bury(Recipient{Participant: token.Participant}.Key(), complained+c.Type); err != nil {
			return true, err
		}
	}
	return true, w.done(e)
}

// reportedToken is the valid token of a signed address inside a complaint. A
// Message-ID's does not count: everybody in the conversation knows it.
func (d *Desk) reportedToken(w *work, c *Complaint) (Token, bool) {
	for _, addr := range c.Addresses {
		text, _ := w.s.tokenText(addr)
		if text == "" {
			continue
		}
		t, err := d.signer().Read(text)
		if err != nil || t.Purpose == ForMessageID {
			continue
		}
		if _, err := w.tx.Participant(t.Participant); err != nil {
			continue
		}
		return t, true
	}
	return Token{}, false
}
