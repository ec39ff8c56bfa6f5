//go:build nocheck_shy

package mailout

const checkShy = false
