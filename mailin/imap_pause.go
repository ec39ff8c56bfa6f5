package mailin

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// authError says that the server refused the login.
type authError struct{ err error }

func (e authError) Error() string { return "login refused: " + e.err.Error() }
func (e authError) Unwrap() error { return e.err }

// throttled tells that the server asks for patience (RFC 5530 and what providers do).
func throttled(err error) bool {
	var no *imap.Error
	if !errors.As(err, &no) {
		return false
	}
	switch strings.ToUpper(string(no.Code)) {
	case "THROTTLED", "UNAVAILABLE", "OVERQUOTA", "LIMIT", "INUSE", "SERVERBUG", "CONTACTADMIN":
		return true
	}
	return false
}

// pause is how long to leave the server alone after fails failures and this one.
func (p *Poller) pause(err error, fails int) time.Duration {
	first, most := p.Timeouts.First, p.Timeouts.Most
	var auth authError
	switch {
	case errors.As(err, &auth):
		return most
	case errors.Is(err, errLease):
		return first
	case throttled(err):
		first = min(12*first, most)
	}
	d := first << min(fails, 20)
	if d > most || d <= 0 {
		d = most
	}
	return d - time.Duration(rand.Int64N(int64(d)/5+1)) // never more than most
}

// failed and succeeded keep the books for health.
func (p *Poller) failed(err error) {
	p.Count(MetricPollFailed)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.LastErr = p.hide(err)
	if p.status.FailedAt.IsZero() {
		p.status.FailedAt = p.Now()
	}
}

func (p *Poller) succeeded() {
	p.Count(MetricPoll)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.LastPoll, p.status.LastErr, p.status.FailedAt = p.Now(), "", time.Time{}
}

// hide gives an error's text without the password, which a server may echo: as it is,
// quoted as LOGIN sends it, or encoded as AUTHENTICATE does.
func (p *Poller) hide(err error) string {
	text := err.Error()
	if p.Password == nil {
		return clean(text)
	}
	if secret, e := p.Password(); e == nil && len(secret) > 3 {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)
		sent := base64.StdEncoding.EncodeToString([]byte("\x00" + p.Login + "\x00" + secret))
		for _, form := range []string{secret, quoted, sent} {
			text = strings.ReplaceAll(text, form, "***")
		}
	}
	return clean(text)
}
