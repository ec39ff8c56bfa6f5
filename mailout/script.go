package mailout

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// plainDomain writes an address so that nobody takes it for another: a label of its
// domain that mixes alphabets, as "аpple" with a Cyrillic а does, or holds signs that
// are not seen, is written in its ASCII form (RFC 5890), as mail servers write it. Domains
// of one alphabet stay readable.
func plainDomain(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	labels := strings.Split(addr[at+1:], ".")
	for i, l := range labels {
		if !mixed(l) {
			continue
		}
		if ascii, err := idna.Punycode.ToASCII(l); err == nil && ascii != l {
			labels[i] = ascii
		} else {
			labels[i] = strings.Map(visible, l)
		}
	}
	return addr[:at+1] + strings.Join(labels, ".")
}

func visible(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
		return r
	}
	return '?'
}

// together are the alphabets that one word may hold (Unicode Technical Standard 39,
// section 5.2, "highly restrictive"); every other mixture is suspicious.
var together = [][]*unicode.RangeTable{
	{unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana},
	{unicode.Latin, unicode.Han, unicode.Bopomofo},
	{unicode.Latin, unicode.Han, unicode.Hangul},
}

// mixed reports whether a label mixes alphabets or holds what is no letter, digit,
// mark or hyphen.
func mixed(label string) bool {
	var letters []rune
	for _, r := range label {
		switch {
		case unicode.IsLetter(r) && !unicode.Is(unicode.Common, r):
			letters = append(letters, r)
		case r > unicode.MaxASCII && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '·' && r != 'ー':
			return true
		}
	}
	if len(letters) == 0 {
		return false
	}
	for name, script := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && allIn(letters, script) {
			return false
		}
	}
	for _, set := range together {
		if allIn(letters, set...) {
			return false
		}
	}
	return true
}

func allIn(letters []rune, scripts ...*unicode.RangeTable) bool {
	for _, r := range letters {
		if !unicode.In(r, scripts...) {
			return false
		}
	}
	return true
}
