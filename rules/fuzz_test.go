package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

// Whatever a rule file holds: no panic; either a Set or problems that name the
// file; and a Set decides every phase within its bounds.
func FuzzCompile(f *testing.F) {
	f.Add(string(Default()))
	f.Add(good)
	files, _ := filepath.Glob("testdata/broken/*.yaml")
	for _, path := range files {
		if b, err := os.ReadFile(path); err == nil && len(b) < 2000 {
			f.Add(string(b))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, p := Compile([]File{{"f.yaml", []byte(text)}}, names)
		if (s == nil) == (len(p) == 0) {
			t.Fatalf("%v, %v", s, p)
		}
		for _, x := range p {
			if x.File != "f.yaml" || x.Text == "" || strings.ContainsAny(x.Error(), "\x00\x1b\r") {
				t.Fatalf("%+v", x)
			}
		}
		if s != nil {
			decideAll(t, s, mail())
		}
	})
}

// Whatever a condition says, and whatever the message: no panic, and an answer in
// bounded time.
func FuzzCondition(f *testing.F) {
	for _, c := range []string{`subject contains "a"`, `any(message.to, .local == "x")`, `from.domain in ["a"] && hour < 5`, `header("X") matches "a+"`,
		`(1 .. 9) == []`, `let x = 1; x == 1`, `message.to[9].local == ""`, `ticket.fields.x?.y == 1`, `all(message.headers, any(["a"], # == "b"))`,
		`duration("3d") > ticket.age`, `at.Year() == 2026`, `{"a": 1}.a == 1`, `ticket.tags[0:9] == []`, `2 ** 99999 > 1`, `1 / 0 == 1`, `1 % int("0") == 1`,
		`$env == nil`, `not not true`, `-(-1) == 1`, `find(message.to, true).local == ""`, `first(ticket.tags) ?? "x" == "x"`, `at > date("2020-01-01")`} {
		f.Add(c, "Printer", "It burns.")
	}
	f.Fuzz(func(t *testing.T, condition, subject, text string) {
		terms := newTerms(Options{})
		ts, flaws := terms.compile(condition, anyPhase)
		if whole := len(ts) > 0 && !slices.Contains(ts, nil); whole != (len(flaws) == 0) {
			t.Fatalf("%v, %v", ts, flaws)
		}
		for _, w := range flaws {
			if w.at < 0 || w.at > len(condition)+1 || w.text == "" {
				t.Fatalf("%+v", w)
			}
		}
		if len(flaws) > 0 {
			return
		}
		s := &Set{terms: len(terms.all), rules: map[tickets.Phase][]*rule{tickets.PhaseReceive: {{name: "one", terms: ts}}}}
		s.scratch.New = func() any { return &scratch{known: make([]answer, s.terms)} }
		m := mail()
		m.Message.Subject, m.Message.Text = subject, text
		start := time.Now()
		decideAll(t, s, m)
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%q took %v", condition, took)
		}
	})
}

// decideAll asks a set about facts in every phase, twice, and wants the same answer.
func decideAll(t *testing.T, s *Set, f tickets.Facts) {
	t.Helper()
	for _, phase := range phases {
		f.Phase = tickets.Phase(phase)
		a, b := s.Decide(f), s.Decide(f)
		x, err := json.Marshal(a)
		y, _ := json.Marshal(b)
		if err != nil || string(x) != string(y) {
			t.Fatalf("two answers: %s\n%s (%v)", x, y, err)
		}
		if len(a.Actions) > MaxActions {
			t.Fatalf("%d actions", len(a.Actions))
		}
	}
	_ = s.NextDue(f)
}

// INV-J3, IN-J07: what could work without bound is refused, and what is allowed is
// quick on the largest message there is.
func TestIN_J07_ConditionsAreBounded(t *testing.T) {
	for _, c := range []string{
		`all(1..9999, all(1..9999, true))`, `len(repeat("x", 1000000000)) > 1`, `len(map(message.headers, map(message.headers, map(message.headers, text)))) > 1`,
		`any(message.headers, any(message.headers, any(message.headers, .value == "x")))`, `len(text + text) > 1`, `len(split(text, "")) > 1`,
		`len(join(ticket.tags, text)) > 1`, `subject matches subject`, `len(replace(text, "", text)) > 0`, `reduce(message.headers, #acc + 1) > 1`,
		`let a = message.headers; all(a, all(a, true))`, `any(message.headers, count(filter(message.to, true), true) > 1)`, `toJSON($env) == ""`,
		strings.Repeat("(", 16000), strings.Repeat("!", 16000) + "true", strings.Repeat("not ", 4000) + "true", "subject matches '" + strings.Repeat("(a{1000})", 400) + "'",
		`subject matches "((a{100}){100}){100}"`, strings.Repeat("[", 8000), `any(message.headers, any([1], any(message.headers, true)))`,
	} {
		start := time.Now()
		_, flaws := newTerms(Options{}).compile(c, anyPhase)
		if len(flaws) == 0 || time.Since(start) > 5*time.Second {
			t.Errorf("%.60q: %v after %v", c, flaws, time.Since(start))
		}
	}
	f := mail()
	f.Message.Text = strings.Repeat("a", 64<<10)
	f.Message.Headers = nil
	for range 1000 {
		f.Message.Headers = append(f.Message.Headers, tickets.HeaderFacts{Name: "X", Value: strings.Repeat("b", 4<<10)})
	}
	for _, c := range []string{`text matches "(a+)+$"`, `text matches "(a|aa)+b"`, `lower(text) contains "b"`, `any(message.headers, .value matches "(b+)+c")`,
		`len(headers("x")) == 1000`, `any(message.headers, any(["x", "y"], # == "z"))`} {
		s := must(t, when("receive", c))
		start := time.Now()
		if d := s.Decide(f); d.Rules[0].Error != "" || time.Since(start) > 10*time.Second {
			t.Errorf("%s: %+v after %v", c, d.Rules[0], time.Since(start))
		}
	}
}

// INV-J3: more than 20 000 rules are refused, 20 000 work.
func TestINV_J3_ManyRules(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nrules:\n")
	line := func(i int) string {
		return "- {name: r" + strings.Repeat("i", i%7) + "-" + itoa(i) + ", when: hour == 30, stop: true}\n"
	}
	for i := range MaxRules / 2 {
		b.WriteString(line(i))
	}
	half := b.String()
	other := strings.ReplaceAll(half, "{name: r", "{name: s")
	s, p := Compile([]File{{"1.yaml", []byte(half)}, {"2.yaml", []byte(other)}}, Options{})
	if p.Err() != nil || s.Len() != MaxRules || len(s.Decide(mail()).Rules) != MaxRules {
		t.Fatal(p)
	}
	s, p = Compile([]File{{"1.yaml", []byte(half)}, {"2.yaml", []byte(other)}, {"3.yaml", []byte(good)}}, Options{})
	if s != nil || len(p) != 1 || !strings.Contains(p[0].Text, "20001 rules") {
		t.Fatal(p)
	}
}

func itoa(i int) string { b, _ := json.Marshal(i); return string(b) }
