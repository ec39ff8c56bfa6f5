//go:build !nocheck_history

package tickets

// checkHistory: people outside read back only what they may see.
// See "Checks that tests switch off" in docs/security.md.
const checkHistory = true
