package replytext

import (
	"strings"
	"unicode"
)

// Bounds of a header block: its lines, and those a field may run over.
const (
	maxBlock = 24
	maxFold  = 4
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
// (two below a drawn line) are named, one of them From, and their values fit: an address in From, or a
// moment in Sent beside a Subject. A form that somebody filled in has no such set.
func (v *view) block(i int) (headerBlock, bool) {
	b := headerBlock{at: i}
	if i >= len(v.lines) || v.budget <= 0 {
		return b, false
	}
	if f, _, _ := labelled(unquoted(v.line(i))); f == noField {
		return b, false
	}
	v.budget--
	depth := v.lines[i].depth
	b.quotedBlock = depth > 0
	votes := map[string]int{}
	last, folds, named, gaps := noField, 0, 0, 0
	k := i
	for ; k < min(i+maxBlock, len(v.lines)); k++ {
		l := v.lines[k]
		text := unquoted(v.line(k))
		if isBlank(text) {
			if gaps++; gaps > 1 || named == 0 {
				break
			}
			continue
		}
		f, value, codes := labelled(text)
		switch {
		case l.depth != depth:
			f = noField
			folds = maxFold
		case f == noField && gaps > 0:
			folds = maxFold
		case f == noField && v.goesOn(i, k, text):
			folds++
		case f == noField:
			folds = maxFold
		}
		if f == noField && (last == noField || folds >= maxFold) {
			break
		}
		if f == noField {
			b.values[last] += " " + strings.TrimSpace(text)
			continue
		}
		if b.values[f] == "" {
			named++
			b.values[f] = value
		}
		for _, c := range codes {
			votes[c]++
		}
		last, folds, gaps = f, 0, 0
		b.n = k - i + 1
	}
	b.n = max(b.n, k-i-gaps)
	b.code = winners(votes)
	if named == 2 && i > 0 && v.ruled(i) { // a drawn line above makes up for the third
		return b, hasAddr(b.values[fieldFrom]) && hasDate(b.values[fieldSent])
	}
	return b, named >= 3 && b.fits()
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
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ':':
			return i, 1
		case 0xEF:
			if strings.HasPrefix(s[i:], "：") {
				return i, len("：")
			}
		}
	}
	return -1, 0
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
