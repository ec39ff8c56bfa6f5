package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// demoMail is a mail server in memory: IMAP and SMTP on loopback, a mailbox for
// each person of the story. It does what a real server does for postern: whoever
// logs in is stamped on top of his mail, and a stamp that somebody brings along
// is removed.
type demoMail struct {
	imapAddr, smtpAddr string

	imap  *imapserver.Server
	smtp  *smtp.Server
	users map[string]*imapmemserver.User

	mu    sync.Mutex
	boxes map[string][][]byte // what each person received, oldest first
	news  chan struct{}       // closed and renewed at each delivery

	patience time.Duration // how long a mail may take
}

// demoAuthserv is the name under which the demo's mail server stamps.
const demoAuthserv = "mail.demo.example"

const demoPassword = "demo"

// demoAliases are addresses whose mail goes to another mailbox.
var demoAliases = map[string]string{demoHardware: demoHelp}

// newDemoMail starts both servers on free ports of 127.0.0.1.
func newDemoMail(people []string) (*demoMail, error) {
	d := &demoMail{users: map[string]*imapmemserver.User{}, boxes: map[string][][]byte{}, news: make(chan struct{}),
		patience: 15 * time.Second}
	mem := imapmemserver.New()
	for _, p := range people {
		u := imapmemserver.NewUser(p, demoPassword)
		if err := u.Create("INBOX", nil); err != nil {
			return nil, err
		}
		if err := u.Create("Done", nil); err != nil {
			return nil, err
		}
		mem.AddUser(u)
		d.users[p] = u
	}
	quiet := log.New(io.Discard, "", 0)
	d.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true, Logger: quiet,
	})
	d.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &demoSession{mail: d}, nil }))
	d.smtp.Domain, d.smtp.AllowInsecureAuth, d.smtp.ErrorLog = demoAuthserv, true, quiet
	var err error
	if d.imapAddr, err = serveLoopback(d.imap.Serve); err != nil {
		return nil, err
	}
	d.smtpAddr, err = serveLoopback(d.smtp.Serve)
	return d, err
}

func serveLoopback(serve func(net.Listener) error) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go serve(l)
	return l.Addr().String(), nil
}

func (d *demoMail) close() {
	d.imap.Close()
	d.smtp.Close()
}

// deliver puts a message into the mailbox of an address, extensions (help+…) ignored.
func (d *demoMail) deliver(to string, raw []byte) error {
	local, domain, _ := strings.Cut(to, "@")
	local, _, _ = strings.Cut(local, "+")
	name := strings.ToLower(local + "@" + domain)
	if other, ok := demoAliases[name]; ok {
		name = other
	}
	user := d.users[name]
	if user == nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	raw = append([]byte("Delivered-To: "+to+"\r\n"), raw...)
	if _, err := user.Append("INBOX", &literal{bytes.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{Time: time.Now()}); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.boxes[name] = append(d.boxes[name], raw)
	close(d.news)
	d.news = make(chan struct{})
	return nil
}

// wait returns the n-th message of a mailbox that match accepts, from message
// number from on, waiting for it.
func (d *demoMail) wait(who string, from int, match func([]byte) bool) ([]byte, int, error) {
	deadline := time.After(d.patience)
	for {
		d.mu.Lock()
		box, news := d.boxes[who], d.news
		d.mu.Unlock()
		for i := from; i < len(box); i++ {
			if match(box[i]) {
				return box[i], i + 1, nil
			}
		}
		select {
		case <-news:
		case <-deadline:
			return nil, from, fmt.Errorf("no such mail came to %s within %s", who, d.patience)
		}
	}
}

// literal is a message for IMAP APPEND.
type literal struct {
	io.Reader
	size int64
}

func (l *literal) Size() int64 { return l.size }

// demoSession is one SMTP conversation.
type demoSession struct {
	mail *demoMail
	user string
	to   []string
}

func (s *demoSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth takes PLAIN with the one password of the demo.
func (s *demoSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.mail.users[user] == nil || password != demoPassword {
			return errors.New("wrong user or password")
		}
		s.user = user
		return nil
	}), nil
}

// Mail takes every sender: this server is for loopback.
func (s *demoSession) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes the people of the story.
func (s *demoSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data delivers to everybody, with the stamp of whoever logged in.
func (s *demoSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, 32<<20))
	if err != nil {
		return err
	}
	raw = unstamped(raw)
	if s.user != "" {
		raw = append([]byte("Authentication-Results: "+demoAuthserv+"; auth=pass smtp.auth="+s.user+"\r\n"), raw...)
	}
	for _, to := range s.to {
		if err := s.mail.deliver(to, raw); err != nil {
			return err
		}
	}
	return nil
}

// unstamped removes Authentication-Results that came along (RFC 8601 section 5).
func unstamped(raw []byte) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var keep [][]byte
	skip := false
	for _, line := range bytes.Split(head, []byte("\r\n")) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' {
			skip = len(line) > 23 && strings.EqualFold(string(line[:23]), "Authentication-Results:")
		}
		if !skip {
			keep = append(keep, line)
		}
	}
	return bytes.Join([][]byte{bytes.Join(keep, []byte("\r\n")), body}, []byte("\r\n\r\n"))
}

// Reset forgets the recipients.
func (s *demoSession) Reset() { s.to = nil }

// Logout ends the conversation.
func (s *demoSession) Logout() error { return nil }
