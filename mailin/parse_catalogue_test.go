package mailin

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// page is a mail that is HTML alone.
func page(html string) string { return withType("text/html; charset=utf-8", "\n"+html) }

func textHas(words ...string) func(tickets.Message) bool {
	return func(m tickets.Message) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text, w) })
	}
}

// without says that a mail shows the first words, and nowhere any of the others.
func without(shown string, words ...string) func(tickets.Message) bool {
	return func(m tickets.Message) bool {
		return strings.TrimSpace(m.Text) == shown && strings.TrimSpace(m.CommandText) == shown &&
			!slices.ContainsFunc(words, func(w string) bool { return strings.Contains(m.Text+m.CommandText, w) })
	}
}

func TestINPages(t *testing.T) {
	run(t, []input{
		{"IN_X01/script", page(`<script>alert(1)</script><p onclick="evil()">hello</p>`), "", without("hello", "alert", "evil")},
		{"IN_X01/script link", page(`<a href="java&#10;script:evil()">hello</a>`), "", without("hello", "evil")},
		{"IN_X01/data link", page(`<a href="data:text/html;base64,ZXZpbA">hello</a>`), "", without("hello", "data:")},
		{"IN_X01/drawing", page(`<svg onload="evil()"><script>evil()</script></svg><math href="evil">hello</math>`), "", without("hello", "evil")},
		{"IN_X01/base, refresh, form", page(`<base href="http://evil.example/"><meta http-equiv=refresh content="0;url=http://evil.example/"><form action="http://evil.example/">hello</form>`), "", without("hello", "evil")},
		{"IN_X01/markup that mutates", page(`<noscript><p title="</noscript><img src=x onerror=evil()>">hello</p></noscript>`), "", without("hello", "evil", "<img")},
		{"IN_X02/remote things", page(`<link href="http://t.example/c.css"><style>@import "http://t.example/d.css"; p[a^=x]{background:url(http://t.example/e)}</style><img src="http://t.example/p.gif" width=1><table background="http://t.example/b"><tr><td>hello</table>`), "",
			without("hello", "t.example")},
		{"IN_X05/text that is an image", withType("multipart/related; boundary=a", "\n--a\nContent-Type: text/html\n\n<img src=\"cid:i@x\">\n--a\nContent-Type: image/png\nContent-ID: <i@x>\n\nDATA\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.TrimSpace(m.Text) == "" && len(m.Attachments) == 1 && m.Attachments[0].Inline
			}},
		{"IN_X06/conditional comments", page(`<!--[if mso]><p>#close</p><![endif]-->hello<!--[if gte IE 5]>#spam<![endif]-->`), "", without("hello", "#")},
		{"IN_X07/templates", strings.Replace(page("{{.Ticket.Secret}} ${env} &lt;%= x %&gt; %(id)s {% raw %}"), "Subject: s", "Subject: {{.Ticket.Secret}}", 1), "",
			func(m tickets.Message) bool {
				return textIs("{{.Ticket.Secret}} ${env} <%= x %> %(id)s {% raw %}")(m) && m.Subject == "{{.Ticket.Secret}}"
			}},
		{"IN_X08/link that lies", page(`<a href="https://evil.example/login">https://bank.example</a>`), "", textHas("https://bank.example (https://evil.example/login)")},
	})
}

func TestINQuotes(t *testing.T) {
	run(t, []input{
		{"IN_C07/all quoted", head + "\n> one\n> two\n", "", func(m tickets.Message) bool { return m.Reply() == m.Text && strings.Contains(m.Text, "two") }},
		{"IN_C07/answer above", head + "\nthanks\n\nOn 3 May 2024, at 10:12, Bob <b@x.org> wrote:\n> old\n", "", replyIs("thanks", "> old")},
		{"IN_C07/answer below", head + "\nOn 3 May 2024, at 10:12, Bob <b@x.org> wrote:\n> old\n\nthanks\n", "", replyIs("thanks", "> old")},
		{"IN_C07/answers between", head + "\n> first?\nyes\n> second?\nno\n", "", func(m tickets.Message) bool {
			r := m.Reply()
			return strings.Contains(r, "yes") && strings.Contains(r, "> second?") && strings.Contains(r, "no")
		}},
		{"IN_C07/500 levels", head + "\nhello\n" + strings.Repeat(">", 500) + " deep\n", "", replyIs("hello", "deep")},
	})
}

// replyIs says that the reply is these words, and that the full text keeps the others.
func replyIs(reply, kept string) func(tickets.Message) bool {
	return func(m tickets.Message) bool {
		return strings.TrimSpace(m.Reply()) == reply && strings.Contains(m.Text, kept)
	}
}

// report is a delivery report about recipient that returns the given message.
func report(recipient, returned string) string {
	return withType("multipart/report; report-type=delivery-status; boundary=a", "\n--a\n\nIt failed.\n--a\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; "+
		recipient+"\nAction: failed\nStatus: 5.1.1\n\n--a\nContent-Type: message/rfc822\n\n"+returned+"\n--a--\n")
}

// What the reading says of machines' mail; the class of the formats IN_L01 to IN_L31
// and IN_L33 is tested in automail, what follows from it at the desk.
func TestINMachines(t *testing.T) {
	null := ""
	m := Parse(context.Background(), raw(crlf(head+"\nx")), Envelope{From: &null})
	if !m.Automatic || m.MayAnswer {
		t.Errorf("IN_E01: automatic %v, may answer %v", m.Automatic, m.MayAnswer)
	}
	const ours = "From: help@example.org\nMessage-ID: <t7.2@help.example.org>\nReferences: <secret@help.example.org>\nReply-To: help+token@example.org\nSubject: [IT #7] x\n\n#close\n"
	run(t, []input{
		{"IN_L32/forged report", report("customer@example.net", ours), "", func(m tickets.Message) bool {
			return m.Kind == tickets.KindBounce && !m.MayAnswer && len(m.Bounces) == 1 && m.Bounces[0].Recipient == "customer@example.net" && m.Bounces[0].OriginalMessageID == "t7.2@help.example.org"
		}},
		{"IN_L34/returned commands and tokens", report("gone@example.net", ours), "", func(m tickets.Message) bool {
			said := fmt.Sprint(m.Text, m.CommandText, m.InReplyTo, m.References, m.DeliveredTo, m.ReplyTo, m.Subject)
			return m.Automatic && m.Forwarded == nil && !strings.Contains(said, "close") && !strings.Contains(said, "token") && !strings.Contains(said, "secret")
		}},
		{"IN_L35/from ourselves", strings.Replace(head, "Ann <ann@example.net>", "help@example.org", 1) + "X-Postern-Instance: abc.def\n\nx", "", func(m tickets.Message) bool {
			return m.Mark == "abc.def" && m.From[0].Addr == m.To[0].Addr
		}},
		{"IN_L36/another postern", head + "Auto-Submitted: auto-replied\nX-Postern-Instance: other.mac\n\nWe have your mail.", "", func(m tickets.Message) bool { return m.Automatic && !m.MayAnswer && m.Mark == "other.mac" }},
		{"IN_H07/an id of ours", strings.Replace(head, "1@example.net", "t7.2@help.example.org", 1) + "\nx", "", func(m tickets.Message) bool { return m.MessageID == "t7.2@help.example.org" && m.Mark == "" }},
	})
}

func TestINAddresses(t *testing.T) {
	from := func(addr string) string { return strings.Replace(head, "Ann <ann@example.net>", addr, 1) + "\nx" }
	run(t, []input{
		{"IN_E02/empty address", from(`<"">`), mimetree.DefectNoFrom, func(m tickets.Message) bool { return m.From[0].Addr == "" && m.From[0].Guessed }},
		{"IN_E03/local part without end", from(strings.Repeat("a", 2000) + "@example.net"), mimetree.DefectNoFrom, func(m tickets.Message) bool { return m.From[0].Addr == "" && m.From[0].Guessed }},
		{"IN_E03/domain without end", from("a@" + strings.Repeat("b.", 1000) + "net"), mimetree.DefectNoFrom, func(m tickets.Message) bool { return m.From[0].Addr == "" && m.From[0].Guessed }},
		{"IN_E07/case", from("Agent@Example.COM"), "", fromIs("Agent@example.com", false, 1)},
		{"IN_E08/plus", from("agent+x@example.com"), "", fromIs("agent+x@example.com", false, 1)},
		{"IN_E08/dots", from("a.g.ent@example.com"), "", fromIs("a.g.ent@example.com", false, 1)},
	})
}

// A large attachment is described whole and opens as described, so that whoever
// relays it can say what was too large (IN_A09).
func TestIN_A09(t *testing.T) {
	mixed := crlf(withType("multipart/mixed; boundary=b", "\n--b\n\nhello\n--b\nContent-Type: application/zip; name=big.zip\n\n"))
	in := cycle{mixed, strings.Repeat("0123456789abcdef", 512), "\r\n--b--\r\n", 30 << 20}
	m := Parse(context.Background(), in, Envelope{})
	if len(m.Attachments) != 1 || m.Attachments[0].Size != in.size-int64(len(in.head)+len(in.tail)) || m.Attachments[0].Filename != "big.zip" {
		t.Fatalf("%+v", m.Attachments)
	}
	samePart(t, in, m.Attachments[0])
}

// TestCatalogue: every bad input of the groups that concern the reading has a test
// that bears its id, IN_H01 or, in a comment of the door's tests, IN-E02.
func TestCatalogue(t *testing.T) {
	var tests strings.Builder
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		tests.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, f := range regexp.MustCompile(`IN[-_]([A-Z]\d\d)|"(L\d\d)-`).FindAllStringSubmatch(tests.String(), -1) {
		have[f[1]+f[2]] = true
	}
	for group, last := range map[string]int{"H": 20, "M": 22, "C": 7, "A": 9, "X": 8, "E": 13, "L": 36} {
		for n := 1; n <= last; n++ {
			if id := fmt.Sprintf("%s%02d", group, n); !have[id] {
				t.Errorf("no test bears IN_%s", id)
			}
		}
	}
}

// TestPage: docs/reading.md names every defect and every fuzz target there is.
func TestPage(t *testing.T) {
	doc, err := os.ReadFile("../docs/reading.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{ // by the files that they stand in
		"mimetree/defects.go": "\tDefect\\w+ += \"([a-z-]+)\"", "replytext/read.go": "\tDefect\\w+ += \"([a-z-]+)\"",
		"*_test.go": `(?m)^func (Fuzz\w+)\(`, "*/*_test.go": `(?m)^func (Fuzz\w+)\(`,
	}
	n := 0
	for pattern, name := range names {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range regexp.MustCompile(name).FindAllStringSubmatch(string(b), -1) {
				n++
				if !strings.Contains(string(doc), "| "+f[1]+" |") && !strings.Contains(string(doc), "| `"+f[1]+"` |") {
					t.Errorf("%s of %s is not named", f[1], file)
				}
			}
		}
	}
	if n < 70 {
		t.Errorf("only %d names were found", n)
	}
}
