package replytext

import "strings"

// maxMarked bounds the remembered marks.
const maxMarked = 5000

// mark is an element that says something about quoting, and where its text lies.
type mark struct {
	start, end int // in the text of the page; start is -1 before there is any
	kind       markKind
	name       string // as reports show it: div.gmail_quote
}

// markKind is what such an element means.
type markKind uint8

const (
	noMark    markKind = iota
	holds              // holds an introduction, quotes, and perhaps answers between them
	quotes             // all of it is quoted
	introduce          // all of it introduces a quote
	rest               // all that follows is quoted
	signs              // holds a signature
	forwards           // holds a forwarded message
)

// A quoteSign is an attribute by which a mail program marks what it quotes.
type quoteSign struct {
	attr  string // class, id, name, data-marker …
	value string // one word of it
	kind  markKind
	who   string // whose it is
}

// quoteSigns are the marks of the mail programs. They are the surest sign of all:
// the program itself says where it put the other mail.
var quoteSigns = []quoteSign{
	{"class", "gmail_quote", holds, "Gmail, K-9"},
	{"class", "gmail_quote_container", holds, "Gmail"},
	{"class", "gmail_attr", introduce, "Gmail"},
	{"class", "gmail_signature", signs, "Gmail"},
	{"class", "gmail_signature_prefix", signs, "Gmail"},
	{"class", "moz-cite-prefix", introduce, "Thunderbird"},
	{"class", "moz-forward-container", forwards, "Thunderbird"},
	{"class", "moz-signature", signs, "Thunderbird"},
	{"class", "moz-txt-sig", signs, "Thunderbird"},
	{"id", "divrplyfwdmsg", rest, "Outlook"},
	{"id", "appendonsend", rest, "Outlook web"},
	{"id", "mail-editor-reference-message-container", quotes, "Outlook"},
	{"id", "ms-outlook-mobile-signature", signs, "Outlook mobile"},
	{"id", "ms-outlook-mobile-body-separator-line", signs, "Outlook mobile"},
	{"id", "signature", signs, "Outlook web"},
	{"id", "olk_src_body_section", quotes, "Outlook for Mac"},
	{"id", "mac_outlook_signature", signs, "Outlook for Mac"},
	{"class", "outlookmessageheader", rest, "Outlook"},
	{"id", "stopspelling", rest, "Outlook"},
	{"id", "applemailsignature", signs, "Apple Mail"},
	{"id", "lineBreakAtBeginningOfSignature", signs, "iOS Mail"},
	{"class", "yahoo_quoted", quotes, "Yahoo"},
	{"class", "yahoo-quoted-begin", rest, "Yahoo"},
	{"id", "ymail_android_signature", signs, "Yahoo"},
	{"class", "protonmail_quote", quotes, "Proton Mail"},
	{"class", "protonmail_signature_block", signs, "Proton Mail"},
	{"class", "tutanota_quote", quotes, "Tuta"},
	{"class", "zmail_extra", quotes, "Zoho"},
	{"id", "zmail_extra", quotes, "Zoho"},
	{"data-marker", "__quoted_text__", quotes, "Zimbra"},
	{"data-marker", "__headers__", rest, "Zimbra"},
	{"data-marker", "__sig_pre__", signs, "Zimbra"},
	{"data-marker", "__sig_post__", signs, "Zimbra"},
	{"id", "zwchr", rest, "Zimbra"},
	{"name", "messagereplysection", quotes, "Spark"},
	{"name", "quote", quotes, "GMX, web.de"},
	{"id", "reply-intro", introduce, "Roundcube"},
	{"id", "isreplycontent", quotes, "NetEase"},
	{"class", "mail-quote-collapse", quotes, "Mail.ru"},
	{"class", "freshdesk_quote", quotes, "Freshdesk"},
	{"class", "front-blockquote", quotes, "Front"},
	{"class", "moz-email-headers-table", rest, "Thunderbird"},
	{"class", "k9mail-signature", signs, "K-9"},
	{"class", "groupwisemessagebody", noMark, "GroupWise"},
}

// byAttr is quoteSigns by attribute and word.
var byAttr = func() map[[2]string]quoteSign {
	m := map[[2]string]quoteSign{}
	for _, s := range quoteSigns {
		m[[2]string{s.attr, strings.ToLower(s.value)}] = s
	}
	return m
}()

// signOf finds the mark of an element among its attributes.
func signOf(name string, a map[string]string) (quoteSign, string) {
	if len(a) == 0 {
		return quoteSign{}, ""
	}
	for _, attr := range []string{"class", "id", "name", "data-marker"} {
		if a[attr] == "" {
			continue
		}
		for _, w := range strings.Fields(cut(a[attr], 300)) {
			if s, ok := byAttr[[2]string{attr, strings.ToLower(w)}]; ok && s.kind != noMark {
				return s, title(name, attr, w)
			}
		}
	}
	switch {
	case name == "blockquote" && strings.EqualFold(a["type"], "cite"):
		return quoteSign{kind: holds}, "blockquote type=cite"
	case name == "div" && topBorder(a["style"]):
		return quoteSign{kind: rest}, "div with a border on top"
	}
	return quoteSign{}, ""
}

// title names an element as reports show it.
func title(name, attr, word string) string {
	switch attr {
	case "class":
		return name + "." + word
	case "id":
		return name + "#" + word
	}
	return name + " " + attr + "=" + word
}

// topBorder knows the block in which Word's editor (Outlook for Windows) sets the
// header block: a border on top alone, of one of its two greys, and its padding.
func topBorder(style string) bool {
	s := strings.ReplaceAll(strings.ToLower(cut(style, 300)), " ", "")
	return strings.Contains(s, "border:none") && strings.Contains(s, "border-top:solid#") &&
		(strings.Contains(s, "#e1e1e1") || strings.Contains(s, "#b5c4df")) && strings.Contains(s, "padding:3.0pt0")
}

// openMark begins the mark of an element, if it has one.
func (r *renderer) openMark(e *element, a map[string]string) {
	s, name := signOf(e.name, a)
	if s.kind == noMark || len(r.marks) >= maxMarked || e.drop {
		return
	}
	r.breakLine(1)
	if len(r.out) == 0 {
		r.breaks = 0
	}
	r.marks = append(r.marks, mark{start: -1, kind: s.kind, name: name})
	r.waiting = append(r.waiting, len(r.marks)-1)
	e.mark = len(r.marks)
}

// openRest begins the mark of an empty element after which all is quoted.
func (r *renderer) openRest(a map[string]string) {
	var e element
	e.name = "hr"
	if s, _ := signOf("hr", a); s.kind == rest {
		r.openMark(&e, a)
	}
}

// closeMark ends the mark of an element.
func (r *renderer) closeMark(e *element) {
	if e.mark == 0 {
		return
	}
	m := &r.marks[e.mark-1]
	m.end = len(r.out)
	if m.start >= 0 || m.kind == rest {
		return
	}
	for i, w := range r.waiting {
		if w == e.mark-1 {
			r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
			return
		}
	}
}
