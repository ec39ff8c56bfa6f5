package mailcorpus

import "html"

// appleMail writes as Mail on the Mac.
func appleMail(c *Cell, l Language) {
	if c.Style == "forward" || c.Style == "bare" {
		appleForward(c, l, c.forwarding(l, "Fwd"))
		return
	}
	intro := l.fill(l.apple)
	one, two := l.halves()
	const cite = `<blockquote type="cite">`
	lead := `<div>` + html.EscapeString(intro) + `</div><br class="Apple-interchange-newline">`
	body := divs(paragraphs(l.own)) + `<div><br>` + cite + lead + `<div>` + divs(paragraphs(l.orig)) + `</div></blockquote></div>`
	switch c.Style {
	case "bottom":
		body = `<div>` + cite + lead + divs(paragraphs(l.orig)) + `</blockquote></div><br>` + divs(paragraphs(l.own))
	case "inline":
		body = `<div>` + cite + lead + divs(one) + `</blockquote></div><div><br></div><div>` + html.EscapeString(l.yes) + `</div><br><div>` + cite + divs(two) + `</blockquote></div><div>` + html.EscapeString(l.more) + `</div>`
	}
	c.parts(appleText(c, l, intro), page(body))
}

// appleText: Mail quotes its attribution along with the mail, but for answers below.
func appleText(c *Cell, l Language, intro string) string {
	if c.Style == "bottom" || c.Style == "inline" {
		return c.posted(l, intro)
	}
	return text(l.Own()) + "\n\n" + quote(intro+"\n\n"+text(paragraphs(l.orig)...))
}

// appleForward writes the header block of Mail.
func appleForward(c *Cell, l Language, own string) {
	head := l.block(l.appleDate, from, subj, dated, to)
	c.Plain = own + "\n\n" + l.appleFwd + "\n\n" + quote(head+"\n"+text(paragraphs(l.orig)...))
	c.HTML = page(html.EscapeString(own) + `<br><div><br><blockquote type="cite"><div>` + html.EscapeString(l.appleFwd) + `</div><br class="Apple-interchange-newline">` +
		`<div style="margin:0px"><span><b>` + l.htmlBlock(l.appleDate, from, subj, dated, to) + `</b></span></div><br><div>` + divs(paragraphs(l.orig)) + `</div></blockquote></div>`)
}

// iosMail writes as Mail on the iPhone.
func iosMail(c *Cell, l Language) {
	if c.Style == "forward" {
		appleForward(c, l, c.forwarding(l, "Fwd")+"\n\n"+l.ios)
		return
	}
	intro := l.fill(l.apple)
	plain := text(l.Own(), l.ios) + "\n" + quote(intro+"\n\n"+text(paragraphs(l.orig)...))
	c.parts(plain, page(`<div dir="ltr">`+divs(paragraphs(l.own))+`<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">`+html.EscapeString(l.ios)+`</div><div dir="ltr"><br><blockquote type="cite">`+
		html.EscapeString(intro)+`<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">`+divs(paragraphs(l.orig))+`</div></blockquote></div>`))
}
