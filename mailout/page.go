package mailout

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// img is a picture of the message that its HTML part shows.
type img struct{ cid, alt string }

const (
	pageHead = `<!DOCTYPE html>
<html lang="%s"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></head>
<body style="margin:0;padding:16px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif">
<div style="max-width:600px;overflow-wrap:anywhere">
`
	pageFoot  = "</div></body></html>\n"
	paragraph = `<p style="margin:0 0 1em">`
	small     = `<p style="margin:0 0 1em;font-size:13px;opacity:.7">`
	quotation = `<blockquote style="margin:0 0 1em;padding:0 0 0 12px;border-left:3px solid #8888">`
	rule      = `<hr style="border:0;border-top:1px solid #8888;margin:1.5em 0">`
)

// A sheet is what an HTML part is made of.
type sheet struct {
	before, after string // text
	words         string // HTML between them, sanitised; may be empty
	lang          string
	links         []Link
	pictures      []img // below all
}

// page writes the HTML part: the text itself, escaped, in paragraphs, quotes and
// links, and an agent's own formatting where he wrote. It names no colour of its own,
// so that light and dark both read well, and loads nothing from anywhere.
func page(s sheet) string {
	if builtin().byName[s.lang+"/ack"] == nil {
		s.lang = Languages()[0]
	}
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, s.lang)
	for i, text := range []string{s.before, s.after} {
		if text = strings.TrimSpace(text); text != "" {
			blocks(&b, strings.Split(text, "\n"), s.links, 0)
		}
		if i == 0 && s.words != "" {
			b.WriteString("<div>" + s.words + "</div>\n")
		}
	}
	for _, p := range s.pictures {
		fmt.Fprintf(&b, "<p><img src=\"cid:%s\" alt=\"%s\" style=\"max-width:100%%\"></p>\n", p.cid, html.EscapeString(p.alt))
	}
	b.WriteString(pageFoot)
	return b.String()
}

// blocks writes lines as paragraphs and quotes, at most six quotes deep.
func blocks(b *strings.Builder, lines []string, links []Link, depth int) {
	for len(lines) > 0 {
		n := 1
		switch {
		case lines[0] == "":
		case depth < 6 && quoted(lines[0]):
			for n < len(lines) && quoted(lines[n]) {
				n++
			}
			b.WriteString(quotation + "\n")
			blocks(b, unquote(lines[:n]), links, depth+1)
			b.WriteString("</blockquote>\n")
		case lines[0] == "---":
			b.WriteString(rule + "\n")
		default:
			for n < len(lines) && lines[n] != "" && lines[n] != "---" && (depth >= 6 || !quoted(lines[n])) {
				n++
			}
			prose(b, lines[:n], links)
		}
		lines = lines[n:]
	}
}

func quoted(line string) bool { return strings.HasPrefix(line, ">") }

func unquote(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimPrefix(l[1:], " ")
	}
	return out
}

// prose writes one paragraph; the separator line is set small.
func prose(b *strings.Builder, lines []string, links []Link) {
	if len(lines) == 1 && strings.HasPrefix(lines[0], "##- ") {
		b.WriteString(small)
	} else {
		b.WriteString(paragraph)
	}
	for i, l := range lines {
		if i > 0 {
			b.WriteString("<br>\n")
		}
		b.WriteString(inline(l, links))
	}
	b.WriteString("</p>\n")
}

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// inline escapes one line and makes links of web addresses, which are shown as
// they are, and of our own offers, which are shown by name.
func inline(line string, links []Link) string {
	for _, l := range links {
		if label, ok := strings.CutSuffix(line, ": <"+l.URL+">"); ok {
			return anchor(l.URL, label)
		}
	}
	var b strings.Builder
	rest := strings.TrimLeft(line, " \t")
	for range len(line) - len(rest) {
		b.WriteString("&nbsp;")
	}
	for {
		at := address.FindStringIndex(rest)
		if at == nil {
			break
		}
		u := strings.TrimRight(rest[at[0]:at[1]], ".,;:!?)'")
		b.WriteString(html.EscapeString(rest[:at[0]]) + anchor(u, u))
		rest = rest[at[0]+len(u):]
	}
	b.WriteString(html.EscapeString(rest))
	return b.String()
}

func anchor(url, label string) string {
	return `<a href="` + html.EscapeString(url) + `">` + html.EscapeString(label) + `</a>`
}
