package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"postern/mailin"
	"postern/rules/strictyaml"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// The people of the demo.
const (
	demoHelp     = "help@demo.example"
	demoHardware = "hardware@demo.example" // its mail lies in help's mailbox
	demoAnn      = "ann@customer.example"
	demoMax      = "max@customer.example"
	demoBob      = "bob@demo.example"
	demoBea      = "bea@demo.example"
)

// demoRules route the first request, so that there is something to see.
const demoRules = `version: 1
include: default
rules:
  - name: printers go to the hardware queue
    when: subject matches "(?i)printer|toner"
    then: {queue: hardware, priority: high, tags: [printer]}
`

// demo plays a whole helpdesk in one process and in memory, but for a database
// in a folder that is removed at the end.
func demo(ctx context.Context, w *world, c demoCmd) error {
	mail, err := newDemoMail([]string{demoHelp, demoAnn, demoMax, demoBob, demoBea})
	if err != nil {
		return err
	}
	defer mail.close()
	return playDemo(ctx, w, mail, c)
}

// playDemo plays it on a mail server. The gateway's own end is the end of the story too.
func playDemo(ctx context.Context, w *world, mail *demoMail, c demoCmd) error {
	dir, err := os.MkdirTemp("", "postern-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cfg, err := demoConfig(dir, mail)
	if err != nil {
		return err
	}
	clock := &demoClock{real: w.now}
	quiet := *w
	quiet.errs, quiet.now = io.Discard, clock.now
	g, err := newGateway(ctx, cfg, &quiet)
	if err != nil {
		return err
	}
	defer g.close()
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- g.run(serving) }()
	stage := *w
	stage.now = clock.now
	s := &demoStory{w: &stage, clock: clock, mail: mail, g: g, read: map[string]int{}, pages: c.HTML}
	err = s.play(ctx)
	if err == nil && !c.Exit {
		s.invite()
		<-ctx.Done()
	}
	stop()
	if stopped := <-ended; err == nil {
		err = stopped
	}
	return err
}

// demoConfig is the configuration of the demo: everything on loopback.
func demoConfig(dir string, mail *demoMail) (Config, error) {
	rulesDir := filepath.Join(dir, "rules")
	if err := os.MkdirAll(rulesDir, 0o700); err != nil {
		return Config{}, err
	}
	if err := os.WriteFile(filepath.Join(rulesDir, "demo.yaml"), []byte(demoRules), 0o600); err != nil {
		return Config{}, err
	}
	window := strictyaml.Duration(14 * 24 * time.Hour)
	return Config{
		Instance: "demo", Database: "sqlite:" + filepath.Join(dir, "postern.db"), Secrets: filepath.Join(dir, "secrets"), Rules: rulesDir,
		Mailboxes: []MailboxConfig{{Name: "help", Server: mail.imapAddr, TLS: "none", Login: demoHelp, Password: NewSecret(demoPassword),
			Folder: "INBOX", DoneFolder: "Done", Import: "all", Interval: strictyaml.Duration(5 * time.Minute),
			Trust: TrustConfig{AuthservIDs: []string{demoAuthserv}, Mode: "boundary"}}},
		Relay: &RelayConfig{Server: mail.smtpAddr, TLS: "none", EnvelopeFrom: "signed", Hostname: "postern.demo.example"},
		Queues: []QueueConfig{
			{Name: "it", Addresses: []string{demoHelp}, Display: "Demo helpdesk", Tag: "IT", Agents: []string{"bob", "bea"}, Language: "en", Zone: "UTC", ReopenWindow: window},
			{Name: "hardware", Addresses: []string{demoHardware}, Display: "Demo hardware", Tag: "HW", Agents: []string{"bob"}, Language: "en", Zone: "UTC", ReopenWindow: window},
		},
		Agents: []AgentConfig{
			{Name: "bob", Display: "Bob Brown", Addresses: []string{demoBob}},
			{Name: "bea", Display: "Bea Blue", Addresses: []string{demoBea}},
		},
		Log: LogConfig{Level: "info", Format: "text"}, File: "demo",
	}, nil
}

// demoStory plays the story and shows it.
type demoStory struct {
	w       *world
	clock   *demoClock
	mail    *demoMail
	g       *gateway
	read    map[string]int // how many mails of each mailbox were looked at
	arrival int64          // the last one explained
	n       int            // messages written
	pages   string         // folder for the HTML of what is received; none when empty
	shown   int            // mails received and shown
}

// send is a person writing from his mail client.
func (s *demoStory) send(from, name, to, subject string, answers *tickets.Message, text string) error {
	s.n++
	host, _, _ := net.SplitHostPort(s.mail.smtpAddr)
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%d@%s>\r\n", name, from, to, subject,
		s.w.now().Format(time.RFC1123Z), s.w.now().UnixNano(), s.n, strings.SplitN(from, "@", 2)[1])
	if answers != nil {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n", answers.MessageID, answers.MessageID)
	}
	fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", strings.ReplaceAll(text, "\n", "\r\n"))
	for strings.HasPrefix(subject, "Re: Re: ") {
		subject = subject[4:]
	}
	s.show("→ "+name+" writes to "+shortToken(to), subject, text)
	c, err := smtp.Dial(s.mail.smtpAddr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", from, demoPassword)); err != nil {
		return fmt.Errorf("logging in at %s: %w", host, err)
	}
	return c.SendMail(from, []string{to}, strings.NewReader(b.String()))
}

// gets waits for a mail with some words and shows it as its recipient sees it.
func (s *demoStory) gets(who, words string) (*tickets.Message, error) {
	raw, next, err := s.mail.wait(who, s.read[who], func(raw []byte) bool {
		m := readMail(raw)
		return strings.Contains(m.Subject+"\n"+m.Text, words)
	})
	s.read[who] = next
	if err != nil {
		return nil, fmt.Errorf("%w: it should say %q", err, words)
	}
	m := readMail(raw)
	s.show("← "+who+" receives, from "+m.From[0].Name, m.Subject, m.Text)
	return &m, s.keepPage(who, m)
}

// keepPage writes the HTML of a mail that was shown into the folder for it, to be looked
// at in a browser. A mail that is only looked up again is not written.
func (s *demoStory) keepPage(who string, m tickets.Message) error {
	if _, quiet := s.w.out.(nothing); s.pages == "" || quiet {
		return nil
	}
	s.shown++
	name, _, _ := strings.Cut(who, "@")
	if err := os.MkdirAll(s.pages, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.pages, fmt.Sprintf("%02d-%s.html", s.shown, name)), []byte(m.HTML), 0o600)
}

func readMail(raw []byte) tickets.Message {
	return mailin.Parse(context.Background(), strings.NewReader(string(raw)), mailin.Envelope{})
}

// show prints a mail in a frame.
func (s *demoStory) show(head, subject, text string) {
	fmt.Fprintf(s.w.out, "\n%s\n  │ Subject: %s\n  │\n", head, subject)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		fmt.Fprintf(s.w.out, "  │ %s\n", shortToken(printable(line)))
	}
}

// shortToken shortens the signed addresses that nobody wants to read.
func shortToken(line string) string {
	for _, sign := range []string{"+", "%2B"} {
		for from := 0; ; {
			i := strings.Index(line[from:], sign)
			if i < 0 {
				break
			}
			i += from + len(sign)
			from = i
			if end := i + tickets.TokenLen; len(line) > end && !strings.ContainsAny(line[i:end], " @<>/.") {
				line = line[:i+4] + "…" + line[end:]
			}
		}
	}
	return line
}

// decided prints what was decided about the messages since the last time, a line each.
func (s *demoStory) decided(ctx context.Context) error {
	infos, err := s.g.db.ListArrivals(ctx, ticketdb.ArrivalFilter{})
	if err != nil {
		return err
	}
	for i := len(infos) - 1; i >= 0; i-- {
		a := infos[i]
		if a.Arrival.ID <= s.arrival || a.State == tickets.StateNew {
			continue
		}
		s.arrival = a.Arrival.ID
		for _, step := range a.Result.Trace {
			fmt.Fprintf(s.w.out, "    · %s %s\n", step.Ask, step.Ans)
		}
	}
	return nil
}
