package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"postern/rules/strictyaml"
)

// A review finds what is wrong in a configuration that was read: names that lead
// nowhere, contradictions, missing files. It goes through all of it, so that an
// admin sees every mistake at once, and completes it on the way: defaults,
// complete paths, passwords.
type review struct {
	cfg *Config
	doc *strictyaml.Doc
	env func(string) string
	dir string // relative paths are relative to this folder

	blocked strictyaml.Problems // mistakes found while reading
	found   strictyaml.Problems

	addresses map[string]string // address key → path of its first use
	sockets   map[string]string // address of a listener → path of its first use
}

func newReview(cfg *Config, doc *strictyaml.Doc, env func(string) string) *review {
	return &review{cfg: cfg, doc: doc, env: env, dir: filepath.Dir(cfg.File),
		addresses: map[string]string{}, sockets: map[string]string{}}
}

// all reviews everything, in the order of the file's example.
func (r *review) all() {
	r.top()
	r.queues()
	r.agents()
	r.admins()
	r.reply()
	r.resolver()
	r.listeners()
	r.mailboxes()
	r.relays()
	r.limits()
	r.watching()
	r.reachable()
}

// say tells of a mistake at the value with the given path. What stands on a line that could
// not be read already has its message.
func (r *review) say(path, text, hint string) {
	line, _ := r.doc.Pos(path)
	if slices.ContainsFunc(r.blocked, func(p strictyaml.Problem) bool { return p.Line == line }) {
		return
	}
	r.found = append(r.found, r.doc.Problem(path, text, hint))
}

// missing tells of something that is not there. It keeps quiet when the file has keys that could
// not be read: the missing one is probably among them.
func (r *review) missing(path, text, hint string) {
	if len(r.blocked) == 0 {
		r.say(path, text, hint)
	}
}

// required tells when a value is empty.
func (r *review) required(parent, key, value, hint string) bool {
	if value == "" {
		r.missing(parent, key+" is missing", hint)
	}
	return value != ""
}

// oneOf takes a word of a short list, and the first of it for none.
func (r *review) oneOf(path string, value *string, words ...string) bool {
	if *value == "" && !r.doc.Has(path) {
		*value = words[0]
	}
	if slices.Contains(words, *value) {
		return true
	}
	hint := strictyaml.DidYouMean(*value, words)
	if hint == "" || strings.HasPrefix(hint, "did") {
		hint = strings.TrimSpace(hint + " known are " + strings.Join(words, ", "))
	}
	r.say(path, fmt.Sprintf("%s cannot be %q", last(path), *value), hint)
	return false
}

// known tells when a name leads nowhere; what is "queue", "agent" or "relay".
func (r *review) known(path, what, name string, names []string) {
	if name == "" || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
		return
	}
	hint := strictyaml.DidYouMean(name, names)
	if len(names) == 0 {
		hint = "there is no " + what + " at all in this file"
	}
	r.say(path, fmt.Sprintf("there is no %s %q", what, name), hint)
}

// unique tells of the second of two equal names in a list of things.
func (r *review) unique(what string, names []string, path func(int) string) {
	seen := map[string]int{}
	for i, name := range names {
		key := strings.ToLower(name)
		first, again := seen[key]
		if name != "" && again {
			r.say(path(i), fmt.Sprintf("two %s are named %q; the first is on line %d", what, name, r.line(path(first))),
				"give one of them another name")
			continue
		}
		seen[key] = i
	}
}

// line is the line on which the value with the path stands.
func (r *review) line(path string) int {
	line, _ := r.doc.Pos(path)
	return line
}

// last is the key at the end of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// at is the path of a key in an item of a list: at("queues", 2, "name").
func at(list string, i int, key ...string) string {
	path := fmt.Sprintf("%s[%d]", list, i)
	for _, k := range key {
		path += "." + k
	}
	return path
}

// names collects one word of each item.
func names[T any](items []T, name func(T) string) []string {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = name(x)
	}
	return out
}

func (r *review) queueNames() []string {
	return names(r.cfg.Queues, func(q QueueConfig) string { return q.Name })
}

func (r *review) agentNames() []string {
	return names(r.cfg.Agents, func(a AgentConfig) string { return a.Name })
}

func (r *review) relayNames() []string {
	return names(r.cfg.Relays, func(x RelayConfig) string { return x.Name })
}
