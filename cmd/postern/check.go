package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postern/rules"
	"postern/rules/strictyaml"
)

// checkCmd looks at things before they are needed.
type checkCmd struct {
	All  checkAllCmd  `cmd:"" default:"withargs" help:"Check configuration, rules and templates, and connect to everything they name."`
	Auth checkAuthCmd `cmd:"" help:"Send a mail to yourself, and see what your mail servers stamp on it."`
}

// checkAllCmd looks at everything that serve will need, and changes nothing.
type checkAllCmd struct {
	Offline bool          `help:"Connect to nothing; look at the files only."`
	Timeout time.Duration `default:"20s" help:"How long one connection may take."`
}

// checkStep is one thing to look at; see says what was found, for people.
type checkStep struct {
	name    string
	network bool
	see     func(context.Context) (string, error)
}

// checkView is one line of the answer.
type checkView struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Run reports each thing on a line of its own, ok or FAIL; errFound when one failed.
func (c *checkAllCmd) Run(ctx context.Context, w *world) error {
	cfg, err := w.load()
	if err != nil {
		return w.mistakes(withRuleMistakes(err, cfg))
	}
	failed := 0
	var seen []checkView
	for _, s := range checkSteps(cfg, w) {
		if s.network && c.Offline {
			continue
		}
		var v checkView
		_ = w.during("checking "+s.name, func() error { v = c.look(ctx, s); return nil })
		seen = append(seen, v)
		if !v.OK {
			failed++
		}
		if !w.json {
			fmt.Fprintf(w.out, "%-4s %-22s %s\n", okText(v.OK), v.Name, indentMore(v.Text))
		}
	}
	if w.json {
		if err := writeJSON(w.out, seen); err != nil {
			return err
		}
	}
	if failed > 0 {
		return errFound
	}
	return nil
}

func (c *checkAllCmd) look(ctx context.Context, s checkStep) checkView {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	text, err := s.see(ctx)
	if err != nil {
		return checkView{Name: s.name, Text: printable(err.Error())}
	}
	return checkView{Name: s.name, OK: true, Text: printable(text)}
}

func okText(ok bool) string {
	if ok {
		return "ok"
	}
	return "FAIL"
}

// indentMore sets further lines of a text below the first.
func indentMore(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+strings.Repeat(" ", 28))
}

// withRuleMistakes adds what is wrong in the rules to what is wrong in the configuration, so
// that an admin sees all of it at once. Names in rules are not looked up then.
func withRuleMistakes(err error, cfg Config) error {
	var found strictyaml.Problems
	if !errors.As(err, &found) || cfg.Rules == "" {
		return err
	}
	if files, globErr := filepath.Glob(filepath.Join(cfg.Rules, "*.y*ml")); globErr != nil || len(files) == 0 {
		return err // the review has said so
	}
	_, more := rules.Load(cfg.Rules, rules.Options{})
	return slices.Concat(found, more)
}
