package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"postern/mailin"
	"postern/mailin/replyhtml"
	"postern/mailout"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// helpdesk is a helpdesk put together: the desk, what it decides with, and the
// courier. Its settings, rules and templates are swapped whole, so that one
// message sees one version of each.
type helpdesk struct {
	db      *ticketdb.DB
	desk    *tickets.Desk
	courier *mailout.Courier
	log     *slog.Logger
	keys    tickets.Keyring // it began with; keyNow are those in force

	keyring  atomic.Pointer[tickets.Keyring]
	settings atomic.Pointer[tickets.Settings]
	composer atomic.Pointer[mailout.Composer]
	rules    atomic.Pointer[tickets.Rules]
	relays   atomic.Pointer[map[string]mailout.Relay]
	resolver atomic.Pointer[resolver]
}

// newHelpdesk wires the parts together. Rules, composer, settings and relays are
// set by the caller before anything is accepted.
func newHelpdesk(db *ticketdb.DB, keys tickets.Keyring, now func() time.Time, log *slog.Logger) *helpdesk {
	h := &helpdesk{db: db, keys: keys, log: log}
	h.keyring.Store(&keys)
	h.courier = &mailout.Courier{
		Store: db, Open: h.openPart, Now: now, Log: log, Owner: nonce(),
		Record: func(ctx context.Context, v tickets.Verdict) error { return h.desk.Record(ctx, v) },
		Relays: func(name string) (mailout.Relay, bool) {
			r, ok := (*h.relays.Load())[name]
			return r, ok
		},
	}
	h.desk = &tickets.Desk{
		Store: db, Parse: parse, Verify: h.verify, Format: replyhtml.Of, Now: now, Log: log, Nonce: nonce, Wake: h.courier.Wake,
		Rules:    func() tickets.Rules { return *h.rules.Load() },
		Settings: h.settings.Load,
		Keys:     h.keyNow,
		Compose:  h.compose,
	}
	return h
}

// keyNow are the keys of the moment: a reload may have brought others.
func (h *helpdesk) keyNow() tickets.Keyring { return *h.keyring.Load() }

// compose writes a message with the templates of the moment.
func (h *helpdesk) compose(d tickets.Draft) (tickets.Content, error) {
	c, err := h.composer.Load().Compose(d)
	if errors.Is(err, mailout.ErrAddress) {
		err = fmt.Errorf("%w: %w", tickets.ErrUnwritable, err)
	}
	return c, err
}

// parse reads a stored message with what its envelope said.
func parse(ctx context.Context, a tickets.Arrival, raw tickets.Raw) tickets.Message {
	return mailin.Parse(ctx, raw, mailin.Envelope{From: a.From, To: a.To})
}

// openPart opens an attachment where it lies: in the raw message that brought it.
func (h *helpdesk) openPart(arrival int64, p tickets.Part) (io.ReadCloser, error) {
	raw, err := h.db.Raw(context.Background(), arrival)
	if err != nil {
		return nil, fmt.Errorf("attachment of arrival %d: %w", arrival, err)
	}
	return io.NopCloser(mailin.OpenPart(raw, p)), nil
}

// assemble writes an outgoing message out, for the command line and for tests; the
// courier streams it.
func (h *helpdesk) assemble(o tickets.Outgoing) (string, error) {
	var b strings.Builder
	err := mailout.Write(&b, o.Content, h.openPart)
	return b.String(), err
}

// nonce spells 128 random bits in 26 letters of Crockford's alphabet.
func nonce() string {
	var b [16]byte
	rand.Read(b[:])
	return crockford.EncodeToString(b[:])
}

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// composerFor loads the templates of every queue that has a folder of its own.
func composerFor(c Config) (*mailout.Composer, error) {
	out := &mailout.Composer{Templates: map[string]*mailout.Templates{}}
	for _, q := range c.Queues {
		if q.Templates == "" || out.Templates[q.Templates] != nil {
			continue
		}
		t, err := mailout.Load(q.Templates)
		if err != nil {
			return nil, fmt.Errorf("templates of queue %s: %w", q.Name, err)
		}
		out.Templates[q.Templates] = t
	}
	return out, nil
}

// relaysFor makes the ways out. "" is the default one.
func relaysFor(c Config, w *world) map[string]mailout.Relay {
	out := map[string]mailout.Relay{}
	for _, r := range c.Relays {
		out[r.Name] = r.relay(w)
	}
	if c.Relay != nil {
		out[""] = c.Relay.relay(w)
	}
	return out
}

func (r RelayConfig) relay(w *world) mailout.Relay {
	if r.Maildir != "" {
		return &mailout.Maildir{Dir: r.Maildir}
	}
	return &mailout.SMTP{
		Addr: r.Server, TLS: mailout.TLSMode(r.TLS), Hostname: or(r.Hostname, machineName()), Login: r.Login, Roots: w.roots,
		Password: func(context.Context) (string, error) { return passwordNow(r.PasswordFile, r.Password) },
	}
}

// passwordNow reads a password's file again, so that a changed one counts at
// once; without a file it is the one that was loaded.
func passwordNow(file string, loaded Secret) (string, error) {
	if file == "" {
		return loaded.Reveal(), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// machineName is what this machine calls itself, in greetings.
func machineName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

// recipient answers for a listener at RCPT.
func (h *helpdesk) recipient(addr string) (bool, error) {
	s := h.settings.Load()
	if s.Recipient(addr, h.keyNow()) {
		return true, nil
	}
	if s.Forged(addr, h.keyNow()) {
		return false, mailin.ErrForged
	}
	if at := strings.LastIndexByte(addr, '@'); at >= 0 && !s.OwnDomain(addr[at+1:]) {
		return false, mailin.ErrForeign
	}
	return false, nil
}
