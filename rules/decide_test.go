package rules

import (
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

// at is a Wednesday, 10:30 in Berlin.
var at = time.Date(2026, 1, 14, 9, 30, 0, 0, time.UTC)

// mail are the facts of an ordinary new message.
func mail() tickets.Facts {
	ann := tickets.AddressFacts{Address: "ann@acme.example", Name: "Ann", Local: "ann", Domain: "acme.example"}
	return tickets.Facts{
		Phase: tickets.PhaseReceive, At: at, Zone: "Europe/Berlin",
		Message: tickets.MessageFacts{ID: "1@acme.example", From: ann, Subject: "Printer on fire, URGENT", Text: "It burns.", Size: 900,
			To:          []tickets.AddressFacts{{Address: "help@example.org", Local: "help", Domain: "example.org"}},
			Headers:     []tickets.HeaderFacts{{Name: "Precedence", Value: "bulk"}, {Name: "Received", Value: "one"}, {Name: "received", Value: "two"}},
			Attachments: []tickets.AttachmentFact{{Name: "fire.exe", Type: "application/x-dosexec", Size: 3000}},
			Kind:        tickets.KindHuman, MayAnswer: true, Level: 1, Queue: "it"},
		Sender: tickets.SenderFacts{Known: true, Domain: "acme.example", Open: 2},
		Ticket: tickets.TicketFacts{Queue: "it", Status: tickets.New, Priority: tickets.Normal, Tags: []string{"vip"},
			Fields: map[string]string{"cost": "12"}, Created: at.Add(-50 * time.Hour)},
		Event: tickets.EventFacts{Kind: "created", By: "requester"},
		Peer:  tickets.PeerFacts{Address: "192.0.2.1", Helo: "mx.acme.example", TLS: true, Role: tickets.RoleMX},
	}
}

// must compiles one file of rules without its version line.
func must(t testing.TB, text string) *Set {
	t.Helper()
	s, p := Compile([]File{{"t.yaml", []byte("version: 1\n" + text)}}, Options{})
	if p.Err() != nil {
		t.Fatal(p)
	}
	return s
}

// did are the actions of a decision in a few words.
func did(d tickets.Decision) string {
	var out []string
	for _, a := range d.Actions {
		out = append(out, said(a))
	}
	return strings.Join(out, ", ")
}

// when makes one rule of a condition.
func when(phase, condition string) string {
	return "rules:\n- name: one\n  on: " + phase + "\n  stop: true\n  when: |\n    " + strings.ReplaceAll(condition, "\n", "\n    ") + "\n"
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		when string
		want bool
	}{
		{`true`, true},
		{`from.domain in ["acme.example", "globex.example"] && subject matches "(?i)urgent|outage"`, true},
		{`from.domain == "acme.example" and not (subject contains "printer")`, true},
		{`lower(subject) contains "printer" && text startsWith "It"`, true},
		{`message.subject == subject && message.from.address == from.address && message.text == text`, true},
		{`header("precedence") in ["bulk", "list", "junk"] || header("Auto-Submitted") not in ["", "no"]`, true},
		{`header("X-None") == "" && headers("X-None") == []`, true},
		{`len(headers("Received")) == 2 && "two" in headers("received")`, true},
		{`any(message.attachments, .name endsWith ".exe" && .size > 2000)`, true},
		{`any(message.attachments, any([".exe", ".js"], true))`, true},
		{`count(message.to, .domain == "example.org") == 1`, true},
		{`any(message.headers, .name == "Precedence" && .value == "bulk")`, true},
		{`"vip" in ticket.tags && ticket.fields.cost == "12" && ticket.fields["none"] == ""`, true},
		{`ticket.status == "new" && ticket.priority in ["normal", "low"]`, true},
		{`ticket.age > duration("2d") && ticket.age < duration("3d")`, true},
		{`at - ticket.created > duration("1w")`, false},
		{`weekday == "wednesday" && hour == 10`, true},
		{`weekday in ["saturday", "sunday"] || hour < 8 || hour >= 18`, false},
		{`message.level >= 1 && message.size < 1000 && sender.known && sender.open == 2`, true},
		{`message.automatic`, false},
		{`message.kind == "human" ? sender.known : false`, true},
		{`(from.domain == "acme.example" && subject contains "x") || true`, true},
		{`len(subject) > 5 && upper(from.name) == "ANN"`, true},
		{`message.to[0].local == "help"`, true},
	} {
		d := must(t, when("receive", c.when)).Decide(mail())
		if got := d.Rules[0]; got.Matched != c.want || got.Error != "" {
			t.Errorf("%s: %+v, want %v", c.when, got, c.want)
		}
	}
}

// In the dialogue the peer is known, and a refusal is all that can be done.
func TestSMTPPhase(t *testing.T) {
	s := must(t, `rules:
- {name: door, on: smtp, when: 'peer.tls && peer.address startsWith "192.0.2." && peer.role == "mx" && from.domain == "acme.example"', then: {reject: not here}}
- {name: later, when: 'subject contains "x"', then: {queue: it}}
`)
	f := mail()
	f.Phase = tickets.PhaseSMTP
	if d := s.Decide(f); did(d) != "reject not here" || len(d.Rules) != 1 {
		t.Errorf("%+v", d)
	}
}

// The trace names the first term that said no, in the words of the file.
func TestTraceNamesTheFirstTermThatFailed(t *testing.T) {
	for condition, want := range map[string]string{
		`sender.known && from.domain == "other.example" && subject contains "x"`: `from.domain == "other.example"`,
		"sender.known\n&& (hour < 5\n    && true)\n&& false":                     "(hour < 5 && true)",
		`(sender.known && hour < 5) && true`:                                     "(sender.known && hour < 5)",
		`sender.known and hour < 5`:                                              "hour < 5",
		`hour < 5 || sender.open > 7`:                                            "hour < 5 || sender.open > 7",
	} {
		d := must(t, when("receive", condition)).Decide(mail())
		if d.Rules[0].Failed != want {
			t.Errorf("%s: failed %q, want %q", condition, d.Rules[0].Failed, want)
		}
	}
}

// J4: a condition that fails while running skips its rule; the others go on.
func TestINV_J4_RunTimeErrorSkipsTheRule(t *testing.T) {
	s := must(t, `rules:
- {name: bad, when: 'message.to[5].domain == "x"', then: {queue: bad}}
- {name: good, then: {queue: good}}
`)
	d := s.Decide(mail())
	if d.Rules[0].Matched || !strings.Contains(d.Rules[0].Error, "out of range") || d.Rules[0].Failed == "" || did(d) != "queue good" {
		t.Errorf("%+v", d)
	}
}

func TestOrderStopAndConflicts(t *testing.T) {
	s, p := Compile([]File{
		{"10-a.yaml", []byte("version: 1\nrules:\n- {name: one, then: {queue: vip, tags: [a, b]}}\n- {name: two, when: sender.known, then: {queue: it, priority: high, tags: b, untag: a}}\n")},
		{"20-b.yaml", []byte("version: 1\nrules:\n- {name: three, when: \"hour == 1\", then: {type: incident}, stop: true}\n- {name: four, then: {priority: low}, stop: true}\n- {name: five, then: {status: open}}\n- {name: other phase, on: change, then: {relay: true}}\n")},
	}, Options{})
	if p.Err() != nil {
		t.Fatal(p)
	}
	d := s.Decide(mail())
	if got := did(d); got != "queue vip, tag a b, priority high" {
		t.Errorf("did %s", got)
	}
	want := []tickets.RuleTrace{
		{Name: "one", At: "10-a.yaml:3", Matched: true},
		{Name: "two", At: "10-a.yaml:4", Matched: true, Note: "queue it not done: one came first with queue vip; tag b: an earlier rule decided about it; untag a: an earlier rule decided about it"},
		{Name: "three", At: "20-b.yaml:3", Failed: "hour == 1"},
		{Name: "four", At: "20-b.yaml:4", Matched: true, Note: "priority low not done: two came first with priority high"},
		{Name: "five", At: "20-b.yaml:5", Failed: "stopped by four"},
	}
	if len(d.Rules) != len(want) {
		t.Fatalf("%d rules in the trace: %+v", len(d.Rules), d.Rules)
	}
	for i := range want {
		if d.Rules[i] != want[i] {
			t.Errorf("rule %d\ngot  %+v\nwant %+v", i, d.Rules[i], want[i])
		}
	}
	if c := d.Actions[0].Cause; c.Rule != "one" || c.At != "10-a.yaml:3" || c.Version != s.Version() || c.Version != d.Version || c.Clock {
		t.Errorf("cause %+v", c)
	}
}

// J3: at most 50 actions a message, and the trace says which were left out.
func TestINV_J3_ActionsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range 60 {
		b.WriteString("- {name: r" + strings.Repeat("x", i) + ", then: {tags: [t" + strings.Repeat("x", i%40) + "]}}\n")
	}
	b.WriteString("- {name: many, on: change, then: [")
	for i := range 70 {
		b.WriteString("{notify: {to: agents, template: t" + strings.Repeat("x", i) + "}},")
	}
	b.WriteString("]}\n")
	s := must(t, b.String())
	f := mail()
	if d := s.Decide(f); len(d.Actions) != 40 {
		t.Errorf("%d actions", len(d.Actions))
	}
	f.Phase = tickets.PhaseChange
	if d := s.Decide(f); len(d.Actions) != MaxActions || !strings.Contains(d.Rules[0].Note, "more than 50 actions") {
		t.Errorf("%d actions, %q", len(d.Actions), d.Rules[0].Note)
	}
}

// Definitions may be used in every file, also inside each other.
func TestDefine(t *testing.T) {
	s := must(t, `define:
  partners: [acme.example, globex.example]
  partner: from.domain in partners
  urgent: subject matches "(?i)urgent"
rules:
- {name: one, when: partner && urgent, then: {priority: high}}
- {name: two, when: not partner && true, then: {priority: low}}
`)
	d := s.Decide(mail())
	if did(d) != "priority high" || d.Rules[1].Failed != "not partner" {
		t.Errorf("%s %+v", did(d), d.Rules)
	}
}

// Included default rules come after own ones; an own one of the same name replaces it.
func TestInclude(t *testing.T) {
	s := must(t, "include: default\nrules:\n- {name: acknowledge a new ticket, on: change, when: 'event.kind == \"created\" && ticket.queue == \"hr\"', then: {acknowledge: true}}\n- {name: quiet, on: change, when: 'event.kind == \"merged\"', stop: true}\n")
	f := mail()
	f.Phase = tickets.PhaseChange
	if got := did(s.Decide(f)); got != "notify agents" {
		t.Errorf("created: %s", got)
	}
	f.Event.Kind = "merged"
	if got := did(s.Decide(f)); got != "" {
		t.Errorf("merged: %s", got)
	}
	if s.Len() != 17 || len(s.Rules()) != 17 || s.Rules()[0] != (Info{"acknowledge a new ticket", "t.yaml:4", tickets.PhaseChange}) {
		t.Errorf("%d rules: %+v", s.Len(), s.Rules())
	}
	if r := s.Replaced(); len(r) != 1 || r[0] != "acknowledge a new ticket" {
		t.Errorf("replaced %q", r)
	}
}

func TestExplainAsksEveryTerm(t *testing.T) {
	s := must(t, when("receive", `sender.known && hour < 5 && message.to[7].domain == "x" && message.level == 1`))
	e := s.Explain(mail())
	got := ""
	for _, x := range e[0].Terms {
		got += x.Text + " = " + x.Is + "\n"
	}
	want := "sender.known = true\nhour < 5 = false\nmessage.to[7].domain == \"x\" = error: "
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "message.level == 1 = true\n") {
		t.Error(got)
	}
}

// Equal files give equal versions, any change another.
func TestVersion(t *testing.T) {
	a, b := must(t, when("receive", "true")), must(t, when("receive", "true"))
	c := must(t, when("receive", "true")+"\n")
	if a.Version() != b.Version() || a.Version() == c.Version() || len(a.Version()) != 16 {
		t.Error(a.Version(), b.Version(), c.Version())
	}
	files := []File{}
	for n, text := range a.Files() {
		files = append(files, File{n, text})
	}
	again, p := Compile(files, Options{})
	if p.Err() != nil || again.Version() != a.Version() {
		t.Error(p, again)
	}
}

// What a rule set has decided stays: the facts of one message never leak into the next.
func TestDecisionsAreIndependent(t *testing.T) {
	s := must(t, when("receive", `header("Precedence") == "bulk" && len(message.to) == 1 && any(message.attachments, .inline == false)`))
	for i := range 20 {
		f := mail()
		if i%2 == 1 {
			f.Message = tickets.MessageFacts{}
		}
		if d := s.Decide(f); d.Rules[0].Matched != (i%2 == 0) {
			t.Fatalf("round %d: %+v", i, d.Rules[0])
		}
	}
}
