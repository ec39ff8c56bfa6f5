package replyhtml

import (
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

const quotedNotice = `<div class="gmail_quote"><div class="gmail_attr">On Mon, 2 Nov 2026 at 10:00, Ann &lt;help@example.org&gt; wrote:<br></div>` +
	`<blockquote class="gmail_quote">##- please write above this line -##<br>CANARY<img src="cid:old"></blockquote></div>`

// What the programs write for bold, lists, tables, links and pictures, and what leaves.
func TestFormatting(t *testing.T) {
	for _, tt := range []struct{ name, plain, page, want string }{
		{"Gmail: bold, a link, a list", "#resolve\nHi Ann,\n*please* read the manual <https://example.org/m>:\n\n   1. stop\n   2. *wait*\n\nBob\n\nOn Mon, 2 Nov 2026 at 10:00, Ann <help@example.org> wrote:\n\n> ##- please write above this line -##\n> CANARY\n",
			`<div dir="ltr"><div>#resolve</div><div>Hi Ann,</div><div><b>please</b> read the <a href="https://example.org/m">manual</a>:</div><div><ol><li>stop</li><li><b style="color:rgb(0,0,0)">wait</b></li></ol></div><div>Bob</div></div><br>` + quotedNotice,
			`<div><div>Hi Ann,</div><div><b>please</b> read the <a href="https://example.org/m" rel="noopener">manual</a>:</div><div><ol><li>stop</li><li><b>wait</b></li></ol></div><div>Bob</div></div>`},
		{"Gmail: pasted picture", "See here:\n[image: shot.png]\nBob\n\nOn Mon, 2 Nov 2026 at 10:00, Ann <help@example.org> wrote:\n> CANARY\n",
			`<div dir="ltr"><div>See here:</div><div><img src="cid:ii_1" alt="shot.png" width="400" height="200"></div><div>Bob</div></div><br>` + quotedNotice,
			`<div><div>See here:</div><div><img src="cid:1" alt="shot.png" width="400" style="max-width: 100%"/></div><div>Bob</div></div>`},
		{"a picture behind the last word", "See here:\n[image: shot.png]\n\nOn Mon, 2 Nov 2026 at 10:00, Ann <help@example.org> wrote:\n> CANARY\n",
			`<div>See here:<br><img src="cid:ii_1" alt="shot.png"></div><br>` + quotedNotice,
			`<div>See here:<br/><img src="cid:1" alt="shot.png" style="max-width: 100%"/></div>`},
		{"Outlook: Word's paragraphs, colours, a table", "#take\n\nHi Ann,\n\nred alert!\n\na\n\n\n1\n\n\n\nFrom: Helpdesk <help@example.org>\nSent: Monday, 2 November 2026 10:00\nTo: Bob\nSubject: Printer\n\nCANARY\n",
			`<html><head><style>p.MsoNormal{color:windowtext}</style><!--[if mso]><b>CANARY</b><![endif]--></head><body><div class=WordSection1><p class=MsoNormal>#take<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal><span style='color:black'>Hi Ann,</span><o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>` +
				`<p class=MsoNormal><b><span style='color:red;background:url(http://x)'>red alert!</span></b></p><table class=MsoTableGrid><tr><td style='border:solid windowtext 1.0pt'><p class=MsoNormal>a</p></td><td><p class=MsoNormal>1</p></td></tr></table><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>From:</b> Helpdesk</p></div></div><p>CANARY</p></div></body></html>`,
			`<div><div><span>Hi Ann,</span></div><div> </div><div><b><span style="color: red">red alert!</span></b></div><table style="border-collapse: collapse"><tbody><tr><td style="border: 1px solid #888888; padding: 4px 8px"><div>a</div></td><td style="border: 1px solid #888888; padding: 4px 8px"><div>1</div></td></tr></tbody></table></div>`},
		{"Apple Mail", "Hi Ann,\n\nit is done.\n\n> On 2 Nov 2026, at 10:00, IT <help@example.org> wrote:\n> \n> CANARY\n",
			`<html><body style="overflow-wrap: break-word;">Hi <i>Ann</i>,<div><br></div><div>it is done.</div><div><br><blockquote type="cite"><div>On 2 Nov 2026, at 10:00, IT &lt;help@example.org&gt; wrote:</div><br class="Apple-interchange-newline"><div>CANARY</div></blockquote></div></body></html>`,
			`Hi <i>Ann</i>,<div><br/></div><div>it is done.</div>`},
		{"Thunderbird", "It is *done* /now/.\n\nOn 02/11/2026 10:00, IT wrote:\n> CANARY\n",
			`<body text="#000000"><p>It is <b>done</b> <i>now</i>.</p><div class="moz-cite-prefix">On 02/11/2026 10:00, IT wrote:<br></div><blockquote type="cite" cite="mid:x"><p>CANARY</p></blockquote></body>`,
			`<p>It is <b>done</b> <i>now</i>.</p>`},
		{"the page alone", "", `<p>It is <b>done</b>, see <a href="https://example.org/m">this</a> <img src="cid:ii_1" alt="shot"></p>` + quotedNotice,
			`<p>It is <b>done</b>, see <a href="https://example.org/m" rel="noopener">this</a> <img src="cid:1" alt="shot" style="max-width: 100%"/></p>`},
		{"a footer without mark", "Done.\n\nSent from my iPhone\n\n> On 2 Nov 2026, at 10:00, IT <help@example.org> wrote:\n> CANARY\n",
			`<div><b>Done.</b></div><div><br></div><div>Sent from my iPhone <img src="cid:ii_1"></div><blockquote type="cite">CANARY</blockquote>`, `<div><b>Done.</b></div>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := message(tt.plain, tt.page, "Re: Printer")
			m.Attachments = []tickets.Part{{ContentType: "application/pdf"}, {ContentType: "image/png", ContentID: "ii_1", Inline: true}, {ContentType: "image/png", ContentID: "old", Inline: true}}
			got := Of(m)
			if got = strings.ReplaceAll(got, "\n", ""); got != tt.want {
				t.Errorf("reply %q\ngot  %s\nwant %s", m.Reply(), got, tt.want)
			}
			strictly(t, got)
		})
	}
}

// Where the page does not say what the text says, or says it in a way that cannot be
// told apart, the text alone leaves.
func TestTextOnly(t *testing.T) {
	const done = "Done.\n"
	for _, tt := range []struct{ name, plain, page string }{
		{"more words in the line", done, `<p>Done. Not.</p>`},
		{"more words above", done, `<p>Well</p><p>Done.</p>`},
		{"other words", done, `<p>Undone.</p>`},
		{"a mail that shows a picture of words", "", `<img src="cid:ii_1">`},
		{"no words", "👍\n", `<p>👍</p>`},
		{"a note", "#note he exaggerates\nreally\n", `<p>#note he exaggerates<br><b>really</b></p>`},
		{"an unknown command", "#resovle\nDone.\n", `<p>#resovle<br>Done.</p>`},
		{"a command below", "Done.\n#resolve\n", `<p>Done.<br>#resolve</p>`},
		{"commands that differ", "#resolve\nDone.\n", `<p>#close<br>Done.</p>`},
		{"commands and words in one line", "#resolve\nDone.\n", `<p>#resolve Done.</p>`},
		{"hidden by a sheet, the page alone", "", `<style>.x{display:none}</style><p>Done.</p><p class="x">CANARY</p>`},
		{"white on white, the page alone", "", `<p>Done.</p><p style="color:#fff">CANARY</p>`},
		{"hidden in the middle", "a\nb\n", `<style>#x{display:none}</style><p>a</p><p id="x">CANARY</p><p>b</p>`},
		{"answers between the lines", "> CANARY?\n\nyes\n\n> and?\n\nno\n", `<blockquote type="cite">CANARY?</blockquote><p>yes</p><blockquote type="cite">and?</blockquote><p>no</p>`},
		{"too deep", done, strings.Repeat("<div>", 600) + "Done."},
		{"too large", done, "<p>Done.</p><!--" + strings.Repeat("x", MaxPage) + "-->"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Of(message(tt.plain, tt.page, "Re: Printer")); got != "" {
				t.Errorf("it made %s", got)
			}
		})
	}
	m := message(done, "<p>Done.</p>", "")
	if Of(m) != "<p>Done.</p>" {
		t.Fatalf("the plain case: %q", Of(m))
	}
	if m.Automatic = true; Of(m) != "" {
		t.Error("a machine's mail is formatted")
	}
}

// Nothing that runs, loads, hides or counts readers: X01, X02, X03, X06, D7.
func TestHostile(t *testing.T) {
	for _, evil := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<img src="https://example.com/p.gif" width=1 height=1>`, `<img src="cid:unknown">`,
		`<img src="cid:ii_1" width="1" height="1">`, `<a href="javascript:alert(1)"></a>`, `<a href="data:text/html,x"></a>`, `<a href=" java&#10;script:alert(1)"></a>`,
		`<svg><a xlink:href="javascript:x"><animate onbegin=x></svg>`, `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
		`<base href="http://example.com/">`, `<meta http-equiv="refresh" content="0;url=http://example.com">`, `<form action="http://example.com"><input></form>`,
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></p></noscript>`, `<link rel=stylesheet href="http://example.com/x.css">`,
		`<style>@import url(http://example.com/x.css); a[href^=x]{background:url(http://example.com/x)}</style>`,
		`<div background="http://example.com/x.png" style="background:url(http://example.com/x.png)"></div>`, `<p style="width:expression(alert(1))" class="x" id="y"></p>`,
		`<!--[if mso]><b>CANARY</b><![endif]-->`, `<div style="display:none">CANARY</div>`, `<span style="mso-hide:all">CANARY</span>`, `<p hidden>CANARY</p>`, `<p style="FONT-SIZE : 0px">CANARY</p>`,
		`<object data="http://example.com"></object>`, `<iframe src="http://example.com" srcdoc="<b>CANARY</b>"></iframe>`, `<video poster="http://example.com/x"></video>`,
		`<template><b>CANARY</b></template>`, `<table background="http://example.com/x"><tr><td background="x"></table>`, `<img srcset="http://example.com/x 2x" src="cid:ii_1">`,
		`<font color="url(http://example.com)"></font>`, `<img src="cid:ii_1" alt="&quot;&gt;&lt;script&gt;">`, `<a href="https://example.com/&quot;onmouseover=x"></a>`,
	} {
		m := message("Done.\nNow.\n", "<p>Done.</p>"+evil+"<p>Now.</p>", "")
		m.Attachments = []tickets.Part{{ContentType: "image/png", ContentID: "ii_1", Inline: true}}
		out := Of(m)
		if out == "" && !strings.HasPrefix(evil, "<math>") { // a parser's trap: the style takes the rest of the page
			t.Errorf("%s: text only", evil)
		}
		strictly(t, out)
		for _, word := range []string{"CANARY", "alert", "javascript", "srcset", "onerror", "background"} {
			if strings.Contains(out, word) {
				t.Errorf("%s: %s", evil, out)
			}
		}
	}
}

// Whatever is sent, it takes no longer than its size: X04.
func TestLinear(t *testing.T) {
	fill := func(s string) string { return strings.Repeat(s, (MaxPage-1000)/len(s)) }
	text := "Done.\n" + strings.Repeat("[x ( <http://a", 20000)
	for name, page := range map[string]string{
		"nested": fill("<div>"), "open inline": fill("<b><i>"), "links": fill(`<a href="https://example.org/x">x</a>`), "cells": "<table>" + fill("<td>"),
		"pictures": fill(`<img src="cid:ii_1" alt="x">`), "entities": fill("&amp;"), "an open comment": "<!--" + fill("-"), "one style": `<p style="` + fill("color:red;") + `">`,
		"many styles": fill(`<p style="color:red;color:blue">x`), "tables": fill("<table><tr><td>"), "a select": "<select>" + fill("<option>"), "formatting": fill("<p><b>"), "blanks": "<div>Done.</div>" + fill("<br>"),
	} {
		start := time.Now()
		strictly(t, Of(message("", "<p>Done.</p>"+page, "")))
		m := message("", "<p>Done.</p>"+page, "")
		m.Text, m.ReplyStart, m.ReplyEnd = text, 0, len(text)
		Of(m)
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("%s took %v", name, took)
		} else {
			t.Log(name, took)
		}
	}
}

// What reading itself takes for quoted is what is cut here.
func TestMarksAreReadings(t *testing.T) {
	for k, m := range marks {
		page := "<div>own words</div><div " + k[0] + `="` + k[1] + `"><blockquote type="cite">quoted words</blockquote></div>`
		if m == rest {
			page += "<p>quoted words</p>"
		}
		if got := strings.TrimSpace(message("", page, "").Reply()); got != "own words" {
			t.Errorf("%v: reading shows %q", k, got)
		}
	}
}

func TestLegible(t *testing.T) {
	for colour, want := range map[string]bool{"red": true, "#ff0000": true, "#f00": true, "rgb(255, 0, 0)": true, "black": false, "#000": false, "windowtext": false,
		"white": false, "#1F497D": false, "yellow": false, "#808080": true, "rgb(999,0,0)": true, "url(x)": false, "": false, "#-12345": false} {
		if legible(colour) != want {
			t.Errorf("%s: legible %v", colour, !want)
		}
	}
}

// FuzzReplyHTML: whatever a page holds, what comes out is harmless by a second reading,
// says exactly words of the reply, and nothing from behind the quote.
func FuzzReplyHTML(f *testing.F) {
	f.Add("Done.", "<p>Done.</p>")
	f.Add("#resolve\nDone *now*.", "<div>#resolve</div><div>Done <b>now</b>.</div>")
	f.Add("a <https://example.org>", `<a href="https://example.org">a</a><script>x</script><img src=cid:ii_1>`)
	f.Add("", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">a<svg><style><!--</style>")
	f.Fuzz(func(t *testing.T, plain, page string) {
		if strings.Contains(fold(plain+page), "canary") {
			return
		}
		for _, quote := range []string{quotedNotice, `<div id="divRplyFwdMsg">From: x</div><p>CANARY</p>`} {
			m := message(plain, page+"<p></p>"+quote, "Re: x")
			m.Attachments = []tickets.Part{{ContentType: "image/png", ContentID: "ii_1", Inline: true}}
			out := Of(m)
			if out == "" {
				continue
			}
			strictly(t, out)
			said := measure(parse(out)).words
			if !strings.Contains(fold(m.Reply()), "canary") && strings.Contains(strings.ToLower(out), "canary") {
				t.Fatalf("the quote leaves: %q", out)
			}
			if b, err := tickets.ParseBlock(m.Reply()); err != nil || !within(said, fold(b.Text)) {
				t.Fatalf("it says %q; the reply is %q (%v)", said, m.Reply(), err)
			}
		}
	})
}

// within says that the letters of a stand in b in this order.
func within(a, b string) bool {
	for _, c := range a {
		i := strings.IndexRune(b, c)
		if i < 0 {
			return false
		}
		b = b[i:]
		b = strings.TrimPrefix(b, string(c))
	}
	return true
}
