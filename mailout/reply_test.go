package mailout

import (
	"strings"
	"testing"
	"text/template"

	"postern/tickets"
)

// formattedReply is an agent's reply with formatting and a picture.
func formattedReply() tickets.Draft {
	d := story("reply", "en")
	shot := tickets.Part{Filename: "shot.png", ContentType: "image/png", ContentID: "x@y", Inline: true, Size: 8}
	e := *d.Entry
	e.Level, e.Parts = tickets.L2, []tickets.Part{{Filename: "plan.pdf", ContentType: "application/pdf"}, shot}
	e.HTML = `<div><b>Please leave</b> the room. Is anybody hurt? <img src="cid:1" alt="shot" style="max-width: 100%"/></div><div>Bob</div>`
	d.Entry = &e
	d.Parts, d.Omitted = []tickets.AttachedPart{{Arrival: 3, Part: e.Parts[0]}, {Arrival: 3, Part: shot}}, nil
	return d
}

// The agent's formatting stands in our frame, its picture beside it under an id of ours,
// once; the text is what it always is.
func TestFormattedReply(t *testing.T) {
	d := formattedReply()
	m := mustBeStrict(t, compose(t, d))
	page := m.parts[1].body
	for _, want := range []string{"##- please write above", "<b>Please leave</b> the room.", `<img src="cid:1.`, "<div>Bob</div>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Count(page, "<img") != 1 || strings.Contains(page, `"cid:1"`) || strings.Contains(page, "uE000") {
		t.Errorf("pictures in\n%s", page)
	}
	if !strings.Contains(m.parts[0].body, "Please leave the room. Is anybody hurt?") {
		t.Errorf("text:\n%s", m.parts[0].body)
	}
}

// Whoever may not have the formatting gets the text: an agent; a reply that is not
// proved, not public or a note; one whose text has become another; any other mail. A
// picture that stays here leaves no hole.
func TestFormattingStays(t *testing.T) {
	for name, change := range map[string]func(*tickets.Draft){
		"to an agent":    func(d *tickets.Draft) { d.Recipient.Agent = "bea" },
		"not proved":     func(d *tickets.Draft) { d.Entry.Level = tickets.L1 },
		"nobody's":       func(d *tickets.Draft) { d.Entry.Agent = "" },
		"held":           func(d *tickets.Draft) { d.Entry.State = tickets.EntryHeld },
		"a note":         func(d *tickets.Draft) { d.Entry.Kind = tickets.EntryNote },
		"a requester's":  func(d *tickets.Draft) { d.Entry.Kind = tickets.EntryMessage },
		"an update":      func(d *tickets.Draft) { d.Mail = tickets.MailUpdate },
		"words went":     func(d *tickets.Draft) { d.Entry.Text = "Please leave the room."; d.Entry.End = len(d.Entry.Text) },
		"a faulty block": func(d *tickets.Draft) { d.Entry.Text = "#nonsense\n" + d.Entry.Text; d.Entry.End = len(d.Entry.Text) },
		"a note on top": func(d *tickets.Draft) {
			d.Entry.Text = "#note\nPlease leave the room. Is anybody hurt?\n\nBob"
			d.Entry.End = len(d.Entry.Text)
		},
		"more in the page": func(d *tickets.Draft) { d.Entry.HTML += "<p>CANARY</p>" },
	} {
		d := formattedReply()
		change(&d)
		b := newBuilder(d, "x")
		if got := formatted(d, b); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	d := formattedReply()
	d.Parts = nil
	if got := formatted(d, newBuilder(d, "x")); strings.Contains(got, "<img") || !strings.Contains(got, "<b>") {
		t.Errorf("without the picture: %s", got)
	}
}

// A template of an admin's that sets the words otherwise gets the text.
func TestFrame(t *testing.T) {
	d := formattedReply()
	for text, ok := range map[string]bool{
		"Subject: x\n\nHello\n\n{{.Entry.Text}}\n\nBye":             true,
		"Subject: x\n\n{{.Entry.Text}}":                             true,
		"Subject: x\n\nHe said: {{.Entry.Text}}":                    false,
		"Subject: x\n\n{{quote .Entry.Text}}":                       false,
		"Subject: x\n\n{{.Entry.Text}}\n\n{{.Entry.Text}}":          false,
		"Subject: x\n\nnothing of it":                               false,
		"Subject: x\n\n{{.Entry.Text}}\n\nin full: {{.Entry.Full}}": false,
	} {
		x, err := parse("en", "reply.txt", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		own := &Templates{byName: map[string]*template.Template{"en/reply": x}}
		d.Queue.Templates = "own"
		if _, _, got := (&Composer{Templates: map[string]*Templates{"own": own}}).frame(d); got != ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}
