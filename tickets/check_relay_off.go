//go:build nocheck_relay

package tickets

const checkRelay = false
