package main

import (
	"fmt"
	"net"
	"time"

	"postern/rules/strictyaml"
)

// Bounds of the sizes.
const (
	smallestMessage = strictyaml.Size(64 << 10) // RFC 5321 section 4.5.3.1.7
	largestMessage  = strictyaml.Size(1 << 30)
)

// longestHold bounds how long an answer may be kept for second thoughts.
const longestHold = time.Hour

// limits reviews the numbers that bound mail, and fills in those left out.
func (r *review) limits() {
	l := &r.cfg.Limits
	for key, n := range map[string]*int{"connections": &l.Connections, "connections_per_net": &l.ConnectionsPerNet,
		"unverified_day": &l.UnverifiedDay, "verified_hour": &l.VerifiedHour, "verified_day": &l.VerifiedDay,
		"refusals_hour": &l.RefusalsHour, "reopens_hour": &l.ReopensHour, "tickets_hour": &l.TicketsHour,
		"storm_hour": &l.StormHour, "instance_hour": &l.InstanceHour, "attempts": &l.Attempts,
		"notices_ticket": &l.NoticesTicket, "notices_hour": &l.NoticesHour} {
		if path := "limits." + key; r.doc.Has(path) && (*n < 1 || *n > 1_000_000) {
			r.say(path, fmt.Sprintf("%s cannot be %d", key, *n), "a number from 1 to 1000000; leave the line out for the usual value")
		}
	}
	if size := l.MessageSize; r.doc.Has("limits.message_size") && (size < smallestMessage || size > largestMessage) {
		r.say("limits.message_size", fmt.Sprintf("a message size of %s", size), "from 64KiB, which every mail server must take, to 1GiB")
	}
	if l.AttachmentSize > 0 && l.MessageSize > 0 && l.AttachmentSize > l.MessageSize {
		r.say("limits.attachment_size", fmt.Sprintf("attachment_size is greater than message_size on line %d", r.line("limits.message_size")), "no such attachment could arrive")
	}
	if l.ConnectionsPerNet > 0 && l.Connections > 0 && l.ConnectionsPerNet > l.Connections {
		r.say("limits.connections_per_net", fmt.Sprintf("connections_per_net is greater than connections on line %d", r.line("limits.connections")), "one network could take all connections")
	}
	for key, d := range map[string]strictyaml.Duration{"conflict_hold": l.ConflictHold, "undo_window": l.UndoWindow, "reply_hold": l.ReplyHold} {
		if d > strictyaml.Duration(longestHold) {
			r.say("limits."+key, fmt.Sprintf("%s is longer than %s", key, longestHold), "a requester would wait for every answer; seconds or minutes are meant")
		}
	}
	for i, w := range l.PerTicket {
		if w.Max < 1 || w.Within <= 0 {
			r.say(at("limits.per_ticket", i), "a window needs max and within, both greater than zero", "write: {max: 10, within: 10m}")
		}
	}
}

// watching reviews where the monitor's pages are served. A port alone means
// this machine only.
func (r *review) watching() {
	c := r.cfg
	if c.HTTP == "" {
		return
	}
	if host, port, err := net.SplitHostPort(c.HTTP); err == nil && host == "" {
		c.HTTP = net.JoinHostPort("127.0.0.1", port)
	}
	if _, unix := isUnix(c.HTTP); unix {
		r.say("http", "the monitor's pages need TCP", "write 127.0.0.1:9090")
		return
	}
	r.socket("http", &c.HTTP)
}

// reachable tells when no mail could come in at all.
func (r *review) reachable() {
	if len(r.cfg.Listeners)+len(r.cfg.Mailboxes) == 0 {
		r.missing("", "no mail could come in: there is neither a listener nor a mailbox", "add mailboxes (IMAP) or listeners (SMTP, LMTP)")
	}
}
