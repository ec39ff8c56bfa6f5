package main

import (
	"fmt"
	"strings"
	"time"
)

// The machines of policy section 6. Each is made for the address it has.

// polite keeps RFC 3834: it answers no machine, nobody twice a week, and says that it is one.
func polite(addr string) counterpart {
	last := map[string]time.Time{}
	return func(n *network, m sunk) []parcel {
		from := m.msg.From[0].Addr
		if m.out.From == "" || m.machine() || m.field("Precedence") != "" || n.now.Sub(last[from]) < 7*24*time.Hour {
			return nil
		}
		last[from] = n.now
		raw := n.compose(addr, m.out.From, "Auto: "+m.msg.Subject, references(m)+"Auto-Submitted: auto-replied", "I am away.")
		return []parcel{{after: 20 * time.Second, from: "", to: m.out.From, raw: raw}}
	}
}

// eager answers everything at once, as a person would: no sign of a machine.
func eager(addr string) counterpart { return slow(addr, 30*time.Second) }

// slow answers everything after a while.
func slow(addr string, after time.Duration) counterpart {
	return func(n *network, m sunk) []parcel {
		raw := n.compose(addr, m.replyTo(), "Re: "+m.msg.Subject, references(m), fmt.Sprintf("We have received your mail (%d).", n.n))
		return []parcel{{after: after, from: addr, to: m.replyTo(), raw: raw, proved: true}}
	}
}

// retagging answers everything with a new Message-ID, no reference and its own tag in front.
func retagging(addr string) counterpart {
	return func(n *network, m sunk) []parcel {
		to := m.msg.From[0].Addr
		raw := n.compose(addr, to, fmt.Sprintf("[OTH-%d] %s", n.n, m.msg.Subject), "", fmt.Sprintf("Your request %d was received.", n.n))
		return []parcel{{after: time.Minute, from: addr, to: to, raw: raw, proved: true}}
	}
}

// stripping is a helpdesk that takes our tag and our references away.
func stripping(addr string) counterpart {
	return func(n *network, m sunk) []parcel {
		to := m.msg.From[0].Addr
		raw := n.compose(addr, to, m.bare(), "", fmt.Sprintf("Your request %d was received.", n.n))
		return []parcel{{after: time.Minute, from: addr, to: to, raw: raw, proved: true}}
	}
}

// shifting answers from another address each time, at one domain.
func shifting(domain string) counterpart {
	return func(n *network, m sunk) []parcel {
		from, to, refs := fmt.Sprintf("box%d@%s", n.n, domain), m.msg.From[0].Addr, ""
		if n.n%3 == 0 {
			to, refs = m.replyTo(), references(m)
		}
		raw := n.compose(from, to, "Re: "+m.bare(), refs, "Received.")
		return []parcel{{after: time.Minute, from: from, to: to, raw: raw}}
	}
}

// listed answers everything, and its mail comes by a mailing list.
func listed(addr string) counterpart {
	return func(n *network, m sunk) []parcel {
		_, domain, _ := strings.Cut(addr, "@")
		list := "List-Id: <staff." + domain + ">\nPrecedence: list\nReply-To: staff@" + domain + "\nList-Post: <mailto:staff@" + domain + ">"
		raw := n.compose(addr, m.replyTo(), "[staff] Re: "+m.msg.Subject, references(m)+list, fmt.Sprintf("We have received your mail (%d).", n.n))
		return []parcel{{after: 30 * time.Second, from: "staff-bounces@" + domain, to: m.replyTo(), raw: raw, proved: true}}
	}
}

// bouncing returns every mail properly (RFC 3464), and none that has no return path.
func bouncing(addr string) counterpart {
	return func(n *network, m sunk) []parcel {
		if m.out.From == "" {
			return nil
		}
		_, domain, _ := strings.Cut(addr, "@")
		body := "--b\nContent-Type: text/plain\n\nThe mailbox is full.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx." + domain +
			"\n\nFinal-Recipient: rfc822; " + addr + "\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\n" +
			"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + m.msg.MessageID + ">\n--b--"
		raw := n.compose("MAILER-DAEMON@mx."+domain, m.out.From, "Undelivered Mail Returned to Sender",
			"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b", body)
		return []parcel{{after: 10 * time.Second, from: "", to: m.out.From, raw: raw}}
	}
}

// roughBouncing returns every mail as plain text, from an address, to whatever it can find.
func roughBouncing(addr string) counterpart {
	return func(n *network, m sunk) []parcel {
		to := m.out.From
		if to == "" {
			to = m.msg.From[0].Addr
		}
		_, domain, _ := strings.Cut(addr, "@")
		raw := n.compose("postmaster@"+domain, to, "Mail could not be delivered", "",
			"Your message to "+addr+" could not be delivered:\n552 mailbox full\n\n> Subject: "+m.msg.Subject)
		return []parcel{{after: 10 * time.Second, from: "postmaster@" + domain, to: to, raw: raw, proved: true}}
	}
}

// returning sends our mail back as it is, from a forward that leads to us.
func returning(to string) counterpart {
	return func(n *network, m sunk) []parcel {
		return []parcel{{after: 5 * time.Second, from: m.out.From, to: to, raw: m.raw}}
	}
}

// rewriting sends our mail back with another Message-ID and a footer, now and then
// without our mark.
func rewriting(to string) counterpart {
	return func(n *network, m sunk) []parcel {
		n.n++
		var out []string
		head, body, _ := strings.Cut(m.raw, "\r\n\r\n")
		for _, line := range strings.Split(head, "\r\n") {
			switch {
			case strings.HasPrefix(line, "Message-ID:"):
				line = fmt.Sprintf("Message-ID: <rewritten.%d@lists.example>", n.n)
			case strings.HasPrefix(line, "X-Postern-Instance:") && n.n%2 == 0:
				continue
			}
			out = append(out, line)
		}
		raw := strings.Join(out, "\r\n") + "\r\n\r\n" + body + "\r\n-- \r\nThis list is full of people.\r\n"
		return []parcel{{after: 5 * time.Second, from: "owner@lists.example", to: to, raw: raw}}
	}
}

// away is a person's out-of-office: now with every sign, now with a subject alone.
func away(addr string) counterpart {
	return func(n *network, m sunk) []parcel {
		if n.n%2 == 0 {
			raw := n.compose(addr, m.replyTo(), "Automatic reply: "+m.msg.Subject, references(m)+"Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All", "#close\n\nI am away.")
			return []parcel{{after: 5 * time.Second, from: "", to: m.replyTo(), raw: raw, proved: true}}
		}
		raw := n.compose(addr, m.replyTo(), "Out of Office: "+m.msg.Subject, references(m), "#close\n\nI am away.")
		return []parcel{{after: 5 * time.Second, from: addr, to: m.replyTo(), raw: raw, proved: true}}
	}
}
