package tickets

import (
	"fmt"
	"slices"
	"time"
)

// unprovedAsk is what the answer to a question says that nobody proved.
const unprovedAsk = "Nothing proves that you asked this. Nothing was changed, and only you get the answer."

// asking answers an agent's mail that belongs to no ticket and holds nothing but
// questions; no ticket comes of it. The answer goes to his registered address, whoever
// wrote the mail, so that it tells a liar nothing. false when it is no such mail.
func (d *Desk) asking(w *work) (bool, error) {
	if w.ev.Agent == "" || w.msg.Automatic || w.msg.CommandsDisagree || w.longAgo() {
		return false, nil
	}
	b, err := ParseBlock(w.msg.Reply())
	attached := func(p Part) bool { return !p.Inline } // a picture in a signature says nothing
	if err != nil || !dryRun(b) && (!onlyAsks(b) || slices.ContainsFunc(w.msg.Attachments, attached)) {
		return false, nil
	}
	ag, _ := w.s.Agent(w.ev.Agent)
	q, err := w.home(Place{})
	if err != nil {
		return true, err
	}
	did, err := d.answerNew(w, ag, q, b)
	if err != nil {
		return true, err
	}
	w.trace.Add("does it only ask?", "yes: "+did)
	return true, w.close(OutcomeCommand, StateDone, Result{Why: "only questions: " + did})
}

// answerNew mails the answers of a mail that has no ticket, and says so in words.
func (d *Desk) answerNew(w *work, ag Agent, q Queue, b Block) (did string, err error) {
	p, err := w.tx.ParticipantOf(Address{Name: ag.Display, Addr: ag.Address()})
	if err != nil {
		return "", fmt.Errorf("agent %s: %w", ag.Name, err)
	}
	to := errandTo(ag)
	to.Participant = p.ID
	a := asker{d: d, tx: w.tx, s: w.s, ag: ag, to: to, at: w.at}
	x := errand{role: "answer", mail: MailReceipt, queue: q, to: to, answers: w.msg.MessageID, subject: w.subject(), always: w.ev.Level >= L2}
	if dryRun(b) {
		x.asked = []Answer{{Ask: "#" + dryWord, Lines: []string{"there is no ticket to try it on (reply to a ticket's mail)"}}}
	} else if x.asked, err = a.answers(b.Commands); err != nil {
		return "", err
	}
	if slices.ContainsFunc(b.Commands, func(c Command) bool { return c.Word == "help" }) {
		help := x
		help.role, help.asked, help.lang = "help", nil, w.hint()
		if did, err = w.postAnswer(help); err != nil || len(x.asked) == 0 {
			return did, err
		}
	}
	return w.postAnswer(x)
}

// postAnswer posts an answer. One to a question that nobody proved leaves at most once in
// the time of confirmations: a spoofer fills no mailbox, and holds up no confirmation.
func (w *work) postAnswer(x errand) (did string, err error) {
	x.key = fmt.Sprintf("%s/%d/%s", x.role, w.arrival.ID, x.to.Key())
	did = "answered at his registered address"
	if w.ev.Level < L2 {
		slot := w.at.Truncate(max(w.s.Limits.ConfirmEvery, time.Minute))
		x.key = fmt.Sprintf("unproved-%s/%s/%s", x.role, slot.Format(time.RFC3339), x.to.Key())
		x.why = unprovedAsk
		did += fmt.Sprintf(", unless another unproved question was in the same %s", w.s.Limits.ConfirmEvery)
	}
	withheld, err := w.d.postOr(w.tx, x, w.at)
	if withheld != "" {
		did = "not answered: " + withheld
	}
	return did, err
}
