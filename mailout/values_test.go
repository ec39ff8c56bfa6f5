package mailout

import (
	"strings"
	"testing"

	"postern/tickets"
)

// An agent's reply is never cut, however long; a notice says that it goes on.
func TestLongTexts(t *testing.T) {
	text := strings.Repeat("A line of a log that somebody pasted.\n", 40_000)
	e := tickets.Entry{Kind: tickets.EntryReply, Agent: "bob", Text: text, End: len(text)}
	d := draft("reply", tickets.MailReply)
	d.Entry = &e
	got := mustBeStrict(t, compose(t, d)).parts[0].body
	if n := strings.Count(got, "A line of a log that somebody pasted."); n != 40_000 {
		t.Errorf("%d of 40000 lines of the reply", n)
	}
	d = draft("notice-reply", tickets.MailNotice)
	d.Entry, d.History = &e, []tickets.Entry{e}
	got = mustBeStrict(t, compose(t, d)).parts[0].body
	if len(got) > 2*maxWords || !strings.Contains(got, " …") {
		t.Errorf("notice of %d bytes", len(got))
	}
}

// Commands on top of an agent's words are told to nobody; those of a mail that was
// released as it is, and a requester's own lines, stay.
func TestCommandsAreNotRelayed(t *testing.T) {
	for _, x := range []struct {
		kind     tickets.EntryKind
		text     string
		has, not string
	}{
		{tickets.EntryReply, "#resolve\n#priority low\n\nHi Ann, done.", "Hi Ann, done.", "#"},
		{tickets.EntryReply, "#resovle\nHi Ann, done.", "#resovle", "nothing"},
		{tickets.EntryReply, "#1 server is down, we know", "#1 server", "nothing"},
		{tickets.EntryMessage, "#resolve\nplease", "#resolve", "nothing"},
	} {
		e := tickets.Entry{Kind: x.kind, Text: x.text, End: len(x.text)}
		d := draft("reply", tickets.MailReply)
		d.Entry = &e
		got := mustBeStrict(t, compose(t, d)).parts[0].body
		_, got, _ = strings.Cut(got, "-##")
		if !strings.Contains(got, x.has) || strings.Contains(got, x.not) {
			t.Errorf("%q became %q", x.text, got)
		}
	}
}

// INV-D6: what an agent's client quoted below his words stays here.
func TestQuotedHistoryIsNotRelayed(t *testing.T) {
	text := "Please restart it.\n\nPostern wrote:\n> SECRET note"
	d := draft("reply", tickets.MailReply)
	d.Entry = &tickets.Entry{Kind: tickets.EntryReply, Text: text, End: len("Please restart it.")}
	d.History = []tickets.Entry{{Kind: tickets.EntryNote, Text: "SECRET too", End: 10}}
	if m := compose(t, d); strings.Contains(m, "SECRET") || !strings.Contains(m, "Please restart it.") {
		t.Error(m)
	}
}

// A pasted picture stands in the text; another file is attached; each once.
func TestPicturesAndFiles(t *testing.T) {
	d := draft("reply", tickets.MailReply)
	d.Entry = &tickets.Entry{Kind: tickets.EntryReply, Text: "See here.", End: 9}
	d.Parts = []tickets.AttachedPart{
		{Arrival: 1, Part: tickets.Part{Filename: "shot.png", ContentType: "image/png", ContentID: "x@y", Inline: true, Size: 100}},
		{Arrival: 1, Part: tickets.Part{Filename: "Bericht für \"Ann\".pdf", ContentType: "application/pdf", Size: 200}},
		{Arrival: 1, Part: tickets.Part{Filename: "mail.eml", ContentType: "message/rfc822", Size: 300}},
	}
	m := mustBeStrict(t, compose(t, d))
	var got []string
	for _, p := range m.parts {
		got = append(got, p.kind+" "+p.name)
	}
	want := "text/plain |text/html |image/png shot.png|application/pdf Bericht für \"Ann\".pdf|application/octet-stream mail.eml"
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	if cid := m.parts[2].cid; cid == "" || !strings.Contains(m.parts[1].body, `src="cid:`+cid+`"`) {
		t.Errorf("the page does not show picture %q", cid)
	}
	if len(m.parts[3].body) != 200 {
		t.Errorf("attachment of %d octets", len(m.parts[3].body))
	}
}

// The page holds no address that a mail client would load or run, whatever the text says.
func TestPageIsHarmless(t *testing.T) {
	text := "<script>alert(1)</script> <img src=http://x.example/a.png> http://x.example/\"onmouseover=\"x javascript:x\n" +
		"Take it: <mailto:evil@x.example>\n>>>> > <b>\nhttps://ok.example/a?b=c&d=e."
	e := tickets.Entry{Kind: tickets.EntryMessage, Text: text, End: len(text), From: tickets.Address{Name: "<b>", Addr: "a@b.example"}}
	d := draft("notice-new", tickets.MailNotice)
	d.Entry = &e
	html := mustBeStrict(t, compose(t, d)).parts[1].body
	for _, bad := range []string{"<script", "<img", "<b>", `"onmouseover`, `href="javascript`, `href="mailto:evil`} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %s:\n%s", bad, html)
		}
	}
	if !strings.Contains(html, `<a href="https://ok.example/a?b=c&amp;d=e">https://ok.example/a?b=c&amp;d=e</a>.`) {
		t.Errorf("no link:\n%s", html)
	}
}

// What only agents are told besides, in both languages: that a reply has opened the
// ticket again, and, of a mail that nothing proves, no technical reason.
func TestTextsForAgents(t *testing.T) {
	tests := []struct{ lang, role, want string }{
		{"en", "notice-reply", "It was resolved; this reply has opened it again."},
		{"de", "notice-reply", "Das Ticket war gelöst; diese Antwort hat es wieder geöffnet."},
		{"en", "notice-held", "Why: we cannot tell whether Bob Jones wrote it."},
		{"de", "notice-held", "Grund: Wir wissen nicht sicher, ob Bob Jones sie geschrieben hat."},
	}
	for _, tt := range tests {
		d := story(tt.role, tt.lang)
		d.Reopened, d.Why = tickets.Resolved, "From alone proves nothing"
		if tt.role == "notice-held" {
			e := *d.Entry
			e.State, e.Level, e.From.Name = tickets.EntryHeld, tickets.L0, "Bob Jones"
			d.Entry = &e
		}
		text := mustBeStrict(t, compose(t, d)).parts[0].body
		if !strings.Contains(text, tt.want) || strings.Contains(text, "proves nothing") {
			t.Errorf("%s/%s: want %q in\n%s", tt.lang, tt.role, tt.want, text)
		}
	}
}
