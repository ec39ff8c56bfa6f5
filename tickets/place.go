package tickets

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Place is where a mail belongs (policy section 3). It says nothing about who
// wrote it.
type Place struct {
	Ticket int64  // 0: a new ticket
	How    string // which step found it, in words
	// Token is the valid signed address, if one was used.
	Token *Token
	// Named is a ticket that the mail named but did not join, and NotWhy the reason.
	Named  int64
	NotWhy string
	// Also are further tickets named by tokens: they are linked.
	Also []int64
	// ByTag: found by what everybody can guess, the subject tag or the root of agents'
	// notices. It counts for participants and agents only.
	ByTag bool
}

// addressTokens are the valid tokens of a mail's addresses: those of the envelope,
// or where there is none of Delivered-To, X-Original-To, To and Cc.
func (d *Desk) addressTokens(a Arrival, m Message) []Token {
	for _, list := range [][]string{a.To, m.DeliveredTo, addressesOf(m.To), addressesOf(m.Cc)} {
		if out := d.tokensOf(list); len(out) > 0 {
			return out
		}
	}
	return nil
}

// tokensOf are the valid tokens among addresses, each once.
func (d *Desk) tokensOf(lists ...[]string) (out []Token) {
	s, signer := d.Settings(), d.signer()
	for _, addr := range slices.Concat(lists...) {
		text, _ := s.tokenText(addr)
		if text == "" {
			continue
		}
		if t, err := signer.Read(text); err == nil && t.Purpose != ForMessageID && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// others are the tickets that further addresses of the mail name, at most twenty.
func others(p Place, tokens []Token) []int64 {
	q, _ := placeByToken(tokens, Message{})
	out := p.Also
	for _, n := range append([]int64{q.Ticket}, q.Also...) {
		if n != 0 && n != p.Ticket && !slices.Contains(out, n) && len(out) < 20 {
			out = append(out, n)
		}
	}
	return out
}

func addressesOf(as []Address) []string {
	out := make([]string, 0, len(as))
	for _, a := range as {
		out = append(out, a.Addr)
	}
	return out
}

// place goes through the steps in their order.
func (d *Desk) place(w *work) (Place, error) {
	tx, a, m := w.tx, *w.arrival, *w.msg
	if p, ok := placeByToken(d.addressTokens(a, m), m); ok {
		// The envelope says where it lies; the header may name further tickets.
		p.Also = others(p, d.tokensOf(addressesOf(m.To), addressesOf(m.Cc)))
		return p, nil
	}
	ids := referred(m)
	if len(ids) > 60 {
		ids = ids[:60]
	}
	for _, step := range []func(Tx, string) (Place, error){d.ownID, storedID} {
		for _, id := range ids {
			p, err := step(tx, id)
			if err == nil {
				return p, nil
			} else if !errors.Is(err, ErrNotFound) {
				return Place{}, err
			}
		}
	}
	if p, err := w.byAncestor(); err != nil || p.Ticket != 0 {
		return p, err
	}
	if n, ok := SubjectTag(m.Subject, d.Settings().Queues); ok {
		return Place{Ticket: n, How: fmt.Sprintf("subject tag: ticket %d", n), ByTag: true}, nil
	}
	return Place{How: "nothing in the mail names a ticket"}, nil
}

// placeByToken: the first token of a reply or note address wins; others are linked.
func placeByToken(tokens []Token, m Message) (Place, bool) {
	var p Place
	for _, t := range tokens {
		if t.Purpose != ForReply && t.Purpose != ForNote && t.Purpose != ForConfirm {
			continue
		}
		switch {
		case p.Ticket == 0:
			p = Place{Ticket: t.Ticket, Token: &t, How: fmt.Sprintf("signed reply address: ticket %d", t.Ticket)}
		case t.Ticket != p.Ticket:
			p.Also = append(p.Also, t.Ticket)
		}
	}
	return p, p.Ticket != 0
}

// forwardedElsewhere: somebody hands a mail of the ticket to another queue. It is that
// queue's work now. A forward is known by its structure, an original inside it, and
// not by a word in its subject, which every language spells otherwise.
func (w *work) forwardedElsewhere(p Place) bool {
	qs := w.queues()
	return w.msg.Forwarded != nil && !w.msg.Automatic && p.Token == nil && len(qs) > 0 &&
		!slices.ContainsFunc(qs, func(q Queue) bool { return q.Name == w.t.Queue || slices.Contains(w.t.Watching, q.Name) })
}

// ownID is step 2: a Message-ID of ours, by its token or from the outbox.
func (d *Desk) ownID(tx Tx, id string) (Place, error) {
	if t, err := d.signer().Read(messageToken(id)); err == nil && t.Purpose == ForMessageID {
		if t.Ticket == 0 {
			return Place{}, ErrNotFound // a list or a digest: an answer to it is about no ticket
		}
		return Place{Ticket: t.Ticket, How: fmt.Sprintf("our Message-ID: ticket %d", t.Ticket)}, nil
	}
	if n, ok := d.rootID(id); ok { // it can be guessed, as a tag can
		return Place{Ticket: n, How: fmt.Sprintf("our Message-ID: ticket %d", n), ByTag: true}, nil
	}
	o, err := tx.OutgoingByMessageID(id)
	if err != nil {
		return Place{}, err
	}
	if o.Ticket == 0 {
		return Place{}, ErrNotFound
	}
	return Place{Ticket: o.Ticket, How: fmt.Sprintf("our Message-ID: ticket %d", o.Ticket)}, nil
}

// rootID reads the root that agents' notices hang on.
func (d *Desk) rootID(id string) (int64, bool) {
	s := d.Settings()
	rest, ok := strings.CutPrefix(id, "ticket.")
	number, ok2 := strings.CutSuffix(rest, "."+s.Instance+"@"+s.Domain)
	n, err := strconv.ParseInt(number, 10, 64)
	return n, ok && ok2 && err == nil && n > 0
}

// storedID is step 3: any Message-ID that stands on a ticket.
func storedID(tx Tx, id string) (Place, error) {
	es, err := tx.EntriesByMessageID(id)
	if err != nil {
		return Place{}, err
	}
	es = slices.DeleteFunc(es, func(e Entry) bool { return e.State == EntryRefused })
	if len(es) == 0 {
		return Place{}, ErrNotFound
	}
	return Place{Ticket: es[0].Ticket, How: fmt.Sprintf("Message-ID of entry %d: ticket %d", es[0].ID, es[0].Ticket)}, nil
}

var tagPattern = regexp.MustCompile(`\[([^\[\]#]{0,40})#([1-9][0-9]{0,11})\]`)

// SubjectTag finds the one distinct tag of our queues in a decoded subject:
// "[IT #42]", exact, ASCII digits, no leading zero. Two different ones name nothing.
func SubjectTag(subject string, queues []Queue) (ticket int64, ok bool) {
	for _, g := range tagPattern.FindAllStringSubmatch(subject, -1) {
		if !ourTag(g[1], queues) {
			continue
		}
		n, err := strconv.ParseInt(g[2], 10, 64)
		if err != nil || ok && n != ticket {
			return 0, false
		}
		ticket, ok = n, true
	}
	return ticket, ok
}

func ourTag(word string, queues []Queue) bool {
	return slices.ContainsFunc(queues, func(q Queue) bool {
		if q.Tag == "" {
			return word == ""
		}
		return word == q.Tag+" "
	})
}

// subjectKey is a subject without reply and forward marks, tags, digits' noise
// and case, so that like subjects are equal.
func subjectKey(subject string) string {
	s := tagPattern.ReplaceAllString(subject, "")
	for {
		before := s
		s = strings.TrimSpace(s)
		if i := strings.IndexByte(s, ':'); i > 0 && i <= 4 && !strings.ContainsAny(s[:i], " 0123456789") {
			s = s[i+1:]
		}
		if s == before {
			break
		}
	}
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// target follows merges and says whether the ticket still takes replies. t is
// locked. New mail on a closed ticket, or one resolved longer ago than the
// reopen window, makes a new linked ticket.
func (d *Desk) target(tx Tx, p *Place, w *work) (t Ticket, ok bool, err error) {
	id := p.Ticket
	for range 20 {
		t, err = tx.Ticket(id)
		if errors.Is(err, ErrNotFound) {
			p.Named, p.NotWhy = 0, "the ticket it names does not exist"
			return Ticket{}, false, nil
		} else if err != nil {
			return Ticket{}, false, fmt.Errorf("ticket %d: %w", id, err)
		}
		if t.Disposition != Merged {
			break
		}
		id = t.MergedInto
	}
	q, _ := w.s.Queue(t.Queue)
	switch {
	case t.Disposition != "":
		p.Named, p.NotWhy = t.ID, fmt.Sprintf("ticket %d is %s", t.ID, t.Disposition)
	case t.Status == Closed:
		p.Named, p.NotWhy = t.ID, fmt.Sprintf("ticket %d is closed", t.ID)
	case t.Status == Resolved && q.ReopenWindow > 0 && w.at.Sub(t.StatusSince) > q.ReopenWindow:
		p.Named, p.NotWhy = t.ID, fmt.Sprintf("ticket %d was resolved longer ago than the reopen window", t.ID)
	default:
		return t, true, nil
	}
	return t, false, nil
}
