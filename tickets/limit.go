package tickets

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Sending is everything that decides whether an automatic mail may leave.
type Sending struct {
	Mail     MailKind
	Verified bool
	Own      bool   // the address is one of ours
	Dead     string // why nothing automatic goes there any more
	Stopped  bool   // the participant wants no more mail of this ticket
	Agent    bool   // to an agent
	Quiet    string // why the message that causes it causes no mail at all
	NoAuto   string // why the message's sender may not be answered automatically
	ToSender bool   // the recipient is the message's sender
	AckDone  bool   // the ticket was acknowledged already
	// Counts of automatic mail in the outbox.
	LastQuarter, LastHour, LastDay int   // to this recipient
	Windows                        []int // of this ticket to this recipient, per Limits.PerTicket
	Instance                       int   // of the whole instance in the last hour
}

// MaySend decides policy section 6: "" when the mail may leave, else why not.
// An agent's reply is human mail and passes all but the first question.
func MaySend(x Sending, l Limits) string {
	switch {
	case x.Own:
		return "the address is one of our own"
	case x.Mail.Human() || x.Mail.Security():
		return ""
	case x.Quiet != "":
		return x.Quiet
	case x.Dead != "":
		return "the address is not written to any more: " + x.Dead
	case x.Stopped:
		return "the recipient asked for no more mail of this ticket"
	case x.NoAuto != "" && x.ToSender && x.Mail != MailReceipt: // a proved agent's Exchange says so in every mail
		return x.NoAuto
	case x.Mail == MailAck && x.AckDone:
		return "acknowledged already"
	case x.Instance >= l.InstanceHour:
		return fmt.Sprintf("limit of the whole instance: %d automatic mails an hour", l.InstanceHour)
	case x.Mail == MailReceipt:
		return ""
	}
	for i, win := range l.PerTicket {
		if i < len(x.Windows) && x.Windows[i] >= win.Max {
			return fmt.Sprintf("limit: %d mails of one ticket to one recipient in %s", win.Max, win.Within)
		}
	}
	return personLimit(x, l)
}

// personLimit bounds automatic mail to one outsider; agents are bounded by the ticket's windows.
func personLimit(x Sending, l Limits) string {
	switch {
	case x.Agent:
		return ""
	case !x.Verified && x.LastQuarter >= 1:
		return fmt.Sprintf("limit: one automatic mail in %s to an unverified address", l.UnverifiedEvery)
	case !x.Verified && x.LastDay >= l.UnverifiedDay:
		return fmt.Sprintf("limit: %d automatic mails a day to an unverified address", l.UnverifiedDay)
	case x.LastHour >= l.VerifiedHour:
		return fmt.Sprintf("limit: %d automatic mails an hour to one address", l.VerifiedHour)
	case x.LastDay >= l.VerifiedDay:
		return fmt.Sprintf("limit: %d automatic mails a day to one address", l.VerifiedDay)
	}
	return ""
}

// automatic are the kinds that count in limits.
var automatic = []MailKind{MailAck, MailUpdate, MailReminder, MailNotice, MailDigest, MailReceipt}

// mayMail gathers what MaySend needs. before is when a mail with a budget in
// time may leave: refusals and confirmations are gathered, never skipped.
func (w *work) mayMail(l letter) (why string, before time.Time, err error) {
	if why := w.reached(l); why != "" {
		return why, before, nil
	}
	x := Sending{
		Mail: l.mail, Verified: l.to.Verified, Own: w.s.ours(l.to.Address), Agent: l.to.Agent != "",
		NoAuto: w.noAuto, ToSender: l.to.Participant != 0 && l.to.Participant == w.author.ID,
		Stopped: slices.Contains(w.t.Stopped, l.to.Participant),
	}
	if !l.always {
		x.Quiet = w.quiet
	}
	if w.storm != 0 && l.mail == MailNotice && x.Agent {
		x.Quiet = fmt.Sprintf("one of a storm: a summary tells of it (ticket %d)", w.storm)
	}
	if w.t.Disposition == Spam && !x.Agent {
		x.Quiet = "the ticket is marked as spam" // its sender is told nothing, whatever is done to it
	}
	if x.Own || l.mail.Human() {
		return MaySend(x, w.s.Limits), before, nil
	}
	if l.mail.Security() {
		before, err = w.notBefore(l)
		return MaySend(x, w.s.Limits), before, err
	}
	if p, perr := w.person(l.to.Participant); perr == nil {
		x.Dead = p.Dead
	}
	if err := w.count(&x, l); err != nil {
		return "", before, fmt.Errorf("counting mails to %s: %w", l.to.Key(), err)
	}
	return MaySend(x, w.s.Limits), before, nil
}

// ours reports whether mail to the address would come back to us.
func (s *Settings) ours(addr string) bool {
	text, onDomain := s.tokenText(addr)
	return s.OwnAddress(addr) || onDomain || text != ""
}

func (w *work) count(x *Sending, l letter) error {
	var errs error
	n := func(c Count) int {
		v, err := w.tx.CountSent(c)
		errs = errors.Join(errs, err)
		return v
	}
	ago := func(d time.Duration) time.Time { return w.at.Add(-d) }
	to := l.to.Key()
	var err error
	if x.Instance, err = instanceCount(w.tx, w.s.Limits, w.at); err != nil {
		return err
	}
	if !x.Agent {
		x.LastQuarter = n(Count{Recipient: to, Since: ago(w.s.Limits.UnverifiedEvery), Kinds: automatic})
		x.LastHour = n(Count{Recipient: to, Since: ago(time.Hour), Kinds: automatic})
		x.LastDay = n(Count{Recipient: to, Since: ago(24 * time.Hour), Kinds: automatic})
	}
	for _, win := range w.s.Limits.PerTicket {
		x.Windows = append(x.Windows, n(Count{Recipient: to, Ticket: w.t.ID, Since: ago(win.Within), Kinds: automatic}))
	}
	if l.mail == MailAck {
		x.AckDone = n(Count{Recipient: to, Ticket: w.t.ID, Since: ago(365 * 24 * time.Hour), Kinds: []MailKind{MailAck}}) > 0
	}
	return errs
}

// notBefore spaces out refusals (one an hour to a sender) and confirmations (one
// in ten minutes to an agent).
func (w *work) notBefore(l letter) (time.Time, error) {
	gap := w.s.Limits.ConfirmEvery
	if l.mail == MailRefusal {
		gap = time.Hour / time.Duration(max(w.s.Limits.RefusalsHour, 1))
	}
	last, err := w.tx.LastOutgoing(Count{Recipient: l.to.Key(), Kinds: []MailKind{l.mail}})
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	} else if err != nil {
		return time.Time{}, err
	}
	from := last.At
	if last.NotBefore.After(from) {
		from = last.NotBefore
	}
	if last.NotBefore.After(w.at) {
		return last.NotBefore, nil // goes along with the one that waits
	}
	if next := from.Add(gap); next.After(w.at) {
		return next, nil
	}
	return time.Time{}, nil
}
