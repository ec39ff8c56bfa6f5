//go:build nocheck_copied

package tickets

const checkCopied = false
