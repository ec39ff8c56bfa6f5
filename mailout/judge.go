package mailout

import (
	"errors"
	"fmt"

	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// phase is how far the dialogue with a relay has come.
type phase string

const (
	phaseConnect phase = "CONNECT"
	phaseHello   phase = "EHLO"
	phaseTLS     phase = "STARTTLS"
	phaseAuth    phase = "AUTH"
	phaseMail    phase = "MAIL"
	phaseRcpt    phase = "RCPT"
	phaseData    phase = "DATA"
	phaseBody    phase = "the message"
	phaseDot     phase = "the end of the message"
)

// judge says what a failure in a phase means for the message. Only a clear 5xx
// to the transaction itself is final: a relay that refuses us, our login or our
// TLS, says nonsense or falls silent is in trouble, and the message waits.
func judge(p phase, err error) Answer {
	var part *partError
	if errors.As(err, &part) {
		return Answer{Kind: tickets.VerdictLater, Text: oneAnswer(err.Error())}
	}
	var e *smtp.SMTPError
	if !errors.As(err, &e) {
		return Answer{Kind: tickets.VerdictLater, Text: oneAnswer(fmt.Sprintf("no answer to %s: %v", p, err))}
	}
	a := Answer{Kind: tickets.VerdictLater, Code: code(e), Text: oneAnswer(e.Message)}
	switch {
	case p == phaseDot && e.Code/100 == 2:
		a.Kind = tickets.VerdictSent // 250 is what servers say, 251 and others mean it too
	case transaction(p) && e.Code/100 == 5 && !ourLogin(e.Code):
		a.Kind = tickets.VerdictNever
	}
	return a
}

// transaction reports whether a refusal in this phase concerns this one mail.
func transaction(p phase) bool {
	return p == phaseMail || p == phaseRcpt || p == phaseData || p == phaseDot
}

// ourLogin reports whether a code speaks of the relay's relation to us (RFC 4954
// section 6), not of the mail.
func ourLogin(code int) bool { return code == 530 || code == 534 || code == 535 || code == 538 }

// code writes "550 5.1.1", or "550" without an enhanced code.
func code(e *smtp.SMTPError) string {
	if e.EnhancedCode[0] <= 0 {
		return fmt.Sprint(e.Code)
	}
	c := e.EnhancedCode
	return fmt.Sprintf("%d %d.%d.%d", e.Code, c[0], c[1], c[2])
}

// lost reports whether a failure means that the connection is of no more use.
func lost(err error) bool {
	var e *smtp.SMTPError
	return !errors.As(err, &e) || e.Code == 421 || e.Code < 400 || e.Code > 599
}
