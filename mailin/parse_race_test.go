//go:build race

package mailin

// slowdown is how much slower the race detector makes the reader.
const slowdown = 15
