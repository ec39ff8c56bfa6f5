//go:build !race

package mailin

const (
	slowdown = 1
	shrink   = 1
)
