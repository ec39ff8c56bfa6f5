package maillab

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// A conversation is one connection to a Relay. Its methods return errOver when the
// connection has ended.
type conversation struct {
	relay *Relay
	raw   net.Conn // below TLS
	conn  net.Conn
	in    *bufio.Reader
	user  string
	tls   bool
	mail  Received
	began bool // MAIL was taken
}

var errOver = errors.New("the conversation is over")

func newConversation(r *Relay, c net.Conn) *conversation {
	v := &conversation{relay: r, raw: c}
	if r.opts.TLS != nil && r.opts.Implicit {
		c, v.tls = tls.Server(c, r.opts.TLS), true
	}
	v.use(c)
	return v
}

func (v *conversation) use(c net.Conn) { v.conn, v.in = c, bufio.NewReader(c) }

func (v *conversation) run() {
	if v.answer(Connect, "", "220 relay.example.com ESMTP maillab") != nil {
		return
	}
	for {
		line, err := v.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		v.note(line)
		if v.command(line) != nil {
			return
		}
	}
}

// note keeps a command line for Commands.
func (v *conversation) note(line string) {
	if len(line) > 10 && strings.EqualFold(line[:4], "AUTH") {
		line = line[:10] + " ***"
	}
	v.relay.mu.Lock()
	v.relay.commands = append(v.relay.commands, line)
	v.relay.mu.Unlock()
}

// command answers one line.
func (v *conversation) command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		return v.answer(EHLO, line, v.extensions())
	case "HELO":
		return v.answer(EHLO, line, "250 relay.example.com")
	case "STARTTLS":
		return v.startTLS(line)
	case "AUTH":
		return v.auth(line, rest)
	case "MAIL":
		return v.begin(line)
	case "RCPT":
		return v.recipient(line)
	case "DATA":
		return v.data(line)
	case "RSET":
		v.began = false
		return v.say("250 2.0.0 OK")
	case "NOOP":
		return v.say("250 2.0.0 OK")
	case "QUIT":
		_ = v.answer(QUIT, line, "221 2.0.0 Bye")
		return errOver
	}
	return v.say("500 5.5.2 unknown command")
}

func (v *conversation) extensions() string {
	lines := append([]string{"relay.example.com"}, v.relay.opts.Extensions...)
	if v.relay.opts.TLS != nil && !v.tls {
		lines = append(lines, "STARTTLS")
	}
	if v.relay.opts.Login.User != "" {
		lines = append(lines, "AUTH PLAIN")
	}
	return "250-" + strings.Join(lines[:len(lines)-1], "\r\n250-") + "\r\n250 " + lines[len(lines)-1]
}

// answer says the usual, or makes the trouble that is due.
func (v *conversation) answer(s Stage, line, usual string) error {
	if stop, err := v.trouble(s, line); stop {
		return err
	}
	return v.say(usual)
}

// trouble makes the trouble that is due. It tells whether the usual answer is
// still to be given; when not, the error is nil if the client may go on.
func (v *conversation) trouble(s Stage, line string) (stop bool, err error) {
	t, due := v.relay.trouble(s, line)
	if !due {
		return false, nil
	}
	return v.make(t)
}

func (v *conversation) make(t Trouble) (stop bool, err error) {
	if t.Wait > 0 {
		select {
		case <-time.After(t.Wait):
		case <-v.relay.done:
		}
	}
	if t.Reply != "" {
		if err := v.say(t.Reply); err != nil {
			return true, err
		}
	}
	switch t.Cut {
	case Stay:
		return t.Reply != "", nil
	case RST:
		reset(v.raw)
	case Blackhole:
		<-v.relay.done // neither read nor written any more
	}
	return true, errOver
}

func (v *conversation) say(text string) error {
	if _, err := io.WriteString(v.conn, text+"\r\n"); err != nil {
		return errOver
	}
	return nil
}

func (v *conversation) startTLS(line string) error {
	if v.relay.opts.TLS == nil || v.tls {
		return v.say("502 5.5.1 no TLS here")
	}
	if stop, err := v.trouble(STARTTLS, line); stop {
		return err
	}
	if err := v.say("220 2.0.0 go ahead"); err != nil {
		return err
	}
	c := tls.Server(v.conn, v.relay.opts.TLS)
	if err := c.Handshake(); err != nil {
		return errOver
	}
	v.tls = true
	v.use(c)
	return nil
}

func (v *conversation) auth(line, rest string) error {
	if stop, err := v.trouble(AUTH, line); stop {
		return err
	}
	mechanism, response, _ := strings.Cut(rest, " ")
	if !strings.EqualFold(mechanism, "PLAIN") {
		return v.say("504 5.5.4 only PLAIN")
	}
	if response == "" {
		if err := v.say("334 "); err != nil {
			return err
		}
		answer, err := v.in.ReadString('\n')
		if err != nil {
			return errOver
		}
		response = strings.TrimRight(answer, "\r\n")
	}
	plain, _ := base64.StdEncoding.DecodeString(response)
	want := v.relay.opts.Login
	if parts := strings.Split(string(plain), "\x00"); len(parts) != 3 || parts[1] != want.User || parts[2] != want.Password {
		return v.say("535 5.7.8 wrong password")
	}
	v.user = want.User
	return v.say("235 2.7.0 welcome")
}

func (v *conversation) begin(line string) error {
	if v.relay.opts.Login.User != "" && v.user == "" {
		return v.say("530 5.7.0 log in first")
	}
	if stop, err := v.trouble(MAIL, line); stop {
		return err
	}
	from, args := path(line)
	v.mail, v.began = Received{From: from, Args: args, TLS: v.tls, User: v.user}, true
	return v.say("250 2.1.0 OK")
}

func (v *conversation) recipient(line string) error {
	if !v.began {
		return v.say("503 5.5.1 MAIL first")
	}
	if stop, err := v.trouble(RCPT, line); stop {
		return err
	}
	to, _ := path(line)
	v.mail.To = append(v.mail.To, to)
	return v.say("250 2.1.5 OK")
}

func (v *conversation) data(line string) error {
	if len(v.mail.To) == 0 || !v.began {
		return v.say("503 5.5.1 RCPT first")
	}
	if stop, err := v.trouble(Data, line); stop {
		return err
	}
	if err := v.say("354 go ahead"); err != nil {
		return err
	}
	if err := v.read(); err != nil {
		return err
	}
	v.began = false
	return v.finish()
}

// read takes the message up to the dot.
func (v *conversation) read() error {
	var raw bytes.Buffer
	for {
		line, err := v.in.ReadBytes('\n')
		if err != nil {
			return errOver
		}
		if string(line) == ".\r\n" {
			v.mail.Raw = raw.Bytes()
			return nil
		}
		raw.Write(bytes.TrimPrefix(line, []byte(".")))
		// A reply in mid-message would be taken for the answer to the dot.
		if _, err := v.trouble(Body, strings.Join(v.mail.To, " ")); err != nil {
			return err
		}
	}
}

// finish answers the dot. An accepted message is kept before the client is told.
func (v *conversation) finish() error {
	t, due := v.relay.trouble(Dot, strings.Join(v.mail.To, " "))
	usual := !due || t.Reply == "" && t.Cut == Stay
	v.mail.Acked = usual || strings.HasPrefix(t.Reply, "2")
	if v.mail.Acked || t.Keep {
		v.relay.keep(v.mail)
	}
	v.mail = Received{}
	if due {
		if stop, err := v.make(t); stop {
			return err
		}
	}
	return v.say("250 2.0.0 kept")
}

// path cuts <address> and what follows out of a MAIL or RCPT line.
func path(line string) (address, args string) {
	_, rest, _ := strings.Cut(line, "<")
	i := strings.LastIndexByte(rest, '>')
	if i < 0 {
		return strings.TrimSpace(rest), ""
	}
	return rest[:i], strings.TrimSpace(rest[i+1:])
}
