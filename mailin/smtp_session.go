package mailin

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"postern/tickets"
)

// A session is one peer's dialogue from EHLO (or STARTTLS) on.
type session struct {
	l    *Listener
	conn *conn
	lib  *smtp.Conn
	id   string // told to strangers, and in every log line
	log  *slog.Logger

	helo string
	tls  bool

	mu    sync.Mutex // the end of a BDAT message may run beside the next command
	agent string
	env   envelope
}

// envelope is what MAIL and RCPT said.
type envelope struct {
	mail     bool // MAIL was given
	from     string
	to       []string
	utf8     bool
	declared int64 // SIZE=
	agent    string
}

// session begins a dialogue (smtp.Backend).
func (l *Listener) session(lib *smtp.Conn) (smtp.Session, error) {
	s := &session{l: l, lib: lib, id: rand.Text()[:12], helo: clean(lib.Hostname())}
	switch c := lib.Conn().(type) {
	case *conn:
		s.conn = c
	case *tls.Conn:
		s.conn, s.tls = c.NetConn().(*conn), true
	}
	s.conn.mu.Lock()
	s.conn.smtp, s.conn.secure = lib, s.tls
	s.conn.mu.Unlock()
	s.log = l.Log.With("listener", l.Name, "session", s.id, "peer", s.conn.peer)
	return s, nil
}

// clean makes a peer's word fit for a log line and an arrival: at most 255 octets,
// nothing but printable characters.
func clean(word string) string {
	word = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return '?'
		}
		return r
	}, word)
	for len(word) > 255 {
		_, n := utf8.DecodeLastRuneInString(word)
		word = word[:len(word)-n]
	}
	return word
}

// Reset forgets the envelope; the library calls it behind every message too.
func (s *session) Reset() {
	s.mu.Lock()
	s.env = envelope{}
	s.mu.Unlock()
	s.conn.leave()
}

// Logout ends the dialogue.
func (s *session) Logout() error { return nil }

// Mail begins a message.
func (s *session) Mail(from string, opts *smtp.MailOptions) error {
	if err := s.mail(from, opts); err != nil {
		return s.refuse("MAIL", err)
	}
	s.conn.useful()
	return nil
}

func (s *session) mail(from string, opts *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.env.mail {
		return refusal(503, 5, 5, 1, "MAIL was given already")
	}
	if s.l.Role == tickets.RoleSubmission && s.l.Auth != nil && s.agent == "" && !s.trusted() {
		return refusal(530, 5, 7, 0, "Authentication required")
	}
	if from != "" {
		if err := checkAddress(from, opts.UTF8, 7); err != nil {
			return err
		}
		from = quoteAddress(from)
	}
	if err := s.room(); err != nil {
		return err
	}
	s.env = envelope{mail: true, from: from, utf8: opts.UTF8, declared: opts.Size, agent: s.agent}
	return nil
}

// room refuses a message when there is no space for one and a half of the largest.
func (s *session) room() error {
	if s.l.Free == nil {
		return nil
	}
	free, err := s.l.Free()
	if err != nil {
		s.log.Warn("free space unknown", "err", err)
		return nil
	}
	if free < uint64(s.l.MaxSize)*3/2 {
		return ErrNoSpace
	}
	return nil
}

// trusted tells that the peer needs no login.
func (s *session) trusted() bool {
	if s.l.Role != tickets.RoleSubmission || s.l.unix {
		return false
	}
	for _, p := range s.l.Trusted {
		if contains(p, s.conn.ip) {
			return true
		}
	}
	return false
}

func contains(p netip.Prefix, a netip.Addr) bool {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Contains(a)
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.recipient(to); err != nil {
		return s.refuse("RCPT", err)
	}
	s.env.to = append(s.env.to, quoteAddress(to))
	s.conn.useful()
	return nil
}

func (s *session) recipient(to string) error {
	if err := checkAddress(to, s.env.utf8, 3); err != nil {
		return err
	}
	if routed(to) {
		return refusal(550, 5, 7, 1, "Relaying denied")
	}
	if s.l.Recipient == nil {
		return nil
	}
	known, err := s.l.Recipient(quoteAddress(to))
	switch {
	case errors.Is(err, ErrForged):
		return s.guessed()
	case err == nil && !known:
		return noSuchAddress()
	}
	return err
}

// peerFacts is what rules may know of the peer.
func (s *session) peerFacts() tickets.PeerFacts {
	return tickets.PeerFacts{Address: s.conn.peer, Helo: s.helo, TLS: s.tls, Role: s.l.Role}
}
