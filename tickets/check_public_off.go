//go:build nocheck_public

package tickets

const checkPublic = false
