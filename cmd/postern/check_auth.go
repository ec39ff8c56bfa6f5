package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/mailin"
	"postern/mailout"
	"postern/tickets"
)

// checkAuthCmd sends a mail to itself the real way, and looks at what the servers on the way
// stamp on it.
type checkAuthCmd struct {
	Source  string        `arg:"" optional:"" help:"Name of a mailbox or listener; all of them when left out."`
	To      string        `placeholder:"ADDRESS" help:"Where the probe goes; the address of the source's queue when left out."`
	From    string        `placeholder:"ADDRESS" help:"Who it says it is from; the same address when left out. Your relay must let us."`
	Timeout time.Duration `default:"2m" help:"How long to wait for one probe."`
}

// authProbe is a mail that is sent to be looked at. A running gateway knows it by its mark and
// books it as our own mail coming back: it makes no ticket.
type authProbe struct {
	source probeSource
	from   string
	to     string
	id     string // Message-ID
	raw    string
}

// probeSource is a way in: exactly one of both is set.
type probeSource struct {
	mailbox  *MailboxConfig
	listener *ListenerConfig
}

func (s probeSource) name() string {
	if s.mailbox != nil {
		return "mailbox " + s.mailbox.Name
	}
	return "listener " + s.listener.Name
}

// evidence is what the configuration lets mail of this source prove.
func (s probeSource) evidence() (tickets.Role, tickets.Trust) {
	if s.mailbox != nil {
		return tickets.RoleMailbox, s.mailbox.evidence()
	}
	return tickets.Role(s.listener.Role), s.listener.evidence()
}

// Run probes one source after the other; errFound when a probe did not come.
func (c *checkAuthCmd) Run(ctx context.Context, w *world) error {
	cfg, err := w.load()
	if err != nil {
		return w.mistakes(withRuleMistakes(err, cfg))
	}
	sources, err := c.sources(cfg)
	if err != nil {
		return err
	}
	keys, err := readKeys(cfg.Secrets)
	if err != nil {
		return fmt.Errorf("%w (the first postern serve makes them)", err)
	}
	signer := tickets.Signer{Instance: cfg.Instance, Keys: keys}
	failed := false
	var seen []authView
	for _, s := range sources {
		p := c.probe(cfg, s, signer, w.now())
		var v authView
		_ = w.during("waiting for the probe to "+s.name(), func() error { v = c.look(ctx, cfg, w, p); return nil })
		seen, failed = append(seen, v), failed || v.Error != ""
		if !w.json {
			fmt.Fprint(w.out, v.page())
		}
	}
	if w.json {
		if err := writeJSON(w.out, seen); err != nil {
			return err
		}
	}
	if failed {
		return errFound
	}
	return nil
}

// sources are the ways in that are asked about.
func (c *checkAuthCmd) sources(cfg Config) (out []probeSource, err error) {
	for i, m := range cfg.Mailboxes {
		if c.Source == "" || strings.EqualFold(c.Source, m.Name) {
			out = append(out, probeSource{mailbox: &cfg.Mailboxes[i]})
		}
	}
	for i, l := range cfg.Listeners {
		// Nobody's server brings mail to a submission listener.
		if strings.EqualFold(c.Source, l.Name) || c.Source == "" && l.Role != string(tickets.RoleSubmission) {
			out = append(out, probeSource{listener: &cfg.Listeners[i]})
		}
	}
	switch {
	case len(out) == 0 && c.Source != "":
		return nil, fmt.Errorf("mailbox or listener %q: %w", c.Source, tickets.ErrNotFound)
	case len(out) == 0:
		return nil, fmt.Errorf("%w: there is no mailbox, and no listener that a mail server brings mail to", errRefused)
	case len(out) > 1 && c.To != "":
		return nil, fmt.Errorf("%w: --to needs the name of the mailbox or listener where it arrives", errUsage)
	}
	return out, nil
}

// probe writes the mail for a source.
func (c *checkAuthCmd) probe(cfg Config, s probeSource, signer tickets.Signer, at time.Time) authProbe {
	token := nonce()
	p := authProbe{source: s, to: or(c.To, probeAddress(cfg, s)), id: "check." + token + "@" + cfg.messageDomain()}
	p.from = or(c.From, p.to)
	lines := []string{"From: " + p.from, "To: " + p.to, "Subject: postern check auth " + token, "Date: " + at.UTC().Format(time.RFC1123Z),
		"Message-ID: <" + p.id + ">", "Auto-Submitted: auto-generated", "X-Postern-Instance: " + signer.Mark(token),
		"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "",
		"A probe of postern check auth. It shows which fields the mail servers on its way add.", "It may be deleted.", ""}
	p.raw = strings.Join(lines, "\r\n")
	return p
}

// probeAddress is the queue's address that brings mail to a source: that of its own queue,
// the one that the mailbox is named after, or the first.
func probeAddress(cfg Config, s probeSource) string {
	settings := cfg.Settings()
	queue, names := "", []string{}
	if s.mailbox != nil {
		queue, names = s.mailbox.Queue, []string{s.mailbox.Mailbox, s.mailbox.Login}
	} else {
		queue = s.listener.Queue
	}
	if q, ok := settings.Queue(queue); ok {
		return q.Address()
	}
	for _, name := range names {
		if _, ok := settings.QueueOf(name); ok {
			return name
		}
	}
	return settings.Queues[0].Address()
}

// look sends a probe and waits for it.
func (c *checkAuthCmd) look(ctx context.Context, cfg Config, w *world, p authProbe) authView {
	v := authView{Source: p.source.name(), From: p.from, To: p.to}
	began := w.now()
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	raw, err := fetchProbe(ctx, cfg, w, p)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the probe %s did not arrive within %s; look into the log of your mail server for this Message-ID", p.id, c.Timeout)
	}
	if err != nil {
		v.Error = printable(err.Error())
		return v
	}
	v.Seconds = int(w.now().Sub(began).Seconds())
	m := mailin.Parse(ctx, strings.NewReader(raw), mailin.Envelope{To: []string{p.to}})
	v.read(cfg, p, m, w.now())
	if _, trust := p.source.evidence(); trust.Verify {
		v.verify(ctx, cfg, w, p, raw)
	}
	return v
}

// fetchProbe makes ready to receive, sends, and returns the octets as they arrived.
func fetchProbe(ctx context.Context, cfg Config, w *world, p authProbe) (string, error) {
	wait, err := awaitProbe(ctx, cfg, w, p)
	if err != nil {
		return "", err
	}
	defer wait.stop()
	if err := p.send(ctx, cfg, w); err != nil {
		return "", err
	}
	for {
		raw, err := wait.look(ctx)
		if err != nil || raw != "" {
			return raw, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// send hands the probe to the relay of the queue it goes to.
func (p authProbe) send(ctx context.Context, cfg Config, w *world) error {
	relay := cfg.Relay
	if q, ok := cfg.Settings().QueueOf(p.to); ok && q.Relay != "" {
		for i := range cfg.Relays {
			if strings.EqualFold(cfg.Relays[i].Name, q.Relay) {
				relay = &cfg.Relays[i]
			}
		}
	}
	if relay.Maildir != "" {
		return fmt.Errorf("%w: the relay is a folder (maildir: %s); nothing that is put there arrives anywhere", errRefused, relay.Maildir)
	}
	out := relay.relay(w)
	defer out.Close()
	o := tickets.Outgoing{From: p.from, To: p.to, MessageID: p.id, Content: tickets.Content{Segments: []tickets.Segment{{Literal: []byte(p.raw)}}}}
	switch relay.EnvelopeFrom {
	case "fixed":
		o.From = relay.FixedFrom
	case "null":
		o.From = ""
	}
	var open mailout.Opener
	if a := out.Deliver(ctx, o, open); a.Kind != tickets.VerdictSent {
		return fmt.Errorf("the relay does not take the probe from %s: %s", p.from, strings.TrimSpace(a.Code+" "+a.Text))
	}
	return nil
}
