package mailin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A spool file has no name, so that nothing is left of a process that dies; what a
// crash between making and unnaming left is removed at the start.
func TestSpoolLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spool-123.eml", "keep.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := OpenSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.New()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 1 || filepath.Base(left[0]) != "keep.txt" {
		t.Errorf("in the directory: %v", left)
	}
	if info, err := s.f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

// What was written is what is read, hashed and counted, by several readers.
func TestSpoolReads(t *testing.T) {
	d := testSpool(t)
	s, err := d.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"", "Subject: x\r\n", "\r\n", "body"} {
		if _, err := io.WriteString(s, part); err != nil {
			t.Fatal(err)
		}
	}
	const whole = "Subject: x\r\n\r\nbody"
	for range 2 {
		b, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size()))
		if err != nil || string(b) != whole {
			t.Errorf("%q %v", b, err)
		}
	}
	if s.Size() != int64(len(whole)) || s.SHA256() != fmt.Sprintf("%x", sha256.Sum256([]byte(whole))) {
		t.Errorf("%d octets, %s", s.Size(), s.SHA256())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("late")); !errors.Is(err, ErrNoSpace) {
		t.Errorf("writing to a closed spool: %v", err)
	}
}

// Only lack of room is told as such, however deep it is wrapped; a failing reader is
// never taken for a failing spool.
func TestNoSpace(t *testing.T) {
	for err, want := range map[error]bool{
		fmt.Errorf("insert: %w", ErrNoSpace):                                   true,
		&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}:             true,
		fmt.Errorf("x: %w", &SpoolError{"create", os.ErrPermission}):           true,
		fmt.Errorf("after 3 octets: %w", errRead{io.ErrUnexpectedEOF}):         false,
		errors.New("no space left for a message, says somebody who is not us"): false,
		io.EOF: false,
	} {
		if noSpace(err) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
	broken := io.MultiReader(strings.NewReader("abc"), readerFunc(func([]byte) (int, error) { return 0, syscall.ECONNRESET }))
	var got strings.Builder
	n, err := fill(broken, &got)
	if n != 3 || got.String() != "abc" || !errors.Is(err, syscall.ECONNRESET) || noSpace(err) {
		t.Errorf("%d %q %v", n, got.String(), err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// FLT-31: a file system that is really full answers 452, and takes mail when it is not.
func TestFLT_31_DeviceFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	d := testSpool(t)
	s, err := d.New()
	if err != nil {
		t.Fatal(err)
	}
	s.f.Close()
	s.f = full
	defer s.Close()
	_, err = s.Write([]byte("x"))
	if v := verdict(err, "id"); !errors.Is(err, syscall.ENOSPC) || v.Code != 452 || v.Status != [3]int{4, 3, 1} {
		t.Errorf("%v: %v", err, v)
	}
}

func TestFreeSpace(t *testing.T) {
	if n, err := FreeSpace(t.TempDir()); err != nil || n == 0 {
		t.Errorf("%d octets free: %v", n, err)
	}
	if _, err := FreeSpace("/nonexistent"); err == nil {
		t.Error("no such directory, and no error")
	}
}
