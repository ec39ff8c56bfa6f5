package tickets

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// dryRun reports whether a block is a rehearsal.
func dryRun(b Block) bool {
	return slices.ContainsFunc(b.Commands, func(c Command) bool { return c.Word == dryWord })
}

// dryEntry reports whether an agent's entry is a rehearsal.
func dryEntry(e Entry) bool {
	b, err := readBlock(e)
	return err == nil && dryRun(b)
}

// withoutDry is the block as it would be carried out.
func withoutDry(b Block) Block {
	b.Commands = slices.DeleteFunc(slices.Clone(b.Commands), func(c Command) bool { return c.Word == dryWord })
	return b
}

// rehearsed is why such a mail stays quiet.
const rehearsed = "a rehearsal: nothing of it was done"

// rehearse keeps an agent's mail as a quiet note and tells him what it would do, and
// who would be mailed. Nothing of it is done, and nobody else is told.
func (w *work) rehearse(e Entry, ag Agent, known bool) error {
	to, err := w.agentRecipient(ag)
	if err != nil {
		return err
	}
	lines, err := w.wouldDo(e, ag, known)
	if err != nil {
		return err
	}
	e.Kind, e.Why = EntryNote, rehearsed
	if known {
		err = w.changeEntry(e, EntryQuiet, w.cause)
	} else {
		e.State = EntryQuiet
		e, err = w.addEntry(e, w.cause)
	}
	if err != nil {
		return err
	}
	w.add(CommandRun{N: 1, Word: dryWord, Did: "told what it would do"}, w.cause)
	answer := Answer{Ask: "#" + dryWord, Lines: lines}
	err = w.mail(letter{role: "answer", mail: MailReceipt, to: to, seq: w.t.Seq, answers: []Answer{answer}, always: true,
		why: "Nothing of your mail was done or sent. Without #dry you would read:"})
	if err != nil {
		return err
	}
	return w.done(e)
}

// wouldDo carries the block out on a copy of the work that writes nothing, rules
// included, and says what came of it.
func (w *work) wouldDo(e Entry, ag Agent, known bool) ([]string, error) {
	trial := w.trial()
	b, err := readBlock(e)
	if err != nil {
		return nil, err
	}
	pl, err := trial.planBlock(withoutDry(b), ag)
	if err == nil {
		if e, err = trial.carryOut(e, pl, known); err == nil {
			err = trial.settle()
		}
	}
	var wrong *BlockError
	if errors.As(err, &wrong) {
		return []string{"it would be refused: " + wrong.Error()}, nil
	} else if err != nil {
		return nil, fmt.Errorf("rehearsing: %w", err)
	}
	return append(trial.did(pl, e), w.asker(ag, Recipient{}).mailed(trial.events[len(w.events):])...), nil
}

// mailed are the mails that events tell of, and those they tell were not written.
func (a asker) mailed(events []Event) (lines []string) {
	for _, ev := range events {
		switch m := ev.Body.(type) {
		case MailQueued:
			lines = append(lines, a.named(fmt.Sprintf("mail %s to %s: written", m.Role, m.To)))
		case Withheld:
			lines = append(lines, a.named(fmt.Sprintf("mail %s to %s: withheld, %s", m.Role, m.To, m.Why)))
		}
	}
	return lines
}

// trial is a copy of the work in which everything happens and nothing is written.
func (w *work) trial() *work {
	t := *w
	t.d = &Desk{Store: w.d.Store, Parse: w.d.Parse, Rules: w.d.Rules, Compose: w.d.Compose, Settings: w.d.Settings, Keys: w.d.Keys,
		Nonce: w.d.Nonce, Now: w.d.Now, Log: slog.New(slog.DiscardHandler)}
	t.tx = dryTx{w.tx}
	t.events, t.waiting, t.trace, t.told = slices.Clone(w.events), nil, nil, maps.Clone(w.told)
	return &t
}

// dryTx is a transaction that reads and never writes. Every method of Tx that writes is
// here; a test holds it to that.
type dryTx struct{ Tx }

var errDry = errors.New("a rehearsal may not do this")

func (dryTx) TakeArrival(int64) (Arrival, error)                       { return Arrival{}, errDry }
func (dryTx) FinishArrival(int64, ArrivalState, Result) error          { return errDry }
func (dryTx) RecordDecision(DecisionRecord) error                      { return nil }
func (dryTx) SetSubject(int64, string) error                           { return nil }
func (dryTx) SetDue(int64, time.Time) error                            { return nil }
func (dryTx) AddEntry(Entry) (int64, error)                            { return 0, nil }
func (dryTx) AddRefs(int64, []string) error                            { return nil }
func (dryTx) UpdateEntry(Entry) error                                  { return nil }
func (dryTx) UpdateParticipant(Participant) error                      { return nil }
func (dryTx) AddConfirmation(Confirmation) (int64, error)              { return 0, nil }
func (dryTx) Enqueue(Outgoing) (int64, error)                          { return 0, nil }
func (dryTx) AddNews(News) error                                       { return nil }
func (dryTx) TellNews([]int64, time.Time) error                        { return nil }
func (dryTx) DigestNews([]int64) error                                 { return nil }
func (dryTx) OnceADay(string, string, string, time.Time) (bool, error) { return false, nil }
func (dryTx) ReleaseHeld(int64, Release) error                         { return errDry }
func (dryTx) UpdateOutgoing(Outgoing) error                            { return nil }
func (dryTx) RecordVerdict(Verdict) (Outgoing, error)                  { return Outgoing{}, errDry }
func (dryTx) SaveStorm(Storm) error                                    { return nil }
func (dryTx) SayOnce(string, time.Time, time.Time) (bool, error)       { return false, nil }
func (dryTx) UseConfirmation(string, string, time.Time) (Confirmation, error) {
	return Confirmation{}, ErrNotFound
}

// CreateTicket makes one without a number.
func (dryTx) CreateTicket(subject string, _ time.Time) (Ticket, error) {
	return Ticket{Subject: subject}, nil
}

// Append folds the events and writes none.
func (dryTx) Append(t Ticket, events ...Event) (Ticket, error) { return Fold(t, events...), nil }

// ParticipantOf finds one, or makes up one that nobody is.
func (t dryTx) ParticipantOf(a Address) (Participant, error) {
	p, err := t.Tx.FindParticipant(a.Addr)
	if errors.Is(err, ErrNotFound) {
		return Participant{Address: a.Addr, Name: a.Name}, nil
	}
	return p, err
}
