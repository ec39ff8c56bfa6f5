package main

import (
	"context"
	"errors"
	"net"

	"postern/tickets"
)

// The exit codes; `postern help exit-codes` prints exitCodes.
const (
	exitOK          = 0
	exitFound       = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitUnavailable = 4
	exitRefused     = 5
	exitInterrupted = 130
)

// exitCodes explains them to people and scripts.
const exitCodes = `Exit codes of postern, the same for every verb:

  0    done; nothing is wrong
  1    something is wrong: a mistake in the configuration or in rules, a check that
       failed, totals that do not add up. inspect never fails on content: whatever is in
       a file is read as a message, and its defects are named
  2    the command line itself: an unknown verb or flag, a missing argument
  3    there is no such ticket, arrival, outgoing message or file, or no helpdesk yet
  4    the database or another server cannot be reached now; try again later
  5    refused: the desk did not carry out what was asked, and said why
  130  interrupted
`

// Errors that verbs return for their exit code.
var (
	// errFound: the verb found what is wrong and has printed it already.
	errFound = errors.New("something is wrong")
	// errUsage: the command line cannot be understood.
	errUsage = errors.New("usage")
	// errUnavailable: a server that the verb needs cannot be reached now.
	errUnavailable = errors.New("not available")
	// errRefused: the desk said no.
	errRefused = errors.New("refused")
)

// exitCode is the code that tells err to a script.
func exitCode(err error) int {
	var network net.Error
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, tickets.ErrNotFound), errors.Is(err, errNoHelpdesk), isMissing(err):
		return exitNotFound
	case errors.Is(err, errRefused):
		return exitRefused
	case errors.Is(err, errUnavailable), errors.As(err, &network):
		return exitUnavailable
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFound
}
