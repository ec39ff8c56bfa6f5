package replyhtml

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

var (
	// lineBreaks are the elements that begin and end a line.
	lineBreaks = set("address article aside blockquote br center dd div dl dt fieldset figcaption figure footer form " +
		"h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul caption")
	// dropped are the elements that go with all they hold.
	dropped = set("script style head title template noscript noembed noframes iframe frame frameset object embed applet " +
		"svg math select datalist option textarea input button xml audio video canvas link meta base plaintext xmp listing")
)

// tidy makes the tree what the policy takes: what nobody reads goes, pictures are
// named by their place, and the paragraphs of Word become lines.
func tidy(n *html.Node, pictures map[string]int) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if stays(c) && (c.Data != "img" || c.Type != html.ElementNode || picture(c, pictures)) {
			if c.Type == html.ElementNode {
				restyle(c)
			} else {
				c.Data = strings.Map(visible, c.Data)
			}
			tidy(c, pictures)
		} else {
			n.RemoveChild(c)
		}
		c = next
	}
}

// visible drops control characters and those that turn the direction of a text around,
// as texts of ours do.
func visible(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0xFEFF {
		return -1
	}
	return r
}

// stays says that a node is read by people: no comment (conditional ones are
// comments), nothing that runs or loads, and no element that hides what it holds.
func stays(n *html.Node) bool {
	switch n.Type {
	case html.TextNode:
		return true
	case html.ElementNode:
		return n.Namespace == "" && !dropped[n.Data] && !hides(n)
	}
	return false
}

// hides knows the ways in which mails hide text in place. Ways it does not know (style
// sheets, colours) leave words that the reply does not have, and so no result.
func hides(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key != "style" {
			continue
		}
		s := strings.Join(strings.Fields(strings.ToLower(a.Val[:min(len(a.Val), 4096)])), "")
		for _, h := range []string{"display:none", "visibility:hidden", "mso-hide:all", "font-size:0", "font-size:1px", "opacity:0;", "max-height:0"} {
			if strings.Contains(s+";", h) && !strings.Contains(s, h+".") {
				return true
			}
		}
	}
	return false
}

// picture names a picture of the mail by its place; false for every other: nothing is
// loaded from anywhere, and what is one pixel large only counts readers.
func picture(n *html.Node, places map[string]int) bool {
	src := strings.TrimSpace(attr(n, "src"))
	if len(src) < 4 || len(src) > 1000 || !strings.EqualFold(src[:4], "cid:") {
		return false
	}
	id := src[4:]
	place, ok := places[id]
	if plain, err := url.PathUnescape(id); err == nil && !ok {
		place, ok = places[plain]
	}
	if !ok || tiny(attr(n, "width")) || tiny(attr(n, "height")) {
		return false
	}
	n.Attr = []html.Attribute{{Key: "src", Val: "cid:" + strconv.Itoa(place)}, {Key: "alt", Val: attr(n, "alt")},
		{Key: "width", Val: attr(n, "width")}, {Key: "style", Val: "max-width:100%"}}
	return true
}

func tiny(size string) bool { return size == "0" || size == "1" || size == "1px" || size == "0px" }

// restyle turns the ways of single programs into what every program shows.
func restyle(n *html.Node) {
	switch n.DataAtom {
	case atom.P:
		if strings.Contains(attr(n, "class"), "Mso") {
			n.Data, n.DataAtom = "div", atom.Div // Word's paragraphs have no space around them
		}
	case atom.Font:
		if c := attr(n, "color"); c != "" {
			n.Attr = []html.Attribute{{Key: "style", Val: "color:" + c}}
		}
		n.Data, n.DataAtom = "span", atom.Span
	case atom.A:
		n.Attr = link(attr(n, "href"))
	case atom.Table:
		n.Attr = []html.Attribute{{Key: "style", Val: "border-collapse:collapse"}}
	case atom.Td, atom.Th:
		style := "padding:2px 8px 2px 0"
		if s := attr(n, "style"); strings.Contains(s, "border") && strings.Contains(s, "solid") || ruled(n) {
			style = "border:1px solid #888888;padding:4px 8px"
		}
		keep := n.Attr[:0]
		for _, a := range n.Attr {
			if a.Key == "colspan" || a.Key == "rowspan" {
				keep = append(keep, a)
			}
		}
		n.Attr = append(keep, html.Attribute{Key: "style", Val: style})
	}
}

// link is the attributes of a link that leads to a page or a mailbox; none for others.
func link(href string) []html.Attribute {
	u, err := url.Parse(strings.TrimSpace(href))
	if err != nil || u.Host == "" && (u.Scheme != "mailto" || u.Opaque == "") {
		return nil
	}
	return []html.Attribute{{Key: "href", Val: u.String()}, {Key: "rel", Val: "noopener"}}
}

// ruled says that a cell belongs to a row whose first cell was found to have borders.
func ruled(n *html.Node) bool {
	first := n.Parent.FirstChild
	for first != nil && first.Type != html.ElementNode {
		first = first.NextSibling
	}
	return first != nil && first != n && strings.HasPrefix(attr(first, "style"), "border:1px")
}

// attr is an attribute of an element, "" for none.
func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
