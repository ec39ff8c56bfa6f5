package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// askWords are the commands that only ask: they change nothing, and are answered by
// mail at the agent's registered address.
var askWords = []string{"show", "list", "why", "help"}

// dryWord makes a block a rehearsal: nothing of it is done.
const dryWord = "dry"

func isAsk(word string) bool { return slices.Contains(askWords, word) }

// Answer is what came of one asking command, in words for the agent who asked.
type Answer struct {
	Ask   string   // as asked: "#show 12"
	Lines []string // sentences as in Draft.Lines
	Items []Item
	Said  []Entry // newest first
}

// listed is what #list can be asked for.
var listed = []string{"mine", "unassigned", "queue", "due"}

// wellAsked says what is wrong with an asking command itself, whoever asks.
func wellAsked(c Command) *BlockError {
	switch c.Word {
	case "show":
		if _, ok := ticketNumber(c.Args); !ok && c.Args != "" {
			return &BlockError{c.Line, "it names no ticket", "#show alone, or #show 12"}
		}
	case "list":
		what, name, _ := strings.Cut(strings.ToLower(c.Args), " ")
		switch {
		case what != "" && !slices.Contains(listed, what):
			return &BlockError{c.Line, "there is no list " + strconv.Quote(what), nearestHint(what, listed)}
		case what == "queue" && strings.TrimSpace(name) == "":
			return &BlockError{c.Line, "it names no queue", "#list queue NAME"}
		}
	case "why":
		if c.Args != "" {
			return &BlockError{c.Line, "it takes no words", "#why alone, in a reply to the mail you ask about"}
		}
	}
	return nil
}

// ticketNumber reads "12" and "#12".
func ticketNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimPrefix(s, "#"), 10, 64)
	return n, err == nil && n > 0
}

// onlyAsks: the block asks and does nothing else, and no words follow it.
func onlyAsks(b Block) bool {
	return len(b.Commands) > 0 && b.Text == "" && !slices.ContainsFunc(b.Commands, func(c Command) bool { return !isAsk(c.Word) })
}

// asker answers one agent. He sees the tickets of the queues he works, and those
// assigned to him; of every other one he learns not even that it is there.
type asker struct {
	d  *Desk
	tx Tx
	s  *Settings
	ag Agent
	to Recipient // with his participant id, for signed links
	at time.Time
	w  *work // the ticket whose mail asks; nil for a mail of no ticket
}

// sees reports whether the agent may see the ticket.
func (a asker) sees(t Ticket) bool {
	q, ok := a.s.Queue(t.Queue)
	return ok && (q.Works(a.ag.Name) || t.Assignee == a.ag.Name)
}

// look reads a ticket, or says that there is none he may see.
func (a asker) look(n int64) (Ticket, string, error) {
	if a.w != nil && n == a.w.t.ID {
		return a.w.t, "", nil // with what the same mail has changed
	}
	t, err := a.tx.Look(n)
	if errors.Is(err, ErrNotFound) || err == nil && !a.sees(t) {
		return Ticket{}, fmt.Sprintf("there is no ticket %d you may see", n), nil
	}
	return t, "", err
}

// answer carries out one asking command. What cannot be answered is a line that says so.
func (a asker) answer(c Command) (Answer, error) {
	out := Answer{Ask: c.Line}
	if wrong := wellAsked(c); wrong != nil {
		out.Lines = []string{sentence(wrong)}
		return out, nil
	}
	var err error
	switch c.Word {
	case "show":
		err = a.show(&out, c.Args)
	case "list":
		err = a.list(&out, c.Args)
	case "why":
		err = a.why(&out)
	}
	if err != nil {
		return out, fmt.Errorf("answering %s: %w", c.Line, err)
	}
	return out, nil
}

// sentence is a BlockError without the line, which stands above it.
func sentence(b *BlockError) string {
	if b.Hint == "" {
		return b.Why
	}
	return b.Why + " (" + b.Hint + ")"
}

// answers are those of a block; #help is answered by a mail of its own.
func (a asker) answers(cmds []Command) ([]Answer, error) {
	var out []Answer
	for _, c := range cmds {
		if !isAsk(c.Word) || c.Word == "help" {
			continue
		}
		x, err := a.answer(c)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// checkAsks refuses a block whose question is wrong when it does or says anything else
// besides: all or nothing. One that only asks is answered line by line.
func (w *work) checkAsks(b Block, ag Agent) error {
	if onlyAsks(b) {
		return nil
	}
	a := w.asker(ag, Recipient{})
	for _, c := range b.Commands {
		if wrong := wellAsked(c); wrong != nil {
			return wrong
		}
		if n, ok := ticketNumber(c.Args); ok && c.Word == "show" {
			if _, why, err := a.look(n); err != nil {
				return err
			} else if why != "" {
				return &BlockError{c.Line, why, ""}
			}
		}
	}
	return nil
}

func (w *work) asker(ag Agent, to Recipient) asker {
	return asker{d: w.d, tx: w.tx, s: w.s, ag: ag, to: to, at: w.at, w: w}
}

// answerAsks mails what the block asked for, and its list of commands if it asked for that.
func (w *work) answerAsks(ag Agent, to Recipient, b Block) error {
	if slices.ContainsFunc(b.Commands, func(c Command) bool { return c.Word == "help" }) {
		if err := w.mail(letter{role: "help", mail: MailReceipt, to: to, seq: w.t.Seq, lang: w.hint(), always: true}); err != nil {
			return err
		}
	}
	answers, err := w.asker(ag, to).answers(b.Commands)
	if err != nil || len(answers) == 0 {
		return err
	}
	return w.mail(letter{role: "answer", mail: MailReceipt, to: to, seq: w.t.Seq, answers: answers, always: true})
}
