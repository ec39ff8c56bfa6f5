package main

import (
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"postern/rules/strictyaml"
)

// commandIn finds commands of ours in a page: after a line's start in a code block, or in
// backquotes.
var commandIn = regexp.MustCompile("(?m)^postern [^\n]*|`postern [^`\n]*`")

// Every command that the manual names can be given as it stands there.
func TestOperationsCommandsExist(t *testing.T) {
	src, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := commandIn.FindAllString(string(src), -1)
	if len(found) < 25 {
		t.Errorf("only %d commands found", len(found))
	}
	for _, line := range found {
		args := commandArgs(line)
		var c cli
		k := kong.Must(&c, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
		if args[0] == "VERB" || args[0] == "--help" {
			continue
		}
		if _, err := k.Parse(args); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// The commented configuration says of every key without an effect that it has none, and the
// pages name the same keys.
func TestKeysWithoutEffectSaySo(t *testing.T) {
	var marked []string
	for line := range strings.Lines(exampleConfig) {
		if strings.Contains(line, "(no effect yet)") {
			key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			marked = append(marked, key)
		}
	}
	releases, err := os.ReadFile("../../docs/releases.md")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile("(?s)change nothing yet: (.*?)\\.\n").FindSubmatch(releases)
	if list == nil && len(marked) == 0 {
		return // every key does what it says
	}
	if list == nil {
		t.Fatal("docs/releases.md has lost its list of keys without effect")
	}
	named := regexp.MustCompile("([a-z_]+)`").FindAllStringSubmatch(string(list[1]), -1)
	if len(named) != len(marked) || len(marked) == 0 {
		t.Errorf("releases.md names %v, help config marks %v", named, marked)
	}
	operations, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range named {
		if !slices.Contains(marked, n[1]) || !strings.Contains(string(operations), n[1]) {
			t.Errorf("%s is not marked in help config, or not named in operations.md", n[1])
		}
	}
}

// commandArgs cuts comments, pipes and quotes off.
func commandArgs(line string) []string {
	line = strings.Trim(line, "`")
	line, _, _ = strings.Cut(line, " #")
	line, _, _ = strings.Cut(line, ">")
	line = strings.NewReplacer("'", "").Replace(line)
	return strings.Fields(line)[1:]
}

// Every piece of configuration in the manual has keys that exist.
func TestOperationsConfigurationReads(t *testing.T) {
	src, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(src), -1)
	if len(blocks) < 4 {
		t.Errorf("only %d pieces found", len(blocks))
	}
	for _, b := range blocks {
		var c Config
		if _, problems := strictyaml.Decode("operations.md", []byte(b[1]), &c); len(problems) > 0 {
			t.Errorf("%v in\n%s", problems, b[1])
		}
	}
}
