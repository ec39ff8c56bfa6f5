//go:build nocheck_note

package tickets

const checkNote = false
