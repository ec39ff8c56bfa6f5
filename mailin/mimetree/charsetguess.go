package mimetree

import (
	"bytes"
	"strings"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// guessed is how much of a text is looked at for its charset.
const guessed = 4 << 10

// guess names the charset of octets that are no UTF-8; nil means Western. A few
// high octets are no ground for a guess. The detector is believed when it is
// sure; short Chinese, Japanese and Korean texts, of which it is not, are told
// apart by how their pairs of octets are built.
func guess(b []byte) encoding.Encoding {
	b = b[:min(len(b), guessed)]
	high := 0
	for _, c := range b {
		if c >= 0x80 {
			high++
		}
	}
	if high < 8 {
		return nil
	}
	r, err := chardet.NewTextDetector().DetectBest(b)
	if err == nil && r.Confidence >= 30 {
		if enc := lookup(strings.ToLower(r.Charset)); enc != nil && fits(enc, b) {
			return enc
		}
	}
	if blank := bytes.Count(b, []byte{' '}); high*5 < (len(b)-blank)*2 {
		return nil
	}
	if enc := paired(b); fits(enc, b) {
		return enc
	}
	return nil
}

// fits says that the octets are of that charset; the last letter may be cut.
func fits(enc encoding.Encoding, b []byte) bool {
	out, err := enc.NewDecoder().Bytes(b)
	return err == nil && !bytes.Contains(out[:max(len(out)-3, 0)], []byte("\uFFFD"))
}

// paired tells the East Asian charsets apart: Shift JIS has its kana behind 82 and
// 83, EUC-JP behind A4 and A5; only Shift JIS and Big5 have second octets below
// A1; Hangul lies between B0 and C8, Chinese beyond it too.
func paired(b []byte) encoding.Encoding {
	total, sjis, euc, low, hangul := 0, 0, 0, 0, 0
	for i := 0; i+1 < len(b); i++ {
		lead, trail := b[i], b[i+1]
		if lead < 0x81 {
			continue
		}
		total++
		i++
		sjis += count(lead == 0x82 || lead == 0x83)
		euc += count(lead == 0xa4 || lead == 0xa5)
		low += count(trail < 0xa1)
		hangul += count(lead >= 0xb0 && lead <= 0xc8)
	}
	switch {
	case sjis*4 > total:
		return japanese.ShiftJIS
	case low*5 > total:
		return traditionalchinese.Big5
	case euc*4 > total:
		return japanese.EUCJP
	case hangul*10 > total*9:
		return korean.EUCKR
	}
	return simplifiedchinese.GB18030
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
