//go:build nocheck_quote

package mailout

const checkQuote = false
