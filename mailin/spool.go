package mailin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrNoSpace says that there is no room for a message now. A desk whose database
// is full wraps it too; a peer is told 452 4.3.1 and comes back.
var ErrNoSpace = errors.New("no space left for a message")

// SpoolError is a failure of the spool directory. It is ours, and passes.
type SpoolError struct {
	Op  string
	Err error
}

func (e *SpoolError) Error() string { return "spool: " + e.Op + ": " + e.Err.Error() }

// Unwrap gives the operating system's error.
func (e *SpoolError) Unwrap() error { return e.Err }

// Is makes every failure of the spool an ErrNoSpace: a directory that is full,
// out of inodes or not writable can keep no message now.
func (e *SpoolError) Is(target error) bool { return target == ErrNoSpace }

// spoolPattern names spool files for the moment in which they have a name.
const spoolPattern = "spool-*.eml"

// A SpoolDir is a directory for messages on their way in. Its files are readable
// by this user only and lose their name as soon as they are open, so that the
// system itself removes those of a process that dies.
type SpoolDir struct {
	path string
}

// OpenSpool makes the directory if need be and removes what a process left behind
// that died between making a file and removing its name.
func OpenSpool(path string) (*SpoolDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, &SpoolError{"make directory", err}
	}
	left, err := filepath.Glob(filepath.Join(path, spoolPattern))
	if err != nil {
		return nil, &SpoolError{"list " + path, err}
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, &SpoolError{"remove leftover", err}
		}
	}
	return &SpoolDir{path: path}, nil
}

// New starts an empty spool file. The caller closes it.
func (d *SpoolDir) New() (*Spool, error) {
	f, err := os.CreateTemp(d.path, spoolPattern) // 0600
	if err != nil {
		return nil, &SpoolError{"create", err}
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Close()
		return nil, &SpoolError{"unlink", err}
	}
	return &Spool{f: f, sum: sha256.New()}, nil
}

// A Spool is one message in a nameless file: written once, as a stream, then
// read as a tickets.Raw by as many readers as like until Close.
type Spool struct {
	f    *os.File
	sum  hash.Hash
	size int64
}

// Write appends octets. Its errors are SpoolErrors.
func (s *Spool) Write(p []byte) (int, error) {
	n, err := s.f.Write(p)
	s.sum.Write(p[:n])
	s.size += int64(n)
	if err != nil {
		return n, &SpoolError{"write", err}
	}
	return n, nil
}

// ReadAt reads what was written.
func (s *Spool) ReadAt(p []byte, off int64) (int, error) { return s.f.ReadAt(p, off) }

// Size is the number of octets written.
func (s *Spool) Size() int64 { return s.size }

// SHA256 is the hash of the octets written, hex.
func (s *Spool) SHA256() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// Close gives the octets up.
func (s *Spool) Close() error {
	if err := s.f.Close(); err != nil {
		return &SpoolError{"close", err}
	}
	return nil
}

// noSpace tells whether err is a lack of room, here or in a database.
func noSpace(err error) bool {
	for _, target := range []error{ErrNoSpace, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// errRead marks a failure of the reading side of a copy, so that it is never
// taken for one of the spool.
type errRead struct{ error }

func (e errRead) Unwrap() error { return e.error }

// fill copies r into the writers. An error of r comes back as errRead.
func fill(r io.Reader, w ...io.Writer) (int64, error) {
	n, err := io.Copy(io.MultiWriter(w...), markReader{r})
	if err != nil {
		return n, fmt.Errorf("after %d octets: %w", n, err)
	}
	return n, nil
}

type markReader struct{ r io.Reader }

func (m markReader) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && err != io.EOF {
		err = errRead{err}
	}
	return n, err
}
