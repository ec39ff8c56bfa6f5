package ticketdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"postern/tickets"
)

// RawReader reads the octets of an arrival out of their chunks. It holds two chunks at
// most and is safe for concurrent use. It needs no closing.
type RawReader struct {
	db      *DB
	ctx     context.Context
	arrival int64
	size    int64

	mu     sync.Mutex
	chunks [2]cachedChunk // the last used first
}

type cachedChunk struct {
	n    int64
	data []byte // nil: nothing here
}

// Raw opens the octets of an arrival; see tickets.Store.
func (db *DB) Raw(ctx context.Context, arrival int64) (tickets.Raw, error) {
	// A reader outlives the call that opened it; each of its queries is short.
	r := &RawReader{db: db, ctx: context.WithoutCancel(ctx), arrival: arrival}
	err := db.view(ctx, func(q queries) error {
		return q.get(&r.size, `SELECT size FROM arrivals WHERE id = $1`, arrival)
	})
	if err != nil {
		return nil, fmt.Errorf("octets of arrival %d: %w", arrival, err)
	}
	return r, nil
}

// Size is the number of octets.
func (r *RawReader) Size() int64 { return r.size }

// ReadAt reads as io.ReaderAt says.
func (r *RawReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("reading octets: negative offset")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		if off >= r.size {
			return n, io.EOF
		}
		data, err := r.chunk(off / chunk)
		if err != nil {
			return n, fmt.Errorf("octets of arrival %d: %w", r.arrival, err)
		}
		got := copy(p[n:], data[off%chunk:])
		n, off = n+got, off+int64(got)
	}
	return n, nil
}

// chunk returns one chunk, out of the cache or the database.
func (r *RawReader) chunk(n int64) ([]byte, error) {
	if c := r.chunks[0]; c.data != nil && c.n == n {
		return c.data, nil
	}
	if c := r.chunks[1]; c.data != nil && c.n == n {
		r.chunks[0], r.chunks[1] = c, r.chunks[0]
		return c.data, nil
	}
	var data []byte
	err := r.db.view(r.ctx, func(q queries) error {
		return q.get(&data, `SELECT data FROM raw_chunks WHERE arrival = $1 AND n = $2`, r.arrival, n)
	})
	if err != nil {
		return nil, err
	}
	if want := min(chunk, r.size-n*chunk); int64(len(data)) != want {
		return nil, fmt.Errorf("chunk %d has %d octets, not %d", n, len(data), want)
	}
	r.chunks[0], r.chunks[1] = cachedChunk{n, data}, r.chunks[0]
	return data, nil
}
