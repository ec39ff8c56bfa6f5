package replyhtml

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

var (
	safeLink  = regexp.MustCompile(`^(https?://|mailto:)`)
	safeStyle = regexp.MustCompile(`^(font-weight|font-style|text-decoration|color|max-width|border-collapse|border|padding): [a-z0-9#%(), -]+$`)
)

// strictly reads a result once more, by rules of its own, and fails on whatever might
// run, load, hide or mislead.
func strictly(t *testing.T, out string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(out))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.CommentToken, html.DoctypeToken:
			t.Fatalf("a comment or doctype in %q", out)
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			tok := z.Token()
			if dropped[tok.Data] || strings.ContainsAny(tok.Data, ":!?-") {
				t.Fatalf("element %s in %q", tok.Data, out)
			}
			for _, a := range tok.Attr {
				if !harmless(tok.Data, a) {
					t.Fatalf("attribute %s=%q of %s in %q", a.Key, a.Val, tok.Data, out)
				}
			}
		}
	}
}

func harmless(name string, a html.Attribute) bool {
	switch a.Key {
	case "href":
		return name == "a" && safeLink.MatchString(strings.ToLower(a.Val))
	case "src":
		return name == "img" && strings.HasPrefix(a.Val, "cid:")
	case "style":
		for d := range strings.SplitSeq(a.Val, ";") {
			if d = strings.TrimSpace(d); d != "" && !safeStyle.MatchString(d) || strings.Contains(d, "url") {
				return false
			}
		}
		return true
	}
	return slices.Contains([]string{"alt", "rel", "width", "colspan", "rowspan", "start"}, a.Key)
}
