package replyhtml

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// A span is where the words of a text node, or of a picture, stand: words[from:to],
// in the line-th line of the page.
type span struct {
	from, to int
	line     int
}

// stream is the words of a tree one after the other, and where they come from.
type stream struct {
	words string
	at    map[*html.Node]span
	lines []int // where the words of each line begin
	alts  map[string]bool
}

// measure reads the words of a tree.
func measure(body *html.Node) *stream {
	s := &stream{at: map[*html.Node]span{}, alts: map[string]bool{}, lines: []int{0}}
	var b strings.Builder
	s.read(body, &b)
	s.words = b.String()
	return s
}

// read walks the tree in the order of the page.
func (s *stream) read(n *html.Node, b *strings.Builder) {
	breaks := n.Type == html.ElementNode && lineBreaks[n.Data]
	if breaks {
		s.lines = append(s.lines, b.Len())
	}
	from := b.Len()
	if n.Type == html.TextNode {
		b.WriteString(fold(n.Data))
	}
	if n.Data == "img" && n.Type == html.ElementNode {
		s.alts[strings.Join(strings.Fields(attr(n, "alt")), " ")] = true
	}
	s.at[n] = span{from, b.Len(), len(s.lines)}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		s.read(c, b)
	}
	if breaks {
		s.lines = append(s.lines, b.Len())
	}
}

// between says that a line of the page ends or begins at this place of the words.
func (s *stream) between(at int) bool {
	if at == 0 || at == len(s.words) {
		return true
	}
	lo, hi := 0, len(s.lines) // lines are in rising order
	for lo < hi {
		if mid := (lo + hi) / 2; s.lines[mid] < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(s.lines) && s.lines[lo] == at
}

// fold is the letters and digits of a text, in lower case.
func fold(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, s)
}

// What mail programs write into the text part and not into the page.
var (
	target = regexp.MustCompile(`^[<(](?i:mailto:|https?:|tel:)[^<>()\s]*(?:\([^()\s]*\)[^<>()\s]*)*[>)]`)
	marker = regexp.MustCompile(`^[ \t]*(?:\d{1,3}[.)]|[a-z][.)]|o)[ \t]`)
	image  = regexp.MustCompile(`^\[(?:image: [^\]\n]{0,200}|cid:[^\]\n]{0,200})\]`)
)

// align finds text in the words from at on and says where it ends. Link targets, the
// numbers of lists and the names of pictures may stand in the text alone.
func (s *stream) align(text string, at int) (end int, ok bool) {
	start := true // of a line
	for i := 0; i < len(text); {
		if n := s.extra(text[i:], start); n > 0 {
			if w := fold(text[i : i+n]); strings.HasPrefix(s.words[at:], w) {
				at += len(w)
			}
			i, start = i+n, false
			continue
		}
		c, n := utf8.DecodeRuneInString(text[i:])
		if w := fold(string(c)); w != "" {
			if !strings.HasPrefix(s.words[at:], w) {
				return 0, false
			}
			at += len(w)
		}
		start = c == '\n'
		i += n
	}
	return at, true
}

// extra is the length of what may stand in the text alone at its beginning.
func (s *stream) extra(text string, start bool) int {
	text = text[:min(len(text), 2100)]
	if start {
		if m := marker.FindString(text); m != "" {
			return len(m)
		}
	}
	switch text[0] {
	case '<', '(':
		return len(target.FindString(text))
	case '[':
		if m := image.FindString(text); m != "" {
			return len(m)
		}
		if end := strings.IndexByte(text[:min(len(text), 260)], ']'); end > 0 && s.alts[text[1:end]] {
			return end + 1
		}
	}
	return 0
}
