package tickets

import (
	"errors"
	"fmt"
	"slices"
)

// A job is what a command does beyond one event of its own ticket: a person to be
// added, another ticket, mail that is sent or stopped. It was planned before, is a
// value, and is done in the transaction that planned it.
type job interface {
	// run does it. A line that it returns replaces that of the receipt.
	run(w *work) (did string, err error)
}

// A seeker plans a command that must look something up: an address, an entry,
// another ticket. It changes nothing.
type seeker func(w *work, ag Agent, c Command, t Ticket) ([]deed, error)

// seekers are the commands that look something up. The agent is the zero value
// when an admin commands.
var seekers map[string]seeker

func init() {
	seekers = map[string]seeker{
		"subject": seekSubject, "cc": seekCC, "uncc": seekCC, "merge": seekMerge, "link": seekLink,
		"reject": seekReject, "resend": seekResend,
		"split": seekSplit, "undo": seekUndo, "on-behalf": seekBehalf,
	}
}

// planBlock plans a whole block on the ticket as it is, all or nothing. It changes
// nothing, so that a block can be tried without being carried out.
func (w *work) planBlock(b Block, ag Agent) (planned, error) {
	pl := planned{block: b}
	if i := slices.IndexFunc(b.Commands, func(c Command) bool { return c.Word == "undo" }); i >= 0 && (len(b.Commands) > 1 || b.Text != "") {
		return pl, &BlockError{b.Commands[i].Line, "it takes back a whole mail and stands alone", "send commands and text in another mail"}
	}
	if err := w.checkAsks(b, ag); err != nil {
		return pl, err
	}
	a := actorIs{ag.Name, w.at, w.s}
	deeds, err := a.planWith(b.Commands, w.t, func(c Command, t Ticket) ([]deed, error) {
		if seek, ok := seekers[c.Word]; ok {
			return seek(w, ag, c, t)
		}
		return a.one(c, t)
	})
	if err != nil {
		return pl, err
	}
	pl.deeds = deeds
	for i, x := range pl.deeds {
		switch x.cmd.Word {
		case "confirm":
			return pl, &BlockError{x.cmd.Line, noQuestion, "what waits longer than a day can be sent again, or released with #release"}
		case "release":
			free, added, err := w.planRelease(x.cmd, ag)
			if err != nil {
				return pl, err
			}
			pl.free = append(pl.free, free)
			pl.deeds[i].did, pl.deeds[i].job = added.line(free), added.job()
		}
	}
	return pl, nil
}

// carry does what was planned, command by command. about is the entry that the
// commands came with, when people outside may see it.
func (w *work) carry(pl planned, about *Entry) error {
	for _, free := range pl.free {
		if err := w.free(free); err != nil {
			return err
		}
	}
	for i, x := range pl.deeds {
		if x.body != nil {
			w.happen(x.body, w.cause, about)
		}
		if x.job != nil {
			did, err := x.job.run(w)
			if err != nil {
				return fmt.Errorf("#%s: %w", x.cmd.Word, err)
			}
			if did != "" {
				pl.deeds[i].did = did
			}
		}
		w.add(pl.deeds[i].booked(), w.cause)
	}
	return nil
}

// private are the commands whose arguments are words or addresses: the ledger keeps
// neither.
var private = map[string]bool{"subject": true, "cc": true, "uncc": true, "on-behalf": true, "note": true}

// withoutWords is a problem as the ledger keeps it: of a private command only the word.
func withoutWords(problem error) string {
	var b *BlockError
	if errors.As(problem, &b) {
		if word, _, ok := commandLine(b.Line); ok && private[word] {
			return "#" + word + " was not carried out"
		}
	}
	return problem.Error()
}

// booked is the command as the ledger keeps it.
func (x deed) booked() CommandRun {
	run := CommandRun{N: x.cmd.N, Word: x.cmd.Word, Args: x.cmd.Args, Did: orElse(x.book, x.did)}
	if private[x.cmd.Word] {
		run.Args = ""
	}
	return run
}
