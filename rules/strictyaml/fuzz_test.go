package strictyaml

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Whatever the file holds: no panic, a Doc, and every problem has a place inside
// the file and shows no control character.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "a", "instance: x\nqueues:\n- name: y\n", "when: |\n  a\n", "extra: {a: [b, 'c', \"d\\n\"]}\n", "&a *a", "<<: {}", "? a", "- - -", "---\n---\n", "a: >-\n  b\n c", "!x", "a: \"\\x", "\t"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var v config
		doc, problems := Decode("f", src, &v)
		if doc == nil {
			t.Fatal("no Doc")
		}
		lines := bytes.Count(src, []byte("\n")) + 1
		for _, p := range problems {
			if p.Line < 0 || p.Line > lines || p.Text == "" {
				t.Fatalf("%+v of %d lines", p, lines)
			}
			if strings.ContainsAny(p.Error(), "\x00\x1b\r\x07\u2028") {
				t.Fatalf("control character in %q", p.Error())
			}
		}
	})
}

// Files made to be slow or deep are refused or read in bounded time.
func TestIN_J08_HostileFilesAreBounded(t *testing.T) {
	n := 60_000
	for name, src := range map[string]string{
		"brackets": strings.Repeat("[", n), "braces": strings.Repeat("{", n), "dashes": strings.Repeat("- ", n),
		"keys": strings.Repeat("a: ", n), "quotes": strings.Repeat("'\n", n), "long line": "a: " + strings.Repeat("x", 4*n),
		"plain lines": "a: b\n" + strings.Repeat("  c\n", n), "questions": strings.Repeat("? ", n), "tags": strings.Repeat("! ", n), "anchors": strings.Repeat("&a ", n),
		"commas": "[" + strings.Repeat(",", n), "comments": strings.Repeat("#\n", n), "colons": strings.Repeat(":", n), "blank": "a:" + strings.Repeat("\n", n) + "b",
		"documents": strings.Repeat("---\n", n), "block": "a: |\n" + strings.Repeat("  x\n", n), "list": "queues:\n" + strings.Repeat("- name: x\n", n/4),
		"unknown": strings.Repeat("b: c\n", n/4), "bars": strings.Repeat("a: |\n", n/4), "percent": strings.Repeat("%a\n", n/4), "quoted": "a: \"" + strings.Repeat("\\n", n),
	} {
		start := time.Now()
		var v config
		_, problems := Decode("f", []byte(src), &v)
		took := time.Since(start)
		t.Logf("%-12s %8d octets %8v %d problems", name, len(src), took.Round(time.Millisecond), len(problems))
		if took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	_, problems := Decode("f", bytes.Repeat([]byte("x"), MaxSize+1), new(config))
	if len(problems) != 1 || problems[0].Where() != "f" || !strings.Contains(problems[0].Text, "10MiB") {
		t.Errorf("too large: %v", problems)
	}
}

// The grammar's time grows with the square of the keys of a mapping: there is a limit.
func TestTooManyKeysAreRefused(t *testing.T) {
	for name, src := range map[string]string{
		"block": strings.Repeat("b: c\n", MaxKeys+1),
		"flow":  "extra: {" + strings.Repeat("b: c,", MaxKeys+1) + "}\n",
	} {
		_, problems := Decode("f", []byte(src), new(config))
		if len(problems) != 1 || problems[0].Text != "more than 5000 keys in one mapping" {
			t.Errorf("%s: %d problems, %s", name, len(problems), short(problems[:1]))
		}
	}
}

// A file cannot write on the terminal its mistakes are shown on.
func TestSnippetsHoldNoControlCharacters(t *testing.T) {
	_, problems := Decode("f", []byte("instance: a\x1b[2J\x07\u2028\u202eb\x00\n"), new(config))
	want := "f:1:12: a control character (U+001B)\n   1 | instance: a [2J   b \n     |            ^\n" +
		"hint: remove it, or write it as an escape in double quotes"
	if got := problems.Error(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
