package main

import (
	"fmt"
	"slices"
	"strings"
)

func init() {
	verbs["complain"] = (*story).complain
	verbs["put-off"] = (*story).putOffMail
	verbs["admins"] = func(s *story, a []string) error { s.cfg.Admin = a; s.start(); return nil }
	verbs["forget"] = (*story).forget
	verbs["receipt"] = (*story).readReceipt
}

// complain reports the mail looked at last as spam, as its recipient's provider
// would (RFC 5965): type= (abuse when left out), to= (abuse@example.org), and about= the
// address that the report names as the mail's Reply-To ($replyto when left out).
func (s *story) complain(args []string) error {
	_, opt := options(args)
	s.arrived++
	s.files["complaint"] = fmt.Sprintf(`From: feedback@provider.example
To: %s
Subject: FW: [IT #1] Printer on fire
Message-ID: <complaint.%d@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

A user of ours complained of the mail below.
--b
Content-Type: message/feedback-report

Feedback-Type: %s
User-Agent: provider/1.0
Version: 1

--b
Content-Type: message/rfc822

From: help@example.org
Reply-To: IT helpdesk <%s>
Message-ID: <$msgid>
Subject: [IT #1] Printer on fire

We have received your mail.
--b--
`, or(opt["to"], "abuse@example.org"), s.arrived, or(opt["type"], "abuse"), or(opt["about"], "$replyto"))
	return s.deliver([]string{"complaint", "to=" + or(opt["to"], "abuse@example.org")})
}

// readReceipt tells that the mail looked at last was read (RFC 8098), to addr=.
func (s *story) readReceipt(args []string) error {
	_, opt := options(args)
	s.arrived++
	s.files["receipt"] = fmt.Sprintf(`From: ann@example.net
To: %s
Subject: %s
Message-ID: <receipt.%d@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: text/plain

Your message was read.
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; ann@example.net
Original-Message-ID: <%s>
Disposition: manual-action/MDN-sent-manually; displayed
--b--
`, opt["addr"], or(opt["subject"], "Read: Printer on fire"), s.arrived, or(opt["of"], "$msgid"))
	return s.deliver([]string{"receipt", "from=<>"})
}

// putOffMail lets the relay put off mails to an address with these words; without
// words it takes them again.
func (s *story) putOffMail(args []string) error {
	if len(args) == 1 {
		delete(s.putOff, args[0])
		return nil
	}
	s.putOff[args[0]] = strings.Join(args[1:], " ")
	return nil
}

// forget takes all unread mails to an address with a role away, at least one: the
// notices before a storm was one are not what its story is about.
func (s *story) forget(args []string) error {
	before := len(s.unread)
	s.unread = slices.DeleteFunc(s.unread, func(m sentMail) bool { return m.out.To == args[0] && m.out.Role == args[1] })
	if len(s.unread) == before {
		return fmt.Errorf("no %s to %s", args[1], args[0])
	}
	return nil
}
