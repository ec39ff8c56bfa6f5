package replyhtml

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postern/tickets"
)

// MaxPage is the largest page that is read, in octets; a larger one is relayed as text.
const MaxPage = 256 << 10

// Of is the HTML of what a message says: its visible reply without the command block,
// sanitised, pictures named as src="cid:N" with N the place among the attachments. It
// is empty where only the text is sure: also for a note, for a faulty block, and for
// automatic mail. It never fails.
func Of(m tickets.Message) (out string) {
	defer func() {
		if recover() != nil { // the parser gives up on depth in this way
			out = ""
		}
	}()
	if m.HTML == "" || len(m.HTML) > MaxPage || m.CommandsDisagree || m.Automatic {
		return ""
	}
	block, err := tickets.ParseBlock(m.Reply())
	if err != nil || block.Note || block.Text == "" {
		return ""
	}
	var commands strings.Builder
	for _, c := range block.Commands {
		commands.WriteString(c.Line + "\n")
	}
	body := parse(m.HTML)
	if body == nil {
		return ""
	}
	tidy(body, pictures(m.Attachments))
	cutQuotes(body)
	s := measure(body)
	from, ok := s.align(commands.String(), 0)
	if !ok || !s.between(from) {
		return ""
	}
	to, ok := s.align(block.Text, from)
	if !ok || to == from || !s.between(to) {
		return ""
	}
	s.keep(body, from, to)
	return proved(body, s.words[from:to])
}

// parse reads a page; nil for one that the parser refuses (512 nested elements).
func parse(page string) *html.Node {
	doc, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil
	}
	return find(doc, atom.Body)
}

// find is the first element of a kind in the tree.
func find(n *html.Node, a atom.Atom) *html.Node {
	if n.Type == html.ElementNode && n.DataAtom == a {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, a); f != nil {
			return f
		}
	}
	return nil
}

// proved sanitises what was kept and reads the result once more: it has to say
// these words still, and no others.
func proved(body *html.Node, words string) string {
	trim(body, false)
	trim(body, true)
	var b strings.Builder
	for c := body.FirstChild; c != nil; c = c.NextSibling {
		if html.Render(&b, c) != nil {
			return ""
		}
	}
	out := strings.TrimSpace(policy().Sanitize(b.String()))
	again := parse(out)
	if again == nil || len(out) > MaxPage || measure(again).words != words {
		return ""
	}
	return out
}

// pictures are the places of the attachments that the page may show, by content id.
func pictures(parts []tickets.Part) map[string]int {
	m := map[string]int{}
	for i, p := range parts {
		if _, twice := m[p.ContentID]; p.ContentID != "" && p.Inline && !twice && strings.HasPrefix(p.ContentType, "image/") {
			m[p.ContentID] = i
		}
	}
	return m
}
