package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// joinAgent handles a mail whose From is an agent's address. Below L2 nothing
// of it is done before he confirms; at L2 his queues are his.
func (d *Desk) joinAgent(w *work, p Place, level Level) error {
	e := w.entry(EntryReply, EntryHeld)
	e.Level = level
	if checkNote && p.Token != nil && p.Token.Purpose == ForNote {
		e.Kind = EntryNote // a note's address can only make a note
	}
	ag, _ := w.s.Agent(w.ev.Agent)
	if w.longAgo() {
		return w.joinLongAgo(e)
	}
	if level < L2 {
		if w.idleConfirm() {
			return w.joinIdleConfirm(e)
		}
		return d.holdAndAsk(w, e, ag)
	}
	e.Agent = ag.Name
	w.cause.Agent = ag.Name
	if why := w.mayWork(ag); why != "" {
		return w.refuse(e, ag, &BlockError{Line: firstLine(e.Reply()), Why: why})
	}
	if w.fromAddressBook(p) {
		return w.refuse(e, ag, &BlockError{Line: firstLine(e.Reply()), Why: "it came to the ticket's reply address, but has another subject and answers no mail",
			Hint: "reply with #release if it belongs to this ticket"})
	}
	return w.command(e, ag, false)
}

// mayWork says why an agent may not work on the ticket. It reveals nothing of it.
func (w *work) mayWork(ag Agent) string { return w.mayWorkOn(w.t, ag) }

// mayWorkOn is mayWork for another ticket than the one at hand.
func (w *work) mayWorkOn(t Ticket, ag Agent) string {
	q, ok := w.s.Queue(t.Queue)
	if !checkWork || ok && (q.Works(ag.Name) || t.Assignee == ag.Name) {
		return ""
	}
	return "you do not work the queue of this ticket"
}

// holdAndAsk keeps an agent's unproved mail and asks at his registered address.
func (d *Desk) holdAndAsk(w *work, e Entry, ag Agent) error {
	e.Why = "not proved to be from " + ag.Name + ": " + w.ev.Why
	w.noAuto = ""
	e, err := w.addEntry(e, w.cause)
	if err != nil {
		return err
	}
	if err := w.ask(e, ag); err != nil {
		return err
	}
	return w.done(e)
}

// refuse holds an agent's mail, says why at his registered address, and
// returns his text. Nothing of it was done or sent.
func (w *work) refuse(e Entry, ag Agent, problem error) error {
	e.State, e.Why = EntryHeld, withoutWords(problem)
	if e.ID == 0 {
		var err error
		if e, err = w.addEntry(e, w.cause); err != nil {
			return err
		}
	} else if err := w.tx.UpdateEntry(e); err != nil {
		return fmt.Errorf("entry %d: %w", e.ID, err)
	}
	ev := w.add(Refused{Why: e.Why}, w.cause)
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	l := letter{role: "refusal", mail: MailRefusal, to: to, entry: &e, seq: ev.Seq, why: problem.Error(), back: e.Reply(), always: true, blind: w.mayWork(ag) != ""}
	if err := w.mail(l); err != nil {
		return err
	}
	return w.done(e)
}

// command carries out an agent's mail: its block, then its words. known says
// that the entry is stored already (confirmed, released or raised).
func (w *work) command(e Entry, ag Agent, known bool) error {
	if dryEntry(e) {
		return w.rehearse(e, ag, known)
	}
	pl, err := w.planFor(e, ag)
	if err != nil {
		return w.refuse(e, ag, err)
	}
	e, err = w.carryOut(e, pl, known)
	if err != nil {
		return asBlock(err, func(b *BlockError) error { return w.refuse(e, ag, b) })
	}
	if err := w.receipt(ag, pl, e); err != nil {
		return err
	}
	return w.done(e)
}

// asBlock hands a *BlockError to f and passes every other error on.
func asBlock(err error, f func(*BlockError) error) error {
	var b *BlockError
	if errors.As(err, &b) {
		return f(b)
	}
	return err
}

// planned is a block that can be carried out.
type planned struct {
	block Block
	deeds []deed
	free  []Entry // entries that #release frees
}

// planFor reads the block of an agent's entry and checks everything before
// anything is done.
func (w *work) planFor(e Entry, ag Agent) (planned, error) {
	b, err := readBlock(e)
	if err != nil {
		return planned{}, err
	}
	w.original = nil
	if w.arrival != nil && e.Arrival == w.arrival.ID {
		w.original = w.msg.Forwarded
	}
	return w.planBlock(b, ag)
}

// readBlock reads the block of an entry, if its two parts say the same.
func readBlock(e Entry) (Block, error) {
	if slices.Contains(e.Defects, DefectCommandsDisagree) {
		return Block{}, errDisagree(e.Reply())
	}
	b, err := ParseBlock(e.Reply())
	if err == nil && !b.Note && e.Kind == EntryReply && ownLine.MatchString(b.Text) {
		return Block{}, &BlockError{firstLine(b.Text), "our own mail stands in it without quotation marks, so that your words cannot be told from it",
			"write above the quoted mail"}
	}
	return b, err
}

// toRelease finds what #release means: the entry it names, the one the mail it
// answers is about, or the only one that waits.
func (w *work) toRelease(c Command, ag Agent) (Entry, error) {
	var none Entry
	if c.Args != "" {
		n, err := strconv.ParseInt(strings.TrimPrefix(c.Args, "#"), 10, 64)
		if err != nil {
			return none, &BlockError{c.Line, "it names no entry", "#release, or #release with the entry's number"}
		}
		return w.waitingEntry(c, n, ag)
	}
	if w.msg != nil {
		for _, id := range append(w.msg.InReplyTo, w.msg.References...) {
			o, err := w.tx.OutgoingByMessageID(id)
			if err == nil && o.Ticket == w.t.ID && o.Entry != 0 {
				if e, err := w.waitingEntry(c, o.Entry, ag); err == nil {
					return e, nil
				}
			}
		}
	}
	return w.onlyWaiting(c, ag)
}

func (w *work) waitingEntry(c Command, id int64, ag Agent) (Entry, error) {
	e, err := w.tx.Entry(id)
	if errors.Is(err, ErrNotFound) || err == nil && e.Ticket != w.t.ID {
		return e, &BlockError{c.Line, fmt.Sprintf("there is no entry %d on this ticket", id), ""}
	} else if err != nil {
		return e, err
	}
	if e.State != EntryHeld && e.State != EntryUnverified {
		return e, &BlockError{c.Line, fmt.Sprintf("entry %d does not wait for a release", id), ""}
	}
	if e.State == EntryHeld && ag.Name != "" && !w.heldBy(e, ag) {
		return e, &BlockError{c.Line, fmt.Sprintf("entry %d is another agent's mail", id), "only he can release it"}
	}
	return e, nil
}

// heldBy: a held mail is released by the agent whose address it bears.
func (w *work) heldBy(e Entry, ag Agent) bool {
	owner, ok := w.s.AgentOf(e.From.Addr)
	return ok && owner.Name == ag.Name
}

func (w *work) onlyWaiting(c Command, ag Agent) (Entry, error) {
	es, err := w.tx.Entries(w.t.ID, 100)
	if err != nil {
		return Entry{}, err
	}
	var found []Entry
	for _, e := range es {
		if x, err := w.waitingEntry(c, e.ID, ag); err == nil {
			found = append(found, x)
		}
	}
	if len(found) != 1 {
		return Entry{}, &BlockError{c.Line, fmt.Sprintf("%d entries of this ticket wait for a release", len(found)),
			"write #release with the entry's number"}
	}
	return found[0], nil
}

// carryOut does what was planned. The words go first, so that a status update
// follows the answer it belongs to.
func (w *work) carryOut(e Entry, pl planned, known bool) (Entry, error) {
	e, err := w.speak(e, pl, known)
	if err != nil {
		return e, err
	}
	about := &e
	if !e.Public() {
		about = nil
	}
	return e, w.carry(pl, about)
}

// speak books the words below the block: a public reply, a note, or, when there
// are none, nothing that anybody is told.
func (w *work) speak(e Entry, pl planned, known bool) (Entry, error) {
	kind, state := e.Kind, EntryVisible
	if pl.block.Note {
		kind = EntryNote
	}
	if pl.block.Text == "" && len(pl.block.Commands) > 0 {
		kind, state = EntryNote, EntryQuiet
		e.Why = "only commands"
	}
	if kind != EntryNote && len(e.Parts) == 0 && (pl.block.Text == "" || onlyQuotes(pl.block.Text)) {
		kind, state, e.Why = EntryNote, EntryQuiet, "an empty mail"
	}
	e.Kind = kind
	e.Agent, e.Level = w.cause.Agent, w.cause.Level
	var err error
	if known {
		err = w.changeEntry(e, state, w.cause)
		e.State = state
	} else {
		e.State = state
		e, err = w.addEntry(e, w.cause)
	}
	if err == nil && kind == EntryReply && state == EntryVisible {
		w.replied(w.cause)
		err = w.spoke(e, known)
	}
	return e, err
}

// free releases one waiting entry. An agent's own mail that was held for want
// of proof is carried out; one held for a mistake is sent as it is.
func (w *work) free(e Entry) error {
	ag, ok := w.s.AgentOf(e.From.Addr)
	if e.State == EntryUnverified || !ok {
		return w.release(e, w.cause)
	}
	e.Agent, e.Level = ag.Name, L2
	cause := w.cause
	defer func() { w.cause = cause }()
	w.cause.Agent = ag.Name
	if dryEntry(e) {
		e.Kind, e.Why = EntryNote, rehearsed // released or not, its words were never meant to leave
		return w.changeEntry(e, EntryQuiet, w.cause)
	}
	if pl, err := w.planFor(e, ag); err == nil && len(pl.free) == 0 {
		_, err := w.carryOut(e, pl, true)
		return err
	}
	return w.release(e, w.cause)
}

// openingCommands lets an agent's new mail carry commands for its new ticket. A
// mistake is answered; the ticket stands, and nothing of the block is done.
func (w *work) openingCommands(e Entry) error {
	ag, _ := w.s.Agent(w.ev.Agent)
	b, err := w.openingBlock()
	if err == nil && len(b.Commands) == 0 {
		return nil // words of a requester who happens to be an agent
	}
	if why := w.mayWork(ag); err == nil && why != "" {
		err = &BlockError{Why: why}
	}
	var pl planned
	if err == nil {
		pl, err = w.planBlock(b, ag)
	}
	if err != nil {
		return w.refuseOpening(e, ag, err)
	}
	w.cause.Agent = ag.Name
	if err := w.carry(pl, nil); err != nil {
		return err
	}
	if err := w.keepRemark(); err != nil {
		return err
	}
	return w.receipt(ag, pl, e)
}

func (w *work) refuseOpening(e Entry, ag Agent, problem error) error {
	ev := w.add(Refused{Why: withoutWords(problem)}, w.cause)
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	return w.mail(letter{role: "refusal", mail: MailRefusal, to: to, entry: &e, seq: ev.Seq, why: problem.Error(), back: e.Reply(), always: true})
}
