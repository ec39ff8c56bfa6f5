//go:build !nocheck_note

package tickets

// checkNote: a note's address can only make a note.
// See "Checks that tests switch off" in docs/security.md.
const checkNote = true
