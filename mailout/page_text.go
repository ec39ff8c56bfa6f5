package mailout

import (
	"html"
	"regexp"
	"strings"
)

// A writer writes text as HTML.
type writer struct {
	*strings.Builder
	links []Link
	ours  bool // our own sentences, not a person's words
	first bool // the headline is not written yet
}

// text writes a text.
func (w *writer) text(s string) {
	if s = strings.Trim(s, "\n"); s != "" {
		w.blocks(strings.Split(s, "\n"), 0)
	}
}

// blocks writes lines as paragraphs and quotes, at most six quotes deep.
func (w *writer) blocks(lines []string, depth int) {
	for len(lines) > 0 {
		n := 1
		switch {
		case lines[0] == "":
		case depth < 6 && quoted(lines[0]):
			for n < len(lines) && quoted(lines[n]) {
				n++
			}
			w.WriteString(quotation + "\n")
			inner := writer{Builder: w.Builder}
			inner.blocks(unquote(lines[:n]), depth+1)
			w.WriteString("</blockquote>\n")
		case lines[0] == "---":
			w.WriteString(rule + "\n")
		default:
			for n < len(lines) && lines[n] != "" && lines[n] != "---" && (depth >= 6 || !quoted(lines[n])) {
				n++
			}
			w.prose(lines[:n])
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

var (
	identifies = regexp.MustCompile(`^\S+ \d+ · `)                // "Ticket 42 · IT Helpdesk · open"
	itemLine   = regexp.MustCompile(`^\[(.{1,60} #|[a-z])\d+\] `) // "[IT #42] Printer on fire", "[m17] You have won"
	groupLine  = regexp.MustCompile(`^== (.+) ==$`)               // "== Due today =="
	orderLine  = regexp.MustCompile(`^#[a-z-]+`)                  // "#confirm abc"
)

// prose writes one paragraph by what it is.
func (w *writer) prose(lines []string) {
	switch {
	case strings.HasPrefix(lines[0], "##- ") && len(lines) == 1:
		w.paragraph(separator, lines)
	case !w.ours:
		w.mixed(paragraph, lines)
	case w.first:
		w.first = false
		w.mixed(headline, lines)
	case len(lines) == 1 && groupLine.MatchString(lines[0]):
		w.WriteString(heading + w.inline(groupLine.FindStringSubmatch(lines[0])[1]) + "</h2>\n")
	case itemLine.MatchString(lines[0]) && len(lines) > 1:
		w.item(lines)
	case w.offers(lines):
	case identifies.MatchString(lines[len(lines)-1]):
		w.paragraph(small, lines)
	case orderLine.MatchString(lines[0]):
		w.orders(lines)
	default:
		w.mixed(paragraph, lines)
	}
}

// paragraph writes lines between a tag and its end.
func (w *writer) paragraph(tag string, lines []string) {
	w.WriteString(tag)
	for i, l := range lines {
		if i > 0 {
			w.WriteString("<br>\n")
		}
		w.WriteString(w.inline(l))
	}
	w.WriteString("</p>\n")
}

// mixed writes lines, those of our own that begin with a dash as a list.
func (w *writer) mixed(tag string, lines []string) {
	for len(lines) > 0 {
		n := 1
		dashed := w.ours && strings.HasPrefix(lines[0], "- ")
		for n < len(lines) && dashed == (w.ours && strings.HasPrefix(lines[n], "- ")) {
			n++
		}
		if dashed {
			w.WriteString(list + "\n")
			for _, l := range lines[:n] {
				w.WriteString("<li>" + w.inline(l[2:]) + "</li>\n")
			}
			w.WriteString("</ul>\n")
		} else {
			if tag == paragraph && n < len(lines) {
				tag = label
			}
			w.paragraph(tag, lines[:n])
		}
		lines, tag = lines[n:], paragraph
	}
}

// item writes a ticket of a list: its subject, its facts, its links.
func (w *writer) item(lines []string) {
	w.WriteString(itemHead + w.inline(lines[0]) + "</b>")
	for _, l := range lines[1:] {
		w.WriteString("<br>\n")
		if w.link(l) == "" {
			w.WriteString(faint + w.inline(l) + "</span>")
		} else {
			w.WriteString(strings.Replace(w.link(l), "<a", "<a"+itemLink, 1))
		}
	}
	w.WriteString("</p>\n")
}

// offers writes a paragraph of links as buttons, which flow into one row with those of
// the next; false when it is none.
func (w *writer) offers(lines []string) bool {
	for _, l := range lines {
		if w.link(l) == "" {
			return false
		}
	}
	for _, l := range lines {
		w.WriteString(strings.Replace(w.link(l), "<a", "<a"+button, 1) + "\n")
	}
	return true
}

// orders writes lines that are commands, the words of the command apart from what they mean.
func (w *writer) orders(lines []string) {
	if len(lines) == 1 && !strings.Contains(lines[0], " – ") {
		w.paragraph(command, lines)
		return
	}
	w.WriteString(paragraph)
	for i, l := range lines {
		if i > 0 {
			w.WriteString("<br>\n")
		}
		order, means, ok := strings.Cut(l, " – ")
		if ok {
			w.WriteString("<b>" + html.EscapeString(order) + "</b> – " + w.inline(means))
		} else {
			w.WriteString(w.inline(l))
		}
	}
	w.WriteString("</p>\n")
}

// link is a line that offers one of our links, by its name; "" when it is none.
func (w *writer) link(line string) string {
	for _, l := range w.links {
		if label, ok := strings.CutSuffix(line, ": <"+l.URL+">"); ok {
			return anchor(l.URL, label)
		}
	}
	return ""
}

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// inline escapes one line and makes links of web addresses, which are shown as
// they are, and of our own offers, which are shown by name.
func (w *writer) inline(line string) string {
	if a := w.link(line); a != "" {
		return a
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
