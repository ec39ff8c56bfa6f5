//go:build !linux

package mailin

import "errors"

// FreeSpace is known on Linux only; elsewhere nothing is refused beforehand.
func FreeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }
