package replytext

import "strings"

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// hasAddr says that s holds something like an address.
func hasAddr(s string) bool {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '@')
		if i < 0 {
			return false
		}
		i += from
		if i > 0 && i+1 < len(s) && wordy(lastRune(s[:i])) && wordy(firstRune(s[i+1:])) {
			return true
		}
		from = i + 1
	}
}

// hasDate says that s holds a date: a year of four digits of this or the last
// century, or numbers like 03.05.24 and 5/3/24.
func hasDate(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		j := i
		for j < len(s) && isDigit(s[j]) {
			j++
		}
		if j-i == 4 && (s[i:i+2] == "19" || s[i:i+2] == "20") && !strings.HasPrefix(s[j:], ":") {
			return true
		}
		if j-i <= 2 && shortDate(s[j:]) {
			return true
		}
		i = j
	}
	return false
}

// shortDate says that s goes on like the month and year of a numeric date.
func shortDate(s string) bool {
	for k := 0; k < 2; k++ {
		if s == "" || s[0] != '.' && s[0] != '/' && s[0] != '-' {
			return false
		}
		s = strings.TrimLeft(s[1:], " ")
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n == 0 || n > 4 || n == 3 {
			return false
		}
		s = s[n:]
	}
	return true
}

// hasTime says that s holds a time of day: 10:12, 10.12, 10h12, 10時12分, 10시 12분.
func hasTime(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if !isDigit(s[i-1]) {
			continue
		}
		rest := s[i:]
		switch {
		case (rest[0] == ':' || rest[0] == 'h') && isDigit(rest[1]) && isDigit(rest[2]):
			return true
		case rest[0] == '.' && isDigit(rest[1]) && isDigit(rest[2]) && (len(rest) == 3 || rest[3] != '.' && !isDigit(rest[3])):
			return true
		case strings.HasPrefix(rest, "時") || strings.HasPrefix(rest, "시") || strings.HasPrefix(rest, "点") || strings.HasPrefix(rest, "點"):
			return true
		}
	}
	return false
}
