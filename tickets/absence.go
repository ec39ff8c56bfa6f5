package tickets

import (
	"fmt"
	"time"
)

// absenceEvery is how often an agent is told that the same person answers automatically.
const absenceEvery = 7 * 24 * time.Hour

// tellAbsence puts a line into the assignee's next digest when somebody on his ticket
// answers automatically: once a week for each person, whatever comes in between. A
// stranger's machine is told of to nobody, nor a bounce, a receipt, or an answer to what is done.
func (w *work) tellAbsence() error {
	if w.msg.Kind != KindAutoReply && !w.msg.OutOfOffice || w.t.Assignee == "" || w.t.Status.Done() || !w.t.Participates(w.author.ID) {
		return nil
	}
	what := fmt.Sprintf("absence/%d/%s", w.author.ID, w.t.Assignee)
	fresh, err := w.tx.SayOnce(what, w.at.Add(-absenceEvery), w.at)
	if err != nil || !fresh {
		return err
	}
	ag, ok := w.s.Agent(w.t.Assignee)
	if !ok {
		return nil
	}
	if _, err := w.agentRecipient(ag); err != nil { // locks him
		return err
	}
	// A line of no ticket: news of the ticket itself would make its next notice wait.
	q, _ := w.s.Queue(w.t.Queue)
	line := fmt.Sprintf("%s: %s answers automatically and may be away", w.t.Tag(q), orElse(w.author.Name, w.author.Address))
	return w.tx.AddNews(News{Agent: ag.Name, Seq: w.arrival.ID, Role: "absence", Line: line, Digest: true, At: w.at})
}
