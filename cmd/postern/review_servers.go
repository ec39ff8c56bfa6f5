package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postern/rules/strictyaml"
)

// Bounds of the pause between polls.
const (
	shortestInterval = strictyaml.Duration(10 * time.Second)
	longestInterval  = strictyaml.Duration(24 * time.Hour)
)

func (r *review) mailboxes() {
	r.unique("mailboxes", names(r.cfg.Mailboxes, func(m MailboxConfig) string { return m.Name }),
		func(i int) string { return at("mailboxes", i, "name") })
	seen := map[string]int{}
	for i := range r.cfg.Mailboxes {
		m := &r.cfg.Mailboxes[i]
		r.mailbox(at("mailboxes", i), m)
		key := strings.Join([]string{strings.ToLower(m.Server), m.Login, m.Mailbox, m.Folder}, "\n")
		if first, again := seen[key]; again && m.Server != "" {
			r.say(at("mailboxes", i), fmt.Sprintf("the same mailbox is read twice; the first is on line %d", r.line(at("mailboxes", first))), "remove one, or name another folder")
			continue
		}
		seen[key] = i
	}
}

func (r *review) mailbox(path string, m *MailboxConfig) {
	r.name(path, "mailbox", m.Name)
	r.oneOf(path+".tls", &m.TLS, "tls", "starttls", "none")
	if r.required(path, "server", m.Server, "add: server: imap.example.org") {
		r.server(path+".server", &m.Server, map[string]string{"tls": "993", "starttls": "143", "none": "143"}[m.TLS])
	}
	r.clear(path, m.TLS, m.Server)
	r.required(path, "login", m.Login, "add: login: help@example.org")
	m.Password = r.secret(secretSource{path, &m.PasswordFile, &m.PasswordEnv, m.Login != ""})
	if m.Folder == "" {
		m.Folder = "INBOX"
	}
	if m.DoneFolder == m.Folder {
		r.say(path+".done_folder", "done_folder is the folder that is read", "name another one, such as Done, or leave it out")
	}
	r.known(path+".queue", "queue", m.Queue, r.queueNames())
	r.oneOf(path+".import", &m.Import, "from-now", "all")
	r.interval(path+".interval", &m.Interval)
	r.trust(path+".trust", m.Trust)
}

func (r *review) interval(path string, d *strictyaml.Duration) {
	switch {
	case *d == 0 && !r.doc.Has(path):
		*d = strictyaml.Duration(5 * time.Minute)
	case *d < shortestInterval || *d > longestInterval:
		r.say(path, fmt.Sprintf("an interval of %s", *d), "from 10s to 1d; new mail is noticed at once anyway where the server knows IDLE")
	}
}

// server completes HOST or HOST:PORT by the usual port.
func (r *review) server(path string, server *string, port string) {
	host := *server
	if scheme, rest, is := strings.Cut(host, "://"); is {
		r.say(path, fmt.Sprintf("a server is named without %s://", scheme), "write HOST or HOST:PORT: "+strings.Trim(rest, "/"))
		return
	}
	if h, p, err := net.SplitHostPort(*server); err == nil {
		host, port = h, p
		if !r.hostPort(path, *server) {
			return
		}
	}
	bare := strings.Trim(host, "[]")
	if net.ParseIP(bare) == nil && !hostForm.MatchString(host) {
		r.say(path, fmt.Sprintf("%q is not a server", *server), "write HOST or HOST:PORT, without scheme: mail.example.org:993")
		return
	}
	*server = net.JoinHostPort(bare, port)
}

// clear refuses connections in clear to another machine.
func (r *review) clear(path, tls, server string) {
	if tls == "none" && server != "" && !loopback(server) {
		r.say(path+".tls", "passwords and mail would travel in clear", "tls: none is for servers on this machine; use tls or starttls")
	}
}

func (r *review) relays() {
	if r.cfg.Relay == nil {
		r.missing("", "there is no relay: no mail could leave", "add: relay: {server: mail.example.org}, or relay: {maildir: outgoing} to try things out")
	} else {
		if r.cfg.Relay.Name != "" {
			r.say("relay.name", "the default relay has no name", "remove the line; named relays stand under relays")
		}
		r.relay("relay", r.cfg.Relay)
	}
	r.unique("relays", r.relayNames(), func(i int) string { return at("relays", i, "name") })
	for i := range r.cfg.Relays {
		r.name(at("relays", i), "relay", r.cfg.Relays[i].Name)
		r.relay(at("relays", i), &r.cfg.Relays[i])
	}
}

func (r *review) relay(path string, x *RelayConfig) {
	r.oneOf(path+".envelope_from", &x.EnvelopeFrom, "signed", "fixed", "null")
	r.fixedFrom(path, x)
	switch {
	case x.Server != "" && x.Maildir != "":
		r.say(path+".maildir", fmt.Sprintf("a relay with both server and maildir; the server is on line %d", r.line(path+".server")), "keep one of them")
	case x.Maildir != "":
		r.maildir(path+".maildir", &x.Maildir)
	case x.Server == "":
		r.missing(path, "a relay needs a server", "add: server: mail.example.org, or maildir: PATH")
	default:
		r.relayServer(path, x)
	}
}

func (r *review) fixedFrom(path string, x *RelayConfig) {
	switch {
	case x.EnvelopeFrom == "fixed" && x.FixedFrom == "":
		r.missing(path+".envelope_from", "envelope_from: fixed without fixed_from", "add: fixed_from: bounces@example.org")
	case x.EnvelopeFrom != "fixed" && x.FixedFrom != "":
		r.say(path+".fixed_from", fmt.Sprintf("fixed_from with envelope_from: %s", x.EnvelopeFrom), "write envelope_from: fixed, or remove the line")
	case x.FixedFrom != "":
		r.address(path+".fixed_from", x.FixedFrom)
	}
}

func (r *review) maildir(path string, p *string) {
	*p = r.path(*p)
	if info, err := os.Stat(filepath.Dir(*p)); err != nil || !info.IsDir() {
		r.say(path, filepath.Dir(*p)+": there is no such folder", "make it; postern makes only the last one")
	}
}

func (r *review) relayServer(path string, x *RelayConfig) {
	r.oneOf(path+".tls", &x.TLS, "starttls", "tls", "none")
	r.server(path+".server", &x.Server, map[string]string{"starttls": "587", "tls": "465", "none": "25"}[x.TLS])
	r.clear(path, x.TLS, x.Server)
	if listener, is := r.sockets[x.Server]; is {
		r.say(path+".server", fmt.Sprintf("this relay is our own listener on line %d", r.line(listener)), "mail would come back; name the server that sends it on")
	}
	if x.Hostname != "" {
		r.host(path+".hostname", x.Hostname)
	}
	if x.Login == "" && (x.PasswordFile != "" || x.PasswordEnv != "") {
		r.missing(path, "a password without login", "add: login: NAME")
	}
	x.Password = r.secret(secretSource{path, &x.PasswordFile, &x.PasswordEnv, x.Login != ""})
}
