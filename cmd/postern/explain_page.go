package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"postern/tickets"
)

// teller tells people what became of a message.
type teller struct {
	out io.Writer
	who *addressBook
	all bool // rules that said no, too
}

func (t teller) tell(e explanation) {
	e.Arrival.print(t.out)
	fmt.Fprintln(t.out, "\n── the way of the message")
	t.way(e.Trace)
	for _, d := range e.Decisions {
		t.decision(d)
	}
	if len(e.Events) > 0 {
		fmt.Fprintln(t.out, "\n── what happened")
		for _, ev := range e.Events {
			fmt.Fprintf(t.out, "ticket %d, %d: %-14s %s%s\n", ev.Ticket, ev.Seq, ev.Kind, t.fields(oneLine(ev.text())), ruleOf(ev.Cause))
		}
	}
	if len(e.Mails) > 0 {
		fmt.Fprintln(t.out, "\n── mail")
		for _, m := range e.Mails {
			fmt.Fprintln(t.out, t.named(m.text()))
		}
	}
}

// ruleOf names the rule that is the cause, if one is.
func ruleOf(c tickets.Cause) string {
	if c.Rule == "" {
		return ""
	}
	return ", by rule " + oneLine(c.Rule)
}

// way prints questions and answers below each other, the answers in one column.
func (t teller) way(steps tickets.Trace) {
	width := 0
	for _, s := range steps {
		width = max(width, utf8.RuneCountInString(t.named(oneLine(s.Ask))))
	}
	for _, s := range steps {
		fmt.Fprintf(t.out, "%-*s  %s\n", width, t.named(oneLine(s.Ask)), t.named(oneLine(s.Ans)))
	}
}

// numbered finds participants as events and traces name them: without an address.
var numbered = regexp.MustCompile(`\bparticipant (\d+)\b`)

// named puts the address in place of a participant's number, where the database knows it.
func (t teller) named(s string) string {
	return numbered.ReplaceAllStringFunc(s, func(found string) string {
		id, err := strconv.ParseInt(strings.TrimPrefix(found, "participant "), 10, 64)
		if err != nil {
			return found
		}
		name := oneLine(t.who.address(id))
		t.who.err = nil // a person the database does not know keeps his number, and the others get names
		return or(name, found)
	})
}

// person finds the fields of events that name a person by number.
var person = regexp.MustCompile(`\b(participant|requester)=(\d+)\b`)

// fields is what an event says, with addresses in place of the numbers of people.
func (t teller) fields(s string) string {
	return person.ReplaceAllStringFunc(s, func(found string) string {
		key, number, _ := strings.Cut(found, "=")
		name := t.named("participant " + number)
		if strings.HasPrefix(name, "participant ") {
			return found
		}
		return key + "=" + name
	})
}

// text is the mail in one line: what became of it, or why it was withheld.
func (m mailView) text() string {
	if !m.Written {
		return oneLine(fmt.Sprintf("withheld %s to %s: %s", m.Role, m.To, m.Why))
	}
	return oneLine(fmt.Sprintf("%s %s to %s %s", or(m.State, "written"), m.Role, m.To, m.Answer))
}

func (t teller) decision(d decisionView) {
	title := d.Phase
	if d.Event != "" {
		title += " (" + d.Event + ")"
	}
	fmt.Fprintf(t.out, "\n── rules asked, phase %s, version %s\n", oneLine(title), oneLine(d.Version))
	if len(d.Rules) == 0 {
		fmt.Fprintln(t.out, "there are no rules for this phase")
	}
	no := 0
	for _, r := range d.Rules {
		if !r.Matched && r.Error == "" && !t.all {
			no++
			continue
		}
		fmt.Fprintf(t.out, "%-4s %s, %s%s\n", map[bool]string{true: "yes", false: "no"}[r.Matched], oneLine(r.Name), r.At, ruleWhy(r))
	}
	if no > 0 {
		fmt.Fprintf(t.out, "%s said no; --all shows why\n", plural(no, "rule"))
	}
	for _, a := range d.Actions {
		fmt.Fprintf(t.out, "  → %s\n", oneLine(actionText(a)))
	}
}

func ruleWhy(r tickets.RuleTrace) string {
	switch {
	case r.Error != "":
		return ": error: " + oneLine(r.Error)
	case r.Failed != "":
		return ": not: " + oneLine(r.Failed)
	case r.Note != "":
		return ": " + oneLine(r.Note)
	}
	return ""
}

func actionText(a tickets.Action) string {
	words := append([]string{string(a.Do), a.Value}, a.Values...)
	if a.Template != "" {
		words = append(words, "template "+a.Template)
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ") + ", by " + a.Cause.Rule
}
