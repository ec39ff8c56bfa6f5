package mailcorpus

import (
	"html"
	"strings"
)

// text joins paragraphs as a text part does.
func text(p ...string) string { return strings.Join(p, "\n\n") + "\n" }

// quote sets a mark before every line.
func quote(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight("> "+l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// wrap breaks a line at blanks as programs do that send lines of at most 72.
func wrap(s string) string {
	var b strings.Builder
	n := 0
	for i, w := range strings.Split(s, " ") {
		switch {
		case i > 0 && n+len([]rune(w)) > 70:
			b.WriteByte('\n')
			n = 0
		case i > 0:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(w)
		n += len([]rune(w))
	}
	return b.String()
}

// page is a whole HTML document.
func page(body string) string {
	return `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body>` + body + "</body></html>"
}

// divs writes each paragraph as a block with an empty one after it.
func divs(p []string) string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteString("<div><br></div>\n")
		}
		b.WriteString("<div>" + html.EscapeString(s) + "</div>\n")
	}
	return b.String()
}

// breaks writes paragraphs with line breaks.
func breaks(p []string) string {
	esc := make([]string, len(p))
	for i, s := range p {
		esc[i] = html.EscapeString(s)
	}
	return strings.Join(esc, "<br>\n<br>\n")
}

// linked writes an attribution with its address as a link.
func linked(s string) string {
	s = html.EscapeString(s)
	return strings.ReplaceAll(s, addr, `<a href="mailto:`+addr+`" target="_blank">`+addr+`</a>`)
}

// block is a header block of text: From, Sent, To, Subject by the order given.
func (l Language) block(date string, order ...int) string {
	var b strings.Builder
	for _, i := range order {
		b.WriteString(l.label(i) + ": " + l.value(i, date) + "\n")
	}
	return b.String()
}

// value is the value of a field of the header block.
func (l Language) value(i int, date string) string {
	switch i {
	case from:
		return l.name + " <" + addr + ">"
	case to:
		return "Help <" + helper + ">"
	case subj:
		return subject
	}
	return date
}

// The fields of a header block, as labels has them.
const (
	from = iota
	sent
	to
	subj
	dated
)

// htmlBlock is a header block of HTML with bold labels.
func (l Language) htmlBlock(date string, order ...int) string {
	var rows []string
	for _, i := range order {
		rows = append(rows, "<b>"+html.EscapeString(l.label(i))+":</b> "+html.EscapeString(l.value(i, date)))
	}
	return strings.Join(rows, "<br>\n")
}

// posted sets text parts together by posting style, with marked quotes.
func (c *Cell) posted(l Language, intro string) string {
	one, two := l.halves()
	switch c.Style {
	case "bottom":
		return text(intro) + quote(text(paragraphs(l.orig)...)) + "\n" + text(l.Own())
	case "inline":
		c.Reply = l.yes + "|" + two[0] + "|" + l.more
		return text(intro) + quote(text(one...)) + "\n" + l.yes + "\n\n" + quote(text(two...)) + "\n" + l.more + "\n"
	}
	return text(l.Own(), intro) + "\n" + quote(text(paragraphs(l.orig)...))
}

// forwarding notes that the cell forwards, and returns the words above.
func (c *Cell) forwarding(l Language, prefix string) string {
	c.Forward = true
	c.Subject = prefix + ": " + subject
	if c.Style == "bare" {
		return ""
	}
	return paragraphs(l.own)[1]
}

// plainOnly and htmlOnly drop the other part by style.
func (c *Cell) parts(plain, htm string) {
	c.Plain, c.HTML = plain, htm
	switch c.Style {
	case "html":
		c.Plain = ""
	case "text":
		c.HTML = ""
	}
}
