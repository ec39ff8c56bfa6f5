//go:build !nocheck_quote

package mailout

// checkQuote: outsiders get the words of an entry, never what its writer's client
// quoted below them.
// See "Checks that tests switch off" in docs/security.md.
const checkQuote = true
