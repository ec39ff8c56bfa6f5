package mimetree

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestToUTF8(t *testing.T) {
	for _, c := range []struct {
		label, in, want string
		ok              bool
	}{
		{"utf-8", "ä", "ä", true},
		{"UTF8", "ä", "ä", true},
		{"'utf-8'", "ä", "ä", true},
		{`"utf-8";`, "ä", "ä", true},
		{"cp65001", "ä", "ä", true},
		{"utf-8", "\xef\xbb\xbfä", "ä", true},
		{"us-ascii", "abc", "abc", true},
		{"iso-8859-1", "\x93x\x94 \xe4", "“x” ä", true},
		{"latin1", "\x80", "€", true},
		{"ansi", "\xe4", "ä", true},
		{"windows-1252", "\x80", "€", true},
		{"cp1252", "\x80", "€", true},
		{"iso-8859-15", "\xa4", "€", true},
		{"iso8859-15", "\xa4", "€", true},
		{"ISO_8859-2", "\xe6", "ć", true},
		{"windows-1250", "\x9c", "ś", true},
		{"cp1251", "\xca", "К", true},
		{"koi8-r", "\xeb", "К", true},
		{"koi8-u", "\xa4", "є", true},
		{"cp932", "\x93\xfa", "日", true},
		{"shift_jis", "\x93\xfa", "日", true},
		{"x-sjis", "\x93\xfa", "日", true},
		{"iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本", true},
		{"iso-2022-jp-ms", "\x1b$BF|K\\\x1b(B", "日本", true},
		{"euc-jp", "\xc6\xfc", "日", true},
		{"cp949", "\xc7\xd1", "한", true},
		{"ks_c_5601-1987", "\xc7\xd1", "한", true},
		{"ks_c_5601", "\xc7\xd1", "한", true},
		{"euc-kr", "\xc7\xd1", "한", true},
		{"cp950", "\xa4\xa4", "中", true},
		{"big5", "\xa4\xa4", "中", true},
		{"gb2312", "\xd6\xd0", "中", true},
		{"gbk", "\xd6\xd0", "中", true},
		{"gb18030", "\xd6\xd0", "中", true},
		{"hz-gb-2312", "~{VP~}", "中", true},
		{"cp874", "\xa1", "ก", true},
		{"tis-620", "\xa1", "ก", true},
		{"cp850", "\x84", "ä", true},
		{"cp437", "\x84", "ä", true},
		{"macintosh", "\x8a", "ä", true},
		{"utf-16", "\xfe\xff\x00\xe4", "ä", true},
		{"utf-16", "\xff\xfe\xe4\x00", "ä", true},
		{"utf-16", "\x00a\x00b", "ab", true},
		{"utf-16", "a\x00b\x00", "ab", true},
		{"utf-16le", "a\x00", "a", true},
		{"utf-32", "\x00\x00\xfe\xff\x00\x00\x00\xe4", "ä", true},
		{"ibm037", "\x81", "a", true},
		// C01, C02, C04: wrong, unknown and forbidden labels
		{"", "ä", "ä", false},
		{"", "\xe4", "ä", false},
		{"unknown-8bit", "ä", "ä", false},
		{"x-foo", "ä", "ä", false},
		{"x-foo", "\xe4", "ä", false},
		{"us-ascii", "\xe4", "ä", false},
		{"us-ascii", "ä", "ä", false},
		{"utf-7", "+ADw-script+AD4-", "+ADw-script+AD4-", false},
		{"unicode-1-1-utf-7", "+AOQ-", "+AOQ-", false},
		{"utf-8", "gr\xfc\xdfe", "grüße", false},
		{"utf-8", "ä\xff", "ä\uFFFD", false},
		{"utf-8", "abc\xc3", "abc\uFFFD", false},
		{"utf-8", "ä\xed\xa0\x80", "ä\uFFFD", false},
		{"utf-8", "ä\xc0\xaf", "ä\uFFFD", false},
		{"iso-8859-1", "grüße", "grüße", false},
		{"shift_jis", "日本語のメール", "日本語のメール", false},
		{"iso-2022-jp", "\x1b$BF|", "日", true},
		{"iso-2022-kr", "abc", "abc", false},
		{"charset=utf-8", "ä", "ä", true},
	} {
		got, ok := ToUTF8(c.label, []byte(c.in))
		if got != c.want || ok != c.ok {
			t.Errorf("%s %q: %q %v, want %q", c.label, c.in, got, ok, c.want)
		}
	}
}

// Without a label the charset is guessed from the words.
func TestGuess(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"\xcf\xf0\xe8\xe2\xe5\xf2, \xe2\xf1\xe5\xec! \xcf\xf0\xe8\xed\xf2\xe5\xf0 \xf1\xeb\xee\xec\xe0\xed \xe8 \xed\xe5 \xf0\xe0\xe1\xee\xf2\xe0\xe5\xf2.", "Привет, всем! Принтер сломан и не работает."},
		{"\xf0\xd2\xc9\xd7\xc5\xd4, \xd7\xd3\xc5\xcd! \xf0\xd2\xc9\xce\xd4\xc5\xd2 \xd3\xcc\xcf\xcd\xc1\xce \xc9 \xce\xc5 \xd2\xc1\xc2\xcf\xd4\xc1\xc5\xd4.", "Привет, всем! Принтер сломан и не работает."},
		{"Der Drucker l\xe4uft nicht, bitte pr\xfcfen.", "Der Drucker läuft nicht, bitte prüfen."},
		{"\x83v\x83\x8a\x83\x93\x83^\x82\xaa\x89\xf3\x82\xea\x82\xdc\x82\xb5\x82\xbd\x81B", "プリンタが壊れました。"},
		{"\xc4\xe3\xba\xc3\xa3\xac\xb4\xf2\xd3\xa1\xbb\xfa\xbb\xb5\xc1\xcb", "你好，打印机坏了"},
		{"\xbe\xc8\xb3\xe7\xc7\xcf\xbc\xbc\xbf\xe4 \xc7\xc1\xb8\xb0\xc5\xcd\xb0\xa1 \xb0\xed\xc0\xe5", "안녕하세요 프린터가 고장"},
		{"\xa6L\xaa\xed\xbe\xf7\xc3a\xa4F\xa1A\xbd\xd0\xc0\xb0\xa6\xa3\xa1C", "印表機壞了，請幫忙。"},
		{"\xa5\xd7\xa5\xea\xa5\xf3\xa5\xbf\xa4\xac\xb2\xf5\xa4\xec\xa4\xde\xa4\xb7\xa4\xbf", "プリンタが壊れました"},
		{"\x1b$BF|K\\\x1b(B", "日本"},
	} {
		if got, _ := ToUTF8("", []byte(c.in)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestCleanText(t *testing.T) {
	for _, c := range []struct{ id, in, want, defect string }{
		{"line ends", "a\r\nb\nc\rd\r\r\ne", "a\nb\nc\nd\ne", ""},
		{"C03", "a\x00b\x00", "ab", DefectNUL},
		{"C04", "a" + strings.Repeat("\u0301", 40), "a" + strings.Repeat("\u0301", 32), DefectCombining},
		{"C04 on one letter only", "a\u0301b\u0301", "a\u0301b\u0301", ""},
		{"invalid", "a\xffb", "a\uFFFDb", ""},
		{"blank lines of CR", "a\r\rb", "a\n\nb", ""},
	} {
		var d Defects
		if got := CleanText([]byte(c.in), &d); got != c.want || (c.defect != "") != (len(d) > 0) {
			t.Errorf("%s: %q %v", c.id, got, d)
		}
	}
}

func FuzzToUTF8(f *testing.F) {
	f.Add("utf-16", []byte("\xd8\x00a\x00"))
	f.Add("iso-2022-jp", []byte("\x1b$BF|"))
	f.Add("hz", []byte("~{VP~"))
	f.Add("", []byte("\xff\xfe\x00\xd8"))
	f.Fuzz(func(t *testing.T, label string, b []byte) {
		text, _ := ToUTF8(label, b)
		if !utf8.ValidString(text) {
			t.Fatalf("%q in %q: %q", b, label, text)
		}
		var d Defects
		text = CleanText([]byte(text), &d)
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r") {
			t.Fatalf("%q in %q: %q", b, label, text)
		}
	})
}
