//go:build !nocheck_work

package tickets

// checkWork: an agent works only the tickets of his queues, and his own.
// See "Checks that tests switch off" in docs/security.md.
const checkWork = true
