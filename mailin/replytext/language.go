package replytext

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSample is how much of the reply is looked at for its language, in octets.
const maxSample = 500

// sure is how many function words settle it where no other language has half as
// many: then the rest of the sample is not looked at.
const sure = 8

// language is a hint at the language of the reply: the script where it tells,
// then the function words, then the line that ended the reply. "" when unsure.
func (v *view) language() string {
	reply := cut(v.text[v.start:v.end], maxSample)
	if code := byScript(reply); code != "" {
		return code
	}
	candidates := strings.Fields(v.code)
	half := strings.LastIndexByte(reply[:len(reply)/2], ' ') + 1
	counts := countCommon(reply[:half])
	code, best, second := mostly(counts, candidates)
	if best < sure || second*2 > best {
		for l, n := range countCommon(reply[half:]) {
			counts[l] += n
		}
		code, best, second = mostly(counts, candidates)
	}
	switch {
	case best >= 2 && best > second:
		return code
	case len(candidates) == 1:
		return candidates[0]
	}
	return ""
}

// mostly is the language with the most function words, among the candidates if there
// are several, and how many it and the next one have.
func mostly(counts [32]int, candidates []string) (code string, best, second int) {
	for l := range languages {
		n, c := counts[l], languages[l].code
		if len(candidates) > 1 && !contains(candidates, c) {
			continue
		}
		if n > best {
			best, second, code = n, best, c
		} else if n > second {
			second = n
		}
	}
	return code, best, second
}

// countCommon counts the function words of each language, by its place in
// languages; a word that languages share counts for all of them.
func countCommon(s string) (counts [32]int) {
	var low [32]byte // the longest of them is shorter
	w := low[:0]
	say := func() {
		if len(w) == 0 || commonSizes[w[0]]>>len(w)&1 == 0 {
			w = low[:0]
			return
		}
		for m := commons[string(w)]; m != 0; m &= m - 1 {
			counts[bits.TrailingZeros32(m)]++
		}
		w = low[:0]
	}
	for _, c := range s {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		switch {
		case letter && len(w)+utf8.UTFMax <= len(low):
			w = append(w, byte(c|0x20))
		case letter:
		case c < utf8.RuneSelf || !unicode.IsLetter(c):
			say()
		case len(w)+utf8.UTFMax <= len(low):
			w = utf8.AppendRune(w, unicode.ToLower(c))
		}
	}
	say()
	return counts
}

// latin says that s has no letter of another script: none from U+0340 on.
func latin(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xCD {
			return false
		}
	}
	return true
}

// byScript tells the languages that have a script, or letters, of their own.
func byScript(s string) string {
	if latin(s) {
		return ""
	}
	var hangul, kana, han, cyrillic, ukrainian, russian, letters int
	for _, c := range s {
		switch {
		case c < utf8.RuneSelf:
			if c|0x20 < 'a' || c|0x20 > 'z' {
				continue
			}
		case !unicode.IsLetter(c):
			continue
		case c < 0x370: // Latin
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
