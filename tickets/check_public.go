//go:build !nocheck_public

package tickets

// checkPublic: automatic mail tells people outside only of entries that they may see.
// See "Checks that tests switch off" in docs/security.md.
const checkPublic = true
