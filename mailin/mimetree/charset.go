package mimetree

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// labels are the charset names of real mailers that the WHATWG index does not
// know, or knows otherwise than mail means them.
var labels = map[string]encoding.Encoding{
	"ansi": charmap.Windows1252, "ansi_x3.110-1983": charmap.Windows1252, "cp-1252": charmap.Windows1252,
	"windows1252": charmap.Windows1252, "win-1252": charmap.Windows1252, "iso-8859-1-windows-3.1-latin-1": charmap.Windows1252,
	"windows1251": charmap.Windows1251, "win-1251": charmap.Windows1251, "cp-1251": charmap.Windows1251,
	"windows1250": charmap.Windows1250, "win-1250": charmap.Windows1250,
	"cp932": japanese.ShiftJIS, "ms_kanji": japanese.ShiftJIS, "sjis-win": japanese.ShiftJIS, "shift-jis-2004": japanese.ShiftJIS,
	"iso-2022-jp-ms": japanese.ISO2022JP, "iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP,
	"iso-2022-jp-3": japanese.ISO2022JP, "cp50220": japanese.ISO2022JP, "cp50221": japanese.ISO2022JP, "jis": japanese.ISO2022JP,
	"cp51932": japanese.EUCJP, "eucjp": japanese.EUCJP, "eucjp-ms": japanese.EUCJP,
	"cp949": korean.EUCKR, "ms949": korean.EUCKR, "uhc": korean.EUCKR, "ks_c_5601": korean.EUCKR, "euckr": korean.EUCKR,
	"cp950": traditionalchinese.Big5, "ms950": traditionalchinese.Big5, "windows-950": traditionalchinese.Big5,
	"cp936": simplifiedchinese.GBK, "ms936": simplifiedchinese.GBK, "windows-936": simplifiedchinese.GBK, "euc-cn": simplifiedchinese.GBK,
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "x-gbk": simplifiedchinese.GB18030, "gb_2312-80": simplifiedchinese.GB18030,
	"hz": simplifiedchinese.HZGB2312, "hz-gb-2312": simplifiedchinese.HZGB2312, "hz-gb2312": simplifiedchinese.HZGB2312,
	"cp874": charmap.Windows874, "tis620": charmap.Windows874, "iso8859-11": charmap.Windows874,
	"cp437": charmap.CodePage437, "ibm437": charmap.CodePage437, "cp850": charmap.CodePage850, "ibm850": charmap.CodePage850,
	"cp852": charmap.CodePage852, "ibm852": charmap.CodePage852, "cp855": charmap.CodePage855, "ibm855": charmap.CodePage855,
	"cp858": charmap.CodePage858, "ibm858": charmap.CodePage858, "cp860": charmap.CodePage860, "cp862": charmap.CodePage862,
	"cp863": charmap.CodePage863, "cp865": charmap.CodePage865, "ibm860": charmap.CodePage860, "ibm862": charmap.CodePage862,
	"ibm863": charmap.CodePage863, "ibm865": charmap.CodePage865, "ibm037": charmap.CodePage037, "cp037": charmap.CodePage037,
	"ebcdic-cp-us": charmap.CodePage037, "ebcdic": charmap.CodePage037, "ibm1047": charmap.CodePage1047, "cp1047": charmap.CodePage1047,
	"macroman": charmap.Macintosh, "mac-roman": charmap.Macintosh, "x-mac": charmap.Macintosh,
	"utf-16": utf16Any{}, "utf16": utf16Any{}, "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "ucs-2": utf16Any{}, "unicode": utf16Any{},
	"utf-32": utf32.UTF32(utf32.BigEndian, utf32.UseBOM), "utf-32be": utf32.UTF32(utf32.BigEndian, utf32.UseBOM),
	"utf-32le": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
}

// utf8Labels mean UTF-8.
var utf8Labels = map[string]bool{"utf-8": true, "utf8": true, "cp65001": true, "unicode-1-1-utf-8": true, "utf-8-mac": true, "utf8mb4": true, "x-utf-8": true}

// silent labels say nothing about the octets.
var silentLabels = map[string]bool{
	"": true, "us-ascii": true, "ascii": true, "ansi_x3.4-1968": true, "unknown-8bit": true, "x-unknown": true, "unknown": true,
	"default": true, "default_charset": true, "default charset": true, "x-user-defined": true, "binary": true, "8bit": true, "7bit": true, "none": true,
	"646": true, "us_ascii": true, "usascii": true, "iso-ir-6": true, "iso646-us": true, "charset": true, "_charset_": true,
}

// never are labels that must not be decoded: UTF-7 turns plain text into markup.
var never = map[string]bool{"utf-7": true, "utf7": true, "unicode-1-1-utf-7": true, "x-unicode-2-0-utf-7": true, "csunicode11utf7": true, "utf-7-imap": true}

// ToUTF8 turns octets into text: as declared, else as UTF-8 when they are valid,
// else as guessed, else as Windows-1252. Latin-1 means Windows-1252, whose quotes
// real mailers put there. The result is valid UTF-8 but may hold NUL; ok is false
// when the label was unknown or wrong.
func ToUTF8(label string, b []byte) (text string, ok bool) {
	out, ok := toUTF8(label, b)
	return string(out), ok
}

// toUTF8 is ToUTF8; the result may share memory with b.
func toUTF8(label string, b []byte) (text []byte, ok bool) {
	name := cleanLabel(label)
	if silentLabels[name] && escapes(b) {
		name = "iso-2022-jp"
	}
	if ascii(b) && (silentLabels[name] || utf8Labels[name] || latin(name)) {
		return b, true
	}
	switch {
	case utf8Labels[name]:
		return fromUTF8(b)
	case never[name]:
		return bytes.ToValidUTF8(b, replacement), false
	case silentLabels[name]:
		return undeclared(b), false
	}
	if enc := lookup(name); enc != nil {
		return declared(enc, name, b)
	}
	if out, ok := registered(name, b); ok {
		return out, true
	}
	return undeclared(b), false
}

// registered decodes by the names of IANA's registry, which hold more than those
// of the web; UTF-7 and what else must not be decoded never gets here.
func registered(name string, b []byte) ([]byte, bool) {
	r, err := charset.Reader(name, bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	out, err := io.ReadAll(r)
	return out, err == nil && !bytes.Contains(out, replacement)
}

// declared decodes as the label says, unless the octets are UTF-8 and the label cannot be right.
func declared(enc encoding.Encoding, name string, b []byte) ([]byte, bool) {
	if (enc == charmap.Windows1252 || name == "iso-8859-15") && utf8.Valid(b) {
		return b, false // a letter of Latin-1 text is hardly ever valid UTF-8 by chance
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err == nil && !bytes.Contains(out, replacement) {
		return out, true
	}
	if utf8.Valid(b) && !ascii(b) {
		return b, false
	}
	return bytes.ToValidUTF8(out, replacement), false
}

// replacement stands for octets that mean nothing.
var replacement = []byte("\uFFFD")

// escapes says that the octets change to a Japanese set as ISO-2022-JP does.
func escapes(b []byte) bool {
	i := bytes.Index(b, []byte("\x1b$"))
	return i >= 0 && i+2 < len(b) && (b[i+2] == 'B' || b[i+2] == '@') && ascii(b)
}

func cleanLabel(label string) string {
	s := strings.ToLower(strings.Trim(label, " \t\r\n\"'<>;,.="))
	if strings.HasPrefix(s, "charset=") {
		s = strings.Trim(s[len("charset="):], " \"'")
	}
	if i := strings.IndexAny(s, " \t;\"*"); i > 0 && !silentLabels[s] {
		s = s[:i]
	}
	return strings.TrimSuffix(s, "$esc")
}

func latin(name string) bool {
	return name == "iso-8859-1" || name == "latin1" || name == "windows-1252"
}

func lookup(name string) encoding.Encoding {
	if enc, ok := labels[name]; ok {
		return enc
	}
	if enc, err := htmlindex.Get(name); err == nil && enc != encoding.Replacement {
		return enc
	}
	for _, try := range []string{strings.ReplaceAll(name, "_", "-"), strings.TrimPrefix(name, "x-"), strings.Replace(name, "iso8859", "iso-8859", 1), strings.Replace(name, "cp", "windows-", 1)} {
		if enc, ok := labels[try]; ok {
			return enc
		}
		if enc, err := htmlindex.Get(try); err == nil && enc != encoding.Replacement {
			return enc
		}
	}
	return nil
}

// fromUTF8 replaces single broken octets; when nothing but broken octets is
// there, the label is wrong and the charset is guessed.
func fromUTF8(b []byte) ([]byte, bool) {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if utf8.Valid(b) {
		return b, true
	}
	good, bad := 0, 0
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		rest = rest[n:]
	}
	if good == 0 && bad > 0 && !onlyTruncated(b, bad) {
		return undeclared(b), false
	}
	return bytes.ToValidUTF8(b, replacement), false
}

// onlyTruncated says that the broken octets are the start of one letter at the very end.
func onlyTruncated(b []byte, bad int) bool {
	return bad <= 3 && bad <= len(b) && b[len(b)-bad] >= 0xC0 && !utf8.FullRune(b[len(b)-bad:])
}

// undeclared reads octets without a useful label.
func undeclared(b []byte) []byte {
	if utf8.Valid(b) {
		return bytes.TrimPrefix(b, []byte("\uFEFF"))
	}
	if len(b) >= 2 && (b[0] == 0xFE && b[1] == 0xFF || b[0] == 0xFF && b[1] == 0xFE) {
		if out, err := (utf16Any{}).NewDecoder().Bytes(b); err == nil {
			return out
		}
	}
	enc := encoding.Encoding(charmap.Windows1252)
	if g := guess(b); g != nil {
		enc = g
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		out = bytes.ToValidUTF8(b, replacement)
	}
	return out
}

func ascii(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// utf16Any is UTF-16 by its byte order mark, else by where the zeros stand.
type utf16Any struct{ encoding.Encoding }

// NewDecoder returns a decoder that looks at the first octets it gets.
func (utf16Any) NewDecoder() *encoding.Decoder {
	return &encoding.Decoder{Transformer: &sniff16{}}
}
