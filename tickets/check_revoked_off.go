//go:build nocheck_revoked

package tickets

const checkRevoked = false
