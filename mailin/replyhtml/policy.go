package replyhtml

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// policy is what may leave: structure, emphasis, links that a person clicks, and
// pictures of the mail itself. No class, no id, no address that is loaded.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "br", "hr", "span", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "sub", "sup",
		"small", "big", "mark", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote",
		"pre", "code", "tt", "kbd", "samp", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption")
	p.AllowNoAttrs().OnElements("span")
	p.AllowURLSchemes("http", "https", "mailto", "cid")
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").Matching(regexp.MustCompile(`^(?i:https?://|mailto:)[^\s]{1,1000}$`)).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^noopener$`)).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^cid:\d{1,4}$`)).OnElements("img")
	p.AllowAttrs("alt").Matching(regexp.MustCompile(`^[^\n<>]{0,200}$`)).OnElements("img")
	p.AllowAttrs("width").Matching(regexp.MustCompile(`^\d{1,4}$`)).OnElements("img")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^\d{1,2}$`)).OnElements("td", "th")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^\d{1,4}$`)).OnElements("ol")
	p.AllowStyles("font-weight").MatchingEnum("bold", "600", "700", "800", "900").Globally()
	p.AllowStyles("font-style").MatchingEnum("italic").Globally()
	p.AllowStyles("text-decoration").MatchingEnum("underline", "line-through").Globally()
	p.AllowStyles("color").MatchingHandler(legible).OnElements("span", "b", "strong", "i", "em", "u", "p", "div", "li", "td", "th")
	p.AllowStyles("max-width").MatchingEnum("100%").OnElements("img")
	p.AllowStyles("border-collapse").MatchingEnum("collapse").OnElements("table")
	p.AllowStyles("border").MatchingEnum("1px solid #888888").OnElements("td", "th")
	p.AllowStyles("padding").MatchingEnum("4px 8px", "2px 8px 2px 0").OnElements("td", "th")
	return p
})

var named = map[string]string{"red": "ff0000", "green": "008000", "gray": "808080", "grey": "808080", "teal": "008080",
	"crimson": "dc143c", "orangered": "ff4500", "tomato": "ff6347", "magenta": "ff00ff", "fuchsia": "ff00ff"}

var rgb = regexp.MustCompile(`^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$`)

// legible says that a colour can be read on white and on near black: the reader's
// program chooses the ground. Black, which Outlook writes everywhere, would vanish in
// the dark; red stays red.
func legible(v string) bool {
	v = strings.ToLower(strings.TrimSpace(v))
	var c [3]int64
	if m := rgb.FindStringSubmatch(v); m != nil {
		for i := range c {
			c[i], _ = strconv.ParseInt(m[i+1], 10, 64) // three digits
		}
		return reads(c)
	}
	h, ok := named[v]
	if !ok {
		h = strings.TrimPrefix(v, "#")
	}
	if len(h) == 3 {
		h = string([]byte{h[0], h[0], h[1], h[1], h[2], h[2]})
	}
	n, err := strconv.ParseInt(h, 16, 64)
	if err != nil || len(h) != 6 || n < 0 {
		return false
	}
	return reads([3]int64{n >> 16, n >> 8 & 255, n & 255})
}

// reads asks for a contrast of 3:1 (WCAG 2, large text) to both grounds; red has 4.0
// and 4.2.
func reads(c [3]int64) bool {
	l := luminance(c)
	dark := luminance([3]int64{0x1e, 0x1e, 0x1e})
	return 1.05/(l+.05) >= 3 && (l+.05)/(dark+.05) >= 3
}

// luminance is the relative luminance of WCAG 2.
func luminance(c [3]int64) float64 {
	var l float64
	for i, share := range [3]float64{.2126, .7152, .0722} {
		v := float64(min(c[i], 255)) / 255
		if v <= .04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		l += share * v
	}
	return l
}
