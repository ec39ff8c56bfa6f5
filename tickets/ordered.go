package tickets

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// listRoles are our mails of no ticket that an agent may answer with orders.
var listRoles = []string{"digest", "morning", "quarantine", "answer", roleConfirmOrders}

// lineRoles are those of them that hold nothing but lines of ours and tamed names: there
// an agent may answer line by line, whatever his client does with quote marks.
var lineRoles = []string{"digest", "morning", "quarantine"}

// ordered takes an agent's answer to a list, or a mail of his that gives orders to
// tickets by their numbers. No ticket comes of it: all of it is done or nothing, and he
// gets one mail about it at his registered address. false when it is no such mail.
func (d *Desk) ordered(w *work) (bool, error) {
	if w.ev.Agent == "" || w.longAgo() {
		return false, nil
	}
	list, err := w.listAnswered()
	if err != nil {
		return true, err
	}
	switch {
	case list != "" && (w.msg.Automatic || w.msg.OutOfOffice):
		w.trace.Add("does it answer a list?", "yes, and a machine wrote it")
		return true, d.mailroom(w, "a machine's answer to a list")
	case w.msg.Automatic || list == "" && !freshOrders(w.msg.Reply()), onlyQuestions(w.msg.Reply()):
		return false, nil
	}
	w.trace.Add("does it give orders about a list?", "yes, in answer to "+orElse(list, "nothing"))
	ag, _ := w.s.Agent(w.ev.Agent)
	o, err := w.orders(list)
	if err != nil {
		return true, asBlock(err, func(b *BlockError) error { return d.refuseOrders(w, ag, b) })
	}
	if w.ev.Level < L2 {
		return true, d.askOrders(w, ag, o)
	}
	return true, d.obeyOrders(w, ag, o)
}

// listAnswered is the role of our list to this agent that the mail answers, or "".
func (w *work) listAnswered() (string, error) {
	ids := slices.Concat(w.msg.InReplyTo, w.msg.References)
	for _, id := range ids[:min(len(ids), 60)] {
		o, err := w.tx.OutgoingByMessageID(id)
		if errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return "", err
		}
		if o.Ticket == 0 && o.Recipient == (Recipient{Agent: w.ev.Agent}).Key() && slices.Contains(listRoles, o.Role) {
			return o.Role, nil
		}
	}
	return "", nil
}

// freshOrders: the first line of a mail that answers nothing is an order with the
// numbers it is about.
func freshOrders(reply string) bool {
	word, args, ok := commandLine(tidy(firstLine(reply)))
	if !ok || !slices.Contains(orderWords, word) && !slices.Contains(itemWords, word) {
		return false
	}
	_, refs := cutRefs(args)
	return len(refs) > 0
}

// onlyQuestions: the mail begins with a word that asks; its answer is another mail's work.
func onlyQuestions(reply string) bool {
	word, _, ok := commandLine(tidy(firstLine(reply)))
	return ok && (isAsk(word) || word == dryWord)
}

// orders reads what the mail says about the list.
func (w *work) orders(list string) (Orders, error) {
	if w.msg.CommandsDisagree {
		return Orders{}, &BlockError{firstLine(w.msg.Reply()), "the text and the HTML of your mail begin with different commands", "write it again as plain text"}
	}
	if w.idleConfirm() {
		return Orders{}, &BlockError{firstLine(w.msg.Reply()), noQuestion, "send the commands again"}
	}
	text := w.msg.Text
	if !slices.Contains(lineRoles, list) {
		text = topBlock(w.msg.Reply()) // below it may stand strangers' words: what #show told, or what is asked about
	}
	o, err := ParseOrders(text, w.s.Queues)
	if err == nil && len(o.List) == 0 {
		err = &BlockError{firstLine(w.msg.Reply()), "a list is answered with commands only; your words went to nobody",
			"#take #12 at the top, or #take below a line of the list; to write to somebody, reply to the ticket's own mail"}
	}
	return o, err
}

// maxUnprovedBack bounds the words given back, in bytes, when nobody proved to have
// written them.
const maxUnprovedBack = 4000

// refuseOrders says at his registered address why nothing was done.
func (d *Desk) refuseOrders(w *work, ag Agent, b *BlockError) error {
	to := errandTo(ag)
	before, err := w.notBefore(letter{mail: MailRefusal, to: to})
	if err != nil {
		return err
	}
	q, _ := w.s.homeOf(ag)
	x := errand{key: fmt.Sprintf("refusal/%d/%s", w.arrival.ID, to.Key()), role: "refusal", mail: MailRefusal, queue: q, to: to,
		subject: w.subject(), why: b.Error(), back: w.msg.Reply(), before: before, answers: w.msg.MessageID}
	if w.ev.Level < L2 { // a spoofer fills no mailbox with refusals, and holds up none of the agent's own
		slot := w.at.Truncate(max(w.s.Limits.ConfirmEvery, time.Minute))
		x.key, x.mail, x.before = fmt.Sprintf("unproved-refusal/%s/%s", slot.Format(time.RFC3339), to.Key()), MailReceipt, time.Time{}
		x.back = cut(x.back, maxUnprovedBack)
	}
	if err := d.post(w.tx, x, w.at); err != nil {
		return err
	}
	return w.close(OutcomeCommand, StateDone, Result{Why: "nothing was done: " + b.Error()})
}

// obeyOrders does it all, and sends one receipt.
func (d *Desk) obeyOrders(w *work, ag Agent, o Orders) error {
	w.cause.Agent = ag.Name
	r := orderRun{w: w, ag: ag, tickets: map[int64]*work{}}
	lines, err := r.run(o)
	if err != nil {
		return asBlock(err, func(b *BlockError) error { return d.refuseOrders(w, ag, b) })
	}
	if besides(w.msg.Reply()) {
		lines = append(lines, "your other words were kept nowhere and sent to nobody")
	}
	to := errandTo(ag)
	q, _ := w.s.homeOf(ag)
	x := errand{key: fmt.Sprintf("receipt/%d/%s", w.arrival.ID, to.Key()), role: "receipt", mail: MailReceipt, queue: q, to: to,
		subject: w.subject(), lines: lines, answers: w.msg.MessageID, always: true}
	if err := d.post(w.tx, x, w.at); err != nil {
		return err
	}
	return w.close(OutcomeCommand, StateDone, Result{Why: strings.Join(lines, "; ")})
}

// besides: the visible reply says more than commands. The line that introduces what it
// quotes is no words of his.
func besides(reply string) bool {
	for line := range strings.Lines(reply) {
		line = tidy(line)
		_, _, command := commandLine(line)
		if line != "" && !command && !strings.HasPrefix(line, ">") && !strings.HasSuffix(line, ":") {
			return true
		}
	}
	return false
}

// orderRun carries out orders. Everything is planned before anything is done, and the
// tickets are locked in the order of their numbers.
type orderRun struct {
	w        *work
	ag       Agent
	tickets  map[int64]*work
	sorted   []int64
	plans    []planned // of sorted
	arrivals []heldOrder
}

// run plans and then does it, and returns the lines of the receipt.
func (r *orderRun) run(o Orders) ([]string, error) {
	per, err := r.sort(o)
	if err != nil {
		return nil, err
	}
	for _, id := range r.sorted {
		x, err := r.open(id, per[id])
		if err != nil {
			return nil, err
		}
		pl, err := x.planBlock(Block{Commands: per[id]}, r.ag)
		if err != nil {
			return nil, err
		}
		r.tickets[id], r.plans = x, append(r.plans, pl)
	}
	for i := range r.arrivals {
		if err := r.planHeld(&r.arrivals[i]); err != nil {
			return nil, err
		}
	}
	return r.carry()
}

// sort gives each ticket its commands, in the order of the mail, and what is held back
// its own.
func (r *orderRun) sort(o Orders) (map[int64][]Command, error) {
	per := map[int64][]Command{}
	for _, x := range o.List {
		for _, ref := range x.Refs {
			id, c := ref.ID, x.Command
			switch ref.Kind {
			case RefArrival:
				r.arrivals = append(r.arrivals, heldOrder{order: x, id: ref.ID})
				continue
			case RefEntry:
				e, err := r.w.tx.Entry(ref.ID)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return nil, err
				}
				if x.Word == "join" {
					return nil, &BlockError{x.Line, fmt.Sprintf("%s stands on a ticket already", ref), "#release or #reject"}
				}
				if id = e.Ticket; err != nil {
					return nil, r.none(x.Line, ref)
				}
				c.Args = fmt.Sprint(ref.ID)
			}
			if per[id] == nil {
				r.sorted = append(r.sorted, id)
			}
			per[id] = append(per[id], c)
		}
	}
	slices.Sort(r.sorted)
	slices.SortFunc(r.arrivals, func(a, b heldOrder) int { return cmp.Compare(a.id, b.id) })
	return per, nil
}

// none is the answer about what he may not work on and what does not exist alike.
func (r *orderRun) none(line string, ref Ref) *BlockError {
	if ref.Kind == RefTicket {
		return &BlockError{line, fmt.Sprintf("there is no ticket %d you may work on", ref.ID), ""}
	}
	return &BlockError{line, fmt.Sprintf("there is no %s you may work on", ref), "it may be dealt with already"}
}

// open locks a ticket that the agent may work on.
func (r *orderRun) open(id int64, cmds []Command) (*work, error) {
	none := r.none(cmds[0].Line, Ref{RefTicket, id})
	if slices.Contains(itemWords, cmds[0].Word) {
		none = &BlockError{cmds[0].Line, fmt.Sprintf("there is no e%s you may work on", cmds[0].Args), "it may be dealt with already"}
	}
	t, err := r.w.tx.Ticket(id)
	if errors.Is(err, ErrNotFound) {
		return nil, none
	} else if err != nil {
		return nil, fmt.Errorf("ticket %d: %w", id, err)
	}
	w := r.w
	x := w.d.newWork(w.tx, t, w.at)
	x.arrival, x.msg, x.ev, x.author, x.cause, x.noAuto = w.arrival, w.msg, w.ev, w.author, w.cause, w.noAuto
	switch {
	case x.mayWork(r.ag) != "":
		return nil, none
	case t.Disposition == Merged:
		return nil, &BlockError{cmds[0].Line, fmt.Sprintf("ticket %d goes on as ticket %d", id, t.MergedInto), ""}
	}
	return x, nil
}

// carry does what was planned, ticket by ticket.
func (r *orderRun) carry() (lines []string, err error) {
	for i, id := range r.sorted {
		x, pl := r.tickets[id], r.plans[i]
		if err := x.carry(pl, nil); err != nil {
			return nil, err
		}
		if err := x.finish(); err != nil {
			return nil, err
		}
		q, _ := x.s.Queue(x.t.Queue)
		for _, y := range pl.deeds {
			lines = append(lines, fmt.Sprintf("%s %s: %s", x.t.Tag(q), cut(x.t.Subject, 60), y.did))
		}
	}
	for _, h := range r.arrivals {
		did, err := r.doHeld(h)
		if err != nil {
			return nil, err
		}
		lines = append(lines, did)
	}
	return lines, nil
}
