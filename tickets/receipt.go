package tickets

import (
	"fmt"
	"slices"
	"time"
)

// receipt tells the agent what his commands and his words came to. The rules are
// asked before, so that it says only what is so. Questions are answered by a mail of their own.
func (w *work) receipt(ag Agent, pl planned, e Entry) error {
	if len(pl.block.Commands) == 0 {
		return nil
	}
	if err := w.settle(); err != nil {
		return err
	}
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	until := w.canUndo()
	if slices.ContainsFunc(pl.deeds, func(x deed) bool { return x.cmd.Word == "undo" }) {
		until = time.Time{}
	}
	lines := w.did(pl, e)
	if len(lines) > 0 || slices.ContainsFunc(pl.deeds, func(x deed) bool { return !isAsk(x.cmd.Word) }) {
		l := letter{until: until, role: "receipt", mail: MailReceipt, to: to, seq: w.t.Seq, lines: lines, always: true}
		if err := w.mail(l); err != nil {
			return err
		}
	}
	return w.answerAsks(ag, to, pl.block)
}

// did are the lines of a receipt: one a command, and where the words below went.
func (w *work) did(pl planned, e Entry) []string {
	var lines []string
	words := w.wentTo(e)
	for _, x := range pl.deeds {
		if x.did != "" && !isAsk(x.cmd.Word) && (x.cmd.Word != "note" || words == "") {
			lines = append(lines, x.did)
		}
		lines = append(lines, x.more...)
	}
	if words != "" {
		lines = append(lines, words)
	}
	return lines
}

// wentTo says to whom an agent's words went, by name: never by an address.
func (w *work) wentTo(e Entry) string {
	switch {
	case e.State != EntryVisible || e.Kind == EntryMessage:
		return ""
	case e.Kind == EntryNote:
		return "your note was kept"
	}
	told, others, why := "", 0, ""
	for _, x := range w.events {
		switch b := x.Body.(type) {
		case MailQueued:
			if b.Role == roleAgain {
				continue
			}
			if b.Mail == MailReply && b.To == (Recipient{Participant: w.t.Requester}).Key() {
				told = orElse(w.requesterName(), "the requester")
			} else if b.Mail == MailReply {
				others++
			}
		case Withheld:
			if b.Mail == MailReply {
				why = b.Why
			}
		}
	}
	sent := "your text was sent to "
	if hold := w.holdFor(Recipient{}); hold > 0 {
		sent = "at " + w.clockTime(w.at.Add(hold)) + " your text goes to "
	}
	switch {
	case told == "" && others == 0:
		return "your text was sent to nobody: " + orElse(why, "no rule sends it")
	case told == "":
		return fmt.Sprintf(sent+"%d in copy, not to the requester: %s", others, orElse(why, "no rule sends it"))
	case others > 0:
		return fmt.Sprintf(sent+"%s and to %d in copy", told, others)
	}
	return sent + told
}

func (w *work) requesterName() string {
	p, err := w.person(w.t.Requester)
	if err != nil {
		return ""
	}
	return p.Name
}
