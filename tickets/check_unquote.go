//go:build !nocheck_unquote

package tickets

// checkUnquote: what an agent's client quotes reaches people outside only where it is
// public already.
// See "Checks that tests switch off" in docs/security.md.
const checkUnquote = true
