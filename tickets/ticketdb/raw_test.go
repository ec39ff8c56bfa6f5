package ticketdb_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"postern/tickets"
)

// pattern is a message of any size that needs no memory.
type pattern int64

func (p pattern) Size() int64 { return int64(p) }

func (p pattern) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) && off < int64(p) {
		b[n] = byte(off*7 + off>>10)
		n, off = n+1, off+1
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func sum(t testing.TB, r tickets.Raw) string {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, r.Size())); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// The raw store holds the exact octets, at every size around the border of a chunk.
func TestRawOctets(t *testing.T) {
	both(t, func(l *lab) {
		const c = 256 << 10
		for n, size := range []pattern{0, 1, c - 1, c, c + 1, 3*c + 17} {
			id, _, err := l.Accept(l.ctx, arrival(n), size)
			l.ok(err)
			r, err := l.Raw(l.ctx, id)
			l.ok(err)
			if r.Size() != int64(size) || sum(t, r) != sum(t, size) {
				l.Errorf("%d octets came back as %d others", size, r.Size())
			}
		}
		if _, err := l.Raw(l.ctx, 999); !errors.Is(err, tickets.ErrNotFound) {
			l.Errorf("no arrival: %v", err)
		}
	})
}

// A reader keeps the contract of io.ReaderAt, for many at the same time.
func TestRawReaderAt(t *testing.T) {
	both(t, func(l *lab) {
		size := pattern(900_000)
		id, _, err := l.Accept(l.ctx, arrival(1), size)
		l.ok(err)
		r, err := l.Raw(l.ctx, id)
		l.ok(err)
		want := make([]byte, size)
		if _, err := size.ReadAt(want, 0); err != nil {
			l.Fatal(err)
		}
		l.ok(iotest.TestReader(io.NewSectionReader(r, 262_000, 500), want[262_000:262_500]))
		l.atOnce(8, func(i int) error {
			at := rand.New(rand.NewPCG(1, uint64(i)))
			for range 50 {
				off, n := at.Int64N(int64(size)), at.IntN(400_000)
				buf := make([]byte, n)
				got, err := r.ReadAt(buf, off)
				if rest := int(int64(size) - off); n > rest && (got != rest || err != io.EOF) || n <= rest && (got != n || err != nil) {
					return fmt.Errorf("ReadAt(%d, %d) = %d, %v", n, off, got, err)
				}
				if !bytes.Equal(buf[:got], want[off:off+int64(got)]) {
					return fmt.Errorf("ReadAt(%d, %d) gave other octets", n, off)
				}
			}
			return nil
		})
		if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
			l.Error("a negative offset was read")
		}
	})
}

// failing is a spool file that breaks in the middle.
type failing struct{ pattern }

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off > 500_000 {
		return 0, errors.New("spool is broken")
	}
	return f.pattern.ReadAt(p, off)
}

// short is a spool file that ends early.
type short struct{ tickets.Raw }

func (short) Size() int64 { return 100 }

// A message whose octets cannot be read wholly leaves nothing behind: FLT-35.
func TestRawBroken(t *testing.T) {
	both(t, func(l *lab) {
		for _, r := range []tickets.Raw{failing{900_000}, short{octets("only this")}} {
			if id, _, err := l.Accept(l.ctx, arrival(1), r); err == nil {
				l.Errorf("accepted as %d", id)
			}
		}
		got, err := l.Totals(l.ctx)
		if err != nil || got.Arrivals != 0 {
			l.Errorf("left behind: %+v, %v", got, err)
		}
		l.accepted(arrival(1))
	})
}

// A message of 50 MB is stored and read with some MiB of memory, on both databases.
func TestRawMemory(t *testing.T) {
	for name, url := range map[string]string{"sqlite": sqliteURL(t), "postgres": postgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			const size, limit = pattern(50 << 20), 24 << 20
			l := open(t, url)
			l.accepted(arrival(0)) // what a connection needs anyway
			var id int64
			stored := peak(func() {
				var err error
				id, _, err = l.Accept(l.ctx, arrival(1), size)
				l.ok(err)
			})
			r, err := l.Raw(l.ctx, id)
			l.ok(err)
			read := peak(func() { sum(t, r) })
			l.Logf("50 MB: memory grew by %.1f MiB while storing, %.1f MiB while reading", mib(stored), mib(read))
			if stored > limit || read > limit {
				l.Errorf("memory grew by %.1f and %.1f MiB", mib(stored), mib(read))
			}
		})
	}
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// peak is how much the memory in use rose above its beginning while f ran: the heap,
// and what the process holds beside it (SQLite has its own allocator).
func peak(f func()) int64 {
	debug.FreeOSMemory() // else growth hides in memory that is free already
	start, most := used(), atomic.Int64{}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if n := used() - start; n > most.Load() {
				most.Store(n)
			}
			runtime.Gosched()
		}
	}()
	f()
	stop()
	<-done
	return most.Load()
}

// used is the resident memory without shared pages of files, in octets.
func used() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var size, resident, shared int64
	fmt.Fscan(strings.NewReader(string(data)), &size, &resident, &shared)
	return (resident - shared) * int64(os.Getpagesize())
}
