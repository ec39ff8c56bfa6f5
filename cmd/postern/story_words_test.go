package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"postern/tickets"
)

// bannedWords is the table of words that no mail of ours says; the templates are held to
// it by mailout's tests, and all sentences that are put into them by the stories.
var bannedWords = sync.OnceValue(func() (words [][3]string) {
	b, err := os.ReadFile("../../mailout/testdata/banned.txt")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSpace(line), " | "); len(f) == 3 && line[0] != '#' {
			words = append(words, [3]string{f[0], f[1], f[2]})
		}
	}
	return words
})

// plainly holds a mail to the words that people understand; what the people of the story
// wrote, and what a server answered, is theirs.
func (s *story) plainly(o tickets.Outgoing, m tickets.Message) error {
	if o.Role == "answer" {
		return nil // #why reads the program's own journal to whoever asked for it
	}
	var theirs strings.Builder
	for name, text := range s.files {
		if name != "" {
			theirs.WriteString(text)
		}
	}
	for _, line := range s.script() {
		if regexp.MustCompile(`^(repeat \d+ )?(write|refuse|admin) `).MatchString(line) {
			theirs.WriteString(line)
		}
	}
	text := regexp.MustCompile(`mailto:\S*|\S+@\S+`).ReplaceAllString(m.Subject+"\n"+m.Text, "")
	for _, w := range bannedWords() {
		re := regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(w[0]) + `\b`)
		forReader := w[1] == "all" || strings.HasPrefix(o.Recipient, "participant")
		if forReader && re.MatchString(text) && !re.MatchString(theirs.String()) {
			return fmt.Errorf("the %s to %s says %q (%s):\n%s", o.Role, o.To, w[0], w[2], m.Text)
		}
	}
	return nil
}
