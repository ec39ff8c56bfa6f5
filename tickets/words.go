package tickets

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is searched: the words kept of one entry, the octets of its text that
// are read, and the letters of a word.
const (
	maxEntryWords = 1000
	maxWordText   = 16 << 10
	maxWordRunes  = 40
)

// maxAskedWords bounds a question: further words are left out.
const maxAskedWords = 12

// SearchWords are the different words of texts in their order, lower case, letters and
// digits alone, at most n. A search made of them holds no sign that a database could take
// for anything but a word.
func SearchWords(n int, texts ...string) []string {
	var out []string
	seen := map[string]bool{}
	for _, t := range texts {
		for _, w := range strings.FieldsFunc(strings.ToLower(cut(t, maxWordText)), noWord) {
			if !seen[w] && len(out) < n && utf8.RuneCountInString(w) <= maxWordRunes {
				seen[w] = true
				out = append(out, w)
			}
		}
	}
	return out
}

func noWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// EntryWords are the words under which an entry is found.
func EntryWords(e Entry) []string { return SearchWords(maxEntryWords, e.Subject, e.Reply()) }

// tellingWords are those of a request by which others like it are found: longer ones, the
// subject's first, without those that every mail has.
func tellingWords(subject, text string) []string {
	words := SearchWords(10*maxAskedWords, subject, text)
	words = slices.DeleteFunc(words, func(w string) bool {
		return utf8.RuneCountInString(w) < 4 && firstRune(w) < 0x2E80 || slices.Contains(usualWords, w) || slices.Contains(thankFillers, w) || slices.Contains(thankWords, w)
	})
	return words[:min(len(words), maxAskedWords)]
}

// usualWords tell nothing of what a request is about, in English and German.
var usualWords = strings.Fields(`about after also because been before could does from have hello here into just know like more need only other
	please problem question request since some such than that their them then there these they this today want were what when where which while will with would your
	aber alle auch beim bitte dann dass dies diese dieser doch eine einen einer eines etwas frage ganz habe haben hallo heute hier ihnen ihre immer kann kein keine
	können mehr mein meine nach nicht noch oder ohne schon sein seit sich sind über unser unsere viel warum weil wenn werden wieder wird wurde zwei`)
