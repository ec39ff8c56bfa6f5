//go:build !nocheck_revoked

package tickets

// checkRevoked: a revoked reply address proves nothing.
// See "Checks that tests switch off" in docs/security.md.
const checkRevoked = true
