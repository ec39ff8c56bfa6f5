//go:build !nocheck_blind

package tickets

// checkBlind: who may not work a ticket reads nothing of it in what answers his own mail.
// See "Checks that tests switch off" in docs/security.md.
const checkBlind = true
