//go:build nocheck_unquote

package tickets

const checkUnquote = false
