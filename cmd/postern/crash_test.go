package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/tickets"
	"postern/tickets/ticketdb"
)

// A crashPlay is one run of the crash scenario: a story whose process may die at
// a step and comes up again, while the senders retry what was not answered.
type crashPlay struct {
	*story
	died, unsure bool                // it died; and while the relay had a mail that no database knew of
	sent         map[string][]string // Message-ID → the octets of each copy
}

// INV-A1, INV-B1, INV-B4, INV-B5, INV-C1, INV-C3: die at every step of a helpdesk's
// day, come up again, and the books are the same as without the crash. "After" a
// step all of it is on disk and nobody has learned of it; "in" a transaction
// nothing of it is; "before" a step is the same disk as after the one before it.
func TestCrashAtEveryStep(t *testing.T) {
	eachDatabase(t, crashSweep)
}

func crashSweep(t *testing.T, database func(*testing.T) string) {
	calm := playCrash(t, database(t), 0)
	want, steps := calm.books(), calm.crash.steps
	if steps < 60 {
		t.Fatalf("the scenario has only %d steps", steps)
	}
	t.Logf("%d steps", steps)
	next := make(chan int)
	var workers sync.WaitGroup
	for range 8 { // most of the time goes into waiting for the disk
		workers.Go(func() {
			for k := range next {
				t.Run(fmt.Sprint(k), func(t *testing.T) { crashAt(t, database(t), k, want) })
			}
		})
	}
	for k := range steps {
		next <- k + 1
	}
	close(next)
	workers.Wait()
	calm.copies()
}

// crashAt dies at one step and compares the books.
func crashAt(t *testing.T, url string, k int, want string) {
	p := playCrash(t, url, k)
	if !p.died {
		t.Fatalf("the process did not die at step %d", k)
	}
	if got := p.books(); got != want {
		t.Errorf("the books differ:\n%s", firstDifference(want, got))
	}
	p.copies()
}

// playCrash runs the scenario and dies at a step; at 0 it lives on.
func playCrash(t *testing.T, url string, dieAt int) *crashPlay {
	p := &crashPlay{story: newStory(t, url, "testdata/crash/scenario.txtar"), sent: map[string][]string{}}
	p.crash.dieAt = dieAt
	for n, line := range p.script() {
		words, err := shellWords(line)
		if err != nil {
			t.Fatal(err)
		}
		if len(words) > 0 {
			p.line(n+1, words)
		}
	}
	return p
}

// line carries out one line of the scenario, again after a crash: a sender
// who was not answered sends again.
func (p *crashPlay) line(n int, words []string) {
	p.t.Helper()
	err := verbs[words[0]](p.story, words[1:])
	p.collect()
	if p.crash.dead {
		p.died, p.unsure = true, p.crash.sending
		p.now = p.now.Add(3 * time.Minute) // an attempt that died is taken up after two
		p.start()
		err = p.settle()
		if err == nil && words[0] == "deliver" {
			err = verbs[words[0]](p.story, words[1:])
		}
		p.collect()
	}
	if err != nil {
		p.t.Fatalf("line %d: %v\n%s", n, err, p.state())
	}
}

// collect takes the mails that left, and keeps what later mails answer.
func (p *crashPlay) collect() {
	for _, m := range p.unread {
		local, _, _ := strings.Cut(m.out.To, "@")
		p.remember(local+"."+m.out.Role+".", m)
		p.sent[m.out.MessageID] = append(p.sent[m.out.MessageID], m.raw)
	}
	p.unread = nil
}

// copies: every mail left once, once more at most for each ambiguous attempt, and
// each copy is the same octet for octet.
func (p *crashPlay) copies() {
	p.t.Helper()
	more := 0
	for id, all := range p.sent {
		more += len(all) - 1
		if slices.ContainsFunc(all, func(raw string) bool { return raw != all[0] }) {
			p.t.Errorf("the copies of %s differ", id)
		}
	}
	ambiguous := 0
	if p.unsure {
		ambiguous = 1
	}
	if more > ambiguous {
		p.t.Errorf("%d copies too many, %d attempts were ambiguous", more, ambiguous)
	}
	for _, o := range must(p.db.ListOutbox(context.Background(), ticketdb.OutboxFilter{Limit: 1000})) {
		if o.State == tickets.OutSent && len(p.sent[o.MessageID]) == 0 {
			p.t.Errorf("outgoing %d counts as sent and never left", o.ID)
		}
		if o.State == tickets.OutQueued || o.State == tickets.OutSending {
			p.t.Errorf("outgoing %d is still %s", o.ID, o.State)
		}
	}
}

// books are what must not depend on a crash: tickets, entries, the ledger and the
// outgoing mails with their Message-IDs, without moments. Rows are named by their
// order, since a database may leave out the number of a row that was rolled back.
func (p *crashPlay) books() string {
	ctx := context.Background()
	var b strings.Builder
	n := numbering{}
	for _, t := range must(p.db.ListTickets(ctx, ticketdb.TicketFilter{Limit: 1000})) {
		fmt.Fprintf(&b, "ticket %s: %s %s %s %s tags=%v flags=%v cc=%d reopens=%d\n", n.of("ticket", t.ID), t.Queue, t.Status,
			t.Assignee, t.Priority, t.Tags, t.Flags, len(t.CC), t.Reopens)
		for _, e := range must(p.db.EntriesOf(ctx, t.ID)) {
			fmt.Fprintf(&b, "entry %s: %s %s %s %s %q\n", n.of("entry", e.ID), e.Kind, e.State, e.Agent, e.Level, e.Text)
		}
		for _, o := range p.outbox(t.ID) {
			fmt.Fprintf(&b, "outgoing %s: %s %s seq=%d entry=%s %s\n", n.of("outgoing", o.ID), o.Role, n.person(o.Recipient), o.Seq, n.of("entry", o.Entry), p.messageID(n, o.MessageID))
		}
		for _, e := range must(p.db.EventsOf(ctx, t.ID)) {
			kind, data, _ := tickets.EncodeBody(e.Body)
			fmt.Fprintf(&b, "%d %s %s agent=%s %s rule=%s\n", e.Seq, kind, p.plain(n, data), e.Cause.Agent, e.Cause.Level, e.Cause.Rule)
		}
	}
	return b.String()
}

// outbox lists a ticket's mails, oldest first.
func (p *crashPlay) outbox(ticket int64) []tickets.Outgoing {
	out := must(p.db.ListOutbox(context.Background(), ticketdb.OutboxFilter{Ticket: ticket, Limit: 1000}))
	slices.Reverse(out)
	return out
}

// numbering names rows by the order in which they are met.
type numbering map[string][]int64

func (n numbering) of(what string, id int64) string {
	if id == 0 {
		return "-"
	}
	i := slices.Index(n[what], id)
	if i < 0 {
		i = len(n[what])
		n[what] = append(n[what], id)
	}
	return fmt.Sprint(i + 1)
}

func (n numbering) person(recipient string) string {
	number, ok := strings.CutPrefix(recipient, "participant ")
	if !ok {
		return recipient
	}
	number, rest, _ := strings.Cut(number, ":") // a reason may begin with a person, too
	id, _ := strconv.ParseInt(number, 10, 64)
	return "participant " + n.of("participant", id) + rest
}

// messageID is one of our Message-IDs with the numbers in its token by order.
func (p *crashPlay) messageID(n numbering, id string) string {
	parts := strings.Split(id, ".")
	t, err := tickets.Signer{Instance: p.cfg.Instance, Keys: p.house.keys}.Read(parts[1])
	if err != nil {
		p.t.Fatalf("Message-ID %s: %v", id, err)
	}
	return fmt.Sprintf("m(%d ticket %s participant %s)", t.Purpose, n.of("ticket", t.Ticket), n.of("participant", t.Participant))
}

// plain is an event's body with rows by order and without moments.
func (p *crashPlay) plain(n numbering, data []byte) string {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		p.t.Fatal(err)
	}
	row := map[string]string{"requester": "participant", "participant": "participant", "entry": "entry", "outgoing": "outgoing", "arrival": "arrival"}
	for k, v := range m {
		if id, ok := v.(float64); ok && row[k] != "" {
			m[k] = n.of(row[k], int64(id))
		}
	}
	for _, k := range []string{"to", "why"} {
		if text, ok := m[k].(string); ok {
			m[k] = n.person(text)
		}
	}
	if id, ok := m["message_id"].(string); ok {
		m["message_id"] = p.messageID(n, id)
	}
	delete(m, "base")
	return string(must(json.Marshal(m)))
}

// firstDifference shows where two texts part.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(nothing)", "(nothing)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d\nexpected: %s\nfound:    %s", i+1, x, y)
		}
	}
	return "nowhere"
}
