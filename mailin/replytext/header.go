package replytext

import (
	"strings"
	"unicode"
)

// Bounds of a header block: its lines, those a field may run over, its values.
const (
	maxBlock = 24
	maxFold  = 4
	maxValue = 2000 // octets of a value
)

// headerBlock is the block of "Label: value" lines that programs set above a quoted
// or forwarded message.
type headerBlock struct {
	at, n       int // its lines
	values      [fieldSubject + 1]string
	code        string // the languages of its labels, blank-separated
	quotedBlock bool   // its lines bear quote marks
}

// block reads the header block at line i. It is one when three different fields
// (two below a drawn line) are named, one of them From, and their values fit: an
// address in From, or a moment in Sent beside a Subject. A form that somebody
// filled in has no such set.
func (v *view) block(i int) (headerBlock, bool) {
	if i >= len(v.lines) || v.budget <= 0 {
		return headerBlock{}, false
	}
	if f, _, _ := labelled(unquoted(v.line(i))); f == noField {
		return headerBlock{}, false
	}
	v.budget--
	r := blockReader{view: v, votes: map[string]int{}}
	r.headerBlock = headerBlock{at: i, quotedBlock: v.lines[i].depth > 0}
	k := i
	for k < min(i+maxBlock, len(v.lines)) && r.take(k) {
		k++
	}
	b := r.headerBlock
	b.n = max(b.n, k-i-r.gaps)
	b.code = winners(r.votes)
	if r.named == 2 && i > 0 && v.ruled(i) { // a drawn line above makes up for the third
		return b, hasAddr(b.values[fieldFrom]) && hasDate(b.values[fieldSent])
	}
	return b, r.named >= 3 && b.fits()
}

// blockReader takes the lines of a header block one by one.
type blockReader struct {
	*view
	headerBlock
	votes map[string]int // labels by language
	last  field          // the field that may go on
	named int            // different fields so far
	folds int            // lines that went on in the last one
	gaps  int            // empty lines since
}

// take takes line k; false when the block has ended above it.
func (r *blockReader) take(k int) bool {
	text := unquoted(r.line(k))
	if isBlank(text) {
		r.gaps++
		return r.gaps == 1 && r.named > 0
	}
	f, value, codes := labelled(text)
	if r.lines[k].depth != r.lines[r.at].depth {
		return false
	}
	if f == noField {
		r.folds++
		if r.last == noField || r.gaps > 0 || r.folds >= maxFold || !r.goesOn(r.at, k, text) {
			return false
		}
		r.values[r.last] += " " + strings.TrimSpace(cut(text, maxIntro))
		return true
	}
	if r.values[f] == "" {
		r.named++
		r.values[f] = cut(value, maxValue)
	}
	for _, c := range codes {
		r.votes[c]++
	}
	r.last, r.folds, r.gaps = f, 0, 0
	r.n = k - r.at + 1
	return true
}

// ruled says that a drawn line stands above line i.
func (v *view) ruled(i int) bool {
	for k := i - 1; k >= max(0, i-3); k-- {
		if !isBlank(v.line(k)) {
			return v.rule(k)
		}
	}
	return false
}

// goesOn says that line k without a label belongs to the field above it: it is
// indented more than the block, or a label follows, or the line above is long and an empty one follows.
func (v *view) goesOn(i, k int, text string) bool {
	if v.lines[k].depth == 0 && indent(v.line(k)) > indent(v.line(i)) {
		return true
	}
	for j := k + 1; j < min(k+maxFold, len(v.lines)); j++ {
		next := unquoted(v.line(j))
		if isBlank(next) {
			return j == k+1 && v.lines[k-1].end-v.lines[k-1].start >= 50
		}
		if f, _, _ := labelled(next); f != noField {
			return true
		}
	}
	return hasAddr(text) && strings.HasPrefix(text, "<")
}

// indent is the number of blanks at the beginning of a line.
func indent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

// fits says that the values are what the labels promise.
func (b headerBlock) fits() bool {
	from, sent := b.values[fieldFrom], b.values[fieldSent]
	if from == "" || sent == "" && b.values[fieldSubject] == "" {
		return false
	}
	return hasAddr(from) || hasDate(sent) && hasTime(sent) && b.values[fieldSubject] != ""
}

// labelled reads a "Label: value" line; noField when the label is not known.
func labelled(s string) (f field, value string, codes []string) {
	i, n := colonIn(s)
	if i <= 0 {
		return noField, "", nil
	}
	label := lower(strings.Trim(s[:i], " \t*_|\u00A0\u3000"))
	if len(label) > maxLabel {
		return noField, "", nil
	}
	m, ok := labels[strings.Join(strings.Fields(label), " ")]
	if !ok && label != "" && firstRune(label) > 0x2E80 {
		m, ok = labels[strings.Join(strings.Fields(label), "")]
	}
	if !ok {
		return noField, "", nil
	}
	value = strings.TrimFunc(s[i+n:], func(c rune) bool { return unicode.IsSpace(c) || c == '*' || c == '|' || c == '_' })
	return m.field, value, strings.Fields(m.codes)
}

// colonIn is where the colon of a label stands near the beginning of s, and how
// long it is; -1 for none.
func colonIn(s string) (i, n int) {
	if len(s) > 80 {
		s = s[:80]
	}
	i = strings.IndexByte(s, ':')
	if strings.IndexByte(s, 0xEF) < 0 {
		return i, 1
	}
	if w := strings.Index(s, "："); w >= 0 && (i < 0 || w < i) {
		return w, len("：")
	}
	return i, 1
}

// maxLabel is the longest label, in octets.
const maxLabel = 40

// winners are the languages with the most votes, in the order of languages.
func winners(votes map[string]int) string {
	most := 0
	for _, n := range votes {
		most = max(most, n)
	}
	var codes []string
	for _, l := range languages {
		if most > 0 && votes[l.code] == most {
			codes = append(codes, l.code)
		}
	}
	return strings.Join(codes, " ")
}

// below is the first line from i on that is neither empty nor a rule, at most three
// further: programs draw a line above the block. It is i when line i is no rule.
func (v *view) below(i int) int {
	if !v.rule(i) {
		return i
	}
	for k := i + 1; k < min(i+4, len(v.lines)); k++ {
		if v.lines[k].class != blank {
			return k
		}
	}
	return i
}

// rule says that line i is a drawn line.
func (v *view) rule(i int) bool {
	s := strings.TrimSpace(v.line(i))
	if s == "" || strings.IndexByte("_-=*", s[0]) < 0 {
		return false
	}
	return len(s) >= 3 && strings.Trim(s, "_") == "" || len(s) >= 3 && strings.Trim(s, "-") == "" ||
		len(s) >= 6 && strings.Trim(s, "=*") == ""
}
