package mailout

import (
	"regexp"
	"strings"
)

// answer is a reply prefix as mail clients write it in many languages; those of
// forwards are words of the subject and stay.
var answer = regexp.MustCompile(`(?i)^(re|aw|antw|antwort|sv|vs|ref|rif|r|odp|ynt|回复|回覆|答复|返信|ответ|отв)(\s?\[\d+\]|\(\d+\))?\s?[:：]\s*`)

// bareSubject is a subject without the ticket's own tag and without reply prefixes.
func bareSubject(s, tag string) string {
	s = untagged(s, tag)
	for {
		t := answer.ReplaceAllString(s, "")
		if t == s {
			return s
		}
		s = t
	}
}

// untagged removes every occurrence of the tag, without regard to case, and those
// that come together when one between them is gone.
func untagged(s, tag string) string {
	s = oneLine(s)
	if tag == "" {
		return s
	}
	re := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(tag))
	for re.MatchString(s) {
		s = oneLine(re.ReplaceAllString(s, ""))
	}
	return s
}

// tagged puts the tag into a subject exactly once: in front, or behind "Re:".
func tagged(s, tag string) string {
	s = untagged(s, tag)
	if tag == "" {
		return s
	}
	if rest, ok := strings.CutPrefix(s+" ", "Re: "); ok {
		return strings.TrimSpace("Re: " + tag + " " + rest)
	}
	return strings.TrimSpace(tag + " " + s)
}
