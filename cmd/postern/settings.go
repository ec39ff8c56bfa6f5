package main

import (
	"strings"
	"time"

	"postern/tickets"
)

// Settings is the part of the configuration that decisions need.
func (c Config) Settings() *tickets.Settings {
	s := &tickets.Settings{
		Instance: c.Instance, Domain: c.messageDomain(), ReplyDomain: c.Reply.Domain,
		NoPlus: c.Reply.Plus != nil && !*c.Reply.Plus, Admins: c.Admin, Limits: c.Limits.limits(),
	}
	if c.Relay != nil {
		s.EnvelopeFrom, s.FixedFrom = c.Relay.EnvelopeFrom, c.Relay.FixedFrom
	}
	for _, q := range c.Queues {
		s.Queues = append(s.Queues, q.queue())
	}
	for _, a := range c.Agents {
		s.Agents = append(s.Agents, tickets.Agent{Name: a.Name, Display: or(a.Display, a.Name), Addresses: a.Addresses, Away: a.Away, Language: a.Language})
	}
	return s
}

// messageDomain is the host part of our Message-IDs: the reply domain, else that of
// the first queue's first address.
func (c Config) messageDomain() string {
	if c.Reply.Domain != "" {
		return strings.ToLower(c.Reply.Domain)
	}
	for _, q := range c.Queues {
		for _, a := range q.Addresses {
			return strings.ToLower(a[strings.LastIndexByte(a, '@')+1:])
		}
	}
	return "localhost"
}

func (q QueueConfig) queue() tickets.Queue {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil { // the review has refused it long ago
		zone = time.UTC
	}
	return tickets.Queue{
		Name: q.Name, Addresses: q.Addresses, Display: or(q.Display, q.Name), Tag: q.Tag, Agents: q.Agents,
		Language: q.Language, Zone: zone, ReopenWindow: time.Duration(q.ReopenWindow),
		HideAgents: q.HideAgents, NoCC: q.CC != nil && !*q.CC, Silent: q.Silent,
		Templates: q.Templates, Relay: q.Relay, Digest: q.Digest, LinkCopies: q.LinkCopies,
	}
}

// limits are the policy's, and where the file says otherwise the file's.
func (l LimitsConfig) limits() tickets.Limits {
	out := tickets.DefaultLimits()
	set(&out.MessageSize, int64(l.MessageSize))
	set(&out.AttachmentSize, int64(l.AttachmentSize))
	set(&out.UnverifiedDay, l.UnverifiedDay)
	set(&out.VerifiedHour, l.VerifiedHour)
	set(&out.VerifiedDay, l.VerifiedDay)
	set(&out.RefusalsHour, l.RefusalsHour)
	set(&out.ReopensHour, l.ReopensHour)
	set(&out.TicketsHour, l.TicketsHour)
	set(&out.StormHour, l.StormHour)
	set(&out.InstanceHour, l.InstanceHour)
	set(&out.Attempts, l.Attempts)
	set(&out.NoticesTicket, l.NoticesTicket)
	set(&out.NoticesHour, l.NoticesHour)
	set(&out.Gather, time.Duration(l.Gather))
	set(&out.DigestEvery, time.Duration(l.DigestEvery))
	set(&out.UnverifiedEvery, time.Duration(l.UnverifiedEvery))
	set(&out.QuietAge, time.Duration(l.QuietAge))
	set(&out.ConflictHold, time.Duration(l.ConflictHold))
	set(&out.UndoWindow, time.Duration(l.UndoWindow))
	set(&out.ReplyHold, time.Duration(l.ReplyHold))
	set(&out.ConfirmEvery, time.Duration(l.ConfirmEvery))
	set(&out.ConfirmFor, time.Duration(l.ConfirmFor))
	set(&out.RelayDelay, time.Duration(l.RelayDelay))
	set(&out.ReplayAge, time.Duration(l.ReplayAge))
	if len(l.PerTicket) > 0 {
		out.PerTicket = nil
		for _, w := range l.PerTicket {
			out.PerTicket = append(out.PerTicket, tickets.Window{Max: w.Max, Within: time.Duration(w.Within)})
		}
	}
	return out
}

// set replaces a value unless the file left it out.
func set[T comparable](to *T, v T) {
	var zero T
	if v != zero {
		*to = v
	}
}

// trust is the evidence that a source's headers give.
func (t TrustConfig) trust() tickets.Trust {
	out := tickets.Trust{ServIDs: t.AuthservIDs, Mode: t.Mode, Above: t.ReceivedAbove, Fields: t.Fields}
	if m := t.Marker; m != nil {
		out.Marker = &tickets.Marker{Name: m.Header, Value: m.Value, Above: m.ReceivedAbove}
	}
	return out
}
