package mailin

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/emersion/go-smtp"
)

// A Refusal is a "no" that a stranger may hear: only our own words go into it.
type Refusal struct {
	Code   int    // 4yz or 5yz
	Status [3]int // RFC 3463, e.g. 5.7.1
	Text   string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%d %d.%d.%d %s", r.Code, r.Status[0], r.Status[1], r.Status[2], r.Text)
}

func refusal(code, class, subject, detail int, text string) *Refusal {
	return &Refusal{code, [3]int{class, subject, detail}, text}
}

// verdict is what a stranger is told about err. An error we do not know is ours,
// hence temporary, and its text is for our log.
func verdict(err error, id string) *Refusal {
	var no *Refusal
	switch {
	case errors.As(err, &no) && no != nil && no.Code/100 >= 4 && no.Code/100 <= 5:
		return no
	case noSpace(err):
		return refusal(452, 4, 3, 1, "No space for your message, try again later ("+id+")")
	case errors.Is(err, errTooBig):
		return refusal(552, 5, 3, 4, "Message too large")
	case errors.Is(err, errLoop):
		return refusal(554, 5, 4, 6, "Too many hops, this looks like a loop")
	case errors.Is(err, ErrForeign):
		return refusal(550, 5, 7, 1, "Relaying denied")
	default:
		return refusal(451, 4, 3, 0, "Try again later ("+id+")")
	}
}

// refuse logs why and makes the library's answer. Never nil: the library takes a
// typed nil for an error.
func (s *session) refuse(at string, err error) error {
	v := verdict(err, s.id)
	level, metric := slog.LevelInfo, MetricRefused
	if v.Code/100 == 4 {
		level, metric = slog.LevelWarn, MetricDeferred
	}
	s.l.Count(metric)
	s.log.Log(s.l.context, level, "refused", "at", at, "code", v.Code, "err", err)
	text := strings.Map(printable, v.Text)
	return &smtp.SMTPError{Code: v.Code, EnhancedCode: smtp.EnhancedCode(v.Status), Message: text}
}

// printable keeps an answer on one line.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// smtpLog takes the library's complaints. A peer that hangs up is no error of ours.
type smtpLog struct{ log *slog.Logger }

// Printf logs one event on one line (smtp.Logger).
func (l smtpLog) Printf(format string, v ...any) {
	if strings.HasPrefix(format, "panic") {
		l.log.Error(fmt.Sprintf(format, v...))
		return
	}
	l.log.Debug(fmt.Sprintf(format, v...))
}

// Println logs one event on one line (smtp.Logger).
func (l smtpLog) Println(v ...any) { l.log.Debug(strings.TrimSpace(fmt.Sprintln(v...))) }
