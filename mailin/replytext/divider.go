package replytext

import (
	"strings"
	"unicode/utf8"
)

// dividerKind is what a line says about the message below it.
type dividerKind uint8

const (
	noDivider dividerKind = iota
	originalLine
	forwardLine
)

// maxDividerWords bounds the words between the dashes of a divider.
const maxDividerWords = 14

// divider knows the lines that stand above a forwarded or a quoted message:
// words between dashes ("---------- Forwarded message ---------",
// "-----Original Message-----"), or a line of words and a colon right above a
// header block ("Begin forwarded message:"). Unknown words between dashes count
// when a header block follows. A message under "original message" above which
// nothing was written is a forward: nobody sends an empty answer.
func (s *scanner) divider(i int) (dividerKind, string) {
	if s.lines[i].marks&colon == 0 && !mayDash(s.line(i)) {
		return noDivider, ""
	}
	text := strings.TrimSpace(unquoted(s.line(i)))
	if text == "" || !endsWithColon(text) && !dashing(text) {
		return noDivider, ""
	}
	words, dashed := dashes(text)
	if !dashed {
		words = text
	}
	if !dashed && !endsWithColon(text) || len(text) > 300 {
		return noDivider, ""
	}
	low := lower(words)
	fwd, isFwd := fwdStems.find(low, stems)
	orig, isOrig := origStems.find(low, whole)
	b, above := s.blockBelow(i)
	switch {
	case isFwd && (dashed || above):
		return forwardLine, first(b.code, fwd.code)
	case !dashed && above && b.quotedBlock && !hasDate(low) && !hasAddr(low):
		return forwardLine, b.code // no answer sets a header block into its quote
	case !dashed:
		return noDivider, ""
	case dashed && hasDate(low) && wroteIn(low) != "":
		return originalLine, wroteIn(low) // "---- On 24 Feb 2021 ann@example.org wrote ----"
	case (isOrig || above) && above && (!s.spoken || forwardSubject(s.subject, b.code)):
		return forwardLine, first(b.code, orig.code)
	case isOrig || above:
		return originalLine, first(b.code, orig.code)
	}
	return noDivider, ""
}

// mayDash says that a line has a dash where a divider ends.
func mayDash(s string) bool {
	for n := len(s) - 1; n >= 0; n-- {
		if s[n] != ' ' && s[n] != '\t' && s[n] != '*' {
			return s[n] == '-' || s[n] == '_' || s[n] == '=' || s[n] >= 0x80
		}
	}
	return false
}

// dashing says that a line begins with a dash of some kind.
func dashing(s string) bool {
	return strings.IndexByte("-_=", s[0]) >= 0 || strings.HasPrefix(s, "–") || strings.HasPrefix(s, "—")
}

// dashes takes the dashes off both ends of a line of words.
func dashes(s string) (words string, ok bool) {
	words = strings.Trim(s, "-–—_= \t*\u00A0")
	if words == "" || len(strings.Fields(words)) > maxDividerWords {
		return "", false
	}
	left := strings.Index(s, words)
	right := len(s) - left - len(words)
	return words, left >= 2 && right >= 2 && strings.ContainsAny(s[:left], "-–—_=") && strings.ContainsAny(s[len(s)-right:], "-–—_=") ||
		left >= 5 && utf8.RuneCountInString(words) < 60 && endsWithColon(s)
}

// blockBelow is the header block in the next lines with text, quoted or not.
func (s *scanner) blockBelow(i int) (headerBlock, bool) {
	for k := i + 1; k < min(i+5, len(s.lines)); k++ {
		if !isBlank(unquoted(s.line(k))) && !s.rule(k) {
			return s.block(k)
		}
	}
	return headerBlock{}, false
}

// forwardPrefixes are the subject prefixes by which Outlook and its kin mark a
// forward. They are asked only where a header block stands under words of the
// writer's: there the program writes the same for both, and nothing else tells them apart.
var forwardPrefixes = set("fw fwd wg tr rv i enc pd vs vb vl doorst ilt rif továbbítás továb fs 转发 轉寄 轉發 転送 전달 пересл пер вих reenv inoltro")

// forwardSubject says that the first prefix of a subject is one of a forward. "VS"
// forwards in Danish and Norwegian and answers in Finnish; the languages of the
// header block tell which.
func forwardSubject(subject, codes string) bool {
	p, _, ok := strings.Cut(strings.ReplaceAll(subject, "：", ":"), ":")
	p = lower(strings.TrimSpace(p))
	return ok && forwardPrefixes[p] && !(p == "vs" && strings.Contains(codes, "fi"))
}
