package mimetree

import (
	"fmt"
	"strings"
	"testing"

	"postern/tickets"
)

// list writes addresses as name<addr>, with ? behind those that were guessed.
func list(as []tickets.Address) string {
	var out []string
	for _, a := range as {
		s := fmt.Sprintf("%s<%s>", a.Name, a.Addr)
		if a.Guessed {
			s += "?"
		}
		out = append(out, s)
	}
	return strings.Join(out, " | ")
}

func TestParseAddresses(t *testing.T) {
	for _, c := range []struct{ id, in, want string }{
		{"plain", "a@b.c", "<a@b.c>"},
		{"IN_E07 domain in lower case", "Agent@Example.COM", "<Agent@example.com>"},
		{"named", `Jo Doe <a@b.c>, "Doe, Jo" <d@e.f>`, "Jo Doe<a@b.c> | Doe, Jo<d@e.f>"},
		{"old comment", "a@b.c (Jo Doe)", "Jo Doe<a@b.c>"},
		{"comments", "Jo (the (great)) Doe <a@b.c> (home)", "Jo  Doe<a@b.c>"},
		{"bare comma in a name", "Jo, Doe <a@b.c>", "Jo, Doe<a@b.c>?"},
		{"brackets in a name", "[Team] Foo <a@b.c>", "[Team] Foo<a@b.c>"},
		{"semicolons", "a@b.c; d@e.f; Jo <g@h.i>", "<a@b.c> | <d@e.f> | Jo<g@h.i>"},
		{"address as a name", "jo@x.org <a@b.c>", "jo@x.org<a@b.c>?"},
		{"quoted address as a name", `"jo@x.org" <a@b.c>`, "jo@x.org<a@b.c>"},
		{"dots", "a..b@c.de, .a@c.de, a.@c.de", "<a..b@c.de> | <.a@c.de> | <a.@c.de>"},
		{"encoded name", "=?utf-8?q?J=C3=B6?= <a@b.c>", "Jö<a@b.c>"},
		{"encoded name in quotes", `"=?iso-8859-1?q?J=F6?=" <a@b.c>`, "Jö<a@b.c>"},
		{"comma inside an encoded-word", "=?utf-8?q?Doe,_J=C3=B6?= <a@b.c>, d@e.f", "Doe, Jö<a@b.c> | <d@e.f>"},
		{"raw Latin-1 name", "J\xf6 <a@b.c>", "Jö<a@b.c>"},
		{"IN_E04 quoted local part", `"john doe"@x.org, "a@b"@c.d, Jo <"x>y"@z.org>`, `<"john doe"@x.org> | <"a@b"@c.d> | Jo<"x>y"@z.org>`},
		{"SMTPUTF8", "Jö <jö@exämple.org>", "Jö<jö@exämple.org>"},
		{"IN_E06 punycode", "a@xn--exmple-cua.org", "<a@xn--exmple-cua.org>"},
		{"IN_E06 homoglyph", "a@\u0430pple.com", "<a@\u0430pple.com>"},
		{"IN_E09 encoded-word in the address", "=?utf-8?q?agent=40example.com=3e?=@evil.com", "<=?utf-8?q?agent=40example.com=3e?=@evil.com>?"},
		{"IN_E10 empty group", "undisclosed-recipients:;", ""},
		{"IN_E10 group", "a: b@c.d, Jo <d@e.f>; g@h.i", "<b@c.d> | Jo<d@e.f> | <g@h.i>"},
		{"IN_E11 many brackets", "<<<a@b.c>>>", "<a@b.c>?"},
		{"IN_E11 no end", "<a@b.c", "<a@b.c>?"},
		{"IN_E11 no end, then another", "Jo <a@b.c, d@e.f", "Jo<a@b.c>? | <d@e.f>"},
		{"IN_E11 no begin", "a@b.c>", "<a@b.c>?"},
		{"IN_E11 open comment", "Jo (x <a@b.c>", "Jo x<a@b.c>?"},
		{"IN_E11 open quote", `"Jo <a@b.c>`, "Jo<a@b.c>?"},
		{"IN_E11 comma inside brackets", "Jo <a@b.c,d@e.f>", "Jo<a@b.c>? | Jo<d@e.f>?"},
		{"IN_E11 naked local part", "MAILER-DAEMON", "MAILER-DAEMON<>?"},
		{"naked local part in brackets", "<MAILER-DAEMON>", "<>?"},
		{"one bad address", "x y z, a@b.c, @, d@e.f", "x y z<>? | <a@b.c> | <>? | <d@e.f>"},
		{"IN_E05 parameters", `"a> SIZE=1"@b.c`, `<"a> SIZE=1"@b.c>`},
		{"route", "<@x.y,@z.w:user@ours.org>", "<user@ours.org>"},
		{"mailto", "mailto:a@b.c", "<a@b.c>"},
		{"mailto in brackets", "<mailto:a@b.c>", "<a@b.c>?"},
		{"literal", "a@[192.0.2.1], b@[IPv6:2001:db8::1]", "<a@[192.0.2.1]> | <b@[ipv6:2001:db8::1]>"},
		{"blanks around the dots", "a . b @ c . d", "<a.b@c.d>"},
		{"words around an address", "write to a@b.c please", "<a@b.c>?"},
		{"IN_E11 brackets forgotten behind a quoted name", `"Ann" ann@example.net`, "Ann<ann@example.net>?"},
		{"IN_E11 nothing parts name and address", `"Ann"ann@example.net`, `<Annann@example.net>?`},
		{"two addresses in one item", "a@b.c d@e.f", "<a@b.c>? | <d@e.f>?"},
		{"two in brackets", "Jo <a@b.c> <d@e.f>", "Jo<a@b.c>? | Jo<d@e.f>?"},
		{"IN_H02 empty", "", ""},
		{"IN_H02 null", "<>", ""},
		{"IN_H04 name holds an address", `"ceo@example.com" <x@evil.org>`, "ceo@example.com<x@evil.org>"},
		{"name with CR LF", "=?utf-8?q?a=0d=0aBcc:_x?= <a@b.c>", "a Bcc: x<a@b.c>"},
		{"bidi in a name", "a\u202egnp.exe <a@b.c>", "a<U+202E>gnp.exe<a@b.c>"},
		{"NUL", "a\x00b <a\x00@b.c>", "ab<a@b.c>?"},
		{"single quotes", "'Jo Doe' <a@b.c>", "Jo Doe<a@b.c>"},
		{"trailing comma", "a@b.c,,", "<a@b.c>"},
		{"trailing dot", "a@b.c.", "<a@b.c>"},
	} {
		t.Run(c.id, func(t *testing.T) {
			var d Defects
			if got := list(ParseAddresses(c.in, "", 500, &d)); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(c.want), " ") {
				t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func FuzzParseAddresses(f *testing.F) {
	f.Add(`Jo, Doe <a@b.c>; "x" (c) <d@[1.2.3.4]>, =?utf-8?q?,?= <e@f>`)
	f.Add("<<a@b>>,(,\"")
	f.Fuzz(func(t *testing.T, s string) {
		var d Defects
		for _, a := range ParseAddresses(s, "", 500, &d) {
			if CleanLine(a.Name) != a.Name {
				t.Fatalf("name %q", a.Name)
			}
			if a.Addr == "" {
				continue
			}
			again, _ := CleanAddress(a.Addr)
			if again != a.Addr {
				t.Fatalf("%q reads as %q", a.Addr, again)
			}
		}
	})
}
