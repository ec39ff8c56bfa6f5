//go:build nocheck_history

package tickets

const checkHistory = false
