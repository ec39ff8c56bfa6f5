package mailout

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"postern/tickets"
)

// The answer to #help names every command, in both languages.
func TestHelpNamesEveryCommand(t *testing.T) {
	for _, lang := range Languages() {
		_, text, err := builtin().render(lang, "help", Values{})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range tickets.Words() {
			if !strings.Contains(text, "#"+w) {
				t.Errorf("%s: #%s is not in the list", lang, w)
			}
		}
	}
}

// The manual names every role and every value, and its example works.
func TestManual(t *testing.T) {
	b, err := os.ReadFile("templates.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, r := range Roles() {
		if !strings.Contains(text, "`"+r+"`") {
			t.Errorf("role %s is not in the manual", r)
		}
	}
	for _, v := range []reflect.Type{reflect.TypeFor[Values](), reflect.TypeFor[Words](), reflect.TypeFor[Link](), reflect.TypeFor[File]()} {
		for i := range v.NumField() {
			if n := v.Field(i).Name; n != "Role" && !strings.Contains(text, "`."+n+"`") {
				t.Errorf("value %s.%s is not in the manual", v.Name(), n)
			}
		}
	}
	_, example, _ := strings.Cut(text, "```\nSubject:")
	example, _, _ = strings.Cut(example, "```")
	if _, err := Load(folder(t, map[string]string{"ack.txt": "Subject:" + example})); err != nil {
		t.Error(err)
	}
}
