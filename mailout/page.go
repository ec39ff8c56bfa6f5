package mailout

import (
	"fmt"
	"html"
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
	label     = `<p style="margin:0 0 .25em">` // of the list below it
	headline  = `<p style="margin:0 0 1em;font-size:18px;font-weight:600;line-height:1.35">`
	separator = `<p style="margin:0 0 1.5em;font-size:12px;opacity:.6">`
	small     = `<p style="margin:0 0 1em;font-size:13px;opacity:.75">`
	command   = `<p style="margin:0 0 1em;font-family:ui-monospace,Menlo,Consolas,monospace;font-weight:600">`
	quotation = `<blockquote style="margin:0 0 1em;padding:0 0 0 12px;border-left:3px solid #8888">`
	rule      = `<hr style="border:0;border-top:1px solid #8888;margin:1.5em 0">`
	// words of a person in a mail of ours stand on a ground of their own.
	said     = `<div style="margin:0 0 1em;padding:12px 16px 1px;border-radius:8px;background:#8882">`
	list     = `<ul style="margin:0 0 1em;padding-left:1.2em">`
	button   = ` style="display:inline-block;margin:0 8px 1em 0;padding:7px 14px;border:1px solid #8888;border-radius:8px;text-decoration:none"`
	heading  = `<h2 style="margin:2em 0 .8em;font-size:14px;font-weight:600;letter-spacing:.03em;opacity:.75">`
	itemHead = `<p style="margin:0 0 1em;padding-top:.8em;border-top:1px solid #8884"><b>`
	itemLink = ` style="display:inline-block;margin:8px 8px 0 0;padding:4px 12px;border:1px solid #8888;border-radius:8px;font-size:14px;text-decoration:none"`
	faint    = `<span style="font-size:13px;opacity:.75">`
)

// A sheet is what an HTML part is made of.
type sheet struct {
	before, after string  // our own text
	said          []aside // persons' words between them, as text
	words         string  // one person's words as HTML, sanitised
	human         bool    // a person wrote the mail: it has no headline
	lang          string
	links         []Link
	pictures      []img // below all
}

// An aside is what a person said, and our own text up to the next.
type aside struct{ said, then string }

// page writes the HTML part: the text itself, escaped, with the hierarchy that a text
// cannot show: what happened is a headline, links are buttons, what a person said stands
// on a ground of its own, and what only identifies is small. An agent's own formatting
// stands where he wrote. It names no colour of its own but a grey that lets the ground
// through, so that light and dark both read well, and loads nothing from anywhere.
func page(s sheet) string {
	if builtin().byName[s.lang+"/ack"] == nil {
		s.lang = Languages()[0]
	}
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, s.lang)
	w := writer{Builder: &b, links: s.links, ours: !s.human, first: !s.human}
	w.text(s.before)
	if s.words != "" {
		b.WriteString("<div>" + s.words + "</div>\n")
	}
	for _, a := range s.said {
		b.WriteString(said + "\n")
		inner := writer{Builder: &b}
		inner.text(a.said)
		b.WriteString("</div>\n")
		w.text(a.then)
	}
	w.text(s.after)
	for _, p := range s.pictures {
		fmt.Fprintf(&b, "<p><img src=\"cid:%s\" alt=\"%s\" style=\"max-width:100%%\"></p>\n", p.cid, html.EscapeString(p.alt))
	}
	b.WriteString(pageFoot)
	return b.String()
}

// apart finds the words of persons in a text of ours, one after the other, each as lines
// of its own.
func (s *sheet) apart(all ...Words) {
	if s.human {
		return
	}
	rest := &s.before
	for _, w := range all {
		for _, words := range []string{w.Full, w.Text} {
			before, after, ok := strings.Cut("\n"+*rest, "\n\n"+words+"\n")
			if !ok || words == "" {
				continue
			}
			*rest = before
			s.said = append(s.said, aside{words, after})
			rest = &s.said[len(s.said)-1].then
			break
		}
	}
}
