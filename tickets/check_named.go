//go:build !nocheck_named

package tickets

// checkNamed: a copy of an answer lets only those queues read its ticket that it names.
// See "Checks that tests switch off" in docs/security.md.
const checkNamed = true
