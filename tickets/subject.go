package tickets

import (
	"regexp"
	"strings"
)

// anyTag is a subject tag of this or another helpdesk: "[IT #42]", "[#7]".
var anyTag = regexp.MustCompile(`\[[^\[\]#]{0,40}#[1-9][0-9]{0,11}\]`)

// SubjectKey is a subject without reply and forward marks, tags and case, so that
// like subjects are equal. The database indexes tickets under it.
func SubjectKey(subject string) string {
	s := anyTag.ReplaceAllString(subject, "")
	for {
		before := s
		s = strings.TrimSpace(s)
		if i := strings.IndexByte(s, ':'); i > 0 && i <= 4 && !strings.ContainsAny(s[:i], " 0123456789") {
			s = s[i+1:]
		}
		if s == before {
			break
		}
	}
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
