package replytext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isDelimiter says that a line is the signature delimiter "-- " (RFC 3676 section
// 4.3), also as programs write it that trim lines.
func isDelimiter(s string) bool {
	return strings.HasPrefix(s, "--") && strings.Trim(s[2:], " \u00A0\t") == ""
}

// devices are the words for what a mail was sent with, in whatever language.
var devices = indexOf(strings.Fields(`iphon ipad ipod android samsung galaxy huawei xiaomi redmi oppo nokia sony xperia pixel
	blackberry htc alcatel motorola oneplus realme airmail windows outlook yahoo gmx web.de mail.ru gmail proton protonmail tuta tutanota k-9 fairemail thunderbird spark
	mobile smartphone phone handy mobil mobiltelefon mobilgerät telefon móvil celular dispositivo teléfono telefone telemóvel
	cellulare téléphone tablet mobiel telefoon komórki smartfona телефон смартфон мобильн мобільн яндекс yandex почт puhelim
	matkapuhelim telefonum cep 手机 手機 スマホ スマートフォン 携帯 휴대폰 휴대전화 아이폰 갤럭시 邮箱 信箱 foxmail qq`), owned)

// owned are the words that make a device the sender's: "sent from my TI-85".
var owned = []string{"from my ", "von meinem ", "de mon ", "desde mi ", "dal mio ", "mijn ", "do meu ", "z mojego ", "с моего ", "з мого ", "z mého ", "från min ", "fra min ", "从我的", "從我的", "나의 "}

// sends are the words for sending and getting, of all languages, as stems.
var sends = func() *wordIndex {
	var to []word
	for _, l := range languages {
		to = appendWords(to, l.code, l.footer)
	}
	return newIndex(to)
}()

// longSends are those of them that Hungarian and Turkish set last and bind to
// others, so that no border is asked for.
var longSends = func() *wordIndex {
	var to []word
	for _, w := range sends.words {
		if len(w.text) >= 6 {
			to = append(to, w)
		}
	}
	return newIndex(to)
}()

// indexOf indexes words of no language.
func indexOf(lists ...[]string) *wordIndex {
	var to []word
	for _, l := range lists {
		for _, w := range l {
			to = append(to, word{text: w})
		}
	}
	return newIndex(to)
}

// footer knows the line that a mobile program sets under a mail: one short line with
// a word for sending and the name of a device or program.
func footer(s string) (code string, ok bool) {
	link := strings.IndexByte(s, '/') >= 0 && strings.Contains(strings.ToLower(s), "aka.ms/")
	if !link && countWords(s) > 16 { // drawn signs and a link around it count here
		return "", false
	}
	low := lower(strings.Trim(s, " \t*_-–—[]()<>"))
	if i := strings.Index(low, " (http"); i > 0 {
		low = low[:i]
	}
	if low == "" || utf8.RuneCountInString(low) > 110 || endsWithColon(s) || strings.Count(low, ". ") > 1 {
		return "", false
	}
	if !link && countWords(low) > 12 {
		return "", false
	}
	w, sent := sends.find(low, stems)
	if !sent {
		w, sent = longSends.find(low, anywhere)
	}
	return w.code, link || sent && devices.has(low)
}

// countWords counts what blanks part.
func countWords(s string) int {
	n, in := 0, false
	for _, c := range s {
		blank := unicode.IsSpace(c)
		if !blank && !in {
			n++
		}
		in = !blank
	}
	return n
}

// footers classes the footers of programs below the writer's last words, above
// the quote and at the end of the text.
func (v *view) footers() {
	v.listFooter()
	limit := len(v.lines)
	for i, l := range v.lines {
		if l.class == quoted || l.class == intro || l.class == forward {
			limit = i
			break
		}
	}
	v.footersAbove(limit)
	if limit < len(v.lines) {
		v.footersAbove(len(v.lines))
	}
}

// footersAbove classes up to three footers directly above line limit.
func (v *view) footersAbove(limit int) {
	for n := 0; n < 3; n++ {
		i := limit - 1
		for i >= 0 && (v.lines[i].class == blank || v.lines[i].class == signature) {
			i--
		}
		if i < 0 || v.lines[i].class != own {
			return
		}
		if v.rule(i) { // the line some programs draw under their footer
			v.lines[i].class = signature
			continue
		}
		code, ok := footer(v.line(i))
		if !ok || i > 0 && v.lines[i-1].class == own && !v.rule(i-1) && len(v.line(i-1)) > 60 {
			return
		}
		v.lines[i].class = signature
		v.footerAt, v.footerWhy = i, v.reason("mobile footer", code, i)
	}
}

// listFooter classes the lines that a mailing list adds under a drawn line at the
// very end: at most six, with an address or a link.
func (v *view) listFooter() {
	for i := len(v.lines) - 1; i >= max(1, len(v.lines)-10); i-- {
		if c := v.lines[i].class; c != own && c != blank {
			return // a rule above a quote parts the writer's own words
		}
		if v.lines[i].class != own || !v.rule(i) || len(strings.TrimSpace(v.line(i))) < 20 {
			continue
		}
		tail := v.text[v.lines[i].end:]
		if strings.Count(strings.TrimSpace(tail), "\n") > 6 || !strings.Contains(tail, "http") && !hasAddr(tail) {
			return
		}
		for k := i; k < len(v.lines); k++ {
			if v.lines[k].class == own {
				v.lines[k].class = signature
			}
		}
		v.footerAt, v.footerWhy = i, v.reason("list footer", "", i)
		return
	}
}
