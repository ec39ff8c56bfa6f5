package replytext

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// hintFrom looks in a text part for the line where the quote of the page begins.
// Programs wrap, quote and link the two differently, so that they are compared by
// their letters and digits alone.
func (v *view) hintFrom(page *view) hint {
	if page == nil || page.quoteAt < 0 || page.speaksBelow() {
		return noHint
	}
	var want strings.Builder
	for i := page.quoteAt; i < len(page.lines) && want.Len() < 120; i++ {
		want.WriteString(key(unquoted(page.line(i))))
	}
	k := cut(want.String(), 120)
	if utf8.RuneCountInString(k) < 12 {
		return noHint
	}
	if i := v.lineWith(k); i >= 0 {
		return hint{at: i, why: page.quoteWhy, forw: page.fwd >= 0}
	}
	return noHint
}

// speaksBelow says that the writer's words go on below the first quote.
func (v *view) speaksBelow() bool {
	for _, l := range v.lines[v.quoteAt:] {
		if l.class == own {
			return true
		}
	}
	return false
}

// lineWith is the line at whose beginning the letters and digits of k begin, -1 for none.
func (v *view) lineWith(k string) int {
	var all strings.Builder
	starts := make([]int, 0, len(v.lines))
	for i := range v.lines {
		starts = append(starts, all.Len())
		if all.Len() < maxText {
			all.WriteString(key(unquoted(v.line(i))))
		}
	}
	s := all.String()
	for from, n := 0, 0; n < 50; n++ {
		i := strings.Index(s[from:], k)
		if i < 0 {
			return -1
		}
		at := from + i
		l := sort.SearchInts(starts, at+1) - 1 // the last line that begins there is the one with letters
		if l >= 0 && starts[l] == at {
			return l
		}
		from = at + 1
	}
	return -1
}
