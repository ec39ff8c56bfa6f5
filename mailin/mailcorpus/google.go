package mailcorpus

import "html"

const gmailQuote = `<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">`

// gmailWeb writes as Gmail in the browser.
func gmailWeb(c *Cell, l Language) {
	if c.Style == "forward" || c.Style == "bare" {
		gmailForward(c, l)
		return
	}
	intro := l.fill(l.gmail)
	one, two := l.halves()
	attr := `<div dir="ltr" class="gmail_attr">` + linked(intro) + `<br></div>`
	own := `<div dir="ltr">` + divs(paragraphs(l.own)) + `</div>`
	all := gmailQuote + divs(paragraphs(l.orig)) + `</blockquote>`
	body := own + `<br><div class="gmail_quote">` + attr + all + `</div>`
	switch c.Style {
	case "bottom":
		body = `<div dir="ltr"><div class="gmail_quote">` + attr + all + `</div><div><br></div>` + own + `</div>`
	case "inline":
		body = `<div dir="ltr"><div class="gmail_quote">` + attr + gmailQuote + divs(one) + `</blockquote><div><br></div><div>` + html.EscapeString(l.yes) + `</div><div>&nbsp;</div>` +
			gmailQuote + divs(two) + `</blockquote><div>` + html.EscapeString(l.more) + `</div></div></div>`
	}
	c.parts(c.posted(l, wrap(intro)), body)
}

// gmailForward: Gmail translates but the From of its forwards.
func gmailForward(c *Cell, l Language) {
	own := c.forwarding(l, "Fwd")
	head := "---------- Forwarded message ---------"
	rest := "Date: " + l.gmailDate + "\nSubject: " + subject + "\nTo: <" + helper + ">\n"
	c.Plain = own + "\n\n" + head + "\n" + l.label(from) + ": " + l.name + " <" + addr + ">\n" + rest + "\n\n" + text(paragraphs(l.orig)...)
	c.HTML = `<div dir="ltr">` + html.EscapeString(own) + `<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">` + head + `<br>` + html.EscapeString(l.label(from)) + `: <strong class="gmail_sendername" dir="auto">` +
		html.EscapeString(l.name) + `</strong> <span dir="auto">&lt;<a href="mailto:` + addr + `">` + addr + `</a>&gt;</span><br>Date: ` + html.EscapeString(l.gmailDate) + `<br>Subject: ` + subject + `<br>To:  &lt;<a href="mailto:` + helper + `">` + helper + `</a>&gt;<br></div><br><br>` + divs(paragraphs(l.orig)) + `</div></div>`
}

// gmailAndroid writes as the Gmail app.
func gmailAndroid(c *Cell, l Language) {
	intro := l.fill(l.gmail)
	c.parts(c.posted(l, wrap(intro)), `<div dir="auto">`+divs(paragraphs(l.own))+`</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">`+linked(intro)+`<br></div>`+gmailQuote+divs(paragraphs(l.orig))+`</blockquote></div>`)
}

// k9 writes as K-9 Mail: a signature with its delimiter above the quote.
func k9(c *Cell, l Language) {
	intro := l.fill(l.k9)
	sig := "-- \n" + l.k9sig
	if c.Style == "bottom" {
		c.Plain = intro + "\n" + quote(text(paragraphs(l.orig)...)) + "\n" + l.Own() + "\n" + sig + "\n"
		return
	}
	plain := l.Own() + "\n" + sig + "\n\n" + intro + "\n" + quote(text(paragraphs(l.orig)...))
	c.parts(plain, page(breaks(paragraphs(l.own))+`<br>-- <br>`+html.EscapeString(l.k9sig)+`<br><br><div class="gmail_quote">`+linked(intro)+`<blockquote class="gmail_quote" style="margin: 0pt 0pt 0pt 0.8ex;">`+breaks(paragraphs(l.orig))+`</blockquote></div>`))
}
