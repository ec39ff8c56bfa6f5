//go:build !nocheck_copied

package tickets

// checkCopied: the Cc of an unproved mail takes nobody in.
// See "Checks that tests switch off" in docs/security.md.
const checkCopied = true
