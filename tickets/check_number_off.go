//go:build nocheck_number

package tickets

const checkNumber = false
