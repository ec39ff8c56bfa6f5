package mailin

import "strings"

// The library hands addresses over with their quotes taken off: "a b"@x.org comes
// as `a b@x.org`. The domain is behind the last at-sign.
func splitAddress(addr string) (local, domain string) {
	i := strings.LastIndexByte(addr, '@')
	if i < 0 {
		return addr, ""
	}
	return addr[:i], addr[i+1:]
}

// quoteAddress puts the quotes back where RFC 5321 section 4.1.2 wants them.
func quoteAddress(addr string) string {
	local, domain := splitAddress(addr)
	if domain == "" || dotAtom(local) {
		return addr
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"@` + domain
}

func dotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r)
	})
}

// checkAddress refuses what is no address (RFC 5321 section 4.5.3.1). subject is the
// detail of the status: 3 for a recipient, 7 for a sender.
func checkAddress(addr string, utf8 bool, detail int) error {
	local, domain := splitAddress(addr)
	bad := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case local == "" || len(local) > 64 || domain == "" || len(domain) > 255:
		return refusal(501, 5, 1, detail, "Bad address")
	case strings.ContainsFunc(addr, bad) || strings.ContainsAny(domain, " <>\"\\,;()"):
		return refusal(501, 5, 1, detail, "Bad address")
	case !utf8 && strings.ContainsFunc(addr, func(r rune) bool { return r > '~' }):
		return refusal(553, 5, 6, 7, "Address needs SMTPUTF8")
	}
	return nil
}

// routed tells that a recipient's local part asks for relaying: the percent hack, a
// bang path or an address within an address.
func routed(addr string) bool {
	local, _ := splitAddress(addr)
	return strings.ContainsAny(local, "%!@")
}
