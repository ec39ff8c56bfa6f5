package mailcorpus

import (
	"html"
	"strings"
)

// msoParagraphs writes paragraphs as Word's editor does.
func msoParagraphs(p []string) string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteString("<p class=MsoNormal><o:p>&nbsp;</o:p></p>\n")
		}
		b.WriteString("<p class=MsoNormal><span style='mso-fareast-language:EN-US'>" + html.EscapeString(s) + "<o:p></o:p></span></p>\n")
	}
	return b.String()
}

// outlookDesktop writes as Outlook for Windows: Word's HTML, a header block under
// a grey line; in text mails the line of dashes.
func outlookDesktop(c *Cell, l Language) {
	own := paragraphs(l.own)
	c.Subject = l.re + ": " + subject
	if strings.HasPrefix(c.Style, "forward") || c.Style == "bare" {
		own = nonEmpty(c.forwarding(l, l.fw))
	}
	head := l.block(l.outlookDate, from, sent, to, subj)
	plain := strings.Join(own, "\n\n") + "\n\n" + head + "\n" + text(paragraphs(l.orig)...)
	if c.Style == "text" {
		plain = strings.Join(own, "\n\n") + "\n\n-----" + l.original + "-----\n" + head + "\n" + text(paragraphs(l.orig)...)
	}
	body := `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><!--[if !mso]><style>v\:* {behavior:url(#default#VML);}</style><![endif]--><style><!--
p.MsoNormal {margin:0cm; font-size:11.0pt;}
--></style></head><body lang=EN-US link=blue><div class=WordSection1>` + msoParagraphs(own) + `<p class=MsoNormal><o:p>&nbsp;</o:p></p><div>
<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>` +
		l.htmlBlock(l.outlookDate, from, sent, to, subj) + `<o:p></o:p></p></div></div><p class=MsoNormal><o:p>&nbsp;</o:p></p>` + msoParagraphs(paragraphs(l.orig)) + `</div></body></html>`
	c.parts(plain, body)
}

// outlookWeb writes as Outlook on the web and the new Outlook.
func outlookWeb(c *Cell, l Language) {
	own := paragraphs(l.own)
	c.Subject = l.re + ": " + subject
	if c.Style == "forward" || c.Style == "bare" {
		own = nonEmpty(c.forwarding(l, l.fw))
	}
	plain := strings.Join(own, "\n\n") + "\n\n________________________________\n" + l.block(l.outlookDate, from, sent, to, subj) + "\n" + text(paragraphs(l.orig)...)
	c.parts(plain, page(`<div class="elementToProof" style="font-family:Aptos">`+divs(own)+`</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">`+
		`<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri" style="font-size:11pt" color="#000000">`+l.htmlBlock(l.outlookDate, from, sent, to, subj)+`</font><div>&nbsp;</div></div><div>`+divs(paragraphs(l.orig))+`</div>`))
}

// outlookMobile writes as Outlook for Android and iOS: its footer stands above the quote.
func outlookMobile(c *Cell, l Language) {
	own := paragraphs(l.own)
	c.Subject = l.re + ": " + subject
	if c.Style == "forward" {
		own = nonEmpty(c.forwarding(l, l.fw))
	}
	plain := strings.Join(own, "\n\n") + "\n\n" + l.android + "<https://aka.ms/AAb9ysg>\n________________________________\n" + l.block(l.outlookDate, from, sent, to, subj) + "\n" + text(paragraphs(l.orig)...)
	c.parts(plain, page(divs(own)+`<div><br></div><div id="ms-outlook-mobile-signature" dir="auto"><a href="https://aka.ms/AAb9ysg">`+html.EscapeString(l.android)+`</a></div>`+
		`<hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr">`+l.htmlBlock(l.outlookDate, from, sent, to, subj)+`</div><div>`+divs(paragraphs(l.orig))+`</div>`))
}

// nonEmpty is the words as paragraphs, none for none.
func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
