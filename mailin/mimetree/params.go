package mimetree

import (
	"sort"
	"strconv"
	"strings"
)

// maxParams is how many parameters of one field are read (catalogue M19).
const maxParams = 128

// Param is one parameter of Content-Type or Content-Disposition, decoded.
type Param struct{ Name, Value string }

// Params are the parameters of one field, names in lower case, without repeats.
type Params []Param

// Get returns the value of a parameter, "" when there is none.
func (p Params) Get(name string) string {
	for _, x := range p {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// Map returns the parameters as a map; nil when there are none.
func (p Params) Map() map[string]string {
	if len(p) == 0 {
		return nil
	}
	m := make(map[string]string, len(p))
	for _, x := range p {
		m[x.Name] = x.Value
	}
	return m
}

// ParseParams reads "value; name=value; …" as leniently as can be done without
// guessing: unquoted blanks, a missing semicolon, a missing closing quote,
// RFC 2231 pieces and charsets, and encoded-words, which have no place there
// but are what most mailers write. The value comes back in lower case.
func ParseParams(field string, d *Defects) (value string, params Params) {
	value, rest, _ := strings.Cut(field, ";")
	value = strings.ToLower(strings.TrimSpace(stripComments(value)))
	var pieces []piece
	for n := 0; rest != ""; n++ {
		if n == maxParams {
			d.Add(DefectTooManyParameters)
			break
		}
		var name, val string
		name, val, rest = nextParam(rest, d)
		if name == "" {
			continue
		}
		if base, p, ok := splitPiece(name, val); ok {
			p.name = base
			pieces = append(pieces, p)
			continue
		}
		params = params.add(name, val, d)
	}
	return value, joinPieces(params, pieces, d)
}

func (p Params) add(name, value string, d *Defects) Params {
	for _, x := range p {
		if x.Name == name {
			if x.Value != value {
				d.Add(DefectParameter)
			}
			return p
		}
	}
	return append(p, Param{name, value})
}

// nextParam reads one parameter and what separates it from the next.
func nextParam(s string, d *Defects) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t\r\n")
	eq := strings.IndexAny(s, "=;")
	if eq < 0 || s[eq] == ';' {
		if strings.TrimSpace(s) != "" {
			d.Add(DefectParameter)
		}
		if eq < 0 {
			return "", "", ""
		}
		return "", "", s[eq:]
	}
	name = strings.ToLower(strings.TrimSpace(stripComments(s[:eq])))
	s = strings.TrimLeft(s[eq+1:], " \t\r\n")
	if strings.HasPrefix(s, `"`) {
		value, rest = quoted(s[1:], d)
		return name, value, rest
	}
	value, rest = bare(s)
	return name, value, rest
}

// quoted reads a quoted-string after its first quote. A backslash escapes only a
// quote or a backslash: others stand for themselves, as in C:\new.
func quoted(s string, d *Defects) (value, rest string) {
	end := strings.IndexAny(s, `"\`)
	if end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		case s[i] == '"':
			return b.String(), s[i+1:]
		}
		b.WriteByte(s[i])
	}
	d.Add(DefectParameter)
	return b.String(), ""
}

// bare reads an unquoted value: up to the semicolon, or to a blank before "name=".
func bare(s string) (value, rest string) {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		end = len(s)
	}
	value, rest = s[:end], s[end:]
	if eq := strings.LastIndexByte(value, '='); eq > 0 && !strings.HasPrefix(value, "=?") {
		if sp := strings.LastIndexAny(value[:eq], " \t"); sp > 0 && isToken(strings.TrimSpace(value[sp:eq])) {
			first := strings.IndexAny(value, " \t")
			value, rest = value[:first], value[first:]+rest
		}
	}
	return strings.TrimSpace(stripComments(value)), rest
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 127 || strings.IndexByte("()<>@,;:\\\"/[]?=", s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// stripComments drops (comments), which may nest.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	out, depth := make([]byte, 0, len(s)), 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			out = append(out, c)
		}
	}
	return string(out)
}

// piece is one RFC 2231 piece: name*N, name*N* or name*.
type piece struct {
	name    string
	n       int
	encoded bool
	value   string
}

func splitPiece(name, value string) (base string, p piece, ok bool) {
	base, n, found := strings.Cut(name, "*")
	if !found || base == "" {
		return "", piece{}, false
	}
	p.value = value
	if strings.HasSuffix(n, "*") || n == "" {
		p.encoded, n = true, strings.TrimSuffix(n, "*")
	}
	if n != "" {
		num, err := strconv.Atoi(n)
		if err != nil || num < 0 {
			return "", piece{}, false
		}
		p.n = num
	}
	return base, p, true
}

// joinPieces puts the pieces together: RFC 2231 wins over the plain form; a gap ends a value.
func joinPieces(params Params, pieces []piece, d *Defects) Params {
	sort.SliceStable(pieces, func(i, j int) bool {
		a, b := pieces[i], pieces[j]
		return a.name < b.name || a.name == b.name && a.n < b.n
	})
	for len(pieces) > 0 {
		end := 1
		for end < len(pieces) && pieces[end].name == pieces[0].name {
			end++
		}
		params = params.set(pieces[0].name, join(pieces[:end], d), d)
		pieces = pieces[end:]
	}
	return params
}

func (p Params) set(name, value string, d *Defects) Params {
	for i := range p {
		if p[i].Name == name {
			if DecodeWords(p[i].Value, "") != value {
				d.Add(DefectParameter)
			}
			p[i].Value = value
			return p
		}
	}
	return append(p, Param{name, value})
}

func join(pieces []piece, d *Defects) string {
	charset, octets, next := "", []byte(nil), 0
	for i, p := range pieces {
		if p.n != next && i > 0 {
			d.Add(DefectParameter)
			if p.n < next {
				continue // a second piece of that number
			}
			break
		}
		next = p.n + 1
		v := p.value
		if i == 0 && p.encoded {
			charset, v = extended(v)
		}
		if p.encoded {
			octets = appendPercent(octets, v)
		} else {
			octets = append(octets, v...)
		}
	}
	return wordText(charset, octets)
}

// extended takes charset'language' off a value.
func extended(v string) (charset, text string) {
	if cs, tail, ok := strings.Cut(v, "'"); ok {
		if _, text, ok := strings.Cut(tail, "'"); ok {
			return cs, text
		}
	}
	return "", v
}

// appendPercent decodes %XX; what is no escape stays.
func appendPercent(to []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				to = append(to, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		to = append(to, s[i])
	}
	return to
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
