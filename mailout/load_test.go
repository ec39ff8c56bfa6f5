package mailout

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postern/tickets"
)

// folder writes template files into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// An admin's file replaces the built-in text of its queue, and no other.
func TestLoadOverrides(t *testing.T) {
	dir := folder(t, map[string]string{
		"de/ack.txt":      "Subject: Moin\r\n\r\n{{template \"top\" .}}Nummer {{.Number}}.",
		"closed.txt":      "Subject: over\n\nOver.",
		"ack-weekend.txt": "Subject: see you on Monday\n\nOn Monday.",
		".git/config":     "not a template",
		".ack.txt.swp":    "nor this",
	})
	own, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r := own.Names(); len(r) != len(Roles())+1 || !slices.Contains(r, "ack-weekend") {
		t.Errorf("a rule may use %q", r)
	}
	c := &Composer{Templates: map[string]*Templates{"own": own}}
	for _, x := range []struct{ folder, lang, role, want string }{
		{"own", "de", "ack", "Nummer 42."},
		{"own", "en", "ack", "We have received your mail"},
		{"own", "en", "closed", "Over."},
		{"own", "de", "closed", "Over."},
		{"own", "en", "ack-weekend", "On Monday."},
		{"own", "fr", "closed", "Over."},
		{"", "de", "ack", "ist bei uns angekommen"},
		{"", "en", "ack-weekend", "We have received your mail"},
		{"elsewhere", "fr", "ack", "We have received your mail"},
		{"", "en", "never-heard-of", "There is news of your request."},
	} {
		d := draft(x.role, tickets.MailUpdate)
		d.Queue.Templates, d.Queue.Language = x.folder, x.lang
		content, err := c.Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		if text := mustBeStrict(t, string(octets(t, content))).parts[0].body; !strings.Contains(text, x.want) {
			t.Errorf("%+v: %q", x, text)
		}
	}
}

// Each mistake is named with its file, its line where there is one, and what to do.
func TestLoadExplains(t *testing.T) {
	for name, x := range map[string]struct{ file, text, want string }{
		"unknown role":     {"akc.txt", "Subject: x\n", `akc.txt: unknown template "akc": did you mean "ack"?`},
		"unknown language": {"xx/ack.txt", "Subject: x\n", `xx/ack.txt: unknown language "xx": known are en, de`},
		"no subject":       {"ack.txt", "Hello", `ack.txt:1: the first line must begin with "Subject:"`},
		"syntax":           {"ack.txt", "Subject: x\n\n{{if .Subject}}", `ack.txt:3: unexpected EOF`},
		"unknown function": {"ack.txt", "Subject: x\n\n{{upper .Subject}}", `ack.txt:3: function "upper" not defined`},
		"unknown value":    {"ack.txt", "Subject: x\n\n\n{{.Password}}", `ack.txt:4:2: <.Password>: can't evaluate field Password`},
		"unknown part":     {"ack.txt", "Subject: x\n{{template \"tip\" .}}", `ack.txt:2:11: `},
		"not a template":   {"ack.html", "x", `ack.html: a template is named ROLE.txt`},
		"too large":        {"ack.txt", "Subject: " + strings.Repeat("x", maxTemplate), `ack.txt: larger than 65536 bytes`},
	} {
		dir := folder(t, map[string]string{x.file: x.text})
		_, err := Load(dir)
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "")+"/"+x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "away")); err == nil {
		t.Error("a folder that is not there was loaded")
	}
	dir := folder(t, map[string]string{"ack.txt": "x", "en/close.txt": "x"})
	if _, err := Load(dir); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two mistakes: %v", err)
	}
}

// A template that fails where the samples did not does not keep a mail back.
func TestFailingTemplateGivesWay(t *testing.T) {
	own, err := Load(folder(t, map[string]string{"ack.txt": "Subject: x\n\n{{if eq .Number 4711}}{{slice .Tag 100}}{{end}}own"}))
	if err != nil {
		t.Fatal(err)
	}
	d := draft("ack", tickets.MailAck)
	d.Queue.Templates = "own"
	for number, want := range map[int64]string{42: "own", 4711: "We have received your mail"} {
		d.Ticket.ID = number
		c, err := (&Composer{Templates: map[string]*Templates{"own": own}}).Compose(d)
		if err != nil {
			t.Fatal(err)
		}
		if raw := string(octets(t, c)); !strings.Contains(raw, want) {
			t.Errorf("ticket %d: %s", number, raw)
		}
	}
}

// Every role is there in every language, works on the samples, says its point at
// once, and uses no word that only a programmer or an administrator knows.
func TestBuiltinTexts(t *testing.T) {
	jargon := regexp.MustCompile(`(?i)\b(outbox|arrival|envelope|token|smtp|header|parse|queue|null|error|participant|entry|disposition|gateway|postern|database|SLA)\b`)
	for _, lang := range Languages() {
		for _, role := range Roles() {
			for _, v := range samples() {
				v.Queue = "IT"
				_, text, err := builtin().render(lang, role, v)
				if err != nil {
					t.Fatal(err)
				}
				said := regexp.MustCompile(`<mailto:[^>]*>|#[a-z]+( queue NAME)?`).ReplaceAllString(text, "") // commands are called what they are called
				if w := jargon.FindString(said); w != "" {
					t.Errorf("%s/%s says %q:\n%s", lang, role, w, text)
				}
				if strings.Contains(text, "\n\n\n") && v.Subject != "" {
					t.Errorf("%s/%s has a hole:\n%s", lang, role, text)
				}
				if strings.Contains(text, "<no value>") {
					t.Errorf("%s/%s: %s", lang, role, text)
				}
			}
			if builtin().byName[lang+"/"+role] == nil {
				t.Errorf("%s/%s is missing", lang, role)
			}
		}
	}
}

// The point of each mail is made within 14 lines of 60 columns.
func TestPointIsMadeSoon(t *testing.T) {
	for _, lang := range Languages() {
		for _, role := range Roles() {
			if role == "reply" {
				continue
			}
			text := mustBeStrict(t, compose(t, story(role, lang))).parts[0].body
			text = regexp.MustCompile(`(?s)^##-.*?-##\s*`).ReplaceAllString(text, "")
			line, _, _ := strings.Cut(text, "\r\n")
			if n := len([]rune(line)); n < 15 || n > 4*60 {
				t.Errorf("%s/%s begins with %d characters: %q", lang, role, n, line)
			}
		}
	}
}
