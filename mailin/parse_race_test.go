//go:build race

package mailin

// The race detector makes the reader much slower and looks for something else
// than time: it gets smaller messages and more of it.
const (
	slowdown = 15
	shrink   = 10
)
