package rules

import (
	"os"
	"strings"
	"testing"

	"postern/tickets"
)

// Every example of the manual compiles, and every name of the language stands in it.
func TestManual(t *testing.T) {
	b, err := os.ReadFile("manual.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	o := names
	o.Settings = &tickets.Settings{Queues: append([]tickets.Queue{{Name: "bulk"}}, names.Settings.Queues...), Agents: names.Settings.Agents}
	blocks := strings.Split(text, "```yaml\n")[1:]
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if _, p := Compile([]File{{"manual.yaml", []byte(code)}}, o); p.Err() != nil {
			t.Errorf("%s\n%v", code, p)
		}
	}
	_, table, _ := strings.Cut(text, "## Conditions")
	conditions := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		c, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimPrefix(line, "| `"), `\|`, "|"), "` |")
		if _, flaws := newTerms(Options{}).compile(c, anyPhase); len(flaws) > 0 {
			t.Errorf("%s: %v", c, flaws)
		}
		conditions++
	}
	if len(blocks) < 4 || conditions < 10 {
		t.Errorf("only %d files and %d conditions found", len(blocks), conditions)
	}
}

func TestManualNamesEverything(t *testing.T) {
	b, _ := os.ReadFile("manual.md")
	for _, v := range verbs {
		if !strings.Contains(string(b), "`"+v.name+"`") {
			t.Errorf("the action %s is not in the manual", v.name)
		}
	}
	for _, part := range []string{"message", "sender", "ticket", "event", "peer", "address", "headerField", "attachment"} {
		want := strings.Join(fieldNames(part), ", ")
		if !strings.Contains(string(b), "| "+want+" |") {
			t.Errorf("%s: the manual does not list %s", part, want)
		}
	}
	for _, list := range [][]string{eventKinds, actors, phases, groups, sinces} {
		for _, w := range list {
			if !strings.Contains(string(b), w) {
				t.Errorf("%s is not in the manual", w)
			}
		}
	}
}
