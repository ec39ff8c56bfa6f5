//go:build nocheck_named

package tickets

const checkNamed = false
