package replytext

import "strings"

// maxSheets bounds the style sheets that are read, in octets.
const maxSheets = 256 << 10

// sheet is what the style sheets of a page say, by the last simple selector of
// each rule: "p", ".secret", "#x", "p.secret".
type sheet map[string]style

// readSheets reads all <style> elements before the page is written, since a
// sheet at the end rules what stands above it.
func readSheets(page string) sheet {
	sh := sheet{}
	left := maxSheets
	for at := 0; left > 0; {
		i := indexFold(page[at:], "<style")
		if i < 0 {
			break
		}
		at += i
		gt := strings.IndexByte(page[at:], '>')
		if gt < 0 {
			break
		}
		at += gt + 1
		end := indexFold(page[at:], "</style")
		if end < 0 {
			end = len(page) - at
		}
		css := cut(page[at:at+end], left)
		left -= len(css) + 1
		sh.rules(css)
		at += end
	}
	return sh
}

// indexFold is strings.Index for an ASCII word in lower case that begins with '<'.
func indexFold(s, word string) int {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '<')
		if i < 0 {
			return -1
		}
		if hasFold(s[at+i:], word) {
			return at + i
		}
		at += i + 1
	}
}

// rules reads a sheet. Rules inside an @-rule hold under its condition.
func (sh sheet) rules(css string) {
	css = uncomment(css)
	condition := 0
	for len(css) > 0 {
		i := strings.IndexAny(css, "{}")
		if i < 0 {
			return
		}
		selector := strings.TrimSpace(css[:i])
		if css[i] == '}' {
			condition = max(0, condition-1)
			css = css[i+1:]
			continue
		}
		css = css[i+1:]
		if strings.HasPrefix(selector, "@") {
			condition++
			continue
		}
		end := strings.IndexByte(css, '}')
		if end < 0 {
			return
		}
		sh.rule(selector, css[:end], condition > 0)
		css = css[end+1:]
	}
}

// rule files one rule under each of its selectors.
func (sh sheet) rule(selectors, declarations string, conditional bool) {
	for _, sel := range strings.Split(selectors, ",") {
		parts := strings.FieldsFunc(strings.ToLower(sel), func(c rune) bool {
			return c == ' ' || c == '>' || c == '+' || c == '~' || c == '\n' || c == '\t' || c == '\r'
		})
		if len(parts) == 0 {
			continue
		}
		last := parts[len(parts)-1]
		if strings.ContainsAny(last, ":[") {
			continue
		}
		v := shown
		if conditional || len(parts) > 1 {
			v = doubtful
		}
		sh[last] = sh.get(last).over(parseStyle(declarations, v))
	}
}

// get is the style filed under a selector.
func (sh sheet) get(selector string) style {
	if s, ok := sh[selector]; ok {
		return s
	}
	return style{ink: unset, ground: unset, size: unsized}
}

// of is what the sheets say of an element.
func (sh sheet) of(name string, a map[string]string) style {
	s := style{ink: unset, ground: unset, size: unsized}
	if len(sh) == 0 {
		return s
	}
	s = s.over(sh.get("*")).over(sh.get(name))
	for i, c := range strings.Fields(strings.ToLower(cut(a["class"], 300))) {
		if i == 16 {
			break
		}
		s = s.over(sh.get("." + c)).over(sh.get(name + "." + c))
	}
	if id := strings.ToLower(a["id"]); id != "" && len(id) < 200 {
		s = s.over(sh.get("#" + id)).over(sh.get(name + "#" + id))
	}
	return s
}

// uncomment takes the comments out of a sheet, and the marks that hide it from
// old readers.
func uncomment(css string) string {
	css = strings.NewReplacer("<!--", "", "-->", "").Replace(css)
	var b strings.Builder
	for {
		i := strings.Index(css, "/*")
		if i < 0 {
			b.WriteString(css)
			return b.String()
		}
		b.WriteString(css[:i])
		end := strings.Index(css[i+2:], "*/")
		if end < 0 {
			return b.String()
		}
		css = css[i+2+end+2:]
	}
}
