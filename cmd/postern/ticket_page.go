package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"postern/tickets"
)

// print writes a ticket as a person reads it: head, entries, ledger, mail.
func (p ticketPage) print(out io.Writer, now time.Time) {
	t := p.Ticket
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "%-13s %s\n", name+":", oneLine(value))
		}
	}
	line("Ticket", fmt.Sprintf("%d %s", t.ID, t.Subject))
	line("Queue", t.Queue)
	line("Status", fmt.Sprintf("%s since %s", t.state(), stamp(t.StatusSince)))
	line("Priority", string(t.Priority))
	line("Type", string(t.Type))
	line("Assignee", t.Assignee)
	line("Requester", t.From+map[bool]string{true: " (verified)"}[t.Verified])
	line("Watchers", strings.Join(t.Watchers, ", "))
	line("Tags", strings.Join(t.Tags, ", "))
	line("Flags", strings.Join(t.Flags, ", "))
	line("Created", stamp(t.Created))
	line("Updated", stamp(t.Updated))
	for _, e := range p.Entries {
		e.print(out)
	}
	fmt.Fprintln(out, "\n── ledger")
	var rows [][]string
	for _, e := range p.Events {
		rows = append(rows, []string{fmt.Sprint(e.Seq), stamp(e.At), e.Kind, e.text(), causeText(e.Cause)})
	}
	grid(out, 72, []string{"seq", "at", "event", "what", "because of"}, rows)
	if len(p.Outbox) > 0 {
		fmt.Fprintln(out, "\n── mail sent")
		printOutbox(out, p.Outbox, now)
	}
}

func (e entryView) print(out io.Writer) {
	head := fmt.Sprintf("%d %s by %s, %s", e.ID, e.Kind, or(or(e.Agent, e.From), "postern"), stamp(e.At))
	if e.State != string(tickets.EntryVisible) {
		head += ", " + e.State
	}
	if e.Why != "" {
		head += ": " + e.Why
	}
	fmt.Fprintf(out, "\n── %s\n%s\n", oneLine(head), strings.Trim(printable(e.Reply), "\n"))
	for _, a := range e.Attachments {
		fmt.Fprintf(out, "[%s, %s, %s]\n", oneLine(a.Filename), oneLine(a.ContentType), bytesText(a.Size))
	}
}

// text is what an event says, in the keys of the ledger: from=new to=open. Hashes and
// Message-IDs, which say nothing to people, are left to --json.
func (e eventView) text() string {
	data, err := json.Marshal(e.Body)
	var fields map[string]any
	if err != nil || json.Unmarshal(data, &fields) != nil {
		return ""
	}
	delete(fields, "sha256")
	delete(fields, "message_id")
	return pairs(fields)
}

// causeText says why an event happened.
func causeText(c tickets.Cause) string {
	var out []string
	add := func(format string, v any, there bool) {
		if there {
			out = append(out, fmt.Sprintf(format, v))
		}
	}
	add("arrival %d", c.Arrival, c.Arrival != 0)
	add("rule %s", c.Rule+map[bool]string{true: " (" + c.At + ")"}[c.At != ""], c.Rule != "")
	add("%s", "the clock", c.Clock)
	add("agent %s", c.Agent, c.Agent != "")
	add("admin %s", c.Admin, c.Admin != "")
	add("%s", c.Evidence, c.Evidence != "")
	return strings.Join(out, ", ")
}
