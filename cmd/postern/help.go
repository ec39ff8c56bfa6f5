package main

import (
	_ "embed"
	"fmt"
	"runtime/debug"
	"sort"
	"strings"

	"postern/rules/strictyaml"
)

// exampleConfig is a configuration with every key, commented; tests load it and compare
// its keys with the types.
//
//go:embed example.yaml
var exampleConfig string

// topics are the pages of `postern help`.
var topics = map[string]string{
	"config":     exampleConfig,
	"exit-codes": exitCodes,
}

// helpCmd prints a page about something that is not a verb.
type helpCmd struct {
	Topic string `arg:"" optional:"" help:"config or exit-codes."`
}

// Run prints the page, or the list of pages.
func (c helpCmd) Run(w *world) error {
	known := make([]string, 0, len(topics))
	for name := range topics {
		known = append(known, name)
	}
	sort.Strings(known)
	if c.Topic == "" {
		fmt.Fprintf(w.out, "postern --help lists the verbs, postern VERB --help explains one.\n\nTopics: %s\n", strings.Join(known, ", "))
		return nil
	}
	page, ok := topics[c.Topic]
	if !ok {
		return fmt.Errorf("%w: no help about %q; %s", errUsage, c.Topic, strictyaml.DidYouMean(c.Topic, known))
	}
	fmt.Fprint(w.out, page)
	return nil
}

// versionCmd prints what was built.
type versionCmd struct{}

// versionView is the version for programs.
type versionView struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Time     string `json:"time"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
}

// Run prints version, revision and compiler.
func (versionCmd) Run(w *world) error {
	v := version()
	if w.json {
		return writeJSON(w.out, v)
	}
	line := "postern " + v.Version
	if v.Revision != "" {
		line += " (" + v.Revision[:min(12, len(v.Revision))] + ", " + v.Time + ")"
	}
	fmt.Fprintln(w.out, line+", "+v.Go)
	return nil
}

// version reads what the compiler wrote into the binary.
func version() versionView {
	v := versionView{Version: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version, v.Go = or(strings.Trim(info.Main.Version, "()"), "devel"), info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
