package migrations

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// A step that was released is never edited: a new one is added. The hashes are of the
// files before their words are filled in.
//
// DO NOT EDIT a line of a released step.
var released = map[string]string{}

func TestReleasedSteps(t *testing.T) {
	names, err := fs.Glob(files, "sql/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for name, want := range released {
		data, err := files.ReadFile(name)
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || got != want {
			t.Errorf("%s: %s, released as %s, %v", name, got, want, err)
		}
	}
}

// Each word is filled in, in both dialects, and the size is that of the text.
func TestTranslated(t *testing.T) {
	for dialect, words := range words {
		fsys := translated{dialect, fstest.MapFS{"x.sql": {Data: []byte("a {{id}}, {{blob}} {{id}}")}}}
		got, err := fs.ReadFile(fsys, "x.sql")
		want := "a " + words["id"] + ", " + words["blob"] + " " + words["id"]
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", dialect, got, err)
		}
		info, err := fs.Stat(fsys, "x.sql")
		if err != nil || info.Size() != int64(len(want)) || info.Name() != "x.sql" {
			t.Errorf("%s: %v %v", dialect, info, err)
		}
	}
}

// Both dialects know the same words, and a word that none knows is an error.
func TestWords(t *testing.T) {
	for w := range words[SQLite] {
		if words[Postgres][w] == "" || words[SQLite][w] == "" {
			t.Errorf("word %s is not in both dialects", w)
		}
	}
	if len(words[SQLite]) != len(words[Postgres]) {
		t.Error("PostgreSQL has a word more")
	}
	fsys := translated{SQLite, fstest.MapFS{"x.sql": {Data: []byte("{{money}}")}}}
	if _, err := fs.ReadFile(fsys, "x.sql"); err == nil || !strings.Contains(err.Error(), "{{money}}") {
		t.Errorf("an unknown word: %v", err)
	}
	if _, err := fsys.Open("none.sql"); err == nil {
		t.Error("a file that is not there was opened")
	}
}
