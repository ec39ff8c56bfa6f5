package strictyaml

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type queue struct {
	Name      string   `yaml:"name"`
	Addresses []string `yaml:"addresses"`
	Quiet     bool     `yaml:"quiet"`
}

type common struct {
	Level int `yaml:"level"`
}

type config struct {
	Instance string            `yaml:"instance"`
	Queues   []queue           `yaml:"queues"`
	Limit    Size              `yaml:"limit"`
	Wait     Duration          `yaml:"wait"`
	Rate     float64           `yaml:"rate"`
	Port     uint16            `yaml:"port"`
	When     string            `yaml:"when"`
	Extra    map[string]string `yaml:"extra"`
	Maybe    *queue            `yaml:"maybe"`
	common   `yaml:",inline"`
}

func TestDecodeTakesAWholeFile(t *testing.T) {
	src := "\ufeff---\r\ninstance: demo # fine\r\nqueues:\r\n- name: it\r\n  addresses: [help@example.org, 'it@example.org']\r\n  quiet: true\r\n" +
		"limit: 64MiB\nwait: 2h30m\nrate: 1.5\nport: 2525\nlevel: 3\nextra: {a: b, n: 0042}\nmaybe:\n  name: later\nwhen: |\n  subject matches \"IT #4\"\n  && true\n"
	want := config{Instance: "demo", Queues: []queue{{"it", []string{"help@example.org", "it@example.org"}, true}}, Limit: 64 << 20,
		Wait: Duration(150 * time.Minute), Rate: 1.5, Port: 2525, common: common{3}, Extra: map[string]string{"a": "b", "n": "0042"},
		Maybe: &queue{Name: "later"}, When: "subject matches \"IT #4\"\n&& true\n"}
	var got config
	doc, problems := Decode("postern.yaml", []byte(src), &got)
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(config{})); d != "" {
		t.Error(d)
	}
	for path, at := range map[string][2]int{"queues[0].addresses[1]": {5, 33}, "queues": {3, 1}, "queues[0].name": {4, 9}, "queues[0].missing": {4, 3}, "nowhere": {2, 1}} {
		if l, c := doc.Pos(path); l != at[0] || c != at[1] {
			t.Errorf("Pos(%s) = %d:%d, want %v", path, l, c, at)
		}
	}
	p := doc.Problem("queues[0].addresses[1]", `no such host "example.org"`, "check the name")
	if want := "postern.yaml:5:33: no such host \"example.org\"\n   5 |   addresses: [help@example.org, 'it@example.org']\n     |                                 ^\nhint: check the name"; p.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", p.Error(), want)
	}
}

// Each mistake is told with its place, in words, and with a hint.
func TestIN_J08_DecodeNamesMistakes(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"unknown key", "instanze: a\n", `f:1:1: unknown key "instanze" | did you mean "instance"?`},
		{"unknown key below", "queues:\n  - nam: x\n", `f:2:5: unknown key "nam" | did you mean "name"?`},
		{"key in capitals", "Instance: a\n", `f:1:1: unknown key "Instance" | did you mean "instance"?`},
		{"inline key", "levl: 1\n", `f:1:1: unknown key "levl" | did you mean "level"?`},
		{"key unlike any", "zzzzzz: 1\n", `f:1:1: unknown key "zzzzzz" | known are instance, queues, limit, wait, rate, port, when, extra, maybe, level`},
		{"two unknown keys", "aa: 1\nquues: []\n", `f:1:1: unknown key "aa" | known are instance, queues, limit, wait, rate, port, when, extra, maybe, level; f:2:1: unknown key "quues" | did you mean "queues"?`},
		{"repeated key", "instance: a\nlevel: 1\ninstance: b\n", `f:3:1: the key "instance" is given twice; the first is on line 1 | keep one of the two`},
		{"repeated key in a map", "extra: {a: 1, a: 2}\n", `f:1:15: the key "a" is given twice; the first is on line 1 | keep one of the two`},
		{"fraction as int", "level: 1.5\n", `f:1:8: level must be a whole number, not 1.5 | `},
		{"text as int", "level: five\n", `f:1:8: level must be a whole number, not "five" | `},
		{"quoted int", "level: \"5\"\n", `f:1:8: level must be a whole number, not "5" | remove the quotes`},
		{"too great", "port: 70000\n", `f:1:7: port must be a whole number, not negative, not 70000 | it is out of range`},
		{"negative", "port: -1\n", `f:1:7: port must be a whole number, not negative, not -1 | `},
		{"duration", "wait: five\n", `f:1:7: wait cannot be "five" | a duration is written like 30s, 15m, 2h30m, 3d or 1w`},
		{"duration without unit", "wait: 5\n", `f:1:7: wait cannot be "5" | a duration is written like 30s, 15m, 2h30m, 3d or 1w`},
		{"size", "limit: 5 apples\n", `f:1:8: limit cannot be "5 apples" | a size is written like 512, 20MB or 64MiB`},
		{"yes", "queues:\n- quiet: yes\n", `f:2:10: queues[0].quiet must be true or false, not "yes" | write true`},
		{"off", "queues:\n- quiet: off\n", `f:2:10: queues[0].quiet must be true or false, not "off" | write false`},
		{"quoted true", "queues:\n- quiet: 'true'\n", `f:2:10: queues[0].quiet must be true or false, not "true" | remove the quotes`},
		{"true as text", "instance: true\n", `f:1:11: instance must be text, not true | write "true" in quotes if the word is meant`},
		{"list as text", "instance: [a]\n", `f:1:1: instance must be text, not a list | `},
		{"text as list", "queues: it\n", `f:1:9: queues must be a list, not "it" | write [a, b], or one line with “- ” for each`},
		{"text as mapping", "queues: [it]\n", `f:1:10: queues[0] must be a mapping, not "it" | write “key: value” lines, indented below it`},
		{"list as file", "- a\n", `f:1:1: the file must be a mapping, not a list | write “key: value” lines, indented below it`},
		{"nothing", "instance:\nlevel: 1\n", `f:1:1: instance has no value | give it one, or remove the line`},
		{"null", "queues: ~\n", `f:1:1: queues has no value | give it one, or remove the line`},
		{"anchor", "instance: &a x\n", `f:1:11: anchors (&) are not allowed | write the value out, or quote it if it begins with &`},
		{"alias", "instance: *a\n", `f:1:11: aliases (*) are not allowed | write the value out, or quote it if it begins with *`},
		{"merge", "extra:\n  <<: {a: b}\n", `f:2:3: merge keys (<<) are not allowed | write the keys out`},
		{"tag", "when: !automatic && true\n", `f:1:7: a leading ! is a YAML tag, so "!automatic" is not read as written | put a condition under “when: |”, indented on the next line, or quote the value`},
		{"tag with bracket", "when: !(a || b)\n", `f:1:7: a leading ! is a YAML tag, so "!(a" is not read as written | put a condition under “when: |”, indented on the next line, or quote the value`},
		{"cut at a comment", "when: subject contains \"[IT #42]\"\n", `f:1:29: the value ends at "subject contains \"[IT", because “ #” begins a comment | put a condition under “when: |”, indented on the next line, or quote the value; a comment has a space after the #`},
		{"cut without quote", "instance: IT #42\n", `f:1:14: the value ends at "IT", because “ #” begins a comment | put a condition under “when: |”, indented on the next line, or quote the value; a comment has a space after the #`},
		{"tab", "queues:\n\t- name: x\n", `f:2:1: a tab in the indentation | YAML is indented by spaces`},
		{"mark inside", "instance: a\n\ufefflevel: 1\n", `f:2:1: a byte order mark inside the file | remove it; files joined together often have one at the seam`},
		{"UTF-16", "\xff\xfei\x00", `f:1:1: the file is UTF-16 | save it as UTF-8`},
		{"Latin-1", "instance: caf\xe9\n", `f:1:14: this is not UTF-8 | save the file as UTF-8`},
		{"NUL", "instance: a\x00b\n", `f:1:12: a control character (U+0000) | remove it, or write it as an escape in double quotes`},
		{"lone CR", "instance: a\rlevel: 1\n", `f:1:12: a carriage return without line feed | end lines with LF or CRLF`},
		{"empty", "", `f:1: the file is empty | a file that should say nothing is better removed`},
		{"blank", " \n\n", `f:1: the file is empty | a file that should say nothing is better removed`},
		{"comments only", "# nothing\n", `f:1: the file holds nothing but comments | a file that should say nothing is better removed`},
		{"second document", "instance: a\n---\ninstance: b\n", `f:2:1: a second document begins here, and would not be read | one file holds one document; remove the line “---” or make two files`},
		{"directive", "%YAML 1.2\n---\ninstance: a\n", `f:1:1: directives (%) are not allowed | remove the line, or quote the value if it begins with %`},
		{"complex key", "? a\n: b\n", `f:1:1: keys after “?” are not allowed | write “key: value”`},
		{"open double quote", "instance: \"a\nlevel: 1\n", `f:1:11: a double quote is not closed | end the text with "; a " inside it is written \"`},
		{"open single quote", "instance: 'it's\n", `f:1:15: a key or value where none can be | indent it like its neighbours; a quoted value ends at its closing quote`},
		{"open bracket", "queues: [a\nlevel: 1\n", `f:2:1: a list is not closed, or lacks a comma | write [a, b]; quote values that hold brackets or commas`},
		{"open brace", "extra: {a: 1\n", `f:1:8: a mapping is not closed | end it with }`},
		{"stray bracket", "instance: ]\n", `f:1:11: a ] without [ | remove it, or quote the value`},
		{"colon in value", "instance: a: b\n", `f:1:11: a “: ” where no key can be | quote a value that holds “: ”, or indent the key like its neighbours`},
		{"wrong indent", "queues:\n  - name: a\n    quiet: true\n   addresses: []\n", `f:4:4: a key or value where none can be | indent it like its neighbours; a quoted value ends at its closing quote`},
		{"no colon", "instance a\n", `f:1:1: the file must be a mapping, not "instance a" | write “key: value” lines, indented below it`},
		{"no space after colon", "instance:a\nlevel: 1\n", `f:1:1: a line without key | write “key: value”; longer text goes under “key: |”`},
		{"block not indented", "queues:\n  - name: |\n    x\nwhen: |\nsubject == 1\n", `f:3:5: this line is not part of the block that begins on line 2 | indent the text of the block deeper than its key; f:5:1: this line is not part of the block that begins on line 4 | indent the text of the block deeper than its key`},
		{"empty block", "when: |\n", `f:1:7: nothing stands in this block | indent its text on the next line`},
		{"text behind a bar", "when: | true\n", `f:1:7: text stands behind | or > | the text of a block begins on the next line`},
		{"reserved", "instance: @home\n", `f:1:11: this value begins with a character that YAML reserves | quote the value`},
		{"escape", "instance: \"\\d+\"\n", `f:1:12: an unknown escape after \ | in double quotes a \ is written \\; single quotes take it as it is`},
		{"deep flow", "extra: " + strings.Repeat("[", 100), `f:1:71: nested more than 64 deep | no file needs that; is a bracket missing?`},
		{"deep block", strings.Repeat("- ", 100) + "a", `f:1:129: nested more than 64 deep | no file needs that; is a bracket missing?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v config
			_, problems := Decode("f", []byte(c.src), &v)
			if got := short(problems); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A comment is no mistake where the value before it is whole.
func TestCommentsAreNoMistake(t *testing.T) {
	for _, line := range []string{`instance: a # b`, `instance: it's # ours`, `when: subject contains "a" # always`, `instance: "a" #b`, `when: (a) # (`, `instance: a ## b`, `instance: a #`, `queues: [] # none`} {
		if _, ps := Decode("f", []byte(line+"\n"), new(config)); ps.Err() != nil {
			t.Errorf("%s: %v", line, ps)
		}
	}
	for _, line := range []string{`instance: a #b`, `when: x == 'IT # 4'`, `when: any(a, # == 1)`, `when: a in ["x # y"]`} {
		if _, ps := Decode("f", []byte(line+"\n"), new(config)); len(ps) != 1 || !strings.Contains(ps[0].Text, "begins a comment") {
			t.Errorf("%s: %v", line, ps)
		}
	}
}

// short is problems on one line, without snippets.
func short(ps Problems) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Where()+": "+p.Text+" | "+p.Hint)
	}
	return strings.Join(out, "; ")
}
