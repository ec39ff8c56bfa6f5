package mimetree

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"postern/tickets"
)

// ParseAuthResults reads an Authentication-Results field (RFC 8601) without
// judging it. Comments are white space wherever they stand, a quoted string is one
// value, and what does not follow the grammar is left out, not guessed at.
func ParseAuthResults(value string) tickets.AuthResults {
	var few [40]token // most fields have no more
	tokens := authTokens(few[:0], value)
	var out tickets.AuthResults
	i := 0
	if i < len(tokens) && !tokens[i].mark {
		out.ServID = strings.ToLower(tokens[i].text)
		i++
	}
	if i < len(tokens) && !tokens[i].mark { // version
		if tokens[i].text != "1" {
			return out
		}
		i++
	}
	for i < len(tokens) {
		if tokens[i].text != ";" || !tokens[i].mark {
			return out
		}
		end := i + 1
		for end < len(tokens) && !(tokens[end].mark && tokens[end].text == ";") {
			end++
		}
		if r, ok := authResult(tokens[i+1 : end]); ok {
			out.Results = append(out.Results, r)
		}
		if i = end; len(out.Results) >= 100 {
			return out
		}
	}
	return out
}

// token is a word, or one of the marks ; and =.
type token struct {
	text string
	mark bool
}

// endsToken are the octets that end a word.
var endsToken = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, '(': true, ';': true, '=': true, '"': true}

// authTokens appends the tokens of s to out.
func authTokens(out []token, s string) []token {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		case c == '(':
			i = skipComment(s, i)
		case c == ';' || c == '=':
			out = append(out, token{s[i : i+1], true})
			i++
		case c == '"':
			text, next := quotedToken(s, i)
			out = append(out, token{text, false})
			i = next
		default:
			end := i
			for end < len(s) && !endsToken[s[end]] {
				end++
			}
			out = append(out, token{CleanLine(s[i:end]), false})
			i = end
		}
	}
	return out
}

// skipComment returns the end of the comment at i; an unclosed one swallows all.
func skipComment(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

func quotedToken(s string, i int) (string, int) {
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '"':
			return CleanLine(unescape(s[i+1 : j])), j + 1
		}
	}
	return CleanLine(unescape(s[i+1:])), len(s)
}

// authResult reads "method[/version] = value (reason = …) (ptype.property = …)*".
func authResult(t []token) (tickets.AuthResult, bool) {
	if len(t) < 3 || t[0].mark || !t[1].mark || t[2].mark {
		return tickets.AuthResult{}, false
	}
	method, _, _ := strings.Cut(strings.ToLower(t[0].text), "/")
	r := tickets.AuthResult{Method: method, Value: strings.ToLower(t[2].text)}
	for i := 3; i < len(t); {
		if i+2 >= len(t) || t[i].mark || !t[i+1].mark || t[i+2].mark {
			return r, true // the rest is not grammatical
		}
		name, value := strings.ToLower(t[i].text), t[i+2].text
		for i += 3; i < len(t) && !t[i].mark && (i+1 >= len(t) || !t[i+1].mark); i++ {
			value += t[i].text // a value that was cut by quotes: "a b"@c
		}
		if r.Props == nil {
			r.Props = map[string]string{}
		}
		if _, twice := r.Props[name]; !twice && len(r.Props) < 50 {
			r.Props[name] = value
		}
	}
	return r, true
}

// ParseSignature reads what a DKIM-Signature claims (RFC 6376, 3.5).
func ParseSignature(value string) tickets.Signature {
	var s tickets.Signature
	for more := true; more; {
		var tag string
		tag, value, more = strings.Cut(value, ";")
		name, v, _ := strings.Cut(tag, "=")
		if name = strings.TrimSpace(name); len(name) != 1 {
			continue
		}
		if v = strings.TrimSpace(v); name != "b" && strings.IndexFunc(v, unicode.IsSpace) >= 0 {
			v = strings.Join(strings.Fields(v), "")
		}
		switch name {
		case "d":
			s.Domain = strings.ToLower(CleanLine(v))
		case "h":
			s.Headers = strings.Split(strings.ToLower(CleanLine(v)), ":")
		case "l":
			s.Length = true
		case "t":
			s.At = unixTime(v)
		case "x":
			s.Expires = unixTime(v)
		}
	}
	return s
}

func unixTime(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
