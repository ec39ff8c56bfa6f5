package mailout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// maxTemplate bounds a template file, in bytes.
const maxTemplate = 64 << 10

// Load reads a queue's folder of templates over the built-in ones. A file
// LANG/ROLE.txt replaces one language, ROLE.txt all of them. Every template is
// tried on sample mails, so that what loads can be sent; the error names each
// mistake with file and line.
func Load(dir string) (*Templates, error) {
	t := &Templates{byName: map[string]*template.Template{}}
	for name, x := range builtin().byName {
		t.byName[name] = x
	}
	if err := t.add(os.DirFS(dir), dir, samples()); err != nil {
		return nil, err
	}
	return t, nil
}

// add reads all template files of a folder; where is its name in errors. Each is
// tried on the samples.
func (t *Templates) add(dir fs.FS, where string, tried []Values) error {
	var errs []error
	err := fs.WalkDir(dir, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(path.Base(name), "."), path.Base(name) == "parts.txt", path.Base(name) == linesFile:
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			return nil
		case path.Ext(name) != ".txt":
			errs = append(errs, fmt.Errorf("%s: a template is named ROLE.txt", path.Join(where, name)))
			return nil
		}
		if err := t.addFile(dir, name, where, tried); err != nil {
			errs = append(errs, err)
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// addFile reads one file into each language it is for.
func (t *Templates) addFile(dir fs.FS, name, where string, tried []Values) error {
	full := path.Join(where, name)
	langs, role, err := place(name)
	if err != nil {
		return fmt.Errorf("%s: %w", full, err)
	}
	b, err := fs.ReadFile(dir, name)
	if err != nil {
		return fmt.Errorf("%s: %w", full, err)
	}
	if len(b) > maxTemplate {
		return fmt.Errorf("%s: larger than %d bytes", full, maxTemplate)
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(b), "\ufeff"), "\r\n", "\n")
	for _, l := range langs {
		x, err := parse(l, full, text, tried)
		if err != nil {
			return err
		}
		t.byName[l+"/"+role] = x
	}
	return nil
}

// place reads language and role out of a file's name.
func place(name string) (langs []string, role string, err error) {
	role = strings.TrimSuffix(path.Base(name), ".txt")
	langs = Languages()
	if l := path.Dir(name); l != "." {
		if !slices.Contains(langs, l) {
			return nil, "", fmt.Errorf("unknown language %q: known are %s", l, strings.Join(langs, ", "))
		}
		langs = []string{l}
	}
	for _, r := range roles {
		if role == r || strings.HasPrefix(role, r+"-") {
			return langs, role, nil
		}
	}
	return nil, "", fmt.Errorf("unknown template %q: did you mean %q? A variant is named after a known one, like \"ack-weekend\"", role, nearest(role))
}

// parse reads one template and tries it on samples.
func parse(lang, file, text string, tried []Values) (*template.Template, error) {
	if !strings.HasPrefix(text, "Subject:") {
		return nil, fmt.Errorf("%s:1: the first line must begin with \"Subject:\"", file)
	}
	base, err := parts()[lang].Clone()
	if err != nil {
		return nil, located(file, err)
	}
	x, err := base.New(file).Parse(text)
	if err != nil {
		return nil, located(file, err)
	}
	one := &Templates{byName: map[string]*template.Template{lang + "/x": x}}
	for _, v := range tried {
		if _, _, err := one.render(lang, "x", v); err != nil {
			return nil, located(file, err)
		}
	}
	return x, nil
}

var place1 = regexp.MustCompile(`^template: .*?:(\d+(?::\d+)?): (?:executing "[^"]*" at )?(.*)$`)

// located turns an error of text/template into "file:line: what".
func located(file string, err error) error {
	m := place1.FindStringSubmatch(err.Error())
	if m == nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return fmt.Errorf("%s:%s: %s", file, m[1], m[2])
}

// nearest is the known role with the fewest edits from word.
func nearest(word string) string {
	best, least := roles[0], 1<<30
	for _, r := range roles {
		if d := edits(word, r); d < least {
			best, least = r, d
		}
	}
	return best
}

func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diag
			if a[i] != b[j] {
				change++
			}
			diag, row[j+1] = row[j+1], min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// samples are values on which each template must work: nothing known, all
// known for an agent, all known for a requester.
func samples() []Values {
	full := Values{Role: "sample", Number: 42, Tag: "[IT #42]", Subject: "Printer on fire", Queue: "IT",
		Status: "open", Priority: "high", Assignee: "Bob", Requester: "Ann Smith <ann@example.net>", FirstName: "Ann",
		Answerable: true, Lines: []string{"status: open → resolved"}, Why: "a reason", Reopened: "resolved", Returned: "text", Nonce: "abc", Until: "14:03:00"}
	full.Entry = Words{Who: full.Requester, Name: "Ann Smith", When: "2 Nov 2026 14:03", Text: "text", Full: "text\n> old", Cut: true, Why: "why"}
	full.Other = full.Entry
	full.History = []Words{full.Entry, {Name: "Bob", Note: true, Text: "note"}}
	full.Links = []Link{{"take", "mailto:help@example.org"}, {"note", "mailto:help@example.org"}}
	full.Items = []Item{{42, "[IT #42]", "Printer on fire", "IT", "open", "Bob", "Ann Smith", "waits until 4 Nov 2026 09:00", "changed 3 days ago", full.Links,
		[]Told{{"notice-new", 1}}, "2 Nov 2026 14:03", "due"}, {Number: 43, Tag: "[IT #43]", Subject: "No coffee", Status: "new"}}
	full.Similar, full.Due = full.Items[:1], "waits until 4 Nov 2026 09:00"
	full.Answers = []Answered{{"#show 42", full.Lines, full.Items, full.History}, {Ask: "#list mine"}}
	full.Files = []File{{"a.pdf", "12 kB"}}
	full.TooLarge = full.Files
	full.Earlier, full.Told, full.More = []Words{full.Entry}, []Told{{"notice-reply", 2}}, 3
	agent := full
	agent.Agent = true
	return []Values{{}, {Agent: true}, full, agent}
}
