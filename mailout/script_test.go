package mailout

import (
	"strings"
	"testing"

	"postern/tickets"
)

// IN_E06: an address that looks like another one is shown as what it is.
func TestIN_E06_MixedAlphabets(t *testing.T) {
	for addr, want := range map[string]string{
		"ann@apple.com":           "ann@apple.com",
		"ann@\u0430pple.com":      "ann@xn--pple-43d.com", // Cyrillic а
		"ann@appl\u0435.com":      "ann@xn--appl-y4d.com",
		"ann@p\u03b1ypal.example": "ann@xn--pypal-d9d.example", // Greek α
		"ann@m\u00fcnchen.de":     "ann@m\u00fcnchen.de",
		"ann@пример.рф":           "ann@пример.рф",
		"ann@пример.com":          "ann@пример.com", // each label has one alphabet
		"ann@例え.jp":               "ann@例え.jp",
		"ann@toshiba東芝.jp":        "ann@toshiba東芝.jp",
		"ann@xn--80ak6aa92e.com":  "ann@xn--80ak6aa92e.com",
		"no address":              "no address",
		"":                        "",
	} {
		if got := plainDomain(addr); got != want {
			t.Errorf("%q is written %q, expected %q", addr, got, want)
		}
	}
	for _, addr := range []string{"ann@exam\u200dple.org", "ann@example\u3002org", "ann@exam\u00adple.org", "ann@example\u2024org"} {
		if got := plainDomain(addr); got == addr || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz0123456789-.@?") != "" {
			t.Errorf("%q is written %q", addr, got)
		}
	}
	if got := who(tickets.Address{Name: "Apple", Addr: "support@\u0430pple.com"}); got != "Apple <support@xn--pple-43d.com>" {
		t.Errorf("agents read %q", got)
	}
}
