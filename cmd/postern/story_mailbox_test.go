package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"postern/mailin"
	"postern/tickets"
)

func init() {
	verbs["mailbox"] = (*story).mailbox
	verbs["retry"] = (*story).retry
	verbs["rules"] = (*story).newRules
}

// retry takes up a quarantined arrival again, as "postern inbox retry" does.
func (s *story) retry(args []string) error {
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return err
	}
	if err := s.db.RetryArrival(context.Background(), id); err != nil {
		return err
	}
	return s.settle()
}

// newRules puts another file in the place of rules.yaml.
func (s *story) newRules(args []string) error {
	s.files["rules.yaml"] = s.files[args[0]]
	s.start()
	return nil
}

// mailbox puts a mail into an IMAP mailbox with the flags that somebody's client has
// set, and reads the mailbox as serve does until the mail is in: flags=, queue=.
func (s *story) mailbox(args []string) error {
	rest, opt := options(args)
	user := s.imap()
	text := strings.ReplaceAll(s.files[rest[0]], "\n", "\r\n")
	o := &imap.AppendOptions{Time: s.now}
	for _, f := range strings.Fields(opt["flags"]) {
		o.Flags = append(o.Flags, imap.Flag(f))
	}
	if _, err := user.Append("INBOX", octetsOf{bytes.NewReader([]byte(text))}, o); err != nil {
		return err
	}
	if err := s.poll(opt["queue"]); err != nil {
		return err
	}
	return s.settle()
}

type octetsOf struct{ *bytes.Reader }

func (o octetsOf) Size() int64 { return o.Reader.Size() }

// imap is the user of the story's IMAP server, which is started with the first mail.
func (s *story) imap() *imapmemserver.User {
	if s.mails != nil {
		return s.mails
	}
	s.mails = imapmemserver.NewUser("help", "secret")
	if err := s.mails.Create("INBOX", nil); err != nil {
		s.t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(s.mails)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}}, InsecureAuth: true,
	})
	l := socket(s.t)
	s.mailsAt = l.Addr().String()
	go srv.Serve(l)
	s.t.Cleanup(func() { srv.Close() })
	return s.mails
}

// poll runs a poller until it has brought a mail.
func (s *story) poll(queue string) error {
	spool, err := mailin.OpenSpool(s.t.TempDir())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	came := make(chan struct{}, 10)
	p, err := mailin.NewPoller(mailin.PollerConfig{
		Account: "help", Addr: s.mailsAt, Mode: mailin.TLSNone, Insecure: true, Login: "help",
		Password: func() (string, error) { return "secret", nil }, Mailbox: "INBOX", Queue: queue, ImportAll: true,
		Spool: spool, Store: s.db, Log: s.house.log, Now: func() time.Time { return s.now },
		Accept: func(ctx context.Context, a tickets.Arrival, raw tickets.Raw) error {
			err := s.house.desk.Accept(ctx, a, raw)
			came <- struct{}{}
			return err
		},
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	select {
	case <-came:
	case <-ctx.Done():
		return fmt.Errorf("nothing came: %+v", p.Status())
	}
	cancel()
	<-done
	return nil
}
