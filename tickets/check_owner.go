//go:build !nocheck_owner

package tickets

// checkOwner: a reply address proves only the person it was issued to.
// See "Checks that tests switch off" in docs/security.md.
const checkOwner = true
