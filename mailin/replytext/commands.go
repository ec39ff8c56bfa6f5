package replytext

import (
	"regexp"
	"strings"
	"unicode"
)

// maxHead is how many lines of the reply may hold commands.
const maxHead = 20

// commands is the beginning of the reply as the page shows it, without hidden text.
func (v *view) commands(page string) string {
	if v.concealed {
		v = viewHTML(page, v.subject, false)
	}
	return head(v.text[v.start:v.end])
}

// head is the first lines of a reply.
func head(s string) string {
	s = strings.TrimLeft(s, "\n")
	for at, n := 0, 0; n < maxHead; n++ {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return s
		}
		if at += i + 1; n == maxHead-1 {
			return s[:at-1]
		}
	}
	return s
}

// disagree says that two readings of one reply begin with different commands.
func disagree(a, b string) bool {
	x, y := commandBlock(a), commandBlock(b)
	if len(x) != len(y) {
		return true
	}
	for i := range x {
		if x[i] != y[i] {
			return true
		}
	}
	return false
}

// linkTarget is what programs write behind the text of a link.
var linkTarget = regexp.MustCompile(`(?i)\s*[<(](mailto:|https?:|tel:)[^>)]*[>)]`)

// commandBlock is the lines "#word …" at the top of a reply, white space made one.
func commandBlock(s string) (block []string) {
	for _, l := range strings.Split(head(s), "\n") {
		if isBlank(l) {
			continue
		}
		l = strings.TrimSpace(cut(l, 2000))
		if len(l) < 2 || l[0] != '#' || !unicode.IsLetter(firstRune(l[1:])) {
			return block
		}
		block = append(block, strings.Join(strings.Fields(linkTarget.ReplaceAllString(l, "")), " "))
	}
	return block
}
