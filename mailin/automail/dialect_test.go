package automail

import (
	"strings"
	"testing"

	"postern/tickets"
)

// dialect is how a system words a failure that is only text: {a} is the address,
// {d} the words of the server that refused it.
type dialect struct{ name, from, subject, text string }

var dialects = []dialect{
	{"Postfix", "MAILER-DAEMON@mx.example.net", "Undelivered Mail Returned to Sender", "This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n<{a}>: host mx.example.com[192.0.2.1] said: {d} (in reply to RCPT TO command)\n"},
	{"Exim", "Mailer-Daemon@mx.example.net", "Mail delivery failed: returning message to sender", "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  {a}\n    host mx.example.com [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<{a}>:\n    {d}\n\n------ This is a copy of the message, including all the headers. ------\n"},
	{"qmail", "MAILER-DAEMON@mx.example.net", "failure notice", "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<{a}>:\n192.0.2.1 does not like recipient.\nRemote host said: {d}\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n"},
	{"sendmail", "MAILER-DAEMON@mx.example.net", "Returned mail: see transcript for details", "The original message was received at Fri, 3 May 2024 10:12:00 +0200\n\n   ----- The following addresses had permanent fatal errors -----\n<{a}>\n    (reason: {d})\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> DATA\n<<< {d}\n"},
	{"Courier", "MAILER-DAEMON@mx.example.net", "NOTICE: mail delivery status.", "                     UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<{a}>:\n    mx.example.com [192.0.2.1]:\n>>> RCPT TO:<{a}>\n<<< {d}\n\n-----------\nIf your message was also sent to additional recipients, their status is not here.\n"},
	{"Exchange", "postmaster@example.net", "Undeliverable: printer", "Delivery has failed to these recipients or groups:\n\nGone Example ({a})\nThe message wasn't delivered.\n\nDiagnostic information for administrators:\n\nGenerating server: ex01.example.net\n\n{a}\n#{d} ##\n\nOriginal message headers:\n\nMessage-ID: <x@example.org>\n"},
	{"Gmail", "mailer-daemon@googlemail.example", "Delivery Status Notification (Failure)", "** Message not delivered **\n\nYour message couldn't be delivered to {a} because the remote server refused it.\n\nThe response from the remote server was:\n{d}\n"},
	{"Domino", "Postmaster@example.net", "DELIVERY FAILURE: refused", "Your message\n\n  Subject: printer\n\nwas not delivered to:\n\n  {a}\n\nbecause:\n\n  {d}\n"},
	{"GMX", "mailer-daemon@gmx.example", "Mail delivery failed: returning message to sender", "The following address\nfailed:\n\n\"{a}\":\nSMTP error from remote server for RCPT TO command, host: mx.example.com (192.0.2.1) reason: {d}\n\n--- The header of the original message is following. ---\n"},
	{"Yahoo", "MAILER-DAEMON@yahoo.example", "Failure Notice", "Sorry, we were unable to deliver your message to the following address.\n\n<{a}>:\n{d}\n\n--- Below this line is a copy of the message.\n"},
	{"DragonFly", "MAILER-DAEMON", "Mail delivery failed", "This is the DragonFly Mail Agent v0.13 at df.example.net.\n\nThere was an error delivering your mail to <{a}>.\n\nmx.example.com [192.0.2.1] did not like our RCPT TO:\n{d}\n\nMessage headers follow.\n\nReceived: from root\n"},
	{"OpenSMTPD", "MAILER-DAEMON@mx.example.net", "Delivery status notification: error", "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\n{a}: {d}\n\n    Below is a copy of the original message:\n"},
	{"Mimecast", "postmaster@mimecast.example", "[Postmaster] Email Delivery Failure", "This is a delivery failure notification message indicating that\nan email you addressed to email address :\n-- {a}\n\ncould not be delivered. The problem appears to be :\n-- Recipient server refused\n\nAdditional information follows :\n-- {d}\n"},
	{"Lotus, German", "postmaster@example.net", "Unzustellbar: Drucker", "Ihre Nachricht konnte nicht zugestellt werden an:\n\n  {a}\n\nGrund:\n\n  {d}\n"},
}

// situations are why a server refuses, with the status that its words mean.
var situations = []struct{ said, status string }{
	{"550 5.1.1 User unknown", "5.1.1"},
	{"550 No such user here", "5.1.1"},
	{"552 5.2.2 Mailbox full", "5.2.2"},
	{"552 Requested mail action aborted: mailbox is full", "5.2.2"},
	{"550 5.7.1 Message rejected as spam", "5.7.1"},
	{"554 5.7.1 Relay access denied", "5.7.1"},
	{"552 5.3.4 Message too large", "5.3.4"},
	{"550 5.2.1 Account disabled", "5.2.1"},
	{"550 5.1.2 Host unknown", "5.1.2"},
	{"451 4.7.1 Greylisted, try again later", "4.7.1"},
}

// TestIN_L33 reads bounces in the dialects of fourteen systems, ten each: all are
// automatic, none may be answered, and the recipient, the action and the status are read.
func TestIN_L33(t *testing.T) {
	const gone = "gone@example.com"
	null := ""
	n, bad := 0, 0
	for _, d := range dialects {
		for _, s := range situations {
			text := strings.NewReplacer("{a}", gone, "{d}", s.said).Replace(d.text)
			v := Judge(Mail{EnvelopeFrom: &null, From: []tickets.Address{{Addr: d.from}}, Subject: d.subject, Text: text, ContentType: "text/plain",
				Headers: []tickets.Header{{Name: "To", Value: "help@example.org"}}})
			if !v.Automatic || v.MayAnswer || v.Kind != tickets.KindBounce {
				t.Errorf("%s, %s: automatic %v, may answer %v, kind %s", d.name, s.said, v.Automatic, v.MayAnswer, v.Kind)
			}
			n++
			if len(v.Bounces) != 1 || v.Bounces[0].Recipient != gone || v.Bounces[0].Action != "failed" || v.Bounces[0].Status != s.status {
				bad++
				t.Logf("%s, %s: %+v", d.name, s.said, v.Bounces)
			}
		}
	}
	if bad*100 > n*2 {
		t.Errorf("%d of %d are read wrongly", bad, n)
	}
}

// TestOwnAddress: the address a bounce was sent to is not one that failed, and the
// header that names the failed ones is believed before the text.
func TestOwnAddress(t *testing.T) {
	null := ""
	v := Judge(Mail{EnvelopeFrom: &null, From: []tickets.Address{{Addr: "mailer-daemon@x.example"}}, Subject: "Delivery Status Notification (Failure)",
		Headers: []tickets.Header{{Name: "To", Value: "Help <help@example.org>"}, {Name: "X-Failed-Recipients", Value: "gone@example.com"}},
		Text:    "Dear user\n\nhelp@example.org\n\nThe group you tried to reach does not exist.\n\nother@example.com\n"})
	if len(v.Bounces) != 1 || v.Bounces[0].Recipient != "gone@example.com" || v.Bounces[0].Status != "5.1.1" {
		t.Errorf("%+v", v.Bounces)
	}
	v = Judge(Mail{EnvelopeFrom: &null, From: []tickets.Address{{Addr: "mailer-daemon@x.example"}}, Subject: "failure notice",
		Headers: []tickets.Header{{Name: "To", Value: "Help <help@example.org>"}}, Text: "To:\n\nhelp@example.org\n\n<gone@example.com>:\n550 User unknown\n"})
	if len(v.Bounces) != 1 || v.Bounces[0].Recipient != "gone@example.com" {
		t.Errorf("%+v", v.Bounces)
	}
}

// TestDiagnostic: what an agent is told of a bounce are the words of the server, not
// the words around them.
func TestDiagnostic(t *testing.T) {
	null := ""
	for _, c := range []struct{ why, text, want string }{
		{"behind the address, with the lines that go on", "<a@b.example>: host mx.b.example said: 550 5.1.1\n    <a@b.example>: User unknown\n\nBye\n", "host mx.b.example said: 550 5.1.1 <a@b.example>: User unknown"},
		{"the paragraph that speaks, not the one that announces", "a@b.example\n\nTechnical details:\nWe tried it.\n\nThe answer was:\n550 No such user\n", "550 No such user"},
		{"a line that ends in a colon says nothing", "a@b.example\n\nbecause:\n\nUser a not listed in the directory\n", "User a not listed in the directory"},
		{"all lines of the paragraph", "<a@b.example>:\nRemote host said:\n550 User unknown\nGiving up.\n", "550 User unknown Giving up."},
		{"advice is nobody's words", "  a@b.example\n\nNo action is required on your part.\n", ""},
		{"drawn lines are left out", "<a@b.example>\n\n   ----- Transcript -----\n<a@b.example>... Deferred: Connection timed out\n", "<a@b.example>... Deferred: Connection timed out"},
		{"another address ends what is said of this one", "<a@b.example>:\n\n<c@d.example>:\n550 User unknown\n", ""},
		{"words directly below, without a code", "<a@b.example>:\nIt did not want it.\n", "It did not want it."},
	} {
		v := Judge(Mail{EnvelopeFrom: &null, From: []tickets.Address{{Addr: "mailer-daemon@x.example"}}, Subject: "Undelivered mail", Text: "Sorry.\n\n" + c.text})
		if len(v.Bounces) == 0 || v.Bounces[0].Diagnostic != c.want {
			t.Errorf("%s: %+v", c.why, v.Bounces)
		}
	}
}

// TestReasons: a reason shows a field as it was written, and not all of a long one.
func TestReasons(t *testing.T) {
	v := Judge(Mail{Headers: []tickets.Header{{Name: "X-Auto-Response-Suppress", Value: "DR, OOF"}}})
	if v.WhyNot != "X-Auto-Response-Suppress: DR, OOF" {
		t.Error(v.WhyNot)
	}
	v = Judge(Mail{Headers: []tickets.Header{{Name: "List-Unsubscribe", Value: "<https://x.example/" + strings.Repeat("a", 4000) + ">"}}})
	if len(v.WhyNot) > 20+maxShown || !strings.HasPrefix(v.WhyNot, "List-Unsubscribe: <https://x.example/a") {
		t.Error(v.WhyNot)
	}
}
