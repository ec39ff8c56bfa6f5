package mailout

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"postern/tickets"
)

// withPart is a content with one attachment of n octets.
func withPart(n int64) tickets.Content {
	return tickets.Content{Segments: []tickets.Segment{
		{Literal: []byte("a\r\n\r\n")}, {Arrival: 5, Part: &tickets.Part{Filename: "a", Size: n}}, {Literal: []byte("z\r\n")}}}
}

// Attachments of every length come out whole, in lines of 76, in the size foretold.
func TestWriteLengths(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 3, 56, 57, 58, 100, 5699, 5700, 5701, 1 << 20} {
		got := octets(t, withPart(n))
		inner := strings.TrimSuffix(strings.TrimPrefix(string(got), "a\r\n\r\n"), "z\r\n")
		back, err := decode("base64", inner)
		if err != nil || int64(len(back)) != n || strings.Trim(back, "x") != "" {
			t.Errorf("%d octets: %d came back, %v", n, len(back), err)
		}
		for l := range strings.SplitSeq(inner, "\r\n") {
			if len(l) > 76 {
				t.Errorf("%d octets: a line of %d", n, len(l))
			}
		}
	}
}

// drip reads one octet at a time, as a slow store may.
type drip struct{ io.Reader }

func (s drip) Read(p []byte) (int, error) { return s.Reader.Read(p[:min(1, len(p))]) }

// The octets do not depend on how the store hands them out.
func TestWriteIsTheSameEachTime(t *testing.T) {
	c := withPart(10_000)
	var slow bytes.Buffer
	err := Write(&slow, c, func(int64, tickets.Part) (io.ReadCloser, error) {
		return io.NopCloser(drip{io.LimitReader(pattern{}, 10_000)}), nil
	})
	if err != nil || !bytes.Equal(slow.Bytes(), octets(t, c)) {
		t.Errorf("differs, %v", err)
	}
}

// An attachment that is longer, shorter or away is noticed, and is our fault.
func TestWriteNoticesAChangedAttachment(t *testing.T) {
	away := errors.New("away")
	for name, open := range map[string]Opener{
		"shorter": func(int64, tickets.Part) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(pattern{}, 99)), nil
		},
		"longer": func(int64, tickets.Part) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(pattern{}, 101)), nil
		},
		"away": func(int64, tickets.Part) (io.ReadCloser, error) { return nil, away },
		"breaks": func(int64, tickets.Part) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(io.LimitReader(pattern{}, 50), broken{away})), nil
		},
	} {
		err := Write(io.Discard, withPart(100), open)
		var ours *partError
		if !errors.As(err, &ours) || !errors.Is(err, ErrPart) && !errors.Is(err, away) {
			t.Errorf("%s: %v", name, err)
		}
		if a := judge(phaseBody, err); a.Kind != tickets.VerdictLater {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// A large attachment does not pass through memory.
func TestWriteNeedsLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := Write(io.Discard, withPart(64<<20), func(_ int64, p tickets.Part) (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(pattern{}, p.Size)), nil
	})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; err != nil || n > 1<<20 {
		t.Errorf("%d octets allocated, %v", n, err)
	}
}
