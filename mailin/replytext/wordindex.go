package replytext

// wordIndex finds words of a long list in a text in one pass over it: at each
// octet it asks only those words that begin with the two octets there.
type wordIndex struct {
	words   []word
	starts  [1 << 12]uint8 // by two octets: the bucket, 0 for none
	buckets [][]uint16     // places in words, in their order
}

// newIndex indexes words of two octets at least. Every list is far below the 255
// buckets that it has.
func newIndex(words []word) *wordIndex {
	ix := &wordIndex{words: words, buckets: make([][]uint16, 1)}
	for n, w := range words {
		h := pair(w.text[0], w.text[1])
		if ix.starts[h] == 0 {
			ix.buckets = append(ix.buckets, nil)
			ix.starts[h] = uint8(len(ix.buckets) - 1)
		}
		ix.buckets[ix.starts[h]] = append(ix.buckets[ix.starts[h]], uint16(n))
	}
	return ix
}

func pair(a, b byte) uint { return uint(a)&63<<6 | uint(b)&63 }

// borders is what must stand around a word that is found.
type borders uint8

const (
	anywhere borders = iota // nothing
	stems                   // no letter before it
	whole                   // no letter on either side
)

// find is the first word of the list, in the order of the list, that stands in s
// (lower case). Scripts without blanks between words have no borders.
func (ix *wordIndex) find(s string, b borders) (word, bool) {
	best := len(ix.words)
	for i := 0; i+1 < len(s); i++ {
		bucket := ix.starts[pair(s[i], s[i+1])]
		if bucket == 0 {
			continue
		}
		for _, n := range ix.buckets[bucket] {
			if int(n) >= best {
				break
			}
			w := ix.words[n].text
			if len(w) <= len(s)-i && s[i:i+len(w)] == w &&
				(b == anywhere || w[0] >= 0xE3 || bordered(s, i, i+len(w), b == stems)) {
				best = int(n)
				break
			}
		}
	}
	if best == len(ix.words) {
		return word{}, false
	}
	return ix.words[best], true
}

// has says that one of the words stands anywhere in s.
func (ix *wordIndex) has(s string) bool {
	_, ok := ix.find(s, anywhere)
	return ok
}
