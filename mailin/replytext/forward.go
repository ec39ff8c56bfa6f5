package replytext

import (
	"net/mail"
	"strings"

	"postern/tickets"
)

// maxSubject bounds the subject of a forwarded message, in octets.
const maxSubject = 998

// forwarded reads the header block of a forwarded message, nil when there is none.
func (v *view) forwarded() *tickets.Forwarded {
	if v.fwd < 0 {
		return nil
	}
	for i := v.fwd; i < min(v.fwd+8, len(v.lines)); i++ {
		if b, ok := v.block(i); ok {
			return &tickets.Forwarded{
				From:    sender(b.values[fieldFrom]),
				Date:    parseDate(b.values[fieldSent], b.code),
				Subject: cut(strings.Join(strings.Fields(b.values[fieldSubject]), " "), maxSubject),
				Text:    v.body(i + b.n),
			}
		}
	}
	return nil
}

// body is the text from line i on, without the quote marks of its first line.
func (v *view) body(i int) string {
	for i < len(v.lines) && isBlank(unquoted(v.line(i))) {
		i++
	}
	if i >= len(v.lines) {
		return ""
	}
	if v.lines[i].depth == 0 {
		return strings.TrimRight(v.text[v.lines[i].start:], "\n ")
	}
	var b strings.Builder
	for ; i < len(v.lines); i++ {
		s := strings.TrimLeft(v.line(i), " ")
		s = strings.TrimPrefix(strings.TrimPrefix(s, ">"), " ")
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n ")
}

// sender reads the value of a From line as programs print it: "Ann <ann@x>",
// "Ann [ann@x]", "Ann (ann@x (mailto:ann@x))", "ann@x", "Ann [mailto:ann@x]".
func sender(s string) tickets.Address {
	s = strings.TrimSpace(linkTarget.ReplaceAllString(strings.ReplaceAll(s, "[mailto:", "["), ""))
	at := strings.IndexByte(s, '@')
	if at < 0 {
		return tickets.Address{Name: plainName(s), Guessed: true}
	}
	from, to := at, at
	for from > 0 && addrByte(s[from-1]) {
		from--
	}
	for to+1 < len(s) && addrByte(s[to+1]) {
		to++
	}
	addr := strings.Trim(s[from:to+1], ".'")
	a, err := mail.ParseAddress("<" + addr + ">")
	if err != nil {
		return tickets.Address{Name: plainName(s), Guessed: true}
	}
	local, domain, _ := strings.Cut(a.Address, "@")
	return tickets.Address{Name: plainName(s[:from]), Addr: local + "@" + strings.ToLower(domain)}
}

// plainName takes the signs around a display name off.
func plainName(s string) string {
	return strings.Trim(strings.Join(strings.Fields(cut(s, 200)), " "), " \"'<>[]()*,;“”„|")
}

func addrByte(c byte) bool {
	return c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) || strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) >= 0
}
