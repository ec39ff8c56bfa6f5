package tickets

import (
	"fmt"
	"slices"
	"strings"
)

// requesterWords are what a participant may command on his ticket (policy section
// 5). Everything else he writes is text.
var requesterWords = []string{"close", "status", "stop"}

// ParseWords reads the words at the very top of a participant's reply: lines that
// hold nothing but one of his words. The rest is text, "#1 server down" included.
func ParseWords(reply string) (said []string, rest string) {
	lines := strings.Split(reply, "\n")
	for i, l := range lines {
		l = tidy(l)
		if l == "" {
			continue
		}
		word, args, ok := commandLine(l)
		if !ok || args != "" || !slices.Contains(requesterWords, word) {
			return said, strings.TrimSpace(strings.Join(lines[i:], "\n"))
		}
		if !slices.Contains(said, word) {
			said = append(said, word)
		}
	}
	return said, ""
}

// words are the author's words on this ticket, and what else he wrote. Only the
// requester may close.
func (w *work) words(e Entry) (said []string, rest string) {
	if slices.Contains(e.Defects, DefectCommandsDisagree) {
		return nil, e.Reply()
	}
	said, rest = ParseWords(e.Reply())
	if w.author.ID != w.t.Requester {
		said = slices.DeleteFunc(said, func(x string) bool { return x == "close" })
	}
	return said, rest
}

// obey does what a participant's words say, and reports whether his mail may still
// wake the ticket up: one that closes it, or says nothing else, does not.
func (w *work) obey(said []string, rest string) (wake bool, err error) {
	for n, word := range said {
		did := ""
		switch word {
		case "close":
			if !w.t.Status.Done() || w.t.Status == Resolved {
				did = fmt.Sprintf("status: %s → closed", w.t.Status)
				w.happen(StatusSet{From: w.t.Status, To: Closed, Why: "the requester closed it"}, w.cause, nil)
			}
		case "status":
			did, err = "told the status", w.tellStatus()
		case "stop":
			did = "no more automatic mail to participant " + fmt.Sprint(w.author.ID)
			w.add(StopSet{w.author.ID, true}, w.cause)
		}
		if err != nil {
			return false, err
		}
		w.add(CommandRun{N: n + 1, Word: word, Did: orElse(did, "nothing to do")}, w.cause)
	}
	return rest != "" && !slices.Contains(said, "close"), nil
}

// tellStatus answers #status: one automatic mail, within the limits.
func (w *work) tellStatus() error {
	p := w.author
	to := Recipient{Address: p.Address, Name: p.Name, Participant: p.ID, Verified: p.Verified || p.ID == w.t.Requester && w.t.Verified}
	lines := []string{"status: " + string(w.t.Status)}
	if ag, ok := w.s.Agent(w.t.Assignee); ok {
		if q, _ := w.s.Queue(w.t.Queue); !q.HideAgents && ag.Display != "" {
			lines = append(lines, "agent: "+ag.Display)
		}
	}
	return w.mail(letter{role: "update", mail: MailUpdate, to: to, seq: w.t.Seq, lines: lines})
}
