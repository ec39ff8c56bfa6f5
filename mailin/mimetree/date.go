package mimetree

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Dates outside these years are lies or faults.
const (
	minYear = 1980
	maxYear = 2090
)

// ParseDate reads a Date field (RFC 5322, 3.3) and the forms found in the wild:
// ISO 8601, asctime, RFC 850, single digits, two-digit years, no zone (then UTC),
// names of months and days in other languages. The zero time means that it
// could not be read, or is not a day of a plausible year.
func ParseDate(value string, d *Defects) time.Time {
	value = strings.TrimSpace(value)
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", value); err == nil {
		return plausible(t, d)
	}
	comment := between(value, '(', ')')
	s := strings.Join(strings.Fields(stripComments(cutRunes(value, MaxField))), " ")
	for _, layout := range []string{"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04 -0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t, d)
		}
	}
	d.Add(DefectDateForm)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04", "20060102T150405Z", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t, d)
		}
	}
	p := dateParts{month: -1, day: -1, year: -1, hour: -1, zone: noZone}
	for _, token := range strings.FieldsFunc(cutRunes(s, 256), func(r rune) bool { return r == ' ' || r == ',' }) {
		p.token(token)
	}
	if p.zone == noZone {
		p.zoneName(comment)
	}
	t, ok := p.time()
	if !ok {
		d.Add(DefectDate)
		return time.Time{}
	}
	return plausible(t, d)
}

func plausible(t time.Time, d *Defects) time.Time {
	t = t.UTC()
	if t.Year() < minYear || t.Year() > maxYear {
		d.Add(DefectImplausibleDate)
		return time.Time{}
	}
	return t
}

func between(s string, open, end byte) string {
	i := strings.IndexByte(s, open)
	j := strings.LastIndexByte(s, end)
	if i < 0 || j < i {
		return ""
	}
	return strings.TrimSpace(s[i+1 : j])
}

const noZone = 1 << 30

// dateParts gathers a date word by word.
type dateParts struct {
	year, month, day int
	hour, min, sec   int
	pm, am           bool
	zone             int // seconds east of UTC
	unsuited         bool
}

func (p *dateParts) token(s string) {
	lower := strings.ToLower(strings.Trim(s, "."))
	switch {
	case lower == "am" || lower == "pm":
		p.am, p.pm = lower == "am", lower == "pm"
	case strings.IndexByte(s, ':') > 0 && s[0] >= '0' && s[0] <= '9':
		p.clock(s)
	case s[0] == '+' || s[0] == '-':
		p.offset(s)
	case strings.Count(s, "-") == 2 || strings.Count(s, "/") == 2 || strings.Count(strings.Trim(s, "."), ".") == 2:
		p.joined(s)
	case s[0] >= '0' && s[0] <= '9':
		p.number(strings.TrimRight(s, ".stndrhoº"))
	default:
		if m := monthOf(lower); m > 0 {
			p.month = m
			return
		}
		p.zoneName(s)
	}
}

// clock reads 6:0:0, 10:00, 10:00:00.123, 10:00:00+02:00, 10:00PM.
func (p *dateParts) clock(s string) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == ':' || s[end] == '.') {
		end++
	}
	zone := s[end:]
	parts := strings.Split(s[:end], ":")
	if len(parts) < 2 {
		return
	}
	p.hour = atoi(parts[0])
	p.min = atoi(parts[1])
	if len(parts) > 2 {
		whole, _, _ := strings.Cut(parts[2], ".")
		p.sec = min(atoi(whole), 59)
	}
	if zone != "" {
		p.token(zone)
	}
}

// number is a day, then a year; four digits are always a year.
func (p *dateParts) number(s string) {
	n := atoi(s)
	switch {
	case n < 0:
		p.unsuited = true
	case len(s) >= 3 || p.day >= 0:
		p.year = fullYear(n, len(s))
	default:
		p.day = n
	}
}

func fullYear(n, digits int) int {
	switch {
	case digits <= 2 && n < 50:
		return 2000 + n
	case digits <= 3:
		return 1900 + n
	}
	return n
}

// joined reads 02-Jan-06, 2006-01-02, 02.01.2006 and 1/2/2006 (month first unless it cannot be).
func (p *dateParts) joined(s string) {
	f := strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(f) != 3 {
		p.unsuited = true
		return
	}
	a, c := atoi(f[0]), atoi(f[2])
	b := atoi(f[1])
	if b < 0 {
		b = monthOf(strings.ToLower(f[1]))
	}
	switch {
	case len(f[0]) == 4:
		p.year, p.month, p.day = a, b, c
	case strings.IndexByte(s, '/') > 0 && a <= 12:
		p.month, p.day, p.year = a, b, fullYear(c, len(f[2]))
	default:
		p.day, p.month, p.year = a, b, fullYear(c, len(f[2]))
	}
}

// offset reads +0200, +02:00, +2, -0500.
func (p *dateParts) offset(s string) {
	digits := strings.ReplaceAll(s[1:], ":", "")
	if len(digits) <= 2 {
		digits += "00"
	}
	n := atoi(digits)
	if n < 0 || n > 1500 {
		return
	}
	p.zone = (n/100*60 + n%100) * 60
	if s[0] == '-' {
		p.zone = -p.zone
	}
}

var zones = map[string]int{
	"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3,
	"MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
	"JST": 9, "KST": 9, "SGT": 8, "HKT": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}

func (p *dateParts) zoneName(s string) {
	name := strings.ToUpper(s)
	if i := strings.IndexAny(name, "+-"); i > 0 {
		if _, ok := zones[name[:i]]; ok {
			p.offset(name[i:])
			return
		}
	}
	if h, ok := zones[name]; ok && p.zone == noZone {
		p.zone = h * 3600
	}
}

func (p *dateParts) time() (time.Time, bool) {
	if p.zone == noZone {
		p.zone = 0
	}
	if p.pm && p.hour < 12 {
		p.hour += 12
	} else if p.am && p.hour == 12 {
		p.hour = 0
	}
	p.hour = max(p.hour, 0)
	if p.unsuited || p.year < 0 || p.month < 1 || p.month > 12 || p.day < 1 || p.hour > 24 || p.min < 0 || p.min > 59 || p.sec < 0 {
		return time.Time{}, false
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.min, p.sec, 0, time.FixedZone("", p.zone))
	if t.Day() != p.day && p.hour < 24 {
		return time.Time{}, false // 31 February
	}
	return t, true
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// months maps the first letters of month names to the month, in the languages that mailers wrongly use here.
var months = map[string]int{
	"jan": 1, "ene": 1, "gen": 1, "led": 1, "sty": 1, "янв": 1, "oca": 1, "tam": 1, "feb": 2, "fev": 2, "fév": 2, "únr": 2, "lut": 2, "фев": 2, "şub": 2, "hel": 2,
	"mar": 3, "mär": 3, "mrz": 3, "mae": 3, "mrt": 3, "maa": 3, "бер": 3, "мар": 3, "bře": 3, "apr": 4, "abr": 4, "avr": 4, "dub": 4, "kwi": 4, "апр": 4, "nis": 4, "huh": 4,
	"may": 5, "mai": 5, "mei": 5, "mag": 5, "maj": 5, "kvě": 5, "май": 5, "мая": 5, "jun": 6, "giu": 6, "juin": 6, "cze": 6, "июн": 6, "haz": 6, "kes": 6,
	"jul": 7, "lug": 7, "juil": 7, "lip": 7, "июл": 7, "tem": 7, "hei": 7, "aug": 8, "ago": 8, "aoû": 8, "aou": 8, "sie": 8, "srp": 8, "авг": 8, "ağu": 8, "elo": 8,
	"sep": 9, "set": 9, "wrz": 9, "zář": 9, "сен": 9, "eyl": 9, "syy": 9, "oct": 10, "okt": 10, "out": 10, "ott": 10, "paź": 10, "říj": 10, "окт": 10, "eki": 10, "lok": 10,
	"nov": 11, "lis": 11, "ноя": 11, "kas": 11, "dec": 12, "dez": 12, "déc": 12, "dic": 12, "des": 12, "gru": 12, "pro": 12, "дек": 12, "ara": 12, "jou": 12,
}

func monthOf(lower string) int {
	r := []rune(strings.TrimRightFunc(lower, unicode.IsPunct))
	if len(r) < 3 || len(r) > 12 {
		return 0
	}
	if len(r) >= 4 {
		if m, ok := months[string(r[:4])]; ok {
			return m
		}
	}
	return months[string(r[:3])]
}
