package replytext

import "strings"

// field is one field of a header block.
type field int

const (
	noField field = iota
	fieldFrom
	fieldSent
	fieldTo
	fieldCc
	fieldSubject
)

// meaning is what a label means, and in which languages.
type meaning struct {
	field field
	codes string // blank-separated
}

// The lexicon: the words of languages, turned round for look-up.
var (
	labels    = map[string]meaning{}
	verbs     *wordIndex
	openers   []word
	fwdStems  *wordIndex
	origStems *wordIndex
	monthOf   = map[string]int{}
	commons   = map[string]uint32{} // a bit for each language, by its place in languages
	// commonSizes are the lengths of those that begin with an octet, a bit for each.
	commonSizes [256]uint64
)

// word is a word of a language.
type word struct{ text, code string }

func init() {
	var wrote, forwarded, original []word
	for n, l := range languages {
		addLabels(l.code, l.from, fieldFrom)
		addLabels(l.code, l.sent, fieldSent)
		addLabels(l.code, l.to, fieldTo)
		addLabels(l.code, l.cc, fieldCc)
		addLabels(l.code, l.subject, fieldSubject)
		wrote = appendWords(wrote, l.code, l.wrote)
		openers = appendWords(openers, l.code, l.openers)
		forwarded = appendWords(forwarded, l.code, l.forwarded)
		original = appendWords(original, l.code, l.original)
		for i, m := range strings.Split(l.months, ",") {
			for _, name := range list(m) {
				monthOf[name] = i + 1
			}
		}
		for _, w := range list(l.common) {
			commons[w] |= 1 << n
			commonSizes[w[0]] |= 1 << len(w)
		}
	}
	verbs, fwdStems, origStems = newIndex(wrote), newIndex(forwarded), newIndex(original)
	// Programs that were never translated, and fields of no language.
	addLabels("", "reply-to|reply to|antwort an|bcc|importance|attachments|organization", fieldCc)
}

// list splits a list of words.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

func addLabels(code, words string, f field) {
	for _, w := range list(words) {
		m, known := labels[w]
		if known && m.field != f && f != fieldFrom {
			continue // "a": French and Italian To; "from" wins over all
		}
		m.field = f
		m.codes = strings.TrimSpace(m.codes + " " + code)
		labels[w] = m
	}
}

func appendWords(to []word, code, words string) []word {
	for _, w := range list(words) {
		to = append(to, word{w, code})
	}
	return to
}

// bordered says that s[i:j] is a word of its own; for a stem only its beginning counts.
func bordered(s string, i, j int, stem bool) bool {
	if i > 0 && wordy(lastRune(s[:i])) {
		return false
	}
	return stem || j >= len(s) || !wordy(firstRune(s[j:]))
}
