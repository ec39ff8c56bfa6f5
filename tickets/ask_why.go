package tickets

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// EventsOf are the events of a ledger that an arrival caused: its own, and what rules
// did right behind what they were asked about.
func EventsOf(arrival int64, ledger []Event) []Event {
	var out []Event
	mine := false
	for _, e := range ledger {
		c := e.Cause
		byRule := c.Rule != "" && c.Arrival == 0 && !c.Clock && c.Agent == "" && c.Admin == ""
		if mine = c.Arrival == arrival || mine && byRule; mine {
			out = append(out, e)
		}
	}
	return out
}

// why tells the way of the mail that the question answers, or of the last one on its
// ticket: what was asked and answered, and each mail that was written or withheld.
func (a asker) why(out *Answer) error {
	if a.w == nil || a.w.msg == nil {
		out.Lines = []string{"it answers no mail of a ticket (reply to the mail you ask about)"}
		return nil
	}
	id, err := a.asked()
	if err != nil {
		return err
	}
	if id == 0 {
		out.Lines = []string{"no mail of this ticket is known"}
		return nil
	}
	way, err := a.tx.Way(id)
	if err != nil {
		return err
	}
	if e, err := a.tx.Entry(way.Entry); err == nil {
		out.Lines = append(out.Lines, fmt.Sprintf("about the mail of %s, %s: %s", orElse(e.From.Name, e.From.Addr), a.date(e.At, a.w.t), e.Subject))
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	for _, s := range way.Trace {
		if way.Ticket == 0 || !strings.HasPrefix(s.Ask, "mail ") { // the ledger tells of mails, those of later steps too
			out.Lines = append(out.Lines, a.named(s.Ask+" "+s.Ans))
		}
	}
	ledger, err := a.tx.Events(a.w.t.ID)
	if err != nil {
		return err
	}
	out.Lines = append(out.Lines, a.mailed(EventsOf(id, ledger))...)
	return nil
}

// asked is the arrival that #why is about; 0 for none. Only mails of this very ticket count.
func (a asker) asked() (int64, error) {
	w := a.w
	for _, id := range append(slices.Clone(w.msg.InReplyTo), w.msg.References...) {
		o, err := w.tx.OutgoingByMessageID(id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return 0, err
		}
		if err == nil && o.Ticket == w.t.ID && o.Entry != 0 {
			if e, err := w.tx.Entry(o.Entry); err != nil || e.Arrival != 0 {
				return e.Arrival, err
			}
		}
		entries, err := w.tx.EntriesByMessageID(id)
		if err != nil {
			return 0, err
		}
		for _, e := range entries {
			if e.Ticket == w.t.ID && e.Arrival != 0 {
				return e.Arrival, nil
			}
		}
	}
	last, err := w.tx.Entries(w.t.ID, 20)
	for _, e := range last {
		if e.Arrival != 0 && e.Arrival != w.arrival.ID {
			return e.Arrival, nil
		}
	}
	return 0, err
}

var participantNumber = regexp.MustCompile(`\bparticipant (\d+)\b`)

// named puts people's names in place of their numbers.
func (a asker) named(s string) string {
	return participantNumber.ReplaceAllStringFunc(s, func(found string) string {
		id, err := strconv.ParseInt(strings.TrimPrefix(found, "participant "), 10, 64)
		if err != nil {
			return found
		}
		name, err := a.name(id)
		if err != nil {
			return found
		}
		return orElse(name, found)
	})
}
