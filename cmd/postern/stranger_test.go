package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/tickets/ticketdb"
)

// everyField is a mail with the canary in every place where a sender can put a word.
const everyField = `From: "canary name" <%s>
Sender: "canary sender" <canary@evil.example>
Reply-To: "canary answer" <canary@evil.example>
To: "canary to" <%s>
Cc: "canary copy" <canary@cc.example>
Subject: =?utf-8?q?canary_subject?= canary
Date: Mon, 2 Mar 2026 09:00:00 +0000 (canary)
Organization: canary
Keywords: canary
X-Canary: canary
Thread-Topic: canary
Message-ID: <%d.canary@evil.example>
References: <canary.1@evil.example> <canary.2@evil.example>%s
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8

%scanary https://canary.example/
-- 
canary
--c
Content-Type: text/html; charset=utf-8

<p>%scanary <a href="https://canary.example/">canary</a></p>
--c--
--b
Content-Type: application/pdf; name="canary.pdf"
Content-Disposition: attachment; filename="canary.pdf"
Content-Description: canary

canary
--b--
`

// INV-D4: no automatic mail to an address that was never proved holds a word of the
// mail that came in its name, whatever the mail says, wherever it goes, and whatever
// the agents then do with the ticket. One identifier of it may stand in In-Reply-To.
func TestINV_D4_NothingOfAStrangersWords(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := newStory(t, url, "testdata/crash/scenario.txtar")
		s.play([]string{"write ann@example.net 'It burns.' proved=yes", "mail to=ann@example.net as=ann", "mail to=bob@example.org as=bob", "mail to=bea@example.org"})
		n := 0
		for _, to := range []string{"help@example.org", "help@example.org, hr@example.org", "$ann.replyto", "$bob.replyto"} {
			for _, refs := range []string{"", " <$ann.msgid>", " <ticket.1.it.example@reply.example.org>"} {
				for _, words := range []string{"", "#status\n", "#close\n", "#stop\n", "#help\n", "#confirm "} {
					n++
					s.now = s.now.Add(16 * time.Minute) // an address of its own, and no limit says no before the content does
					s.files["canary"] = fmt.Sprintf(everyField, fmt.Sprintf("victim%d@example.com", n), to, n, refs, words, strings.ReplaceAll(words, "\n", "<br>"))
					s.play([]string{"deliver canary"})
				}
			}
		}
		all := must(s.db.ListTickets(context.Background(), ticketdb.TicketFilter{Limit: 1000}))
		for _, tk := range all { // what agents do tells requesters
			for _, word := range []string{"#pending", "#resolve", "#reopen", "#close"} {
				s.now = s.now.Add(20 * time.Minute)
				s.play([]string{fmt.Sprintf("admin %d %s", tk.ID, word)})
			}
			s.now = s.now.Add(24 * time.Hour)
		}
		s.noCanary(n)
	})
}

var answersField = regexp.MustCompile(`(?i)(?:^|\r\n)(In-Reply-To|References): *((?:[^\r]|\r\n[ \t])*)`)

// noCanary looks at every mail to somebody who was not proved.
func (s *story) noCanary(strangers int) {
	s.t.Helper()
	told, roles := map[string]bool{}, map[string]bool{}
	for _, x := range s.unread {
		if !strings.HasPrefix(x.out.To, "victim") && !strings.Contains(x.out.To, "canary") {
			continue
		}
		told[x.out.To], roles[x.out.Role] = true, true
		head, _, _ := strings.Cut(x.raw, "\r\n\r\n")
		for _, f := range answersField.FindAllStringSubmatch(head, -1) {
			if ids := strings.Fields(f[2]); len(ids) != 1 || len(ids[0]) > 252 {
				s.t.Errorf("%s to %s has %s: %s", x.out.Role, x.out.To, f[1], f[2])
			}
		}
		text := strings.ToLower(strings.Replace(x.raw, head, answersField.ReplaceAllString(head, ""), 1) + x.msg.Text + x.msg.HTML + x.msg.Subject + fmt.Sprint(x.msg.From, x.msg.To, x.msg.ReplyTo))
		if strings.Contains(text, "canary") {
			s.t.Errorf("%s to %s:\n%s", x.out.Role, x.out.To, x.raw)
		}
	}
	if len(told) < strangers/3 || !roles["ack-unverified"] || !roles["resolved"] || !roles["pending"] {
		s.t.Errorf("only %d of %d strangers were told anything: %v", len(told), strangers, roles)
	}
	s.unread = nil
}

// naming is a way to name a ticket: header lines, subject, recipient; %d is its number.
type naming struct{ name, headers, subject, to string }

var namings = []naming{
	{name: "subject", subject: "Re: [IT #%d] Hello"},
	{name: "subject of another queue", subject: "[HR #%d] Hello"},
	{name: "root in In-Reply-To", headers: "In-Reply-To: <ticket.%d.it.example@reply.example.org>\n", subject: "Hello"},
	{name: "root in References", headers: "References: <x@y.example> <ticket.%d.it.example@reply.example.org>\n", subject: "Hello"},
	{name: "root and subject", headers: "In-Reply-To: <ticket.%d.it.example@reply.example.org>\n", subject: "[IT #%d] Hello"},
	{name: "guessed Message-ID", headers: "In-Reply-To: <m.0123456789abcdefghjkmnpqrstvwxyz0123456.%d@reply.example.org>\n", subject: "Hello"},
	{name: "plus address", to: "help+%d@example.org", subject: "Hello"},
	{name: "guessed plus address", to: "help+0123456789abcdefghjkmnpqrstvwxyz012345%d@example.org", subject: "Hello"},
	{name: "thread index", headers: "Thread-Topic: [IT #%d]\nX-Postern-Ticket: %d\n", subject: "Hello"},
}

// INV-D5: a stranger who names a ticket in any way that he can guess gets the same
// answer, word for word but for the number of his own ticket, whether that ticket is new,
// resolved, closed, spam, merged, another queue's, or not there at all.
func TestINV_D5_NamedOrNotItIsTheSame(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		s := newStory(t, url, "testdata/crash/scenario.txtar")
		for n, do := range []string{"", "#resolve", "#close", "#spam", "#assign bob", ""} {
			s.play([]string{fmt.Sprintf("write ann@example.net 'It burns.' subject='Thing %d' proved=yes", n), "clock +15m"})
			if do != "" {
				s.play([]string{fmt.Sprintf("admin %d '%s'", n+1, do)})
			}
		}
		s.play([]string{"write ann@example.net 'Pay me.' addr=hr@example.org subject='Wages' proved=yes", "merge 6 1"})
		s.unread = nil
		visitor := 0
		for _, proved := range []string{"no", "yes"} {
			for _, x := range namings {
				missing := ""
				for _, ticket := range []int{987654, 1, 2, 3, 4, 5, 6, 7} {
					visitor++
					got := s.visit(x, ticket, fmt.Sprintf("visitor%d@example.com", visitor), proved)
					if ticket == 987654 {
						missing = got
					}
					if got != missing || !strings.HasPrefix(got, "1 mail") {
						t.Errorf("%s, proved %s: ticket %d is answered\n%s\na missing one\n%s", x.name, proved, ticket, got, missing)
					}
				}
			}
		}
	})
}

var numbers = regexp.MustCompile(`\d+`)

// visit lets a stranger name a ticket, and says what he sees of it.
func (s *story) visit(x naming, ticket int, who, proved string) string {
	s.now = s.now.Add(7 * time.Minute) // below the limit of the whole instance
	fill := func(text string) string { return strings.ReplaceAll(text, "%d", fmt.Sprint(ticket)) }
	s.arrived++
	s.files["visit"] = fmt.Sprintf("From: %s\nTo: %s\nSubject: %s\n%sMessage-ID: <%d.visit@example.com>\n\nTell me more.\n", who, or(fill(x.to), "help@example.org"),
		fill(x.subject), fill(x.headers), s.arrived)
	s.play([]string{"deliver visit proved=" + proved})
	var mine []sentMail
	for _, m := range s.unread {
		if m.out.To == who {
			mine = append(mine, m)
		}
	}
	s.unread = nil
	out := fmt.Sprintf("%d mails", len(mine))
	if len(mine) == 1 {
		out = "1 mail"
	}
	for _, m := range mine {
		out += fmt.Sprintf("\n%s %q\n%s", m.out.Role, numbers.ReplaceAllString(m.msg.Subject, "N"), numbers.ReplaceAllString(m.msg.Text, "N"))
		if slices.ContainsFunc(m.msg.References, func(id string) bool { return strings.HasPrefix(id, "ticket.") || strings.HasPrefix(id, "m.") }) {
			out += " with a reference to a mail of ours"
		}
	}
	return out
}
