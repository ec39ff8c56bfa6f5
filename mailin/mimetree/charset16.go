package mimetree

import (
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniff16 chooses the byte order of UTF-16 at the first octets: the mark, else
// little endian when zeros stand in odd places, else big endian (RFC 2781, 4.3).
type sniff16 struct{ inner transform.Transformer }

// Reset forgets the choice.
func (s *sniff16) Reset() { s.inner = nil }

// Transform decodes with the order chosen.
func (s *sniff16) Transform(dst, src []byte, atEOF bool) (int, int, error) {
	if s.inner == nil {
		s.inner = unicode.UTF16(byteOrder(src), unicode.UseBOM).NewDecoder().Transformer
	}
	return s.inner.Transform(dst, src, atEOF)
}

func byteOrder(src []byte) unicode.Endianness {
	even, odd := 0, 0
	for i, c := range src[:min(len(src), 512)] {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	if odd > even {
		return unicode.LittleEndian
	}
	return unicode.BigEndian
}
