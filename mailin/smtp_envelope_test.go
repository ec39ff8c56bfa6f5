package mailin

import (
	"strings"
	"testing"
)

// IN_E01 to IN_E10 at the door: what is said to an address of the envelope, and what is
// kept of the ones that are taken (the desk of this test takes every local part at
// example.org): nothing is decoded or folded. Who From is, TestIN_E_Senders asks.
func TestIN_E_Envelope(t *testing.T) {
	for _, c := range []struct{ id, from, to, want string }{
		{"IN_E01", "<>", "<help@example.org>", "250 "},
		{"IN_E02", `<"">`, "", "501 "},
		{"IN_E02", `<""@example.net>`, "", "501 "},
		{"IN_E02", "<>", `<""@example.org>`, "501 "},
		{"IN_E03", "<" + strings.Repeat("x", 64) + "@example.net>", "<help@example.org>", "250 "},
		{"IN_E03", "<" + strings.Repeat("x", 65) + "@example.net>", "", "501 5.1.7 "},
		{"IN_E03", "<x@" + strings.Repeat("d.", 130) + "net>", "", "501 5.1.7 "},
		{"IN_E04", `<"a b"@example.net>`, "<help@example.org>", "250 "},
		{"IN_E04", "<\"a\rb\"@example.net>", "", "501 5.1.7 "},
		{"IN_E05", "<ann@example.net> X=Y", "", "500 5.5.4 "},
		{"IN_E05", `<"a> SIZE=1"@example.net>`, "<help@example.org>", "250 "},
		{"IN_E06", "<ann@xn--80ak6aa92e.com>", "<help@example.org>", "250 "},
		{"IN_E06", "<ann@\u0430pple.com>", "", "553 5.6.7 "},
		{"IN_E06", "<ann@\u0430pple.com> SMTPUTF8", "<help@ex\u0430mple.org>", "550 5.7.1 "},
		{"IN_E06", "<ann@apple.com> SMTPUTF8", "<help@example\u3002org>", "550 5.7.1 "},
		{"IN_E06", "<ann@apple.com> SMTPUTF8", "<help@exam\u200dple.org>", "550 5.7.1 "},
		{"IN_E06", "<ann@apple.com>", "<help@xn--exmple-4nf.org>", "550 5.7.1 "},
		{"IN_E07", "<Ann@Example.NET>", "<HELP@Example.ORG>", "250 "},
		{"IN_E08", "<ann@example.net>", "<h.elp@example.org>", "250 "},
		{"IN_E09", "<ann@example.net>", "<=?utf-8?q?help=40example.org=3e?=@evil.example>", "550 5.7.1 "},
		{"IN_E09", "<ann@example.net>", "<=?utf-8?q?help?=@example.org>", "250 "},
		{"IN_E10", "<ann@example.net>", "<undisclosed-recipients:;>", "501 "},
		{"IN_E10", "<ann@example.net>", "undisclosed-recipients:;", "501 "},
		{"IN_E11", "<ann@example.net>", "<<help@example.org>>", "501 "},
	} {
		t.Run(c.id, func(t *testing.T) {
			protocol(t, nil, func(t *testing.T, d *fakeDesk, _ *Listener, pl *pipeListener) {
				k := call(t, pl)
				k.say("MAIL FROM:%s", c.from)
				got := k.answer()
				if c.to != "" {
					if !strings.HasPrefix(got, "250 ") {
						t.Fatalf("from %s: %q", c.from, got)
					}
					k.say("RCPT TO:%s", c.to)
					got = k.answer()
				}
				if !strings.HasPrefix(got, c.want) {
					t.Fatalf("from %s to %s: %q, expected %q", c.from, c.to, got, c.want)
				}
				if c.want != "250 " {
					return
				}
				k.ask("354 ", "DATA")
				k.send(letter + ".\r\n")
				k.want("250 ")
				from, _, _ := strings.Cut(c.from[1:], ">")
				if strings.Contains(c.from, "SIZE") {
					from = `"a> SIZE=1"@example.net`
				}
				if a := d.last(); !strings.EqualFold(*a.From, from) || !strings.EqualFold(a.To[0], strings.Trim(c.to, "<>")) {
					t.Errorf("kept %q to %q", *a.From, a.To)
				}
			})
		})
	}
}
