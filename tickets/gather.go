package tickets

import (
	"errors"
	"fmt"
	"time"
)

// roleSeveral is the notice that tells several things of one ticket at once.
const roleSeveral = "notice-several"

// later keeps a notice for an agent's next gathered mail when there are many, or when
// limits withhold it (why). done says that the letter is dealt with.
func (w *work) later(l letter, why string) (done bool, err error) {
	if l.mail != MailNotice || l.to.Agent == "" || l.blind || l.role == roleSeveral {
		return false, nil // who may not see the ticket is told nothing of it in a list either
	}
	if why != "" {
		if !limited(why) {
			return false, nil
		}
		return true, w.tellLater(l, why+"; he is told in his next digest", true)
	}
	x, err := w.noticed(l)
	if err != nil {
		return true, err
	}
	why, digest := Gathers(x, w.s.Limits)
	if why == "" {
		return false, nil
	}
	return true, w.tellLater(l, why, digest)
}

func (w *work) noticed(l letter) (Noticed, error) {
	x := Noticed{Priority: w.t.Priority}
	var err error
	if x.Waiting, err = w.tx.NewsWaits(l.to.Agent, w.t.ID); err != nil {
		return x, err
	}
	n := func(c Count) int {
		c.Recipient, c.Kinds = l.to.Key(), []MailKind{MailNotice}
		v, cerr := w.tx.CountSent(c)
		err = errors.Join(err, cerr)
		return v
	}
	x.Ticket = n(Count{Ticket: w.t.ID, Since: w.at.Add(-w.s.Limits.Gather)})
	x.Hour = n(Count{Since: w.at.Add(-time.Hour)})
	if err != nil {
		return x, fmt.Errorf("notices to %s: %w", l.to.Key(), err)
	}
	return x, nil
}

// tellLater puts a notice into the agent's news, and books that it did not leave.
func (w *work) tellLater(l letter, why string, digest bool) error {
	n := News{Agent: l.to.Agent, Ticket: w.t.ID, Seq: l.seq, Role: l.role, Digest: digest, At: w.at}
	if l.entry != nil {
		n.Entry = l.entry.ID
	}
	if err := w.tx.AddNews(n); err != nil {
		return fmt.Errorf("news for %s: %w", l.to.Key(), err)
	}
	return w.withhold(l, why)
}
