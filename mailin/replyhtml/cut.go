package replyhtml

import (
	"strings"

	"golang.org/x/net/html"

	"postern/mailin/replytext"
)

// What an element says about quoting.
type meaning uint8

const (
	nothing meaning = iota
	foreign         // all of it is quoted, introduces a quote, or is a signature
	rest            // so is all that follows
)

// marks are the elements by which mail programs mark quotes and signatures, by
// attribute and word: those of replytext that the large programs write. One that is
// missing costs nothing but a picture: the words that remain are compared.
var marks = map[[2]string]meaning{
	{"class", "gmail_quote"}:                          foreign,
	{"class", "gmail_quote_container"}:                foreign,
	{"class", "gmail_attr"}:                           foreign,
	{"class", "gmail_signature"}:                      foreign,
	{"class", "gmail_signature_prefix"}:               foreign,
	{"class", "moz-cite-prefix"}:                      foreign,
	{"class", "moz-signature"}:                        foreign,
	{"class", "yahoo_quoted"}:                         foreign,
	{"class", "protonmail_quote"}:                     foreign,
	{"class", "protonmail_signature_block"}:           foreign,
	{"id", "divrplyfwdmsg"}:                           rest,
	{"id", "appendonsend"}:                            rest,
	{"id", "stopspelling"}:                            rest,
	{"class", "outlookmessageheader"}:                 rest,
	{"id", "mail-editor-reference-message-container"}: foreign,
	{"id", "ms-outlook-mobile-signature"}:             foreign,
	{"id", "ms-outlook-mobile-body-separator-line"}:   foreign,
	{"id", "signature"}:                               foreign,
	{"id", "olk_src_body_section"}:                    foreign,
	{"id", "mac_outlook_signature"}:                   foreign,
	{"id", "applemailsignature"}:                      foreign,
	{"id", "linebreakatbeginningofsignature"}:         foreign,
	{"id", "reply-intro"}:                             foreign,
	{"id", "zwchr"}:                                   rest,
	{"data-marker", "__quoted_text__"}:                foreign,
	{"data-marker", "__headers__"}:                    rest,
	{"name", "messagereplysection"}:                   foreign,
	{"name", "quote"}:                                 foreign,
}

// meaningOf is what an element says about quoting.
func meaningOf(n *html.Node) meaning {
	for _, a := range n.Attr {
		if a.Key != "class" && a.Key != "id" && a.Key != "name" && a.Key != "data-marker" {
			continue
		}
		for w := range strings.FieldsSeq(strings.ToLower(a.Val[:min(len(a.Val), 300)])) {
			if m := marks[[2]string{a.Key, w}]; m != nothing {
				return m
			}
		}
	}
	switch {
	case n.Data == "blockquote" && strings.EqualFold(attr(n, "type"), "cite"):
		return foreign
	case n.Data == "div" && topBorder(attr(n, "style")):
		return rest
	}
	return nothing
}

// topBorder knows the block in which Word's editor sets the header of the quoted mail.
func topBorder(style string) bool {
	s := strings.ReplaceAll(strings.ToLower(style[:min(len(style), 300)]), " ", "")
	return strings.Contains(s, "border:none") && strings.Contains(s, "border-top:solid#") && strings.Contains(s, "padding:3.0pt0")
}

// cutQuotes takes out of the tree what its elements mark as quoted. It answers true
// when all that follows n is to go as well.
func cutQuotes(n *html.Node) bool {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		m := nothing
		if c.Type == html.ElementNode {
			m = meaningOf(c)
		} else if strings.HasPrefix(strings.TrimSpace(c.Data), replytext.Separator[:3]) {
			m = rest
		}
		gone := m == rest
		if m != nothing {
			n.RemoveChild(c)
		} else {
			gone = cutQuotes(c)
		}
		if gone {
			removeFrom(n, next)
			return true
		}
		c = next
	}
	return false
}

// removeFrom removes c and the siblings behind it.
func removeFrom(parent, c *html.Node) {
	for c != nil {
		next := c.NextSibling
		parent.RemoveChild(c)
		c = next
	}
}

// keep removes all but the words from and to, and what shows no words before and
// behind them.
func (s *stream) keep(n *html.Node, from, to int) {
	first, last := s.lineOf(from), s.lineOf(to-1)
	var walk func(n *html.Node) bool
	walk = func(n *html.Node) (any bool) {
		if n.FirstChild == nil {
			p := s.at[n]
			switch {
			case p.from < p.to:
				return p.from >= from && p.to <= to
			case p.line < first && from > 0, p.line > last && to < len(s.words):
				return false
			}
			return true
		}
		for c := n.FirstChild; c != nil; {
			next := c.NextSibling
			if walk(c) {
				any = true
			} else {
				n.RemoveChild(c)
			}
			c = next
		}
		return any
	}
	walk(n)
}

// lineOf is the line in which the word at this place stands.
func (s *stream) lineOf(at int) int {
	lo, hi := 0, len(s.lines)
	for lo < hi {
		if mid := (lo + hi) / 2; s.lines[mid] <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// trim removes what shows nothing at one end of the tree.
func trim(n *html.Node, end bool) {
	for {
		c := n.FirstChild
		if end {
			c = n.LastChild
		}
		if c == nil {
			return
		}
		if !blank(c) {
			trim(c, end)
			return
		}
		n.RemoveChild(c)
	}
}

// blank says that nothing can be seen of a tree but space and lines.
func blank(n *html.Node) bool {
	switch {
	case n.Type == html.TextNode:
		return strings.TrimSpace(strings.Trim(n.Data, "\u00a0\u200b\ufeff \t\r\n")) == ""
	case n.Data == "img":
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !blank(c) {
			return false
		}
	}
	return true
}
