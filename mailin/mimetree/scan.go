package mimetree

import "bytes"

// longest is what a boundary line may measure: dashes, boundary and some blanks.
const longest = maxBoundary + 256

// maxGuesses is how many dashed lines of one message are looked at for a boundary that is not declared.
const maxGuesses = 10000

// nextDash moves to the next line that starts with two dashes and could be a
// boundary, without consuming it. line is valid until the source is read again.
func (p *splitter) nextDash() (at int64, line []byte, ok bool) {
	for {
		w := p.src.all()
		i := p.candidate(w, p.lineStart())
		if i < 0 {
			if len(w) <= 2 || !p.skip(len(w)-2) {
				p.src.pos += len(w)
				return 0, nil, false
			}
			continue
		}
		p.src.pos += i
		at = p.src.offset()
		w = p.src.peek(longest)
		n := lineLen(w)
		if n == 0 && len(w) < longest {
			n = len(w) // the last line
		}
		if n > 0 {
			return at, w[:n], true
		}
		p.src.pos += 2
	}
}

// candidate finds a dashed line in w that may matter: of the length of an open
// boundary, or while a boundary is still to be guessed, or not whole in w.
func (p *splitter) candidate(w []byte, start bool) int {
	top := p.open[len(p.open)-1].node
	guessing := len(top.Children) == 0 && top.guessBoundary == "" && p.guesses < maxGuesses
	for from := 0; ; {
		i := dashes(w[from:], start || from > 0)
		if i < 0 {
			return -1
		}
		i += from
		end := bytes.IndexByte(w[i:], '\n')
		if guessing {
			p.guesses++
			return i
		}
		if end < 0 || end <= p.longest+longest-maxBoundary && end >= p.shortest+2 || bytes.IndexByte(w[i:i+end], '\r') >= 0 {
			return i
		}
		from = i + end + 1
	}
}

// skip consumes n octets; false at the end of the source.
func (p *splitter) skip(n int) bool {
	p.src.pos += n
	return p.src.offset()+2 < p.src.size
}

func (p *splitter) lineStart() bool {
	b := p.src.before(1)
	return b == '\n' || b == '\r' || b == 0 && p.src.offset() == 0
}

// dashes finds "--" at the start of a line; start says that w begins a line.
func dashes(w []byte, start bool) int {
	for from := 0; from < len(w); {
		i := bytes.Index(w[from:], []byte("--"))
		if i < 0 {
			return -1
		}
		i += from
		if i == 0 && start || i > 0 && (w[i-1] == '\n' || w[i-1] == '\r') {
			return i
		}
		for from = i; from < len(w) && w[from] == '-'; {
			from++
		}
	}
	return -1
}

// retry splits again the multiparts whose boundary never occurred, by the one that was seen.
func (p *splitter) retry() {
	var walk func(n *Node)
	walk = func(n *Node) {
		if n.hasChildren && len(n.Children) == 0 && n.guessBoundary != "" && p.tries < maxResplit {
			p.again(n)
		}
		for _, c := range n.Children {
			walk(c)
		}
		if n.hasChildren && len(n.Children) == 0 {
			p.tree.Defects.Add(DefectNoParts)
		}
	}
	walk(p.tree.Root)
}

func (p *splitter) again(n *Node) {
	p.tries++
	p.tree.Defects.Add(DefectWrongBoundary)
	end := p.src.size
	p.src.size = n.End
	p.src.seek(n.Body)
	p.push(n, n.guessBoundary)
	p.body()
	if !p.src.failed {
		p.src.size = end
	}
}

// toEnd streams the rest by, for the content key.
func (p *splitter) toEnd() {
	if next := p.src.key.next; next > p.src.base+int64(p.src.end) {
		p.src.seek(next)
	}
	for p.src.base+int64(p.src.end) < p.src.size && !p.src.failed {
		p.src.pos = p.src.end
		p.src.fill()
	}
}
