package rules

import (
	"reflect"
	"slices"

	"postern/tickets"
)

// Options are the names a rule may use. What is nil is not checked.
type Options struct {
	// Settings gives queues (with their reopen windows) and agents.
	Settings *tickets.Settings
	// Templates are the names of all templates.
	Templates []string
}

// queues lists the names of the queues; nil when they are not known.
func (o Options) queues() []string {
	if o.Settings == nil {
		return nil
	}
	out := make([]string, len(o.Settings.Queues))
	for i, q := range o.Settings.Queues {
		out[i] = q.Name
	}
	return out
}

// agents lists the names of the agents; nil when they are not known.
func (o Options) agents() []string {
	if o.Settings == nil {
		return nil
	}
	out := make([]string, len(o.Settings.Agents))
	for i, a := range o.Settings.Agents {
		out[i] = a.Name
	}
	return out
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

var (
	phases     = []string{"smtp", "receive", "change", "timer"}
	sinces     = []string{"created", "updated", "status", "pending", "last_requester", "last_agent"}
	eventKinds = []string{"created", "replied", "noted", "status", "assigned", "queue", "priority", "type", "tags",
		"unverified", "held", "quiet", "bounced", "delayed", "merged", "released"}
	actors = []string{"requester", "cc", "outsider", "agent", "rule", "clock", "admin"}
	kinds  = []tickets.Kind{tickets.KindHuman, tickets.KindAutoReply, tickets.KindBounce, tickets.KindReceipt,
		tickets.KindReport, tickets.KindList}
	groups = []string{"agents", "assignee", "watchers", "queue", "requester", "participants"}
)

// constants says which words a field is compared with; others never match, and
// are taken for mistakes. The empty text is always allowed.
func (o Options) constants() map[string][]string {
	m := map[string][]string{
		"ticket.status": words(tickets.Statuses), "ticket.priority": words(tickets.Priorities),
		"ticket.type": words(tickets.Types), "ticket.disposition": {"merged", "spam", "rejected"},
		"event.kind": eventKinds, "event.by": actors, "message.kind": words(kinds),
		"weekday": weekdays[:], "peer.role": {"mx", "mta", "submission"},
	}
	if q := o.queues(); q != nil {
		m["ticket.queue"], m["message.queue"] = q, q
	}
	if a := o.agents(); a != nil {
		m["ticket.assignee"], m["sender.agent"], m["event.agent"] = a, a, a
	}
	return m
}

// unknownIn says which parts of the vocabulary are empty in a phase, and what to
// use instead.
var unknownIn = map[tickets.Phase]map[string]string{
	tickets.PhaseSMTP: {
		"ticket": "there is no ticket in the dialogue", "event": "events are for phase change",
		"sender": "who the sender is to us is found out after the message is taken: use phase receive",
		"text":   "the text is read after the message is taken: use phase receive",
	},
	tickets.PhaseReceive: {"event": "events are for phase change", "peer": "the dialogue is over: use phase smtp"},
	tickets.PhaseChange:  {"peer": "the dialogue is over: use phase smtp"},
	tickets.PhaseTimer: {
		"message": "no message is at hand when time passes", "event": "events are for phase change",
		"peer": "the dialogue is over: use phase smtp", "sender": "no message is at hand: use ticket.requester",
		"subject": "use ticket.subject", "from": "use ticket.requester", "text": "no message is at hand when time passes",
		"header": "no message is at hand when time passes", "headers": "no message is at hand when time passes",
	},
}

// fieldNames lists the names of a part of the vocabulary; "" is the top.
func fieldNames(part string) []string {
	t := reflect.TypeFor[vars]()
	if part != "" {
		types := map[string]reflect.Type{"message": reflect.TypeFor[message](), "sender": reflect.TypeFor[sender](),
			"ticket": reflect.TypeFor[ticket](), "event": reflect.TypeFor[event](), "peer": reflect.TypeFor[peer](),
			"address": reflect.TypeFor[address](), "headerField": reflect.TypeFor[headerField](), "attachment": reflect.TypeFor[attachment]()}
		if t = types[part]; t == nil {
			return nil
		}
	}
	var out []string
	for i := range t.NumField() {
		out = append(out, t.Field(i).Tag.Get("expr"))
	}
	return out
}

// named finds a word in a list without regard to case, and how it is written there.
func named(word string, list []string) (string, bool) {
	i := slices.IndexFunc(list, func(w string) bool { return equalFold(w, word) })
	if i < 0 {
		return word, false
	}
	return list[i], true
}
