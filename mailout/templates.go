package mailout

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"

	"postern/tickets"
)

//go:embed templates
var embedded embed.FS

// roles are the built-in templates, in the order of a ticket's life.
var roles = []string{"ack", "ack-unverified", "notice-new", "notice-reply", "notice-unverified", "notice-held", "notice-several",
	"notice", "assigned", "reply", "update", "pending", "reminder", "closing", "resolved", "merged", "closed", "reopened",
	"receipt", "help", "answer", "refusal", "confirmation", "conflict", "failure", "delay", "storm", "digest", "morning", "quarantine", "confirmation-list", "alarm"}

// Roles lists the names of the built-in templates. A queue's folder may replace
// each of them, and may add variants named after one: "ack-weekend".
func Roles() []string { return slices.Clone(roles) }

// Languages lists the languages that are built in; the first is used for others.
func Languages() []string { return slices.Clone(tickets.Spoken) }

// Templates are the texts of one queue: the built-in ones, some replaced. They
// are immutable and safe for concurrent use.
type Templates struct {
	// byName holds "en/ack"; each tree has the language's shared parts.
	byName map[string]*template.Template
}

// builtin are the templates that postern brings along, read at the first mail: most
// commands of the program write none.
var builtin = sync.OnceValue(func() *Templates {
	t := &Templates{byName: map[string]*template.Template{}}
	sub, err := fs.Sub(embedded, "templates")
	if err == nil {
		err = t.add(sub, "templates", nil) // a test tries them on the samples
	}
	if err != nil {
		panic("mailout: built-in templates: " + err.Error())
	}
	return t
})

var funcs = template.FuncMap{"quote": quote}

// quote puts "> " before each line.
func quote(s string) string {
	if s == "" {
		return ""
	}
	return "> " + strings.ReplaceAll(s, "\n", "\n> ")
}

// parts are what the templates of a language share.
var parts = sync.OnceValue(func() map[string]*template.Template {
	m := map[string]*template.Template{}
	for _, lang := range Languages() {
		b, err := embedded.ReadFile(path.Join("templates", lang, "parts.txt"))
		if err != nil {
			panic("mailout: built-in templates: " + err.Error())
		}
		m[lang] = template.Must(template.New("parts").Funcs(funcs).Option("missingkey=error").Parse(string(b)))
	}
	return m
})

// find gives the template of a role in a language, falling back from a variant
// to what it is named after, and from a foreign language to the first one.
func (t *Templates) find(lang, role string) *template.Template {
	for name := role; ; {
		for _, l := range []string{lang, Languages()[0]} {
			if x := t.byName[l+"/"+name]; x != nil {
				return x
			}
		}
		i := strings.LastIndexByte(name, '-')
		if i < 0 {
			return nil
		}
		name = name[:i]
	}
}

// render writes the text of a role: its subject line and its body.
func (t *Templates) render(lang, role string, v Values) (subject, text string, err error) {
	x := t.find(lang, role)
	if x == nil {
		return "", "", fmt.Errorf("no template %q", role)
	}
	var b bytes.Buffer
	if err := x.Execute(&b, v); err != nil {
		return "", "", err
	}
	line, text, _ := strings.Cut(strings.TrimLeft(b.String(), "\n"), "\n")
	subject, ok := strings.CutPrefix(line, "Subject:")
	if !ok {
		return "", "", fmt.Errorf("template %s: the first line must begin with \"Subject:\"", x.Name())
	}
	return strings.TrimSpace(subject), bodyOf(text, 2*maxReplied) + "\n", nil
}

// role chooses the template of a draft.
func role(d tickets.Draft) string {
	switch {
	case d.Role == "ack" && shy(d):
		return "ack-unverified"
	case d.Role == "notice" && d.Entry != nil:
		return noticeRole(d)
	case builtin().find("en", d.Role) == nil:
		return generic(d)
	}
	return d.Role
}

// noticeRole chooses among the notices by the entry they tell.
func noticeRole(d tickets.Draft) string {
	switch {
	case d.Entry.State == tickets.EntryUnverified:
		return "notice-unverified"
	case d.Entry.State == tickets.EntryHeld:
		return "notice-held"
	case d.Ticket.Entries <= 1 && len(d.History) == 0:
		return "notice-new"
	}
	return "notice-reply"
}

// generic is the template for a role we have no text for.
func generic(d tickets.Draft) string {
	if d.Mail == tickets.MailUpdate || d.Mail == "" {
		return "update"
	}
	return string(d.Mail)
}
