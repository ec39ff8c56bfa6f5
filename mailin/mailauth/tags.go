package mailauth

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// parseTags reads a tag list (RFC 6376, section 3.2). A tag that stands twice
// makes the whole list invalid.
func parseTags(s string) (map[string]string, error) {
	tags := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		name, value, ok := strings.Cut(part, "=")
		name = trim(name)
		switch {
		case !ok && name == "":
			continue
		case !ok || !tagName(name):
			return nil, errors.New("a tag is malformed")
		}
		if _, twice := tags[name]; twice {
			return nil, errors.New("tag " + name + "= stands twice")
		}
		tags[name] = trim(value)
	}
	return tags, nil
}

func tagName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '_') {
			return false
		}
	}
	return s != "" && len(s) < 64
}

const blanks = " \t\r\n"

func trim(s string) string { return strings.Trim(s, blanks) }

// squeeze drops all white space, as folding may have put it anywhere.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(blanks, r) {
			return -1
		}
		return r
	}, s)
}

// list splits a value at its colons, in lower case.
func list(s string) []string {
	return strings.Split(strings.ToLower(squeeze(s)), ":")
}

// decode64 reads base64 as signers write it, with no bits left over: one signature
// has one spelling.
func decode64(s string) ([]byte, error) { return base64.StdEncoding.Strict().DecodeString(squeeze(s)) }

// tagTime reads t= or x=: seconds since 1970, at most twelve digits (RFC 6376, section 3.5).
func tagTime(s string) (time.Time, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || len(s) > 12 {
		return time.Time{}, errors.New("a time is malformed")
	}
	return time.Unix(int64(n), 0).UTC(), nil
}

// withoutB is the signature field with the value of its b= tag left out (RFC 6376, section 3.7).
func withoutB(raw string) string {
	name, value, _ := strings.Cut(raw, ":")
	parts := strings.Split(value, ";")
	for i, p := range parts {
		if tag, _, ok := strings.Cut(p, "="); ok && trim(tag) == "b" {
			parts[i] = tag + "="
		}
	}
	return name + ":" + strings.Join(parts, ";")
}
