package mailcorpus_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/mailin/automail"
	"postern/mailin/mailcorpus"
	"postern/mailin/replytext"
	"postern/tickets"
)

// judge reads a cell and says what is wrong with the reading, "" for nothing.
func judge(c mailcorpus.Cell, l mailcorpus.Language) string {
	if c.Auto || c.Away {
		if wrong := judgeMachine(c); wrong != "" {
			return wrong
		}
		if c.Reply == "" {
			return ""
		}
	}
	return judgeReading(c, l, replytext.Read(replytext.Input{Plain: c.Plain, HasPlain: c.Plain != "", Flowed: c.Flowed, HTML: c.HTML, Subject: c.Subject}))
}

// judgeReading says what is wrong with a reading of a cell.
func judgeReading(c mailcorpus.Cell, l mailcorpus.Language, r replytext.Reading) string {
	got := squeeze(r.Text[r.Start:r.End])
	switch {
	case c.Forward:
		return judgeForward(c, l, r, got)
	case r.Forwarded != nil:
		return "taken for a forward: " + r.Why
	case r.Disagree:
		return "parts disagree"
	case strings.Contains(c.Reply, "|"):
		return judgeInline(c, l, got, r.Why)
	case got != squeeze(c.Reply):
		return fmt.Sprintf("reply %q, want %q (%s)", got, squeeze(c.Reply), r.Why)
	case c.HTML != "" && !strings.HasPrefix(squeeze(c.Reply), squeeze(r.CommandText)) && !strings.HasPrefix(squeeze(r.CommandText), squeeze(c.Reply)):
		return fmt.Sprintf("command text %q", r.CommandText)
	}
	return ""
}

// squeeze makes all white space one, and takes the marks of quotes off.
func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, ">", " ")), " ")
}

// judgeInline wants the answers with what they answer, and nothing around them.
func judgeInline(c mailcorpus.Cell, l mailcorpus.Language, got, why string) string {
	at := 0
	for _, want := range strings.Split(c.Reply, "|") {
		i := strings.Index(got[at:], squeeze(want))
		if i < 0 {
			return fmt.Sprintf("%q is missing in %q (%s)", want, got, why)
		}
		at += i + len(squeeze(want))
	}
	_, address, _ := l.Origin()
	if at != len(got) || strings.Contains(got, address) {
		return fmt.Sprintf("too much in %q (%s)", got, why)
	}
	return ""
}

// judgeForward wants the forwarded mail in the reply, and its facts.
func judgeForward(c mailcorpus.Cell, l mailcorpus.Language, r replytext.Reading, got string) string {
	name, address, text := l.Origin()
	f := r.Forwarded
	switch {
	case f == nil:
		return fmt.Sprintf("no forward in %q (%s)", got, r.Why)
	case f.From != tickets.Address{Name: name, Addr: address}:
		return fmt.Sprintf("from %+v, want %s (%s)", f.From, name, r.Why)
	case f.Date.UTC().Format("2006-01-02 15:04") != "2024-05-03 10:12":
		return fmt.Sprintf("date %s", f.Date)
	case f.Subject != mailcorpus.Subject7:
		return fmt.Sprintf("subject %q", f.Subject)
	case !strings.Contains(squeeze(f.Text), squeeze(text)) || !strings.Contains(got, squeeze(text)):
		return fmt.Sprintf("text %q in %q", f.Text, got)
	case c.Style == "forward" && !strings.HasPrefix(got, squeeze(strings.Split(l.Own(), "\n\n")[1])):
		return fmt.Sprintf("the writer's words are not in %q", got)
	}
	return ""
}

// judgeMachine wants an automatic mail known for what it is.
func judgeMachine(c mailcorpus.Cell) string {
	m := automail.Mail{Headers: c.Headers, Subject: c.Subject, Text: c.Plain, ContentType: "text/plain", From: []tickets.Address{{Addr: "ann@example.org"}}}
	if c.Null {
		null := ""
		m.EnvelopeFrom = &null
	}
	if c.Bounce != "" {
		m.From = []tickets.Address{{Addr: "mailer-daemon@mx.example.net"}}
	}
	if c.Status != "" {
		m.Parts = []automail.Part{{Type: "message/delivery-status", Text: c.Status}}
	}
	v := automail.Judge(m)
	switch {
	case v.Automatic != c.Auto || v.MayAnswer || v.OutOfOffice != c.Away:
		return fmt.Sprintf("automatic %v, may answer %v, away %v", v.Automatic, v.MayAnswer, v.OutOfOffice)
	case c.Bounce != "" && (len(v.Bounces) != 1 || v.Bounces[0].Recipient != c.Bounce || v.Bounces[0].Action != "failed" || v.Bounces[0].Status != "5.1.1"):
		return fmt.Sprintf("bounces %+v", v.Bounces)
	}
	return ""
}

// least is the share of the cells that must be read rightly, in percent, tuned and
// held-out ones each.
const least = 98

// TestCorpus reads every cell. Failures of tuned cells are shown; of held-out ones
// only their number, so that no rule is made for them.
func TestCorpus(t *testing.T) {
	langs := map[string]mailcorpus.Language{}
	for _, l := range mailcorpus.Languages {
		langs[l.Code] = l
	}
	var n, bad [2]int
	for _, c := range mailcorpus.Cells() {
		k := 0
		if c.HeldOut() {
			k = 1
		}
		n[k]++
		if wrong := judge(c, langs[c.Language]); wrong != "" {
			bad[k]++
			if k == 0 {
				t.Logf("%s: %s", c.Name(), wrong)
			}
		}
	}
	for k, what := range []string{"tuned", "held out"} {
		t.Logf("%s: %d of %d right", what, n[k]-bad[k], n[k])
		if (n[k]-bad[k])*100 < n[k]*least {
			t.Errorf("%s: only %d of %d right, want %d %%", what, n[k]-bad[k], n[k], least)
		}
	}
	if n[0]+n[1] < 780 || len(langs) != 20 {
		t.Errorf("%d cells in %d languages", n[0]+n[1], len(langs))
	}
}
