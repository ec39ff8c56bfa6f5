package mimetree

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSpec is the longest address that is looked at, in octets.
const maxSpec = 1024

// CleanAddress reads one addr-spec (RFC 5322, 3.4.1; RFC 6531): the local part as
// written, the domain in lower case. A route (<@a,@b:user@c>), blanks and
// comments are taken off. ok is false when it had to be repaired, or is not of
// the form local@domain; spec is then the best reading, or "".
func CleanAddress(raw string) (spec string, ok bool) {
	ok = true
	s := strings.TrimSpace(raw)
	if !strings.HasPrefix(s, `"`) {
		s = strings.TrimSpace(stripComments(s))
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, ok = s[7:], false
	}
	if strings.HasPrefix(s, "@") {
		if i := strings.IndexByte(s, ':'); i > 0 {
			s = s[i+1:]
		}
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || len(s) > maxSpec {
		return "", false
	}
	local, clean := cleanLocal(s[:at])
	domain, sound := cleanDomain(s[at+1:])
	if local == "" || domain == "" || len(local)+1+len(domain) > maxSpec { // repair may have made it longer
		return "", false
	}
	return local + "@" + domain, ok && clean && sound
}

func cleanLocal(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return s, visible(s, " ") && utf8.ValidString(s)
	}
	ok := !strings.Contains(s, "=?")
	if strings.ContainsAny(s, " \t\r\n") {
		s, ok = joinDots(s), ok && !strings.ContainsAny(joinDots(s), " \t\r\n")
		s = strings.Join(strings.Fields(s), "")
	}
	if strings.ContainsAny(s, "()<>[]:;@\\,\"") || !visible(s, "") || strings.IndexFunc(s, unseen) >= 0 {
		s, ok = strings.Map(keepLocal, s), false
	}
	if !utf8.ValidString(s) {
		s, ok = strings.ToValidUTF8(s, "\uFFFD"), false
	}
	return s, ok
}

// joinDots takes off the blanks that old mailers put around the dots of an address.
func joinDots(s string) string {
	words := strings.Fields(s)
	out := words[:0:0]
	for _, w := range words {
		if n := len(out); n > 0 && (strings.HasSuffix(out[n-1], ".") || strings.HasPrefix(w, ".")) {
			out[n-1] += w
			continue
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

func keepLocal(r rune) rune {
	if unseen(r) || strings.ContainsRune("()<>[]:;@\\,\"", r) {
		return -1
	}
	return r
}

// unseen says that a rune is a blank or a control character of any script.
func unseen(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func visible(s, also string) bool {
	for i := 0; i < len(s); i++ {
		if (s[i] <= ' ' || s[i] == 0x7f) && strings.IndexByte(also, s[i]) < 0 {
			return false
		}
	}
	return true
}

func cleanDomain(s string) (string, bool) {
	s = strings.TrimSpace(s)
	ok := true
	if strings.ContainsAny(s, " \t\r\n") {
		s = joinDots(s)
		if i := strings.IndexAny(s, " \t"); i > 0 {
			s, ok = s[:i], false
		}
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return strings.ToLower(s), visible(s, "")
	}
	end := 0
	for end < len(s) && domainByte(s[end]) {
		end++
	}
	if end < len(s) {
		s, ok = s[:end], false
	}
	if i := strings.IndexFunc(s, unseen); i >= 0 {
		s, ok = s[:i], false
	}
	s = strings.TrimRight(s, ".")
	if !utf8.ValidString(s) || len(s) > 255 {
		return "", false
	}
	return strings.ToLower(s), ok && !strings.HasPrefix(s, ".") && !strings.Contains(s, "..")
}

func domainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c >= 0x80
}
