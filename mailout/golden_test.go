package mailout

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

var update = flag.Bool("update", false, "write the golden files anew")

// kindOf is the kind of mail a role is used for.
func kindOf(role string) tickets.MailKind {
	switch role {
	case "ack", "ack-unverified":
		return tickets.MailAck
	case "update", "pending", "resolved", "merged", "closed":
		return tickets.MailUpdate
	case "storm":
		return tickets.MailDigest
	case "closing":
		return tickets.MailReminder
	case "help", "answer":
		return tickets.MailReceipt
	case "confirmation-list":
		return tickets.MailConfirmation
	case "morning", "quarantine":
		return tickets.MailDigest
	case "reply", "reminder", "receipt", "refusal", "confirmation", "digest", "alarm":
		return tickets.MailKind(role)
	}
	return tickets.MailNotice
}

// story is the draft of a role with all that such a mail usually has.
func story(role, lang string) tickets.Draft {
	d := draft(role, kindOf(role))
	d.Queue.Language = lang
	ann := tickets.Address{Name: "Ann Smith", Addr: "ann@example.net"}
	asked := tickets.Entry{ID: 1, Kind: tickets.EntryMessage, State: tickets.EntryVisible, From: ann, At: opened,
		Text: "The printer on floor 2 is on fire. What shall I do?\n\nAnn"}
	asked.End = len(asked.Text)
	said := tickets.Entry{ID: 2, Kind: tickets.EntryReply, State: tickets.EntryVisible, Agent: "bob", At: opened,
		From: tickets.Address{Name: "Bob Jones", Addr: "bob@example.org"}, Text: "#pending\n\nPlease leave the room. Is anybody hurt?\n\nBob"}
	said.End = len(said.Text)
	d.Entry = &asked
	switch {
	case d.Mail == tickets.MailReply || d.Mail == tickets.MailUpdate || d.Mail == tickets.MailReminder:
		d.Entry, d.FromName = &said, "Bob Jones (IT Helpdesk)"
	case role == "answer": // tells what was asked
	case d.Mail == tickets.MailReceipt || d.Mail == tickets.MailDigest || d.Mail == tickets.MailAlarm:
		d.Entry = nil
	case role == "notice-reply":
		note := said
		note.Kind, note.Text = tickets.EntryNote, "#note he always exaggerates"
		note.End = len(note.Text)
		d.History = []tickets.Entry{said, note}
		asked.Text, asked.End = "Nobody. The fire is out.\n\nBob Jones wrote:\n> Is anybody hurt?", 24
	}
	if role == "notice-several" {
		d.Earlier, d.Entry = []tickets.Entry{asked}, &tickets.Entry{ID: 3, Kind: tickets.EntryMessage, State: tickets.EntryVisible, From: ann, At: opened.Add(2 * time.Minute),
			Text: "Never mind, it is out.", End: 22}
		d.Told = []tickets.Told{{Role: "notice-reply", N: 2}, {Role: "failure", N: 1}}
	}
	d.Parts = []tickets.AttachedPart{{Arrival: 1, Part: tickets.Part{Filename: "Brandmeldung.pdf", ContentType: "application/pdf", Size: 90}}}
	d.Omitted = []tickets.Part{{Filename: "fire.mp4", ContentType: "video/mp4", Size: 34_500_000}}
	if d.Mail != tickets.MailReply && d.Mail != tickets.MailNotice {
		d.Parts, d.Omitted = nil, nil
	}
	details(&d, role)
	return d
}

// details are lines and reasons as the Desk words them.
func details(d *tickets.Draft, role string) {
	if d.Recipient.Agent != "" {
		d.Links = []tickets.MailLink{{Word: "take", Address: "help+t42.abc@example.org", Subject: "[IT #42] Printer on fire", Line: "#take"},
			{Word: "resolve", Address: "help+t42.abc@example.org", Subject: "[IT #42] Printer on fire", Line: "#resolve"},
			{Word: "note", Address: "help+n42.abc@example.org", Subject: "[IT #42] Printer on fire"}}
	}
	switch role {
	case "receipt":
		d.Lines = []string{"status: open → resolved", "assignee: nobody → Bob Jones", "your text was sent to Ann Smith"}
		d.Until = opened.Add(time.Minute)
		d.Links = []tickets.MailLink{{Word: "undo", Address: "help+t42.abc@example.org", Subject: "[IT #42] Printer on fire", Line: "#undo"}}
	case "refusal":
		d.Entry.State = tickets.EntryHeld
		d.Why, d.Returned = `"#resovle": there is no command #resovle (did you mean #resolve?)`, "#resovle\nHi Ann, the fire is out."
		d.Links = []tickets.MailLink{{Word: "release", Address: "help+t42.abc@example.org", Subject: "[IT #42] Printer on fire", Line: "#release"},
			{Word: "reject", Address: "help+t42.abc@example.org", Subject: "[IT #42] Printer on fire", Line: "#reject"}}
	case "confirmation":
		d.Nonce, d.Returned, d.Lines = "k7qp2", "Hi Ann, the fire is out.", []string{"ticket 7: #confirm zz19a"}
	case "conflict":
		other := tickets.Entry{ID: 3, Kind: tickets.EntryReply, State: tickets.EntryVisible, Agent: "bea", At: opened,
			From: tickets.Address{Name: "Bea Blue"}, Text: "Call 112 first."}
		other.End = len(other.Text)
		mine := other
		mine.Agent, mine.From.Name, mine.Text = "bob", "Bob Jones", "#take\n\nPlease leave the room."
		mine.End = len(mine.Text)
		d.Entry, d.Other, d.Until, d.Parts, d.Omitted = &mine, &other, opened.Add(5*time.Minute), nil, nil
		d.Links = []tickets.MailLink{{Word: "undo", Address: "help+t42.abc@example.org", Subject: "[IT #42] Printer on fire", Line: "#undo"}}
	case "delay":
		d.Why = "451 4.7.1 try again later"
	case "storm":
		d.Subject, d.Count, d.Lines = "VPN down", 23, []string{"[IT #64]", "[IT #65]"}
	case "failure":
		d.Why, d.Lines = "550 5.1.1 no such user here", []string{"to: ann@example.net"}
	case "notice-unverified":
		d.Why = "the address is Ann's, but nothing proves that she wrote it"
	case "notice-held":
		d.Why = `"#resovle": there is no command #resovle (did you mean #resolve?)`
	case "merged":
		d.Lines = []string{"ticket 42 goes on as ticket 40"}
	case "digest":
		*d = ofNoTicket(*d)
		d.Items[0].Told = []tickets.Told{{Role: "notice-reply", N: 2}}
		d.Items[1].Told, d.More = []tickets.Told{{Role: "notice-new", N: 1}, {Role: "notice-unverified", N: 1}}, 7
	case "morning":
		*d = ofNoTicket(*d)
		d.Items[0].Group, d.Items[0].Until, d.Items[0].Status, d.Items[0].Due = "due", opened.Add(2*time.Hour), tickets.Pending, ""
		d.Items[1].Group, d.Told = "unassigned", []tickets.Told{{Role: "mails", N: 1}, {Role: "entries", N: 2}, {Role: "mailroom", N: 1}}
	case "quarantine":
		*d = ofNoTicket(*d)
		d.Items = []tickets.Item{
			{Tag: "[m17]", Subject: "You have won", Requester: "Prize <prize@evil.example>", Until: opened, Due: "rule hold prizes (own.yaml:3): no reason given", Group: "mails"},
			{Ticket: 42, Tag: "[e23]", Subject: "Re: Printer on fire", Requester: "Eve <eve@example.com>", Until: opened, Due: "From alone proves nothing", Group: "entries"},
			{Ticket: 7, Tag: "[IT #7]", Subject: "Mailroom of it", Status: tickets.New, Until: opened, Group: "mailroom"},
		}
	case "confirmation-list":
		*d = ofNoTicket(*d)
		d.Entry, d.Items, d.Nonce, d.Returned, d.Lines = nil, nil, "k7qp2", "#close #12 #15", []string{"ticket 7: #confirm zz19a"}
	case "alarm":
		*d = ofNoTicket(*d)
		d.Items, d.Why, d.Lines = nil, "the disk is nearly full", []string{"120 MB are left in /var/lib/postern"}
	case "answer":
		said := *d.Entry
		*d = ofNoTicket(*d)
		d.InReplyTo = "asked@example.org"
		d.Answers = []tickets.Answer{{Ask: "#list mine", Items: d.Items}, {Ask: "#list due", Lines: []string{"there is none"}},
			{Ask: "#show 42", Lines: []string{"opened on 2 Nov 2026 14:03", "priority: high"}, Items: d.Items[:1], Said: []tickets.Entry{said}}}
		d.Items, d.Entry = nil, nil
	}
}

// ofNoTicket makes a draft an errand with two tickets to look at.
func ofNoTicket(d tickets.Draft) tickets.Draft {
	d.Ticket, d.Subject, d.ReplyTo, d.InReplyTo, d.References = tickets.Ticket{}, "", "", "", nil
	d.Requester, d.Links = tickets.Participant{}, nil
	take := []tickets.MailLink{{Word: "take", Address: "help+t43.abc@example.org", Subject: "[IT #43] No coffee", Line: "#take"}}
	d.Items = []tickets.Item{
		{Ticket: 42, Tag: "[IT #42]", Subject: "Re: [IT #42] Printer on fire", Status: tickets.Open, Assignee: "Bob Jones", Requester: "Ann Smith", Age: "changed 3 days ago", Due: "waits until 4 Nov 2026 09:00"},
		{Ticket: 43, Tag: "[IT #43]", Subject: "No coffee", Status: tickets.New, Requester: "Cat Cole", Links: take},
	}
	return d
}

var boundaryWord = regexp.MustCompile(`_postern_[0-9a-f]{32}`)

// readable is a message as a golden file shows it: the header as it is, the parts decoded.
func readable(t *testing.T, raw string) string {
	m := mustBeStrict(t, raw)
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	var b strings.Builder
	b.WriteString(head + "\n")
	for _, p := range m.parts {
		if p.kind != "text/html" {
			fmt.Fprintf(&b, "\n=== %s %s\n%s", p.kind, p.name, p.body)
		}
	}
	return strings.ReplaceAll(boundaryWord.ReplaceAllString(b.String(), "_postern_*"), "\r\n", "\n")
}

// Every role in both languages says what the golden file says; "*" stands for anything.
func TestGolden(t *testing.T) {
	for _, lang := range Languages() {
		for _, role := range Roles() {
			t.Run(lang+"/"+role, func(t *testing.T) {
				d := story(role, lang)
				if role == "ack-unverified" {
					d.Recipient.Verified = false
				}
				compare(t, filepath.Join("testdata", lang, role+".eml"), readable(t, compose(t, d)))
			})
		}
	}
}

// The HTML part of the richest mail, in full.
func TestGoldenPage(t *testing.T) {
	m := mustBeStrict(t, compose(t, story("notice-reply", "en")))
	compare(t, filepath.Join("testdata", "en", "notice-reply.html"), strings.ReplaceAll(m.parts[1].body, "\r\n", "\n"))
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		switch {
		case i >= len(g):
			t.Fatalf("%s:%d: missing %q", file, i+1, w[i])
		case i >= len(w):
			t.Fatalf("%s:%d: too much: %q", file, i+1, g[i])
		case !matches(w[i], g[i]):
			t.Fatalf("%s:%d:\ngot  %q\nwant %q", file, i+1, g[i], w[i])
		}
	}
}

// matches compares one line; "*" in want stands for anything.
func matches(want, got string) bool {
	re := strings.ReplaceAll(regexp.QuoteMeta(want), `\*`, `.*`)
	return regexp.MustCompile("^" + re + "$").MatchString(got)
}
