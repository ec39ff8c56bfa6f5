package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/tickets"
)

var update = flag.Bool("update", false, "write the .want files anew; read what they say before keeping them")

// names are the queues, agents and templates that the broken files are checked against.
var names = Options{
	Settings: &tickets.Settings{
		Queues: []tickets.Queue{{Name: "it"}, {Name: "hr"}, {Name: "vip"}},
		Agents: []tickets.Agent{{Name: "bob"}, {Name: "carol"}},
	},
	Templates: []string{"ack", "notice", "reminder", "resolved"},
}

// Every kind of mistake has its exact message, with place and hint.
func TestBrokenFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/broken/*.yaml")
	for _, path := range files {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			set, problems := Compile([]File{{name, text}}, names)
			if set != nil || len(problems) == 0 {
				t.Fatal("it compiles")
			}
			got := problems.Error() + "\n"
			want := strings.TrimSuffix(path, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if b, err := os.ReadFile(want); err != nil || string(b) != got {
				t.Errorf("got\n%swant\n%s", got, b)
			}
			for _, p := range problems {
				if p.File != name || p.Line == 0 {
					t.Errorf("no place: %+v", p)
				}
			}
		})
	}
}

// The table names every file, and at least 60 kinds that differ.
func TestBrokenFilesAreOfManyKinds(t *testing.T) {
	table, err := os.ReadFile("testdata/broken/README.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for line := range strings.Lines(string(table)) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.HasPrefix(cells[1], "---") || cells[1] == " file " {
			continue
		}
		file, kind := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
		if first, again := kinds[kind]; again {
			t.Errorf("%s and %s are of the same kind", first, file)
		}
		kinds[kind] = file
		if _, err := os.Stat("testdata/broken/" + file + ".yaml"); err != nil {
			t.Error(err)
		}
	}
	files, _ := filepath.Glob("testdata/broken/*.yaml")
	if len(files) != len(kinds) || len(kinds) < 60 {
		t.Errorf("%d files, %d kinds", len(files), len(kinds))
	}
}
