package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"postern/mailin/mailauth"
	"postern/tickets"
)

// resolver answers for the DNS; it is swapped whole at a reload.
type resolver struct{ mailauth.Resolver }

// resolverFor is the DNS of a configuration: the server it names, else the system's.
func resolverFor(c Config, w *world) *resolver {
	switch {
	case w.dns != nil:
		return &resolver{w.dns}
	case c.Verify.Resolver == "":
		return &resolver{net.DefaultResolver}
	}
	server := c.Verify.Resolver
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server)
	}
	return &resolver{&net.Resolver{PreferGo: true, Dial: dial}}
}

// verify looks at DKIM, DMARC and, where the peer is the sender's own server, at SPF.
// It is called once, before the message is accepted, and takes ten seconds at most; a
// DNS that is down proves nothing and refuses nothing.
func (h *helpdesk) verify(ctx context.Context, a tickets.Arrival, raw tickets.Raw) (found *tickets.Findings) {
	defer func() {
		if p := recover(); p != nil { // of a library; the message is taken, unproved
			h.log.Error("message not verified", "source", a.Source, "err", fmt.Sprint(p))
			found = nil
		}
	}()
	dns := h.resolver.Load()
	if dns == nil {
		return nil
	}
	var env mailauth.Envelope
	if a.Role == tickets.RoleMX {
		env = mailauth.Envelope{Peer: a.Peer, Helo: a.Helo, From: a.From}
	}
	found = mailauth.Verify(ctx, raw, env, dns, a.At).Findings()
	h.log.Info("message verified", "source", a.Source, "found", found.String())
	return found
}

// evidence is what mail of a listener may prove.
func (l ListenerConfig) evidence() tickets.Trust {
	t := l.Trust.trust()
	t.Verify = l.Role == string(tickets.RoleMX)
	if l.Verify != nil {
		t.Verify = *l.Verify
	}
	return t
}

// evidence is what mail of a mailbox may prove.
func (m MailboxConfig) evidence() tickets.Trust {
	t := m.Trust.trust()
	t.Verify = m.Verify
	return t
}

// resolver reviews the DNS server, and completes it by its port.
func (r *review) resolver() {
	server := &r.cfg.Verify.Resolver
	if *server == "" && !r.doc.Has("verify.resolver") {
		return
	}
	if a, err := netip.ParseAddr(*server); err == nil {
		*server = netip.AddrPortFrom(a, 53).String()
	}
	if a, err := netip.ParseAddrPort(*server); err != nil || a.Port() == 0 {
		r.say("verify.resolver", fmt.Sprintf("%q is not a DNS server", *server), "write its address, such as 127.0.0.1 or 192.0.2.53:5353; leave it out for the system's")
	}
}
