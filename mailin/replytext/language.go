package replytext

import (
	"strings"
	"unicode"
)

// maxSample is how much of the reply is looked at for its language, in octets.
const maxSample = 500

// language is a hint at the language of the reply: the script where it tells,
// then the function words, then the line that ended the reply. "" when unsure.
func (v *view) language() string {
	reply := cut(v.text[v.start:v.end], maxSample)
	if code := byScript(reply); code != "" {
		return code
	}
	candidates := strings.Fields(v.code)
	best, second, code := 0, 0, ""
	for c, n := range countCommon(reply) {
		if len(candidates) > 1 && !contains(candidates, c) {
			continue
		}
		if n > best || n == best && c < code {
			best, second, code = n, max(second, best), c
		} else if n > second {
			second = n
		}
	}
	switch {
	case best >= 2 && best > second:
		return code
	case len(candidates) == 1:
		return candidates[0]
	}
	return ""
}

// countCommon counts the function words of each language; a word that languages
// share counts for all of them.
func countCommon(s string) map[string]int {
	counts := map[string]int{}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return !unicode.IsLetter(c) }) {
		for _, c := range commons[w] {
			counts[c]++
		}
	}
	return counts
}

// byScript tells the languages that have a script, or letters, of their own.
func byScript(s string) string {
	if ascii(s) {
		return ""
	}
	var hangul, kana, han, cyrillic, ukrainian, russian, letters int
	for _, c := range s {
		switch {
		case !unicode.IsLetter(c):
			continue
		case unicode.Is(unicode.Hangul, c):
			hangul++
		case unicode.Is(unicode.Hiragana, c) || unicode.Is(unicode.Katakana, c):
			kana++
		case unicode.Is(unicode.Han, c):
			han++
		case unicode.Is(unicode.Cyrillic, c):
			cyrillic++
			if strings.ContainsRune("іїєґІЇЄҐ", c) {
				ukrainian++
			} else if strings.ContainsRune("ыэъёЫЭЪЁ", c) {
				russian++
			}
		}
		letters++
	}
	switch {
	case hangul*3 > letters:
		return "ko"
	case kana*8 > letters:
		return "ja"
	case han*3 > letters:
		return "zh"
	case cyrillic*2 > letters && ukrainian > russian:
		return "uk"
	case cyrillic*2 > letters && letters > 12:
		return "ru"
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
