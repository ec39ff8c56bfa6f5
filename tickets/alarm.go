package tickets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// limitFlag marks a ticket whose automatic mail a limit withheld.
const limitFlag = "limit"

// Trip says what a limit's refusal of a mail is worth telling: that of the whole
// instance is no ticket's fault; one mail in a quarter of an hour to a stranger
// is what everybody meets who writes twice, and stands in the ledger alone.
func Trip(why string) (flag, alarm bool) {
	switch {
	case !strings.HasPrefix(why, "limit"), strings.HasPrefix(why, "limit: one automatic mail in"):
		return false, false
	case strings.HasPrefix(why, "limit of the whole instance"), strings.HasPrefix(why, "limit: more than"): // a crowd has a flag of its own
		return false, true
	}
	return true, true
}

// tripped names a limit that withheld a letter: on the ticket, once, and to the
// admin, once for each limit and hour. No mail is dropped by it.
func (w *work) tripped(l letter, why string) error {
	flag, alarm := Trip(why)
	if flag && !slices.Contains(w.t.Flags, limitFlag) {
		w.add(Flagged{Flag: limitFlag, Why: why + ", to " + l.to.Key()}, w.cause)
	}
	if !alarm {
		return nil
	}
	return w.alarm(why, l.to.Address, w.t.Subject)
}

// alarm tells the admins of a limit: the rule, the address, the ticket and its last
// messages. Alarms have a budget of their own, one for each rule and hour.
func (w *work) alarm(rule, address, subject string) error {
	w.d.Log.Warn("limit reached", "ticket", w.t.ID, "why", rule)
	if len(w.s.Admins) == 0 {
		return nil
	}
	if fresh, err := w.tx.SayOnce("alarm/"+rule, w.at.Add(-time.Hour), w.at); err != nil || !fresh {
		return err
	}
	q, ok := w.s.Queue(w.t.Queue)
	if !ok && len(w.s.Queues) > 0 {
		q = w.s.Queues[0]
	}
	x := errand{role: "alarm", mail: MailAlarm, queue: q, why: rule, always: true}
	if address != "" {
		x.why += " (" + address + ")"
	}
	var err error
	if x.lines, err = w.lastMessages(); err != nil {
		return err
	}
	if w.t.ID != 0 {
		x.items = []Item{{Ticket: w.t.ID, Tag: w.t.Tag(q), Subject: subject, Queue: q.Display, Status: w.t.Status, Assignee: w.t.Assignee}}
	}
	for _, admin := range w.s.Admins {
		x.key = fmt.Sprintf("alarm/%s/%s/%s", rule, w.at.Format(time.RFC3339Nano), AddressKey(admin))
		x.to = Recipient{Address: admin, Verified: true}
		if err := w.d.post(w.tx, x, w.at); err != nil {
			return err
		}
	}
	return nil
}

// lastMessages name the newest messages of the ticket: from whom, when, and their
// Message-IDs, by which any mail server's log has them.
func (w *work) lastMessages() ([]string, error) {
	var lines []string
	if w.t.ID != 0 {
		last, err := w.tx.Entries(w.t.ID, 3)
		if err != nil {
			return nil, fmt.Errorf("entries of ticket %d: %w", w.t.ID, err)
		}
		for _, e := range last {
			lines = append(lines, messageLine(e.From.Addr, e.At, e.Subject, e.MessageID))
		}
	}
	if len(lines) == 0 && w.msg != nil && len(w.msg.From) > 0 {
		lines = append(lines, messageLine(w.msg.From[0].Addr, w.at, w.msg.Subject, w.msg.MessageID))
	}
	return lines, nil
}

func messageLine(from string, at time.Time, subject, id string) string {
	return fmt.Sprintf("%s, %s: %s <%s>", orElse(from, "postern"), at.UTC().Format("2006-01-02 15:04 MST"), cut(orElse(subject, noSubject), 80), orElse(id, "no Message-ID"))
}

// instanceCount counts the automatic mail of the whole instance in the last hour.
// Near the limit the gateways count one after the other, so that it holds among them.
func instanceCount(tx Tx, l Limits, at time.Time) (int, error) {
	c := Count{Since: at.Add(-time.Hour), Kinds: automatic}
	n, err := tx.CountSent(c)
	if err != nil || n < l.InstanceHour-l.InstanceHour/10-1 || n >= l.InstanceHour {
		return n, err
	}
	if err := tx.Alone("instance-hour"); err != nil {
		return 0, err
	}
	return tx.CountSent(c)
}
