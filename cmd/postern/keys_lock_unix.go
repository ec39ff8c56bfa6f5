//go:build unix

package main

import (
	"os"
	"syscall"
)

// lockFolder waits until nobody else changes files of the folder. The kernel gives the
// lock back when the process ends, however it ends.
func lockFolder(path string) (unlock func(), err error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
		d.Close()
		return nil, err
	}
	return func() { d.Close() }, nil
}

// sameOwner gives the file the owner of the one at path, so that root can change what the
// gateway's user must read. Nobody else may, and need not.
func sameOwner(f *os.File, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	old, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(old.Uid), int(old.Gid))
}
