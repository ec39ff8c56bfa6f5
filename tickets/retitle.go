package tickets

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxSubject bounds a subject that an agent gives, in octets.
const maxSubject = 300

// seekSubject plans #subject: the words are kept beside the ticket, the ledger keeps
// their hashes.
func seekSubject(w *work, _ Agent, c Command, t Ticket) ([]deed, error) {
	to := plainSubject(c.Args, w.s.Queues)
	switch {
	case to == "":
		return nil, &BlockError{c.Line, "it holds no words", "#subject Printer on floor 2"}
	case len(to) > maxSubject:
		return nil, &BlockError{c.Line, "the subject is too long", "a line of mail holds about 70 letters"}
	case to == t.Subject:
		return []deed{{cmd: c, did: "subject: as before", book: "subject as before"}}, nil
	}
	return []deed{{cmd: c, body: SubjectSet{wordsHash(t.Subject), wordsHash(to)}, job: subjectJob{to},
		did: `subject: "` + t.Subject + `" → "` + to + `"`, book: "subject changed"}}, nil
}

// plainSubject is a subject on one line without tags of our tickets, which would
// thread the answers there.
func plainSubject(s string, queues []Queue) string {
	s = tagPattern.ReplaceAllStringFunc(tidy(s), func(tag string) string {
		if ourTag(tagPattern.FindStringSubmatch(tag)[1], queues) {
			return ""
		}
		return tag
	})
	return strings.Join(strings.Fields(s), " ")
}

// wordsHash is how the ledger names words it does not keep: SHA-256, hex.
func wordsHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// subjectJob writes the words beside the ticket.
type subjectJob struct{ to string }

func (j subjectJob) run(w *work) (string, error) {
	w.t.Subject = j.to
	return "", w.tx.SetSubject(w.t.ID, j.to)
}
