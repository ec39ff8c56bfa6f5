package mailout

import (
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// A session is one connection to a relay, past hello and login.
type session struct {
	client *smtp.Client
	conn   *watched
	host   string // said in EHLO
	auth   string // mechanism used
	used   int    // messages tried on it
	reset  bool   // the last transaction did not end: RSET before the next
	expiry *time.Timer
}

// A letter is one message on its way through one session.
type letter struct {
	from, to string // as they stand between angle brackets
	utf8     bool   // one of them needs SMTPUTF8
	content  tickets.Content
	size     int64
	open     Opener
	dot      time.Duration
	limit    *time.Timer // ends the dialogue; set anew at the dot

	phase  phase // how far it came
	dotted bool  // the relay may have it
}

// newLetter prepares a message; the answer is not nil when it can never be sent.
func newLetter(o tickets.Outgoing, open Opener) (*letter, *Answer) {
	l := &letter{content: o.Content, size: Size(o.Content), open: open}
	var err error
	if o.From != "" {
		l.from, err = SafeAddress(o.From)
	}
	if err == nil {
		l.to, err = SafeAddress(o.To)
	}
	if err != nil {
		return nil, &Answer{Kind: tickets.VerdictNever, Code: "553 5.1.3", Text: oneAnswer(err.Error())}
	}
	l.utf8 = !ascii(l.from) || !ascii(l.to)
	return l, nil
}

// send makes one transaction. The error is that of the connection or the relay.
func (s *session) send(l *letter) (Answer, error) {
	l.phase = phaseMail
	if s.reset {
		err := s.client.Reset()
		if err == nil {
			err = s.client.Hello(s.host) // Reset of go-smtp forgets it
		}
		if err != nil {
			return judge(phaseHello, err), err
		}
		s.reset = false
	}
	if a := s.unfit(l); a != nil {
		return *a, nil
	}
	text, err := s.transaction(l)
	if err != nil {
		s.reset = true
		return judge(l.phase, err), err
	}
	e := smtp.SMTPError{Code: 250, Message: text}
	if f := strings.SplitN(text, " ", 2); len(f) == 2 && strings.HasPrefix(f[0], "2.") {
		_, _ = fmt.Sscanf(f[0], "%d.%d.%d", &e.EnhancedCode[0], &e.EnhancedCode[1], &e.EnhancedCode[2])
		e.Message = f[1]
	}
	return Answer{Kind: tickets.VerdictSent, Code: code(&e), Text: oneAnswer(e.Message)}, nil
}

// unfit says why this relay can never take the message.
func (s *session) unfit(l *letter) *Answer {
	if ok, _ := s.client.Extension("SMTPUTF8"); l.utf8 && !ok {
		return &Answer{Kind: tickets.VerdictNever, Code: "553 5.6.7",
			Text: "the address is not in ASCII, and the relay cannot take such addresses"}
	}
	if most, ok := s.client.MaxMessageSize(); ok && most > 0 && l.size > int64(most) {
		return &Answer{Kind: tickets.VerdictNever, Code: "552 5.3.4",
			Text: fmt.Sprintf("the message has %s, the relay takes %s", size(l.size), size(int64(most)))}
	}
	return nil
}

func (s *session) transaction(l *letter) (string, error) {
	if err := s.client.Mail(l.from, &smtp.MailOptions{UTF8: l.utf8, Size: l.size}); err != nil {
		return "", err
	}
	l.phase = phaseRcpt
	if err := s.client.Rcpt(l.to, nil); err != nil {
		return "", err
	}
	l.phase = phaseData
	w, err := s.client.Data()
	if err != nil {
		return "", err
	}
	l.phase = phaseBody
	if err := Write(w, l.content, l.open); err != nil {
		return "", err // not ended: the connection is closed without a dot
	}
	l.phase, l.dotted = phaseDot, true
	l.limit.Reset(l.dot)
	defer s.conn.wait(s.conn.patience)
	s.conn.wait(l.dot)
	r, err := w.CloseWithResponse()
	if err != nil {
		return "", err
	}
	return r.StatusText, nil
}

// quit says goodbye; what the relay answers no longer matters.
func (s *session) quit() {
	s.conn.wait(5 * time.Second)
	if s.client.Quit() != nil {
		s.close()
	}
}

func (s *session) close() {
	s.conn.wait(time.Second) // TLS says goodbye, to nobody perhaps
	if s.client != nil {
		_ = s.client.Close()
	}
	_ = s.conn.Close()
}
