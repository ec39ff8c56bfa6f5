package replytext

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// element is an open element.
type element struct {
	name   string
	drop   bool // its text is not for readers
	pre    bool
	quote  bool // it deepens the quote
	list   bool
	data   bool // a table of data, not of layout
	href   string
	from   int // where the text of a link begins
	mark   int // index of its mark + 1
	after  int // line breaks owed at its end
	style  style
	gone   veil // display:none here or above
	faint  veil // too small or of the ground's colour, here or inherited
	ground colour
}

// concealment says how well the text of an element is hidden.
func (e *element) concealment() veil { return max(e.gone, e.faint) }

// ground is what stands under all elements.
var ground = element{style: style{ground: unset, ink: unset, size: unsized}, ground: white}

// top is the innermost open element; it must not be kept over a push.
func (r *renderer) top() *element {
	if len(r.open) == 0 {
		return &ground
	}
	return &r.open[len(r.open)-1]
}

// How elements break the text: blocks on a line of their own, paragraphs with an
// empty line around, dropped ones not at all.
var (
	blocks = set("address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form header html legend main nav section summary table tbody tfoot thead tr caption option optgroup")
	paras  = set("p h1 h2 h3 h4 h5 h6")
	voids  = set("br img hr input meta link col area base wbr source embed param track basefont frame")
	drops  = set("script style title iframe template xml datalist select")
	markup = set("noscript noembed noframes plaintext xmp iframe") // raw text for a browser, markup for us
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// startTag opens an element.
func (r *renderer) startTag(z *html.Tokenizer) {
	raw, more := z.TagName()
	name := tagName(raw)
	if markup[name] {
		z.NextIsNotRawText()
	}
	a := r.attributes(z, more)
	if voids[name] {
		r.void(name, a)
		return
	}
	r.implied(name)
	e := r.inherit(name, a)
	switch {
	case name == "li":
		r.item()
	case name == "ul" || name == "ol":
		r.openList(name, a)
		e.list, e.after = true, 1
	case name == "td" || name == "th":
		r.cell(name)
	case paras[name] && !mso(a["class"]):
		r.breakLine(2)
		e.after = 2
	case blocks[name], paras[name]:
		r.breakLine(1)
		e.after = 1
	case name == "pre" || name == "textarea" || name == "listing":
		r.breakLine(1)
		e.pre, e.after = true, 1
	case name == "blockquote":
		r.breakLine(1)
		e.after = 1
		e.quote = !indentOnly(a)
	}
	if name == "table" {
		b, err := strconv.Atoi(strings.TrimSuffix(a["border"], "px"))
		e.data = err == nil && b > 0
	}
	e.from = len(r.out)
	r.openMark(&e, a)
	r.push(e)
}

// tagName is the name of a tag, without a new string for the known ones.
func tagName(raw []byte) string {
	if a := atom.Lookup(raw); a != 0 {
		return a.String()
	}
	return string(raw)
}

// asked are the attributes that are looked at.
var asked = set("class id name type style hidden href alt width color bgcolor background border start data-marker")

// attributes are those of a tag that we look at; the first of a name counts. They
// hold until the next tag.
func (r *renderer) attributes(z *html.Tokenizer, more bool) map[string]string {
	clear(r.attrs)
	for n := 0; more && n < 64; n++ {
		var k, v []byte
		k, v, more = z.TagAttr()
		if !asked[string(k)] || len(v) > 1<<16 {
			continue
		}
		if _, twice := r.attrs[string(k)]; !twice {
			r.attrs[string(k)] = string(v)
		}
	}
	return r.attrs
}

// inherit makes an element with what it takes from its parent.
func (r *renderer) inherit(name string, a map[string]string) element {
	p := r.top()
	e := element{name: name, drop: p.drop || drops[name], pre: p.pre, data: p.data}
	r.conceal(&e, p, a)
	if name == "a" {
		e.href = safeHref(a["href"])
	}
	return e
}

// push remembers an open element, up to the bound.
func (r *renderer) push(e element) {
	if len(r.open) >= maxOpen {
		return
	}
	if e.quote {
		r.depth++
	}
	r.open = append(r.open, e)
	r.count[e.name]++
}

// implied closes what the start of an element ends without saying so.
func (r *renderer) implied(name string) {
	top := r.top().name
	switch {
	case top == "p" && (blocks[name] || paras[name] || name == "ul" || name == "ol" || name == "pre" || name == "blockquote"):
		r.pop()
	case name == "li" && top == "li", name == "a" && top == "a",
		name == "option" && top == "option", (name == "dd" || name == "dt") && (top == "dd" || top == "dt"):
		r.pop()
	case (name == "td" || name == "th") && r.count["td"]+r.count["th"] > 0:
		r.closeUpTo("td", "tr")
	case name == "tr" && r.count["tr"] > 0:
		r.closeUpTo("tr", "table")
	}
}

// closeUpTo closes the nearest cell or row that is not beyond the border.
func (r *renderer) closeUpTo(name, border string) {
	for i := len(r.open) - 1; i >= max(0, len(r.open)-64); i-- {
		switch n := r.open[i].name; {
		case n == name || name == "td" && n == "th":
			r.popTo(i)
			return
		case n == border || n == "table":
			return
		}
	}
}

// endTag closes the nearest open element of that name. A cell is a border that
// only the tags of tables cross.
func (r *renderer) endTag(name string) {
	switch {
	case name == "br":
		r.void("br", nil)
		return
	case name == "p" && r.count["p"] == 0:
		r.breakLine(2)
		return
	case r.count[name] == 0:
		return
	}
	tabular := name == "td" || name == "th" || name == "tr" || name == "table" || name == "tbody" || name == "body" || name == "html"
	for i := len(r.open) - 1; i >= max(0, len(r.open)-512); i-- {
		n := r.open[i].name
		if n == name {
			r.popTo(i)
			return
		}
		if !tabular && (n == "td" || n == "th") {
			return
		}
	}
}

// popTo closes the elements from i on.
func (r *renderer) popTo(i int) {
	for len(r.open) > i {
		r.pop()
	}
}

// pop closes the innermost element.
func (r *renderer) pop() {
	e := r.open[len(r.open)-1]
	if e.href != "" {
		r.link(&e)
	}
	if e.after > 0 {
		r.breakLine(e.after)
	}
	r.closeMark(&e)
	if e.quote {
		r.depth--
		r.owe()
	}
	if e.list && len(r.lists) > 0 {
		r.lists = r.lists[:len(r.lists)-1]
	}
	if e.name == "tr" {
		r.cells = 0
	}
	r.count[e.name]--
	r.open = r.open[:len(r.open)-1]
}

// void writes an element without content.
func (r *renderer) void(name string, a map[string]string) {
	top := r.top()
	if top.drop || !r.show && top.concealment() != shown {
		return
	}
	switch name {
	case "br":
		r.owe()
		if len(r.out) > 0 {
			r.breaks = min(r.breaks+1, 3)
		}
		r.space, r.cells = false, 0
	case "hr":
		r.openRest(a)
		r.breakLine(1)
		r.put("---")
		r.breakLine(1)
	case "img":
		if alt := strings.Join(strings.Fields(a["alt"]), " "); alt != "" && len(alt) <= 200 && a["width"] != "1" {
			r.put("[" + strings.ToValidUTF8(strings.ReplaceAll(alt, "\x00", ""), "\uFFFD") + "]")
		}
	}
}

// cell begins a cell: one that follows another on its line is set off by a bar.
func (r *renderer) cell(name string) {
	if name == "th" {
		for i := len(r.open) - 1; i >= 0 && i > len(r.open)-8; i-- {
			if r.open[i].name == "table" || r.open[i].name == "tr" {
				r.open[i].data = true
			}
		}
	}
	if !r.midLine || r.breaks > 0 {
		return
	}
	if r.cells == 0 || r.top().data {
		r.cells++
	}
}

// openList begins a list.
func (r *renderer) openList(name string, a map[string]string) {
	r.breakLine(1)
	n, err := strconv.Atoi(a["start"])
	if err != nil || n < 0 || n > 1_000_000 {
		n = 1
	}
	r.lists = append(r.lists, list2{ordered: name == "ol", n: n})
}

// mso says that a paragraph is one of Word's, which have no empty line around them.
func mso(class string) bool {
	return strings.Contains(class, "Mso") || strings.Contains(class, "msonormal") || strings.Contains(class, "xmso")
}

// indentOnly says that a blockquote moves its text to the right and quotes nobody:
// Gmail's and Outlook's indent button writes a block without a border.
func indentOnly(a map[string]string) bool {
	s := strings.ReplaceAll(strings.ToLower(a["style"]), " ", "")
	return a["type"] == "" && !strings.Contains(a["class"], "quote") && strings.Contains(s, "border:none")
}
