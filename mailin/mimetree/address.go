package mimetree

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"postern/tickets"
)

// MaxAddresses is how many addresses of one kind of field are read (catalogue E12).
const MaxAddresses = 500

// ParseAddresses reads an address list (RFC 5322, 3.4) as it is written in the
// wild; one bad address loses only itself. An address that had to be guessed at
// (RFC 7103, 7.1) is marked: commas in bare names, an unquoted @ in a name, unbalanced
// brackets, encoded-words inside the address. Group names are dropped. hint is
// the charset of undeclared octets in names; at most limit addresses are returned.
func ParseAddresses(value, hint string, limit int, d *Defects) []tickets.Address {
	p := addressParser{s: value, hint: hint, limit: limit, defects: d}
	var text, name [96]byte // most addresses need no more
	p.text, p.name = text[:0], name[:0]
	for p.i < len(p.s) && len(p.out) < limit {
		p.step()
	}
	if p.i < len(p.s) {
		d.Add(DefectTooManyAddresses)
		return p.out
	}
	p.finish()
	p.lose()
	return p.out
}

// addressParser walks over the list once. What it gathers for the current item
// goes into the fields below out; finish turns them into addresses.
type addressParser struct {
	s       string
	i       int
	hint    string
	limit   int
	defects *Defects
	out     []tickets.Address

	noQuote, noComment bool     // no closing one follows any more
	text               []byte   // bare text, quoted strings with their quotes
	name               []byte   // the same as a display name, quotes taken off
	comment            []byte   // text of comments
	angles             []string // contents of <…>
	bareAt             bool     // an @ stands outside quotes and brackets
	guess              bool
	group              bool
	pending            []byte // words without address before a comma: "Doe, " of Doe, Jo <a@b.c>
}

func (p *addressParser) step() {
	switch c := p.s[p.i]; c {
	case '"':
		p.quoted()
	case '(':
		p.commented()
	case '<':
		p.angle()
	case '>':
		p.guess = true
		p.i++
	case ',', ';':
		p.separator(c)
	case ':':
		p.colon()
	case '=':
		p.word()
	case '@':
		p.at()
	default:
		end := p.i + 1
		for end < len(p.s) && !addressMark[p.s[end]] {
			end++
		}
		p.add(p.s[p.i:end])
	}
}

// addressMark are the octets that step does more with than to add them.
var addressMark = [256]bool{'"': true, '(': true, '<': true, '>': true, ',': true, ';': true, ':': true, '=': true, '@': true}

func (p *addressParser) add(s string) {
	p.text = append(p.text, s...)
	p.name = append(p.name, s...)
	p.i += len(s)
}

// at takes an @ outside brackets, and the domain literal behind it.
func (p *addressParser) at() {
	p.bareAt = true
	n := 1
	if rest := p.s[p.i+1:]; strings.HasPrefix(rest, "[") {
		if end := strings.IndexByte(rest[:min(len(rest), 256)], ']'); end > 0 {
			n += end + 1
		}
	}
	p.add(p.s[p.i : p.i+n])
}

// word takes an encoded-word whole: what it hides is text and separates nothing.
func (p *addressParser) word() {
	n := 1
	if strings.HasPrefix(p.s[p.i:], "=?") {
		if _, size := parseWord(p.s[p.i:]); size > 0 {
			n = size
		}
	}
	p.add(p.s[p.i : p.i+n])
}

func (p *addressParser) quoted() {
	if p.noQuote {
		p.i++
		return
	}
	for j := p.i + 1; j < len(p.s); j++ {
		switch p.s[j] {
		case '\\':
			j++
		case '"':
			p.text = append(p.text, p.s[p.i:j+1]...)
			p.name = append(p.name, unescape(p.s[p.i+1:j])...)
			p.i = j + 1
			return
		}
	}
	p.noQuote, p.guess = true, true
	p.i++
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

func (p *addressParser) commented() {
	if p.noComment {
		p.i++
		return
	}
	depth := 0
	for j := p.i; j < len(p.s); j++ {
		switch p.s[j] {
		case '\\':
			j++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.comment = append(append(p.comment, ' '), p.s[p.i+1:j]...)
				p.i = j + 1
				return
			}
		}
	}
	p.noComment, p.guess = true, true
	p.i++
}

// angle takes <…>; a missing end is where the next address begins.
func (p *addressParser) angle() {
	start := p.i + 1
	for start < len(p.s) && p.s[start] == '<' {
		start++
		p.guess = true
	}
	inQuote := false
	for j := start; j < len(p.s); j++ {
		switch c := p.s[j]; {
		case c == '\\' && inQuote:
			j++
		case c == '"':
			inQuote = !inQuote
		case c == '>' && !inQuote:
			p.angles = append(p.angles, p.s[start:j])
			p.i = j + 1
			return
		case c == '<' && !inQuote:
			p.unclosed(start, j)
			return
		}
	}
	p.unclosed(start, len(p.s))
}

func (p *addressParser) unclosed(start, end int) {
	p.guess = true
	if cut := strings.IndexAny(p.s[start:end], ",; \t\r\n>"); cut >= 0 {
		end = start + cut
	}
	p.angles = append(p.angles, p.s[start:end])
	p.i = end
}

// separator ends an item. Semicolons end groups, and separate where Outlook wrote the list.
func (p *addressParser) separator(c byte) {
	if c == ';' && !p.group && len(bytes.TrimSpace(p.text)) > 0 {
		p.defects.Add(DefectAddress)
	}
	p.i++
	p.finish()
	if c == ';' {
		p.group = false
		p.lose()
	}
}

// colon ends the name of a group, or the scheme of mailto:.
func (p *addressParser) colon() {
	if p.bareAt || len(p.angles) > 0 {
		p.add(":")
		return
	}
	p.i++
	p.group = !strings.EqualFold(strings.TrimSpace(string(p.text)), "mailto")
	p.text, p.name, p.comment, p.pending = p.text[:0], p.name[:0], p.comment[:0], p.pending[:0]
}

// finish turns what was gathered into addresses.
func (p *addressParser) finish() {
	text := strings.TrimSpace(string(p.text))
	switch {
	case len(p.angles) > 0:
		p.withAngles(text)
	case p.bareAt:
		p.withoutAngles(text)
	case text != "":
		p.pending = append(append(p.pending, p.name...), ',', ' ')
	}
	p.text, p.name, p.comment, p.angles = p.text[:0], p.name[:0], p.comment[:0], p.angles[:0]
	p.bareAt, p.guess = false, false
}

func (p *addressParser) withAngles(text string) {
	guess := p.guess || len(p.pending) > 0 || p.bareAt || len(p.angles) > 1
	var name string
	switch {
	case len(p.pending) > 0:
		name = p.display(append(p.pending, p.name...))
	case text == "":
		name = p.display(p.comment)
	default:
		name = p.display(p.name)
	}
	p.pending = p.pending[:0]
	for _, angle := range p.angles {
		parts := []string{angle}
		if strings.IndexByte(angle, ',') >= 0 && strings.IndexByte(angle, '"') < 0 && angle[0] != '@' {
			parts, guess = strings.Split(angle, ","), true
		}
		for _, part := range parts {
			p.emit(name, part, guess)
		}
	}
}

// withoutAngles reads "a@b.c", "a@b.c (Name)", and words around an address.
func (p *addressParser) withoutAngles(text string) {
	p.lose()
	spec, clean := CleanAddress(text)
	if spec != "" && (clean || !strings.ContainsAny(text, " \t")) {
		p.emit(p.display(p.comment), text, p.guess)
		return
	}
	if name, rest, ok := quotedName(text); ok {
		p.emit(p.display([]byte(name)), rest, true)
		return
	}
	for _, token := range strings.Fields(text) {
		if strings.IndexByte(token, '@') >= 0 {
			p.emit("", token, true)
		}
	}
}

// quotedName splits "Ann" ann@example.net, an address whose brackets were forgotten.
func quotedName(text string) (name, addr string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(text[1:], '"') + 1
	if end < 2 {
		return "", "", false
	}
	name, addr = text[1:end], strings.TrimSpace(text[end+1:])
	return name, addr, addr != "" && !strings.ContainsAny(addr, "\" \t") && text[end+1] <= ' '
}

func (p *addressParser) emit(name, raw string, guess bool) {
	if len(p.out) >= p.limit {
		p.defects.Add(DefectTooManyAddresses)
		return
	}
	spec, clean := CleanAddress(raw)
	if !clean || guess {
		p.defects.Add(DefectAddress)
	}
	if spec == "" && strings.TrimSpace(raw) == "" && name == "" {
		return
	}
	p.out = append(p.out, tickets.Address{Name: name, Addr: spec, Guessed: guess || !clean})
}

// lose keeps words that turned out to be no address as a name without one.
func (p *addressParser) lose() {
	words := strings.Trim(string(p.pending), ", \t")
	p.pending = p.pending[:0]
	if words == "" || p.group || len(p.out) >= p.limit {
		return
	}
	p.defects.Add(DefectAddress)
	p.out = append(p.out, tickets.Address{Name: p.display([]byte(words)), Guessed: true})
}

// display makes a name of raw text.
func (p *addressParser) display(raw []byte) string {
	s := DecodeWords(strings.Trim(string(raw), " \t\r\n,"), p.hint)
	s = strings.Join(strings.Fields(CleanLine(s)), " ")
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		s = s[1 : len(s)-1]
	}
	return cutRunes(s, 998)
}

// cutRunes cuts s to n bytes or fewer, between letters.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
