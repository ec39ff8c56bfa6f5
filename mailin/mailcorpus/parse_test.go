package mailcorpus_test

import (
	"context"
	"strings"
	"testing"

	"postern/mailin"
	"postern/mailin/mailcorpus"
	"postern/mailin/replytext"
)

// octets is a raw message in memory.
type octets struct{ *strings.Reader }

// TestParse reads whole messages of the corpus with the whole reader: what it finds
// is what the rooms find, and the mail is judged right.
func TestParse(t *testing.T) {
	langs := map[string]mailcorpus.Language{}
	for _, l := range mailcorpus.Languages {
		langs[l.Code] = l
	}
	n, bad := 0, 0
	for _, c := range mailcorpus.Cells() {
		n++
		m := mailin.Parse(context.Background(), octets{strings.NewReader(c.Raw())}, mailin.Envelope{})
		wrong := ""
		if c.Auto || c.Away {
			switch {
			case m.Automatic != c.Auto || m.MayAnswer || m.OutOfOffice != c.Away:
				wrong = "automatic: " + m.AutomaticWhy + " / " + m.MayAnswerWhy
			case c.Bounce != "" && (len(m.Bounces) != 1 || m.Bounces[0].Recipient != c.Bounce):
				wrong = "bounces"
			}
		} else {
			wrong = judgeReading(c, langs[c.Language], replytext.Reading{Text: m.Text, Start: m.ReplyStart, End: m.ReplyEnd, Why: m.ReplyWhy,
				CommandText: m.CommandText, Disagree: m.CommandsDisagree, Forwarded: m.Forwarded})
			if wrong == "" && (m.Automatic || !m.MayAnswer) {
				wrong = "taken for automatic: " + m.AutomaticWhy + m.MayAnswerWhy
			}
		}
		if wrong != "" {
			bad++
			if !c.HeldOut() {
				t.Logf("%s: %s", c.Name(), wrong)
			}
		}
	}
	if bad*100 > n*(100-least) {
		t.Errorf("%d of %d messages are read wrongly", bad, n)
	}
}
