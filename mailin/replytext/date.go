package replytext

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The numeric forms of dates, times and zones.
var (
	yearFirst = regexp.MustCompile(`\b((?:19|20)\d\d)\s*[-/.年년]\s*(\d{1,2})\s*[-/.月월]\s*(\d{1,2})`)
	yearLast  = regexp.MustCompile(`\b(\d{1,2})\s?([./-])\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d\d)\b`)
	year      = regexp.MustCompile(`\b(?:19|20)\d\d`)
	clockTime = regexp.MustCompile(`(\d{1,2})(?::|\.|h|時|时|시|点|點)\s?(\d\d)(?:[:.](\d\d))?`)
	zone      = regexp.MustCompile(`([+-])(\d\d):?(\d\d)\b`)
)

// parseDate reads the date of a header block as programs print it in the 20
// languages; a moment without a zone is taken as UTC. Zero when it cannot be read.
func parseDate(s, codes string) time.Time {
	s = strings.ToLower(cut(s, 200))
	y, m, d, rest := parseDay(s, codes)
	if y == 0 || m < 1 || m > 12 || d < 1 || d > 31 {
		return time.Time{}
	}
	hh, mm, ss := parseClock(rest)
	t := time.Date(y, time.Month(m), d, hh, mm, ss, 0, time.UTC)
	if z := zone.FindStringSubmatch(rest); z != nil {
		h, _ := strconv.Atoi(z[2])
		n, _ := strconv.Atoi(z[3])
		off := time.Duration(h)*time.Hour + time.Duration(n)*time.Minute
		if z[1] == "+" {
			off = -off
		}
		t = t.Add(off)
	}
	return t
}

// parseDay finds year, month and day, and returns what is left of s without them.
func parseDay(s, codes string) (y, m, d int, rest string) {
	if f := yearFirst.FindStringSubmatchIndex(s); f != nil {
		return num(s[f[2]:f[3]]), num(s[f[4]:f[5]]), num(s[f[6]:f[7]]), s[:f[0]] + " " + s[f[1]:]
	}
	f := year.FindStringIndex(s)
	if g := yearLast.FindStringSubmatchIndex(s); g != nil && (f == nil || g[9]-g[8] == 4) {
		return numericDay(s, g, codes)
	}
	if f == nil {
		return 0, 0, 0, s
	}
	y = num(s[f[0]:f[1]])
	rest = s[:f[0]] + " " + s[f[1]:]
	m, d, rest = namedDay(rest)
	return y, m, d, rest
}

// numericDay reads 03.05.2024 and 5/3/24, found at f.
func numericDay(s string, f []int, codes string) (y, m, d int, rest string) {
	a, b, y := num(s[f[2]:f[3]]), num(s[f[6]:f[7]]), num(s[f[8]:f[9]])
	if y < 100 {
		y += 2000
	}
	// Only American English sets the month first, and only with slashes.
	if b > 12 || a <= 12 && s[f[4]:f[5]] == "/" && strings.HasPrefix(codes, "en") {
		a, b = b, a
	}
	return y, b, a, s[:f[0]] + " " + s[f[1]:]
}

// namedDay finds a month by name with the number nearest to it: "3 de mayo",
// "May 3", "3. Mai". Names of weekdays may look like months ("mar" is both), so
// that the name beside a number wins.
func namedDay(s string) (m, d int, rest string) {
	words := strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != ':' })
	for _, gap := range []int{-1, -2, 1, 2} {
		for i, w := range words {
			month := monthNamed(w)
			if k := i + gap; month > 0 && k >= 0 && k < len(words) && day(words[k]) > 0 {
				return month, day(words[k]), without(s, words[k])
			}
		}
	}
	return 0, 0, s
}

// without is s without the first occurrence of a number that is no part of a time
// or of a longer number.
func without(s, number string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], number)
		if i < 0 {
			return s
		}
		i += from
		end := i + len(number)
		if (i == 0 || !isDigit(s[i-1]) && s[i-1] != ':') && (end == len(s) || !isDigit(s[end]) && s[end] != ':') {
			return s[:i] + " " + s[end:]
		}
		from = end
	}
}

// monthNamed is the month a word begins with, by the longest name that fits.
func monthNamed(w string) int {
	r := []rune(w)
	for n := min(len(r), 8); n >= 3; n-- {
		if m, ok := monthOf[string(r[:n])]; ok {
			return m
		}
	}
	return 0
}

// day is the day of a month that a word says, "3", "3rd", "1er"; 0 for none.
func day(w string) int {
	if strings.Contains(w, ":") {
		return 0
	}
	n := 0
	for n < len(w) && isDigit(w[n]) {
		n++
	}
	if n == 0 || n > 2 || len(w)-n > 3 {
		return 0
	}
	if d := num(w[:n]); d <= 31 {
		return d
	}
	return 0
}

// The words for the halves of the day.
var (
	afterNoon  = []string{"pm", "p.m", "p. m", "下午", "午後", "오후", "ös", "晚上", "iltap", "em "}
	beforeNoon = []string{"am", "a.m", "a. m", "上午", "午前", "오전", "öö", "凌晨", "早上"}
)

// parseClock finds the time of day.
func parseClock(s string) (h, m, sec int) {
	f := clockTime.FindStringSubmatch(s)
	if f == nil {
		return 0, 0, 0
	}
	h, m, sec = num(f[1]), num(f[2]), num(f[3])
	switch {
	case h > 23 || m > 59 || sec > 60:
		return 0, 0, 0
	case h < 12 && anyOf(s, afterNoon):
		h += 12
	case h == 12 && anyOf(s, beforeNoon) && !anyOf(s, afterNoon):
		h = 0
	}
	return h, m, sec
}

// anyOf says that one of the words stands in s, Latin ones on word borders.
func anyOf(s string, words []string) bool {
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(s[from:], w)
			if i < 0 {
				break
			}
			i += from
			if firstRune(w) > 0x2E80 || (i == 0 || !unicode.IsLetter(lastRune(s[:i]))) && (i+len(w) >= len(s) || !unicode.IsLetter(firstRune(s[i+len(w):]))) {
				return true
			}
			from = i + len(w)
		}
	}
	return false
}

func num(s string) int { n, _ := strconv.Atoi(s); return n }
