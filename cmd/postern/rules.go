package main

import (
	"fmt"
	"strings"

	"postern/mailout"
	"postern/rules"
	"postern/rules/strictyaml"
)

// rulesCmd works with rule files.
type rulesCmd struct {
	Check   rulesCheckCmd   `cmd:"" help:"Check rule files; all mistakes are told at once."`
	Default rulesDefaultCmd `cmd:"" help:"Print the built-in rules."`
}

// rulesCheckCmd checks rule files.
type rulesCheckCmd struct {
	Folder string `arg:"" optional:"" help:"A folder of rule files; that of the configuration when left out."`
}

// Run compiles the rules; the error lists every mistake with its place.
func (c *rulesCheckCmd) Run(w *world) error {
	cfg, err := w.load()
	if err != nil {
		return err
	}
	folder := or(c.Folder, cfg.Rules)
	opts := ruleOptions(cfg)
	if cfg.File == "" && c.Folder != "" {
		opts.Settings = nil // the queues and agents of the files are not those of the built-in helpdesk
	}
	var set *rules.Set
	err = w.during("checking rules", func() error {
		var problems strictyaml.Problems
		set, problems = loadRules(folder, opts)
		return problems.Err()
	})
	if err != nil {
		return w.mistakes(err)
	}
	if w.json {
		return writeJSON(w.out, map[string]any{"rules": set.Len(), "files": len(set.Files()), "version": set.Version()})
	}
	fmt.Fprintln(w.out, rulesText(folder, set))
	return nil
}

// loadRules reads the rules of a folder, and the built-in ones when there is none.
func loadRules(folder string, o rules.Options) (*rules.Set, strictyaml.Problems) {
	if folder == "" {
		return rules.LoadDefault(o)
	}
	return rules.Load(folder, o)
}

// ruleOptions are the names that rules may use.
func ruleOptions(cfg Config) rules.Options {
	return rules.Options{Settings: cfg.Settings(), Templates: mailout.Roles()}
}

func rulesText(folder string, set *rules.Set) string {
	return fmt.Sprintf("%s in %s (%s), version %s", plural(set.Len(), "rule"), plural(len(set.Files()), "file"), or(folder, "built-in"), set.Version())
}

// rulesDefaultCmd prints the built-in rules.
type rulesDefaultCmd struct{}

// Run prints them as a file to begin with.
func (rulesDefaultCmd) Run(w *world) error {
	fmt.Fprint(w.out, strings.TrimRight(string(rules.Default()), "\n")+"\n")
	return nil
}
