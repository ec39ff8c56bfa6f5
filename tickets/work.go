package tickets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// work is one ticket inside one transaction: what was read of it, the events
// that are to be written, and the mails they cause. Nothing is written before
// finish, so that a decision can still be taken back.
type work struct {
	d      *Desk
	tx     Tx
	s      *Settings
	at     time.Time
	base   Ticket // as read
	t      Ticket // with the pending events
	events []Event
	// waiting are the events whose change rules have not been asked yet.
	waiting []waiting
	cause   Cause // of what the message itself does
	arrival *Arrival
	msg     *Message
	ev      Evidence
	author  Participant // From's participant, when known
	// original is the forwarded mail that the commands at hand came with; nil when they
	// came with an earlier mail, which this message only confirms or releases.
	original *Forwarded
	behalf   *behalf       // a forward that opens a ticket on somebody's behalf
	hold     time.Duration // mail to people outside waits that long: two answers crossed
	quiet    string        // why no mail goes out at all because of this
	noAuto   string        // why the message may not be answered automatically
	storm    int64         // the parent of the storm that the new ticket is of
	twin     string        // whose Message-ID the message bears, with other words
	apart    string        // why the mail did not join the ticket that it named
	trace    Trace
	told     map[string]bool // role/recipient pairs written or withheld already
	kept     bool            // full facts were recorded already
	first    int64           // the ticket for which this mail was acknowledged, when it is another
	// captured is to whom an agent wrote the mail that we have a copy of (capture.go).
	captured *Participant
}

type waiting struct {
	event Event
	entry *Entry
	depth int
	rules []string // rules that led here: none of them runs again
	facts EventFacts
}

// maxEvents bounds the chain that one message can start.
const maxEvents = 200

func (d *Desk) newWork(tx Tx, t Ticket, at time.Time) *work {
	return &work{d: d, tx: tx, s: d.Settings(), at: at, base: t, t: t, told: map[string]bool{}}
}

// add books an event without asking rules about it.
func (w *work) add(b Body, c Cause) Event {
	e := Event{Ticket: w.t.ID, Seq: w.t.Seq + 1, At: w.at, Cause: c, Body: b}
	subject := w.t.Subject
	w.t = Apply(w.t, e)
	w.t.Subject = subject
	w.events = append(w.events, e)
	return e
}

// happen books an event and lets the change rules look at it later.
func (w *work) happen(b Body, c Cause, entry *Entry) Event {
	before := w.t
	e := w.add(b, c)
	if f, ok := eventFacts(before, e, entry); ok {
		w.waiting = append(w.waiting, waiting{event: e, entry: entry, facts: f})
	}
	return e
}

// addEntry stores words and books them.
func (w *work) addEntry(e Entry, c Cause) (Entry, error) {
	e.Ticket, e.At = w.t.ID, w.at
	id, err := w.tx.AddEntry(e)
	if err != nil {
		return e, fmt.Errorf("entry: %w", err)
	}
	e.ID = id
	if err := w.remember(e); err != nil {
		return e, err
	}
	sum := sha256.Sum256([]byte(e.Text))
	w.happen(EntryAdded{Entry: id, Is: e.Kind, State: e.State, Participant: e.Participant, Agent: e.Agent,
		Automatic: e.Automatic, Level: e.Level, Why: e.Why, SHA256: hex.EncodeToString(sum[:])}, c, &e)
	return e, nil
}

// changeEntry moves an entry to another state.
func (w *work) changeEntry(e Entry, to EntryState, c Cause) error {
	from := e.State
	e.State = to
	if err := w.tx.UpdateEntry(e); err != nil {
		return fmt.Errorf("entry %d: %w", e.ID, err)
	}
	w.happen(EntryChanged{Entry: e.ID, From: from, To: to, Is: e.Kind, Why: e.Why}, c, &e)
	return nil
}

// settle asks the change rules about everything that happened.
func (w *work) settle() error {
	for len(w.waiting) > 0 {
		next := w.waiting[0]
		w.waiting = w.waiting[1:]
		if len(w.events) > maxEvents {
			return &guilty{fmt.Errorf("ticket %d: more than %d events from one cause", w.t.ID, maxEvents)}
		}
		if err := w.react(next); err != nil {
			return err
		}
	}
	return nil
}

// finish settles and writes it all.
func (w *work) finish() error {
	if err := w.settle(); err != nil {
		return err
	}
	if len(w.events) == 0 {
		return nil
	}
	t, err := w.tx.Append(w.base, w.events...)
	if err != nil {
		return fmt.Errorf("ticket %d: %w", w.t.ID, err)
	}
	w.base = t
	w.events = nil
	due := time.Time{}
	if w.t.Disposition == "" {
		due = w.d.Rules().NextDue(w.facts(PhaseTimer, EventFacts{}))
	}
	return w.tx.SetDue(w.t.ID, due)
}

// react asks the change rules about one event and does what they say. A rule
// never runs on what it caused itself, and a chain ends after five steps.
func (w *work) react(x waiting) error {
	if x.depth >= 5 {
		w.trace.Add("more rules?", "the chain of rules ended after five steps")
		return nil
	}
	f := w.facts(PhaseChange, x.facts)
	dec, err := w.decide(f, x.event.Seq)
	if err != nil {
		return err
	}
	for _, a := range dec.Actions {
		if slices.Contains(x.rules, a.Cause.Rule) {
			continue
		}
		before := len(w.waiting)
		if err := w.apply(a, x); err != nil {
			return err
		}
		for i := before; i < len(w.waiting); i++ {
			w.waiting[i].depth = x.depth + 1
			w.waiting[i].rules = append(slices.Clone(x.rules), a.Cause.Rule)
		}
	}
	return nil
}

// decide asks the rules and keeps what they saw.
func (w *work) decide(f Facts, seq int64) (Decision, error) {
	dec := w.d.Rules().Decide(f)
	rec := DecisionRecord{Ticket: w.t.ID, Seq: seq, Facts: f, Decision: dec, At: w.at}
	if w.arrival != nil {
		rec.Arrival = w.arrival.ID
	}
	if w.kept { // the message's words were kept with the first decision
		rec.Facts.Message = MessageFacts{ID: f.Message.ID}
	}
	w.kept = true
	for _, r := range dec.Rules {
		if r.Error != "" {
			w.add(Flagged{Flag: "rule-error", Why: r.Name + " at " + r.At}, w.cause)
			w.d.Log.Error("rule failed", "rule", r.Name, "at", r.At, "err", r.Error)
		}
		if r.Matched {
			w.trace.Add("rule "+r.Name+" ("+r.At+"), "+phaseWord(f), "matched")
		}
	}
	return dec, w.tx.RecordDecision(rec)
}

func phaseWord(f Facts) string {
	if f.Event.Kind == "" {
		return "phase " + string(f.Phase)
	}
	return "on " + f.Event.Kind
}

// actor is who did what the event tells, in one word for rules.
func actor(t Ticket, c Cause, e *Entry) (by, agent string) {
	switch {
	case c.Rule != "":
		return "rule", ""
	case c.Clock:
		return "clock", ""
	case c.Admin != "":
		return "admin", ""
	case c.Agent != "":
		return "agent", c.Agent
	case e != nil && e.Participant != 0 && e.Participant == t.Requester:
		return "requester", ""
	case e != nil && slices.Contains(t.CC, e.Participant):
		return "cc", ""
	}
	return "outsider", ""
}

// eventFacts says what rules see of an event; false when they are not asked.
func eventFacts(before Ticket, e Event, entry *Entry) (EventFacts, bool) {
	by, agent := actor(before, e.Cause, entry)
	f := EventFacts{By: by, Agent: agent}
	switch b := e.Body.(type) {
	case Created:
		f.Kind, f.By = "created", "requester"
	case EntryAdded:
		if before.Entries == 0 && b.State == EntryVisible && b.Is == EntryMessage {
			return f, false // told by created
		}
		f.Kind, f.Why = entryWord(b.Is, b.State), b.Why
	case EntryChanged:
		f.Kind, f.Why, f.Agent = "released", b.Why, agent
		if b.To == EntryVisible && b.Is == EntryReply {
			f.Kind, f.By = "replied", "agent"
		} else if b.To != EntryVisible {
			return f, false
		}
	case StatusSet:
		f.Kind, f.From, f.To, f.Why = "status", string(b.From), string(b.To), b.Why
		f.Reopened = b.From.Done() && !b.To.Done()
	case Assigned:
		f.Kind, f.From, f.To = "assigned", b.From, b.To
	case QueueSet:
		f.Kind, f.From, f.To = "queue", b.From, b.To
	case PrioritySet:
		f.Kind, f.From, f.To = "priority", string(b.From), string(b.To)
	case TypeSet:
		f.Kind, f.From, f.To = "type", string(b.From), string(b.To)
	case Tagged:
		f.Kind, f.To, f.From = "tags", strings.Join(b.Added, " "), strings.Join(b.Removed, " ")
	case MailDone:
		switch b.State {
		case "failed", "bounced":
			f.Kind, f.Why = "bounced", b.Code
		case stateWaiting:
			f.Kind, f.Why = "delayed", b.Code
		default:
			return f, false
		}
	case MergedInto:
		f.Kind, f.To = "merged", fmt.Sprint(b.Ticket)
	default:
		return f, false
	}
	return f, true
}

func entryWord(k EntryKind, s EntryState) string {
	switch {
	case s == EntryUnverified:
		return "unverified"
	case s == EntryHeld:
		return "held"
	case s == EntryQuiet:
		return "quiet"
	case k == EntryNote || k == EntrySystem:
		return "noted"
	}
	return "replied"
}
