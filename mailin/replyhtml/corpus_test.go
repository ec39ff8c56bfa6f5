package replyhtml

import (
	"strings"
	"testing"

	"postern/mailin/mailcorpus"
	"postern/mailin/replytext"
	"postern/tickets"
)

// message is a mail as reading leaves it.
func message(plain, page, subject string) tickets.Message {
	r := replytext.Read(replytext.Input{Plain: plain, HasPlain: plain != "", HTML: page, Subject: subject})
	return tickets.Message{Text: r.Text, HTML: page, ReplyStart: r.Start, ReplyEnd: r.End, CommandsDisagree: r.Disagree}
}

// Every mail of the corpus, as the programs write it in 20 languages: what comes out
// says the reply and nothing of the quote, and most replies keep their formatting.
func TestCorpus(t *testing.T) {
	kept, all := map[string]int{}, map[string]int{}
	for _, c := range mailcorpus.Cells() {
		if c.HTML == "" || c.Auto || c.Bounce != "" || c.Forward || c.Style != "both" && c.Style != "html" {
			continue
		}
		all[c.Client]++
		m := message(c.Plain, c.HTML, c.Subject)
		out := Of(m)
		if out == "" {
			t.Logf("%s: text only; %q", c.Name(), m.Reply())
			continue
		}
		kept[c.Client]++
		if got, want := measure(parse(out)).words, fold(c.Reply); got != want {
			t.Errorf("%s: says %q, want %q", c.Name(), got, want)
		}
		strictly(t, out)
	}
	for client, n := range all {
		if kept[client] < n*8/10 {
			t.Errorf("%s: %d of %d replies keep their formatting", client, kept[client], n)
		}
		t.Logf("%-16s %d of %d", client, kept[client], n)
	}
}

// The same, with commands on top and a secret in the quote.
func TestCorpusWithCommands(t *testing.T) {
	for _, c := range mailcorpus.Cells() {
		if c.Language != "en" || c.HTML == "" || c.Plain == "" || c.Auto || c.Bounce != "" || c.Style != "both" {
			continue
		}
		own := c.Reply[:strings.IndexAny(c.Reply, " \n,")]
		plain := strings.Replace(c.Plain, own, "#resolve\n#tag a b\n"+own, 1)
		page := strings.Replace(c.HTML, own, "#resolve<br>#tag&nbsp;a b<br>"+own, 1)
		out := Of(message(plain, page, c.Subject))
		if strings.Contains(out, "#") || out == "" {
			t.Errorf("%s: %q", c.Name(), out)
		}
	}
}
