package replytext

import "strings"

// safeHref is a link target that may be shown, "" for none: scripts and data are
// not for readers.
func safeHref(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c <= ' ' || c == 0x7F || c == 0xFFFD:
			return -1
		case c == '<':
			return '('
		case c == '>':
			return ')'
		}
		return c
	}, s)
	for _, scheme := range []string{"http:", "https:", "mailto:", "tel:", "ftp:", "sip:", "callto:"} {
		if hasFold(s, scheme) {
			return strings.ToValidUTF8(cut(s, maxHref), "")
		}
	}
	return ""
}

// link writes the target of a link behind its text, unless the text says it already.
func (r *renderer) link(e *element) {
	if len(r.out) == e.from || e.concealment() != shown || e.drop {
		return
	}
	if said(string(r.out[min(e.from, len(r.out)):]), e.href) {
		return
	}
	r.space = false
	r.out = append(r.out, " ("...)
	r.out = append(r.out, e.href...)
	r.out = append(r.out, ')')
}

// said says that the text of a link is its own target.
func said(text, href string) bool {
	if len(text) > 2*maxHref {
		return false
	}
	if !strings.ContainsAny(text, ".@0123456789") {
		return false
	}
	href, _, _ = strings.Cut(href, "?subject=")
	for _, scheme := range []string{"mailto:", "tel:", "callto:", "sip:"} {
		if hasFold(href, scheme) {
			return strings.Contains(key(text), key(href[len(scheme):]))
		}
	}
	bare := func(s string) string {
		s = strings.ToLower(strings.TrimSpace(s))
		s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	return bare(strings.Trim(text, "\n> <()")) == bare(href)
}
