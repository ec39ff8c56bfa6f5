//go:build nocheck_blind

package tickets

const checkBlind = false
