package mailcorpus

import (
	"html"
	"strings"
)

// thunderbird writes as Thunderbird.
func thunderbird(c *Cell, l Language) {
	if c.Style == "forward" || c.Style == "bare" {
		own := c.forwarding(l, "Fwd")
		mark := "-------- " + l.birdFwd + " --------"
		const date = "Fri, 3 May 2024 10:12:00 +0000"
		c.Plain = own + "\n\n\n" + mark + "\n" + l.block(date, subj, dated, from, to) + "\n\n" + text(paragraphs(l.orig)...)
		c.HTML = page(`<p>` + html.EscapeString(own) + `</p><div class="moz-forward-container"><br><br>` + mark + `<table class="moz-email-headers-table" cellspacing="0" cellpadding="0" border="0"><tbody>` + l.rows(date) + `</tbody></table><br><br>` + divs(paragraphs(l.orig)) + `</div>`)
		return
	}
	intro := l.fill(l.bird)
	one, two := l.halves()
	const cite = `<blockquote type="cite" cite="mid:t7.1@help.example.com">`
	lead := `<div class="moz-cite-prefix">` + html.EscapeString(intro) + `<br></div>`
	paras := func(p []string) string {
		return "<p>" + strings.ReplaceAll(breaks(p), "<br>\n<br>\n", "</p>\n<p>") + "</p>"
	}
	all := cite + paras(paragraphs(l.orig)) + `</blockquote>`
	body := paras(paragraphs(l.own)) + lead + all
	switch c.Style {
	case "bottom":
		body = lead + all + paras(paragraphs(l.own))
	case "inline":
		body = lead + cite + paras(one) + `</blockquote><p>` + html.EscapeString(l.yes) + `</p>` + cite + paras(two) + `</blockquote><p>` + html.EscapeString(l.more) + `</p>`
	}
	c.parts(c.posted(l, intro), page(body))
}

// rows is a header block as a table.
func (l Language) rows(date string) string {
	var b strings.Builder
	for _, i := range []int{subj, dated, from, to} {
		b.WriteString(`<tr><th nowrap="nowrap" valign="BASELINE" align="RIGHT">` + html.EscapeString(l.label(i)) + `: </th><td>` + html.EscapeString(l.value(i, date)) + `</td></tr>`)
	}
	return b.String()
}

// yahooMail writes as Yahoo: its text part does not mark quotes.
func yahooMail(c *Cell, l Language) {
	if c.Style == "forward" {
		own := c.forwarding(l, "Fw")
		mark := "----- " + l.birdFwd + " -----"
		head := l.block(l.outlookDate, from, to, sent, subj)
		c.Plain = own + "\n\n   " + mark + " " + strings.ReplaceAll(head, "\n", "\n") + "\n " + text(paragraphs(l.orig)...)
		c.Plain = own + "\n\n   " + mark + "\n " + head + "\n " + text(paragraphs(l.orig)...)
		c.HTML = page(`<div>` + html.EscapeString(own) + `</div><div><br></div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>` + mark + `</div><div>` + l.htmlBlock(l.outlookDate, from, to, sent, subj) + `</div><div><br></div>` + divs(paragraphs(l.orig)) + `</div>`)
		return
	}
	intro := l.fill(l.yahoo)
	plain := " " + l.Own() + "\n\n    " + intro + "  \n \n " + strings.ReplaceAll(text(paragraphs(l.orig)...), "\n", "\n ") + "\n"
	c.parts(plain, page(`<div class="yahoo-style-wrap"><div></div>`+divs(paragraphs(l.own))+`<div><br></div></div><div id="yahoo_quoted_123" class="yahoo_quoted"><div style="font-family:Helvetica"><div>`+html.EscapeString(intro)+`</div><div><br></div><div>`+divs(paragraphs(l.orig))+`</div></div></div>`))
}

// lotusNotes writes as iNotes and Notes: dashes round the name, then a block.
func lotusNotes(c *Cell, l Language) {
	mark := "-----" + l.name + " <" + addr + "> " + l.wrote + ": -----"
	own := l.Own()
	if c.Style == "forward" {
		own = c.forwarding(l, "Fw")
		mark = "-----Forwarded by " + l.name + "/ACME on " + l.notesDate + " -----"
	}
	head := l.block(l.notesDate, to, from, dated, subj)
	plain := own + "\n\n" + mark + "\n" + head + "\n" + text(paragraphs(l.orig)...)
	c.parts(plain, page(`<font face="Default Sans Serif,Verdana" size="2">`+breaks(strings.Split(own, "\n\n"))+`<br><br><font color="#990099">`+html.EscapeString(mark)+`</font><div class="iNotesHistory" style="padding-left:5px;"><div style="padding-right:0px;padding-left:5px;border-left:solid black 2px;">`+
		strings.ReplaceAll(html.EscapeString(head), "\n", "<br>")+`<br>`+breaks(paragraphs(l.orig))+`</div></div></font>`))
}

// mutt writes text alone, its words English in whatever language.
func mutt(c *Cell, l Language) {
	if c.Style == "forward" || c.Style == "bare" {
		own := c.forwarding(l, "Fwd")
		c.Plain = own + "\n\n----- Forwarded message from " + l.name + " <" + addr + "> -----\n\nDate: Fri, 3 May 2024 10:12:00 +0000\nFrom: " + l.name + " <" + addr + ">\nTo: " + helper + "\nSubject: " + subject + "\n\n" + text(paragraphs(l.orig)...) + "\n----- End forwarded message -----\n"
		return
	}
	c.Plain = c.posted(l, "On Fri, May 03, 2024 at 10:12:00AM +0200, "+l.name+" wrote:")
}

// groupWise writes as GroupWise: three marks round name and date, quotes unmarked.
func groupWise(c *Cell, l Language) {
	mark := ">>> " + l.name + " <" + addr + "> " + l.notesDate + " >>>"
	plain := text(l.Own()) + "\n\n" + mark + "\n" + text(paragraphs(l.orig)...)
	c.parts(plain, page(`<div>`+breaks(paragraphs(l.own))+`</div><br>`+html.EscapeString(mark)+`<br>`+breaks(paragraphs(l.orig))))
}

// zimbra writes as Zimbra's web client.
func zimbra(c *Cell, l Language) {
	own, words := l.Own(), l.original
	if c.Style == "forward" || c.Style == "bare" {
		own, words = c.forwarding(l, "Fwd"), l.birdFwd
	}
	mark := "----- " + words + " -----"
	head := l.block(l.outlookDate, from, to, sent, subj)
	plain := own + "\n\n" + mark + "\n" + head + "\n" + text(paragraphs(l.orig)...)
	c.parts(plain, page(`<div style="font-family: arial">`+divs(strings.Split(own, "\n\n"))+`<br><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">`+l.htmlBlock(l.outlookDate, from, to, sent, subj)+`<br></div><br><div data-marker="__QUOTED_TEXT__">`+divs(paragraphs(l.orig))+`</div></div>`))
}

// helpdesk writes an answer to one of our own mails, which says where to answer.
func helpdesk(c *Cell, l Language) {
	line := "##- " + l.above + " -##"
	history := line + "\n\n" + text(paragraphs(l.orig)...)
	switch c.Style {
	case "quoted":
		c.Plain = text(l.Own(), l.fill(l.gmail)) + "\n" + quote(history)
	default:
		c.parts(text(l.Own())+"\n"+history, page(divs(paragraphs(l.own))+`<br><div>`+html.EscapeString(line)+`</div>`+divs(paragraphs(l.orig))))
	}
}
