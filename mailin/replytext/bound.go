package replytext

import (
	"strings"
	"unicode"
)

// bound sets the reply from the classes of the lines: from the first to the last
// line of the writer's. Answers between quotes stay with what they answer: when a
// quote stands above the first answer and another below it, the first belongs to
// the reply as well. Is there nothing of the writer's, all is the reply.
func (v *view) bound(s *scanner) {
	from, to := -1, -1
	for i, l := range v.lines {
		if l.class == own || l.class == forward {
			if from < 0 {
				from = i
			}
			to = i
		}
	}
	if from < 0 {
		v.start, v.end = 0, len(v.text)
		v.why = "nothing but quotes, all is shown"
		if strings.TrimSpace(v.text) == "" {
			v.why = "no text"
		} else if s.ended < 0 {
			v.why = "end of text"
		}
		return
	}
	above := v.quoteAbove(from)
	if above >= 0 && v.lines[from].class == own && v.quoteBelow(from) {
		from = above
	}
	v.start, v.end = int(v.lines[from].start), int(v.lines[to].end)
	v.explain(s, to)
}

// quoteAbove is the first quoted line above line i, -1 for none.
func (v *view) quoteAbove(i int) int {
	for k := 0; k < i; k++ {
		if v.lines[k].class == quoted {
			return k
		}
	}
	return -1
}

// quoteBelow says that marked quotes follow line i.
func (v *view) quoteBelow(i int) bool {
	for ; i < len(v.lines); i++ {
		if v.lines[i].class == quoted {
			return v.lines[i].depth > 0 || v.lines[i].marks&inQuote != 0
		}
	}
	return false
}

// explain says what ended the reply: the sign below its last line, else what
// stood above.
func (v *view) explain(s *scanner, to int) {
	switch {
	case v.fwd >= 0:
		v.why = s.endWhy
	case s.ended > to:
		v.why = s.endWhy
	case v.footerWhy != "" && v.footerAt > to:
		v.why = v.footerWhy
	case s.ended >= 0:
		v.why = "end of text; above: " + s.endWhy
		for i := to + 1; i < len(v.lines); i++ {
			switch v.lines[i].class {
			case quoted, intro:
				v.why = v.reason("quoted lines", "", i)
				return
			case signature:
				v.why = v.reason("signature", "", i)
				return
			}
		}
	default:
		v.why = "end of text"
	}
	if v.footerWhy != "" && v.footerAt > to && s.ended > v.footerAt && v.fwd < 0 {
		v.why = s.endWhy + "; before it " + v.footerWhy
	}
}

// reflow takes the short rests of hard-wrapped quotes back into their quote: a line
// without mark between two quoted ones, the upper long and no finished sentence,
// itself short and no beginning of one.
func (v *view) reflow() {
	for i := 1; i+1 < len(v.lines); i++ {
		a, l, b := v.lines[i-1], &v.lines[i], v.lines[i+1]
		if l.class == own && a.depth > 0 && b.depth > 0 && a.class == quoted && b.class == quoted &&
			a.end-a.start >= 66 && l.end-l.start <= 24 && unfinished(v.line(i-1), v.line(i)) {
			l.class = quoted
		}
	}
}

// unfinished says that a sentence goes on from one line to the next.
func unfinished(upper, lower string) bool {
	last, next := lastRune(strings.TrimRight(upper, " ")), firstRune(strings.TrimLeft(lower, " "))
	return !strings.ContainsRune(".!?:;。！？", last) && !unicode.IsUpper(next)
}
