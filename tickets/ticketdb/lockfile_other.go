//go:build !unix

package ticketdb

import (
	"fmt"
	"io"
	"os"
)

// exclusive is a lock file that exists while the database is in use.
type exclusive struct{ *os.File }

// Close gives the lock back.
func (f exclusive) Close() error {
	f.File.Close()
	return os.Remove(f.Name())
}

// lockFile takes the lock of a database file for this process. Without flock the
// file outlives a process that was killed and must then be removed by hand.
func lockFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		pid, _ := os.ReadFile(path)
		return nil, fmt.Errorf("process %s is using it; if it is gone, remove %s: %w", pid, path, err)
	}
	if _, err := fmt.Fprint(f, os.Getpid()); err != nil {
		exclusive{f}.Close()
		return nil, fmt.Errorf("writing the lock file: %w", err)
	}
	return exclusive{f}, nil
}
