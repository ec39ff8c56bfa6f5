package main

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

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

// helpCmd prints a page about a topic, or the help of a verb.
type helpCmd struct {
	Topic []string `arg:"" optional:"" help:"config, exit-codes, or a verb."`
}

// Run prints the page, or the list of pages.
func (c helpCmd) Run(ctx context.Context, w *world) error {
	known := slices.Sorted(maps.Keys(topics))
	if len(c.Topic) == 0 {
		fmt.Fprintf(w.out, "postern --help lists the verbs, postern help VERB explains one.\n\nTopics: %s\n", strings.Join(known, ", "))
		return nil
	}
	if page, ok := topics[c.Topic[0]]; ok && len(c.Topic) == 1 {
		fmt.Fprint(w.out, page)
		return nil
	}
	k, err := kong.New(&cli{})
	if err != nil {
		return err
	}
	if missing, beside := verbMissing(k.Model.Node, c.Topic); missing != "" {
		if len(beside) == 0 {
			return fmt.Errorf("%w: no help about %q", errUsage, missing)
		}
		if missing == c.Topic[0] {
			beside = append(known, beside...)
		}
		return fmt.Errorf("%w: no help about %q; %s", errUsage, missing, strictyaml.DidYouMean(missing, beside))
	}
	run(ctx, append(slices.Clone(c.Topic), "--help"), w)
	return nil
}

// verbMissing walks the words of a verb: it is the first one that is none, and the words
// that could have stood there; "" when all of them are.
func verbMissing(at *kong.Node, words []string) (missing string, beside []string) {
	for _, word := range words {
		var next *kong.Node
		beside = nil
		for _, child := range at.Children {
			beside = append(beside, child.Name)
			if child.Name == word {
				next = child
			}
		}
		if next == nil {
			return word, beside
		}
		at = next
	}
	return "", nil
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
	fmt.Fprintln(w.out, v)
	return nil
}

// String is the version in one line, as --version prints it too.
func (v versionView) String() string {
	line := "postern " + v.Version
	if v.Revision != "" {
		line += " (" + v.Revision[:min(12, len(v.Revision))] + ", " + v.Time + ")"
	}
	return line + ", " + v.Go
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
