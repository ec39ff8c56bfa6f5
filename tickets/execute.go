package tickets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// deed is what one command does: its event (nil when only words follow), the line
// of the receipt, and a job where one event does not do it.
type deed struct {
	cmd  Command
	body Body
	did  string
	book string // what the ledger keeps instead of did, where that holds words or an address
	job  job
	more []string // further lines of the receipt, which the ledger does not keep
}

// does is the deed of a command that one event carries out.
func does(c Command, b Body, did string) []deed { return []deed{{cmd: c, body: b, did: did}} }

// actorIs who commands: an agent, or an admin at the command line (no agent).
type actorIs struct {
	agent string
	at    time.Time
	s     *Settings
}

// plan turns a block into deeds, all or nothing: the first command that cannot
// be done makes the whole block an error. It changes nothing.
func (a actorIs) plan(cmds []Command, t Ticket) ([]deed, error) { return a.planWith(cmds, t, a.one) }

// planWith is plan with another way to read a single command.
func (a actorIs) planWith(cmds []Command, t Ticket, one func(Command, Ticket) ([]deed, error)) ([]deed, error) {
	var out []deed
	seen := 0
	for _, c := range cmds {
		did, err := one(c, t)
		if err != nil {
			return nil, err
		}
		for _, x := range did {
			if x.body != nil {
				subject, id := t.Subject, t.ID
				t = Apply(t, Event{Ticket: t.ID, Seq: t.Seq + 1, At: a.at, Body: x.body})
				t.Subject, t.ID = subject, id
			}
			out = append(out, x)
		}
		if seen++; seen > MaxCommands {
			return nil, &BlockError{c.Line, "too many commands", ""}
		}
	}
	return out, nil
}

// one is what a single command does to a ticket.
func (a actorIs) one(c Command, t Ticket) ([]deed, error) {
	fail := func(why, hint string) ([]deed, error) { return nil, &BlockError{c.Line, why, hint} }
	do := func(b Body, did string) ([]deed, error) { return does(c, b, did), nil }
	switch c.Word {
	case "take":
		if a.agent == "" {
			return fail("only an agent can take a ticket", "use #assign NAME")
		}
		return a.assign(c, t, a.agent)
	case "assign":
		return a.assign(c, t, c.Args)
	case "queue":
		q, ok := a.s.Queue(c.Args)
		if !ok {
			return fail("there is no queue "+strconv.Quote(c.Args), nearestHint(c.Args, a.queueNames()))
		}
		return changed(c, QueueSet{t.Queue, q.Name}, "queue", t.Queue, q.Name)
	case "status":
		return a.status(c, t, c.Args)
	case "resolve", "close", "reopen", "hold":
		to := map[string]Status{"resolve": Resolved, "close": Closed, "reopen": Open, "hold": OnHold}[c.Word]
		return changed(c, StatusSet{From: t.Status, To: to}, "status", string(t.Status), string(to))
	case "pending":
		return a.pending(c, t)
	case "priority", "type":
		return a.chosen(c, t)
	case "watch", "unwatch":
		return a.watch(c, t)
	case "tag", "untag":
		return a.tags(c, t)
	case "spam":
		d, _ := do(Disposed{t.Disposition, Spam}, "marked as spam; nobody is told")
		return d, nil
	case "note":
		return do(nil, "the text below is an internal note")
	case "help":
		if a.agent != "" {
			return do(nil, "told the commands") // by a mail of its own
		}
		return do(nil, helpText)
	case "show", "list", "why":
		if a.agent == "" {
			return fail("it is answered by mail, to agents", "postern ticket show, postern ticket list and postern explain tell the same")
		}
		return do(nil, "answered by mail")
	case "dry":
		return fail("there is nothing to try it on", "#dry belongs into a reply to a ticket's mail")
	case "release", "confirm":
		return do(nil, "")
	}
	return fail("there is no command #"+c.Word, "#help lists the commands")
}

// chosen is a priority or a type, one word of a few.
func (a actorIs) chosen(c Command, t Ticket) ([]deed, error) {
	word := strings.ToLower(c.Args)
	if c.Word == "type" {
		if !slices.Contains(Types, Type(word)) {
			return nil, &BlockError{c.Line, "there is no type " + strconv.Quote(c.Args), nearestHint(c.Args, texts(Types))}
		}
		return changed(c, TypeSet{t.Type, Type(word)}, "type", string(t.Type), word)
	}
	if !slices.Contains(Priorities, Priority(word)) {
		return nil, &BlockError{c.Line, "there is no priority " + strconv.Quote(c.Args), nearestHint(c.Args, texts(Priorities))}
	}
	return changed(c, PrioritySet{t.Priority, Priority(word)}, "priority", string(t.Priority), word)
}

// watch keeps an agent informed of a ticket that is not his, or no longer.
func (a actorIs) watch(c Command, t Ticket) ([]deed, error) {
	on := c.Word == "watch"
	switch {
	case a.agent == "":
		return nil, &BlockError{c.Line, "only an agent can watch a ticket", ""}
	case c.Args != "":
		return nil, &BlockError{c.Line, "an agent watches for himself only", "#" + c.Word + " alone"}
	case slices.Contains(t.Watchers, a.agent) == on:
		return does(c, nil, "watchers as before"), nil
	case on:
		return does(c, WatcherSet{a.agent, true}, "you are told what happens on this ticket"), nil
	}
	return does(c, WatcherSet{a.agent, false}, "you are no longer told what happens on this ticket"), nil
}

// helpText is the answer to #help at the command line.
const helpText = `Commands stand at the very top of your reply, one a line:
#take, #assign NAME|me|none, #queue NAME, #priority low|normal|high|urgent, #type incident|request|problem|change,
#status STATUS, #resolve, #close, #reopen, #pending [until +2d|2026-12-24], #hold, #tag WORDS, #untag WORDS, #watch, #unwatch, #spam,
#subject WORDS, #cc ADDRESS, #uncc ADDRESS, #merge #N [cc], #link #N, #split ENTRY,
#on-behalf ADDRESS, #resend [ENTRY], #undo (by mail only),
#note (all that follows stays among agents), #release [ENTRY] [cc] (send or show what was held), #reject [ENTRY], #confirm, #help.
#show, #list, #why (answered by mail), #dry (nothing is done).
Text below them goes to the requester. One mistake, and nothing of the mail is done or sent.`

// changed is a deed, or the line that says nothing changed.
func changed(c Command, b Body, what, from, to string) ([]deed, error) {
	if from == to {
		return does(c, nil, fmt.Sprintf("%s: %s, as before", what, nothing(what, to))), nil
	}
	return does(c, b, fmt.Sprintf("%s: %s → %s", what, nothing(what, from), nothing(what, to))), nil
}

// nothing is the word for an empty value: a person is nobody, a thing none.
func nothing(what, value string) string {
	if what == "assignee" {
		return orElse(value, "nobody")
	}
	return orElse(value, "none")
}

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, x := range in {
		out[i] = string(x)
	}
	return out
}

func (a actorIs) queueNames() []string {
	var out []string
	for _, q := range a.s.Queues {
		out = append(out, q.Name)
	}
	return out
}

func nearestHint(word string, known []string) string {
	if n := nearest(strings.ToLower(word), known); n != "" {
		return "did you mean " + n + "?"
	}
	return "known are " + strings.Join(known, ", ")
}

// assign gives the ticket to the agent a word names, who must work the queue.
func (a actorIs) assign(c Command, t Ticket, who string) ([]deed, error) {
	switch strings.ToLower(who) {
	case "":
		return nil, &BlockError{c.Line, "it does not say to whom", "#assign NAME, #assign me or #assign none"}
	case "none", "nobody":
		return a.assigned(c, t, "")
	case "me":
		who = a.agent
	}
	found := a.named(who)
	q, _ := a.s.Queue(t.Queue)
	switch {
	case len(found) == 0:
		return nil, &BlockError{c.Line, "there is no agent " + strconv.Quote(who), nearestHint(who, q.Agents)}
	case len(found) > 1:
		return nil, &BlockError{c.Line, strconv.Quote(who) + " may be " + strings.Join(found, " or "), "write one of these names"}
	case !q.Works(found[0]):
		return nil, &BlockError{c.Line, found[0] + " does not work queue " + q.Name, "known are " + strings.Join(q.Agents, ", ")}
	}
	return a.assigned(c, t, found[0])
}

// assigned is the deed, told with the names agents go by.
func (a actorIs) assigned(c Command, t Ticket, to string) ([]deed, error) {
	out, err := changed(c, Assigned{t.Assignee, to}, "assignee", a.display(t.Assignee), a.display(to))
	if t.Assignee != to && out[0].body == nil { // two agents of one name
		out[0].body, out[0].did = Assigned{t.Assignee, to}, "assignee: "+t.Assignee+" → "+to
	}
	if ag, ok := a.s.Agent(to); ok && ag.Away && to != a.agent {
		out[0].did += " (" + a.display(to) + " is away: the queue's other agents are told too)"
	}
	return out, err
}

// display is the name an agent goes by.
func (a actorIs) display(name string) string {
	ag, _ := a.s.Agent(name)
	return orElse(ag.Display, name)
}

// named are the agents a word may mean: the exact name or address, else names
// and display names that begin with it.
func (a actorIs) named(who string) []string {
	if ag, ok := a.s.Agent(who); ok {
		return []string{ag.Name}
	}
	if ag, ok := a.s.AgentOf(who); ok {
		return []string{ag.Name}
	}
	var out []string
	low := strings.ToLower(who)
	for _, ag := range a.s.Agents {
		if low != "" && (strings.HasPrefix(strings.ToLower(ag.Name), low) || strings.HasPrefix(strings.ToLower(ag.Display), low)) {
			out = append(out, ag.Name)
		}
	}
	return out
}

func (a actorIs) status(c Command, t Ticket, word string) ([]deed, error) {
	to := Status(strings.ToLower(strings.ReplaceAll(word, " ", "-")))
	if !slices.Contains(Statuses, to) {
		return nil, &BlockError{c.Line, "there is no status " + strconv.Quote(word), nearestHint(word, texts(Statuses))}
	}
	return changed(c, StatusSet{From: t.Status, To: to}, "status", string(t.Status), string(to))
}

// pending reads "#pending", "#pending until +2d" and "#pending until 2026-12-24".
func (a actorIs) pending(c Command, t Ticket) ([]deed, error) {
	word := strings.TrimSpace(strings.TrimPrefix(strings.ToLower(c.Args), "until"))
	if word == "" {
		return changed(c, StatusSet{From: t.Status, To: Pending}, "status", string(t.Status), string(Pending))
	}
	until, ok := a.moment(word, t)
	if !ok {
		return nil, &BlockError{c.Line, "the time is not understood", "write #pending until +2d or #pending until 2026-12-24"}
	}
	if !until.After(a.at) {
		return nil, &BlockError{c.Line, "that time is over", ""}
	}
	b := StatusSet{From: t.Status, To: Pending, Until: until}
	return does(c, b, fmt.Sprintf("status: %s → pending until %s", t.Status, a.date(until, t))), nil
}

// date writes a moment in the zone of the ticket's queue; the composer puts it into the
// language of the mail.
func (a actorIs) date(at time.Time, t Ticket) string {
	q, _ := a.s.Queue(t.Queue)
	if q.Zone != nil {
		at = at.In(q.Zone)
	}
	return at.Format("2 Jan 2006 15:04")
}

// moment reads "+2d", "+3h", "+1w" or a date, at nine in the morning of the queue's zone.
func (a actorIs) moment(word string, t Ticket) (time.Time, bool) {
	zone := time.UTC
	if q, ok := a.s.Queue(t.Queue); ok && q.Zone != nil {
		zone = q.Zone
	}
	if d, err := time.ParseInLocation("2006-01-02", word, zone); err == nil {
		return d.Add(9 * time.Hour).UTC(), true
	}
	rest, ok := strings.CutPrefix(word, "+")
	if !ok || len(rest) < 2 || len(rest) > 5 {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(rest[:len(rest)-1])
	unit := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[rest[len(rest)-1]]
	return a.at.Add(time.Duration(n) * unit), err == nil && unit > 0 && n > 0
}

func (a actorIs) tags(c Command, t Ticket) ([]deed, error) {
	list := strings.FieldsFunc(c.Args, func(r rune) bool { return r == ' ' || r == ',' || r == '#' })
	if len(list) == 0 {
		return nil, &BlockError{c.Line, "it names no tag", "#" + c.Word + " printer vip"}
	}
	add, remove := list, []string(nil)
	if c.Word == "untag" {
		add, remove = nil, list
	}
	b, ok := tagged(t, add, remove)
	if !ok {
		return does(c, nil, "tags as before"), nil
	}
	after := Apply(t, Event{Body: b})
	return does(c, b, "tags: "+orElse(strings.Join(after.Tags, " "), "none")), nil
}
