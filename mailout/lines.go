package mailout

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// linesFile holds a language's sentences of package tickets: receipts, reasons, hints.
// English has none: what the core says is English.
const linesFile = "lines.txt"

// maxSaid bounds a sentence that is translated, in bytes; a longer one is somebody's text.
const maxSaid = 2000

// A phrasing is a sentence with holes, and what it is in another language.
type phrasing struct {
	english string
	re      *regexp.Regexp
	to      string
	weight  int // letters that are not holes: the heavier pattern says more exactly what it means
}

// A catalogue translates the sentences of the core into one language.
type catalogue struct {
	patterns []phrasing // in the order of their rank
	date     string     // how the language writes a moment
}

var (
	hole     = regexp.MustCompile(`\{(\d)\}`)
	target   = regexp.MustCompile(`\{(=?)(\d)\}`)
	dateForm = "2 Jan 2006 15:04" // as the core writes a moment
)

// catalogues are those of the languages that have one, read at the first use.
var catalogues = sync.OnceValue(func() map[string]catalogue {
	all := map[string]catalogue{}
	for _, lang := range Languages()[1:] {
		b, err := embedded.ReadFile(path.Join("templates", lang, linesFile))
		if err == nil {
			all[lang], err = readCatalogue(string(b))
		}
		if err != nil {
			panic("mailout: sentences of " + lang + ": " + err.Error())
		}
	}
	return all
})

// readCatalogue reads lines "English | translation"; "--" begins a remark.
func readCatalogue(file string) (catalogue, error) {
	c := catalogue{date: "2.1.2006 15:04"}
	for n, l := range strings.Split(file, "\n") {
		if strings.TrimSpace(l) == "" || strings.HasPrefix(l, "--") {
			continue
		}
		english, to, ok := strings.Cut(l, " | ")
		if !ok || to == "" {
			return c, fmt.Errorf("line %d: it is not ENGLISH | TRANSLATION", n+1)
		}
		c.patterns = append(c.patterns, newPhrasing(english, to))
	}
	slices.SortStableFunc(c.patterns, func(a, b phrasing) int { return b.rank() - a.rank() })
	return c, nil
}

func newPhrasing(english, to string) phrasing {
	var re strings.Builder
	re.WriteString("^")
	last := 0
	for _, at := range hole.FindAllStringIndex(english, -1) {
		re.WriteString(regexp.QuoteMeta(english[last:at[0]]) + "(.*?)")
		last = at[1]
	}
	re.WriteString(regexp.QuoteMeta(english[last:]) + "$")
	return phrasing{english, regexp.MustCompile(re.String()), to, len(hole.ReplaceAllString(english, ""))}
}

// rank orders phrasings: one that begins with words of its own goes first, since a value
// in front may be a whole sentence; then the heavier one.
func (p phrasing) rank() int {
	if strings.HasPrefix(p.english, "{") {
		return p.weight
	}
	return p.weight + maxSaid
}

// say writes a sentence of the core in a language. One that is not known stays English:
// better understood by some than told to nobody.
func say(lang, s string) string {
	c, ok := catalogues()[lang]
	if !ok {
		return s
	}
	return c.say(s, 4)
}

// say translates a sentence and, in its holes, the sentences inside it, as deep as that.
func (c catalogue) say(s string, deep int) string {
	if deep == 0 || len(s) > maxSaid {
		return s
	}
	for _, p := range c.patterns {
		if m := p.re.FindStringSubmatch(s); m != nil {
			return target.ReplaceAllStringFunc(p.to, func(h string) string {
				value := m[p.group(h)]
				if strings.Contains(h, "=") {
					return value
				}
				return c.say(value, deep-1)
			})
		}
	}
	if at, err := time.Parse(dateForm, s); err == nil {
		return at.Format(c.date)
	}
	return s
}

// group is the number of the value that a hole of the translation names.
func (p phrasing) group(h string) int {
	n, _ := strconv.Atoi(target.FindStringSubmatch(h)[2])
	for i, g := range hole.FindAllStringSubmatch(p.english, -1) {
		if g[1] == strconv.Itoa(n) {
			return i + 1
		}
	}
	return 0 // a test refuses holes that the English does not have
}

// sayAll translates each sentence.
func sayAll(lang string, in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = say(lang, s)
	}
	return out
}
