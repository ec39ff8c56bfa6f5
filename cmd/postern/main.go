// Command postern is the helpdesk that lives in mail: one program with one verb
// for each thing an admin does. `postern help` lists them; without a verb that
// serves, it only reads and reports.
//
// This package is where the parts meet: it alone knows the configuration, reads
// the clock and the environment, and wires reading, deciding, storing and
// sending together.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], outside())
	stop()
	os.Exit(code)
}

// run does what the arguments say and returns the exit code (see exit.go).
func run(ctx context.Context, args []string, w *world) int {
	over := false // --help and --version end the program inside the parser
	var c cli
	k, err := kong.New(&c, kong.Name("postern"), kong.Description(about), kong.Vars{"version": version().String()},
		kong.Writers(w.out, w.errs), kong.Exit(func(int) { over = true }),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 90}))
	if err != nil {
		return w.failed(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	verb, err := k.Parse(args)
	switch {
	case over:
		return exitOK
	case err != nil:
		return w.failed(fmt.Errorf("%w: %w (postern --help lists what there is)", errUsage, err))
	}
	w.config, w.json = c.Config, c.JSON
	verb.BindTo(ctx, (*context.Context)(nil))
	return w.failed(verb.Run(w))
}
