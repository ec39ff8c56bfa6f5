package mailcorpus_test

import (
	"strings"
	"testing"

	"postern/mailin/mailcorpus"
)

// mutations are what happens to mail on its way, and habits of people. None changes
// what a person reads. Each names the way it comes about.
var mutations = []struct {
	name  string
	apply func(c *mailcorpus.Cell)
}{
	{"CRLF line ends", func(c *mailcorpus.Cell) {
		c.Plain, c.HTML = strings.ReplaceAll(c.Plain, "\n", "\r\n"), strings.ReplaceAll(c.HTML, "\n", "\r\n")
	}},
	{"blanks at line ends", func(c *mailcorpus.Cell) { c.Plain = strings.ReplaceAll(c.Plain, "\n", "  \n") }},
	{"hard blanks", func(c *mailcorpus.Cell) { c.Plain = strings.ReplaceAll(c.Plain, ": ", ":\u00a0") }},
	{"quote marks without blank", func(c *mailcorpus.Cell) { c.Plain = strings.ReplaceAll(c.Plain, "\n> ", "\n>") }},
	{"no empty lines", func(c *mailcorpus.Cell) { c.Plain = strings.ReplaceAll(c.Plain, "\n\n", "\n") }},
	{"doubled empty lines", func(c *mailcorpus.Cell) { c.Plain = strings.ReplaceAll(c.Plain, "\n\n", "\n\n\n\n") }},
	{"lines wrapped at 60", func(c *mailcorpus.Cell) { c.Plain = rewrap(c.Plain, 60) }},
	{"bold labels as stars", func(c *mailcorpus.Cell) { c.Plain = starred(c.Plain) }},
	{"addresses as links in text", func(c *mailcorpus.Cell) {
		c.Plain = strings.ReplaceAll(c.Plain, "<ann@example.org>", "<ann@example.org<mailto:ann@example.org>>")
	}},
	{"another name", func(c *mailcorpus.Cell) {
		c.Plain = strings.ReplaceAll(c.Plain, "<ann@example.org>", "(IT) <ann@example.org>")
	}},
	{"another year", func(c *mailcorpus.Cell) {
		c.Plain, c.HTML = strings.ReplaceAll(c.Plain, "2024", "2031"), strings.ReplaceAll(c.HTML, "2024", "2031")
	}},
	{"classes lost by a gateway", func(c *mailcorpus.Cell) {
		for _, attr := range []string{" class=", " id=", " type=", " data-marker="} {
			c.HTML = strings.ReplaceAll(c.HTML, attr, " x=")
		}
	}},
	{"upper-case tags", func(c *mailcorpus.Cell) {
		c.HTML = strings.NewReplacer("<div", "<DIV", "</div", "</DIV", "<br", "<BR", "<blockquote", "<BLOCKQUOTE", "</blockquote", "</BLOCKQUOTE").Replace(c.HTML)
	}},
	{"a wrapping table", func(c *mailcorpus.Cell) {
		if c.HTML != "" {
			c.HTML = "<table><tr><td>" + c.HTML + "</td></tr></table>"
		}
	}},
}

// rewrap breaks long lines at blanks, quote marks kept.
func rewrap(s string, width int) string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		mark := ""
		if strings.HasPrefix(line, "> ") {
			mark = "> "
		}
		cur := ""
		for i, w := range strings.Split(line, " ") {
			if i > 0 && len([]rune(cur+" "+w)) > width && strings.TrimSpace(strings.Trim(cur, ">")) != "" {
				out = append(out, cur)
				cur = mark + w
				continue
			}
			if i > 0 {
				cur += " "
			}
			cur += w
		}
		out = append(out, cur)
	}
	return strings.Join(out, "\n")
}

// starred sets the labels of header blocks in stars, as Gmail's text parts do.
func starred(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		k, v, ok := strings.Cut(l, ": ")
		if ok && strings.Contains(s, "\n"+l+"\n") && (strings.Contains(v, "@") || strings.Contains(v, "2024") || strings.Contains(v, mailcorpus.Subject7)) && len(k) < 30 && !strings.HasPrefix(k, ">") && !strings.HasSuffix(l, ":") {
			lines[i] = "*" + k + ":* " + v
		}
	}
	return strings.Join(lines, "\n")
}

// TestMutations reads every cell after what happens to mail on its way.
func TestMutations(t *testing.T) {
	langs := map[string]mailcorpus.Language{}
	for _, l := range mailcorpus.Languages {
		langs[l.Code] = l
	}
	for _, m := range mutations {
		all, bad := 0, 0
		for _, c := range mailcorpus.Cells() {
			before := c.Plain + c.HTML
			if m.apply(&c); c.Plain+c.HTML == before || c.Style == "bounce" {
				continue
			}
			all++
			wrong := judge(c, langs[c.Language])
			if m.name == "another year" && strings.HasPrefix(wrong, "date 2031-05-03 10:12") || m.name == "another name" && strings.Contains(wrong, "(IT Addr:ann@example.org") {
				wrong = ""
			}
			if wrong != "" {
				bad++
				if !c.HeldOut() {
					t.Logf("%s: %s: %s", m.name, c.Name(), wrong)
				}
			}
		}
		t.Logf("%s: %d of %d right", m.name, all-bad, all)
		if all == 0 || bad*100 > all*(100-least) {
			t.Errorf("%s: only %d of %d right", m.name, all-bad, all)
		}
	}
}
