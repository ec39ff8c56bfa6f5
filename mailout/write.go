package mailout

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"postern/tickets"
)

// ErrPart says that a stored attachment is not what the message refers to: its
// length changed. The message must not be sent as it would come out.
var ErrPart = errors.New("attachment differs from its record")

// Opener opens the decoded octets of a part of a stored arrival.
type Opener func(arrival int64, p tickets.Part) (io.ReadCloser, error)

const (
	lineOctets = 57 // decoded octets of one base64 line
	lineLength = 76 // and its length, RFC 2045 section 6.8
)

// Write assembles a message: literals as they are, attachments in base64 of 76
// columns with CRLF. It holds one line at a time, and writes the same octets
// each time. An error leaves w with a part of the message.
func Write(w io.Writer, c tickets.Content, open Opener) error {
	for i, s := range c.Segments {
		if s.Part == nil {
			if _, err := w.Write(s.Literal); err != nil {
				return err
			}
			continue
		}
		if err := writePart(w, s, open); err != nil {
			return fmt.Errorf("segment %d, %q: %w", i, s.Part.Filename, err)
		}
	}
	return nil
}

func writePart(w io.Writer, s tickets.Segment, open Opener) error {
	r, err := open(s.Arrival, *s.Part)
	if err != nil {
		return &partError{fmt.Errorf("opening attachment: %w", err)}
	}
	defer r.Close()
	// Some hundred lines at a time; the last round may be short.
	var in [100 * lineOctets]byte
	var out [100 * (lineLength + 2)]byte
	for left := s.Part.Size; ; {
		n, err := io.ReadFull(r, in[:])
		if left -= int64(n); left < 0 {
			return &partError{ErrPart}
		}
		if _, err := w.Write(lines(out[:0], in[:n])); err != nil {
			return err
		}
		switch {
		case err == nil:
		case (err == io.EOF || err == io.ErrUnexpectedEOF) && left == 0:
			return nil
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return &partError{ErrPart}
		default:
			return &partError{fmt.Errorf("reading attachment: %w", err)}
		}
	}
}

// lines appends octets to out as base64 lines.
func lines(out, octets []byte) []byte {
	for len(octets) > 0 {
		n := min(len(octets), lineOctets)
		out = base64.StdEncoding.AppendEncode(out, octets[:n])
		out = append(out, '\r', '\n')
		octets = octets[n:]
	}
	return out
}

// Size is the number of octets that Write will write.
func Size(c tickets.Content) int64 {
	var sum int64
	for _, s := range c.Segments {
		if s.Part == nil {
			sum += int64(len(s.Literal))
			continue
		}
		full, rest := s.Part.Size/lineOctets, s.Part.Size%lineOctets
		sum += full * (lineLength + 2)
		if rest > 0 {
			sum += (rest+2)/3*4 + 2
		}
	}
	return sum
}

// partError marks what failed on our side of an assembly, so that it is never
// taken for a fault of the relay.
type partError struct{ err error }

func (e *partError) Error() string { return e.err.Error() }
func (e *partError) Unwrap() error { return e.err }
