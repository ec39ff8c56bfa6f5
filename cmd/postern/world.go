package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"postern/mailin/mailauth"
	"postern/rules/strictyaml"
)

// world is all that a verb may use of its surroundings. Tests hand in their own.
type world struct {
	in        io.Reader
	out, errs io.Writer
	now       func() time.Time
	env       func(string) string
	// terminal says that errs is a terminal, so that progress may be shown there.
	terminal bool
	// password asks for a secret on a terminal without echo; nil when in is not one.
	password func(prompt string) (string, error)

	// dns answers what signatures and senders are checked with; nil for what the
	// configuration names.
	dns mailauth.Resolver

	// roots verify the certificates of relays and mailboxes; nil for the system's.
	roots *x509.CertPool

	config string // path of the configuration; empty for the default one
	json   bool   // print values for programs, not pages for people
}

// outside is the real world.
func outside() *world {
	w := &world{
		in: os.Stdin, out: os.Stdout, errs: os.Stderr, now: time.Now, env: os.Getenv,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		w.password = readPassword
	}
	return w
}

// readPassword reads a line from the terminal without showing it.
func readPassword(prompt string) (string, error) {
	fmt.Fprint(os.Stderr, prompt)
	b, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	return string(b), err
}

// failed tells the reason of a failure on errs and returns the exit code for it.
// An error that was reported already (errFound) is not told twice.
func (w *world) failed(err error) int {
	var many strictyaml.Problems
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
	case errors.As(err, &many):
		fmt.Fprintln(w.errs, printable(many.Error()))
	default:
		fmt.Fprintln(w.errs, "postern:", printable(err.Error()))
	}
	return exitCode(err)
}
