package mailout

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/tickets"
)

// A script is a relay that misbehaves at one step: CONNECT, EHLO, AUTH, MAIL,
// RCPT, DATA, DOT, QUIT. What it says there instead of its usual answer:
// a line, "close", "hang", "flood" (a reply without end), "long" (a line without end).
type script struct {
	at, say string
	offers  string // further EHLO lines, "SIZE 1000,SMTPUTF8"
	delay   time.Duration

	mu    sync.Mutex
	conns int
	lines []string // every command line seen
	mails []string // every message taken, whole
	open  sync.WaitGroup
}

// dial connects through a pipe, and plays the relay at its other end.
func (s *script) dial(context.Context, string, string) (net.Conn, error) {
	if s.at == "CONNECT" && s.say == "refuse" {
		return nil, fmt.Errorf("dial tcp: connection refused")
	}
	ours, theirs := net.Pipe()
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	s.open.Go(func() {
		defer theirs.Close()
		s.play(theirs)
	})
	return ours, nil
}

// smtp is a relay that talks to the script.
func (s *script) smtp() *SMTP { return &SMTP{Addr: "relay.test:25", TLS: TLSNone, Dial: s.dial} }

func (s *script) play(c net.Conn) {
	r := bufio.NewReader(c)
	if !s.answer(c, "CONNECT", "220 relay.test ready") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		s.mu.Lock()
		s.lines = append(s.lines, strings.TrimRight(line, "\r\n"))
		s.mu.Unlock()
		word := strings.ToUpper(strings.Fields(line + " ")[0])
		switch word {
		case "EHLO":
			if !s.answer(c, word, s.hello()) {
				return
			}
		case "AUTH":
			if !s.answer(c, word, "235 2.7.0 ok") {
				return
			}
		case "DATA":
			if !s.answer(c, word, "354 go") {
				return
			}
			if (s.at != "DATA" || s.delay > 0) && !s.take(c, r) {
				return
			}
		case "QUIT":
			s.answer(c, word, "221 bye")
			return
		default:
			if !s.answer(c, word, "250 2.1.0 ok") {
				return
			}
		}
	}
}

func (s *script) hello() string {
	lines := []string{"relay.test"}
	for o := range strings.SplitSeq(s.offers, ",") {
		if o != "" {
			lines = append(lines, o)
		}
	}
	for i := range lines[:len(lines)-1] {
		lines[i] = "250-" + lines[i]
	}
	lines[len(lines)-1] = "250 " + lines[len(lines)-1]
	return strings.Join(lines, "\r\n")
}

// take reads a message to its dot and answers.
func (s *script) take(c net.Conn, r *bufio.Reader) bool {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	refused := s.at == "DOT" && len(s.say) > 0 && (s.say[0] == '4' || s.say[0] == '5')
	if !refused {
		s.mu.Lock()
		s.mails = append(s.mails, b.String())
		s.mu.Unlock()
	}
	return s.answer(c, "DOT", "250 2.0.0 queued as 17")
}

// answer says the usual line, or plays the trick of this step. false ends the connection.
func (s *script) answer(c net.Conn, step, usual string) bool {
	if s.at != step {
		_, err := io.WriteString(c, usual+"\r\n")
		return err == nil
	}
	if s.delay > 0 {
		<-time.After(s.delay) // by the bubble's clock
	}
	switch s.say {
	case "close":
		return false
	case "hang":
		_, _ = io.Copy(io.Discard, c)
		return false
	case "flood":
		for {
			if _, err := io.WriteString(c, "250-"+strings.Repeat("x", 900)+"\r\n"); err != nil {
				return false
			}
		}
	case "long":
		for {
			if _, err := io.WriteString(c, strings.Repeat("x", 4096)); err != nil {
				return false
			}
		}
	case "":
		_, err := io.WriteString(c, usual+"\r\n")
		return err == nil
	}
	_, err := io.WriteString(c, s.say+"\r\n")
	return err == nil && !strings.HasPrefix(s.say, "421")
}

func (s *script) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.mails...)
}

func (s *script) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// letterTo is a small outgoing message.
func letterTo(t testing.TB, to string) tickets.Outgoing {
	t.Helper()
	c, err := (&Composer{}).Compose(draft("ack", tickets.MailAck))
	if err != nil {
		t.Fatal(err)
	}
	return tickets.Outgoing{ID: 7, Fence: 3, Attempts: 1, To: to, From: "help+b7@example.org", At: opened, Content: c}
}

func noParts(int64, tickets.Part) (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
