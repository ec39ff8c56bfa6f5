package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"postern/rules/strictyaml"
	"postern/tickets"
)

// MaxRules is the greatest number of rules of a Set.
const MaxRules = 20_000

// File is one rule file: its name as shown in messages and traces, and its octets.
type File struct {
	Name string
	Text []byte
}

// Set is a compiled set of rules. It never changes and is safe for concurrent use.
type Set struct {
	version  string
	files    []File
	rules    map[tickets.Phase][]*rule
	count    int
	terms    int
	replaced []string
	windows  map[string]time.Duration // reopen windows by queue, lower case
	zones    sync.Map                 // name → *time.Location
	scratch  sync.Pool                // *scratch
}

// defaultWindow is the reopen window of a queue that names none.
const defaultWindow = 14 * 24 * time.Hour

// Version is the hash of the files the set was made of: the first 16 hexadecimal
// digits of SHA-256. Equal files give equal versions, on every gateway.
func (s *Set) Version() string { return s.version }

// Len is the number of rules.
func (s *Set) Len() int { return s.count }

// Files are the files the set was made of, by name, so that they can be kept;
// Compile makes the same set of them again. The embedded default rules are among
// them only when they are the whole set.
func (s *Set) Files() map[string][]byte {
	out := make(map[string][]byte, len(s.files))
	for _, f := range s.files {
		out[f.Name] = f.Text
	}
	return out
}

// Info says of a rule what a list of rules shows.
type Info struct {
	Name  string        `json:"name"`
	At    string        `json:"at"` // file:line
	Phase tickets.Phase `json:"phase"`
}

// Rules lists the rules of all phases, in the order in which they are asked.
func (s *Set) Rules() []Info {
	var out []Info
	for _, p := range phases {
		for _, r := range s.rules[tickets.Phase(p)] {
			out = append(out, Info{r.name, r.at, r.phase})
		}
	}
	return out
}

// Replaced names the included default rules that own rules of the same name replace.
func (s *Set) Replaced() []string { return slices.Clone(s.replaced) }

// loader is the work of making one Set.
type loader struct {
	opts     Options
	terms    *terms
	names    map[string]string // rule name → file:line
	include  bool
	replaced []string
	problems strictyaml.Problems
}

// Compile makes a Set of files, in the order given. With any problem there is no Set.
func Compile(files []File, o Options) (*Set, strictyaml.Problems) {
	l := &loader{opts: o, terms: newTerms(o), names: map[string]string{}}
	parsed := l.parse(files)
	l.define(parsed)
	var rules []*rule
	for _, f := range parsed {
		rules = append(rules, l.compile(f)...)
	}
	if l.include {
		rules = append(rules, l.defaults()...)
	}
	if len(l.problems) == 0 && len(rules) > MaxRules {
		l.problems = append(l.problems, strictyaml.Problem{File: files[0].Name, Text: fmt.Sprintf("%d rules, more than %d", len(rules), MaxRules)})
	}
	if len(l.problems) > 0 {
		return nil, l.problems.Sorted()
	}
	return l.set(files, rules), nil
}

// parse reads all files as YAML.
func (l *loader) parse(files []File) []*ruleFile {
	var out []*ruleFile
	for _, f := range files {
		one := &ruleFile{}
		doc, problems := strictyaml.Decode(f.Name, f.Text, one)
		if one.doc = doc; len(problems) > 0 {
			l.problems = append(l.problems, problems...)
		}
		one.broken = len(problems) > 0
		if one.Version.n != nil || one.Rules != nil || one.Define.n != nil || len(problems) == 0 {
			l.head(one)
		}
		out = append(out, one)
	}
	return out
}

// head checks what stands above the rules.
func (l *loader) head(f *ruleFile) {
	switch v := f.Version.n; {
	case v == nil:
		l.fail(f, "", "version is missing", "begin the file with “version: 1”")
	case v.Kind != strictyaml.Int || v.Text != "1":
		v.Fail(fmt.Sprintf("version must be 1, not %s", v.What()), "this postern reads rule files of version 1")
	}
	switch i := f.Include.n; {
	case i == nil:
	case i.Text != "default":
		i.Fail(fmt.Sprintf("only the default rules can be included, not %s", i.What()), "write “include: default”; the files of the folder belong together anyway")
	default:
		l.include = true
	}
	if !f.broken && f.Rules == nil && f.Define.n == nil && f.Include.n == nil && !f.doc.Has("rules") {
		l.fail(f, "", "the file has no rules", "add “rules:” with a list of rules")
	}
}

// compile makes the rules of one file.
func (l *loader) compile(f *ruleFile) []*rule {
	var out []*rule
	for i := range f.Rules {
		if r := l.rule(f, i, &f.Rules[i]); r != nil {
			out = append(out, r)
		}
	}
	l.problems = append(l.problems, f.doc.Problems()...)
	return out
}

// defaults are the included default rules, but for those whose name is taken.
func (l *loader) defaults() []*rule {
	d := &loader{opts: Options{}, terms: l.terms, names: map[string]string{}}
	f := &ruleFile{}
	f.doc, d.problems = strictyaml.Decode(DefaultFile, defaultRules, f)
	var out []*rule
	for _, r := range d.compile(f) {
		if _, taken := l.names[r.name]; taken {
			l.replaced = append(l.replaced, r.name)
			continue
		}
		out = append(out, r)
	}
	l.problems = append(l.problems, d.problems...)
	return out
}

func (l *loader) fail(f *ruleFile, path, text, hint string) {
	l.problems = append(l.problems, f.doc.Problem(path, text, hint))
}

// set puts the compiled rules together.
func (l *loader) set(files []File, rules []*rule) *Set {
	s := &Set{version: l.version(files), files: files, rules: map[tickets.Phase][]*rule{}, count: len(rules), replaced: l.replaced, terms: len(l.terms.all),
		windows: map[string]time.Duration{}}
	for _, r := range rules {
		for i := range r.actions {
			r.actions[i].Cause.Version = s.version
		}
		s.rules[r.phase] = append(s.rules[r.phase], r)
	}
	if l.opts.Settings != nil {
		for _, q := range l.opts.Settings.Queues {
			s.windows[strings.ToLower(q.Name)] = q.ReopenWindow
		}
	}
	s.scratch.New = func() any { return &scratch{known: make([]answer, s.terms)} }
	return s
}

// version hashes names and contents, and the default rules when included.
func (l *loader) version(files []File) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s %d\n", len(f.Name), f.Name, len(f.Text))
		h.Write(f.Text)
	}
	if l.include {
		h.Write(defaultRules)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
