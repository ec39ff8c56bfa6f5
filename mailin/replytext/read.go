package replytext

import (
	"strings"

	"postern/tickets"
)

// Separator begins the line that we put into outgoing mail above the history:
// the mark, then a sentence in the reader's language, then "-##". It is known by
// these four characters alone, in whatever language the rest is.
const Separator = "##- "

// Bounds, in octets: the text of one message, and the HTML part that is read.
const (
	maxText = 4 << 20
	maxPage = 8 << 20
)

// The defects that are named here; mimetree names those of the octets.
const (
	// DefectTextCut: the text is longer than a message holds; the rest is in the raw octets.
	DefectTextCut = "text-cut"
	// DefectHTMLInText: the text part holds the source of a page, and was read as one.
	DefectHTMLInText = "html-in-text-part"
	// DefectPlaceholder: the text part says less than the page ("Your program cannot show HTML"); the page was read.
	DefectPlaceholder = "placeholder-text-part"
)

// Input is the text of one message, decoded to UTF-8 as well as it could be.
type Input struct {
	Plain    string // the text/plain part
	HasPlain bool   // there is a text/plain part
	Flowed   bool   // format=flowed (RFC 3676)
	DelSp    bool   // delsp=yes
	HTML     string // the text/html part; empty when there is none
	Subject  string // decoded
}

// Reading is what Read found.
type Reading struct {
	Text       string // the full text, at most 4 MiB, lines end with LF
	Start, End int    // the visible reply is Text[Start:End]
	Why        string // the line or element that ended the reply
	// CommandText is the beginning of the reply (at most 20 lines) as the HTML part
	// shows it without hidden text, or as the text part has it when it is alone.
	CommandText string
	Disagree    bool   // the two parts differ in their command lines
	Language    string // ISO 639-1, "" when unsure
	Forwarded   *tickets.Forwarded
	Defects     []string
}

// Read reads the text of a message. It never fails.
func Read(in Input) Reading {
	var r Reading
	plain := clean(in.Plain, maxText, &r)
	if in.Flowed {
		plain = capped(unflow(plain, in.DelSp), maxText, &r)
	}
	html := in.HTML
	if in.HasPlain && html == "" && isMarkup(plain) {
		html, plain = plain, ""
		r.defect(DefectHTMLInText)
	}
	var page *view
	if html = clean(html, maxPage, &r); html != "" {
		page = viewHTML(html, in.Subject, true)
	}
	r.choose(plain, in.Subject, page)
	if page == nil {
		r.CommandText = head(r.Text[r.Start:r.End])
		return r
	}
	r.CommandText = page.commands(html)
	if strings.TrimSpace(plain) != "" {
		shown := r.shownIn(plain, in.Subject, page)
		// A text that stands in for the page has no say, unless it commands.
		r.Disagree = disagree(shown, r.CommandText) && (!r.has(DefectPlaceholder) || len(commandBlock(shown)) > 0)
	}
	return r
}

// shownIn is the reply as the text part shows it, also when the page was taken for
// the text: what stands in either part may be seen by somebody.
func (r *Reading) shownIn(plain, subject string, page *view) string {
	if r.Text == plain {
		return r.Text[r.Start:r.End]
	}
	v := viewText(plain, subject, page)
	return v.text[v.start:v.end]
}

// choose decides which part is the text, and finds the reply in it.
func (r *Reading) choose(plain, subject string, page *view) {
	var v *view
	switch {
	case page == nil:
		v = viewText(plain, subject, nil)
	case placeholder(plain, page.text):
		if strings.TrimSpace(plain) != "" {
			r.defect(DefectPlaceholder)
		}
		v = page
	default:
		v = viewText(plain, subject, page)
	}
	r.Text, r.Start, r.End, r.Why = v.text, v.start, v.end, v.why
	r.Language = v.language()
	r.Forwarded = v.forwarded()
}

// defect records a named defect once.
func (r *Reading) defect(name string) {
	if !r.has(name) {
		r.Defects = append(r.Defects, name)
	}
}

func (r *Reading) has(name string) bool { return contains(r.Defects, name) }

// isMarkup says that a text part holds the source of a page: some mailers send it so.
func isMarkup(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || s[0] != '<' {
		return false
	}
	if len(s) > 200 {
		s = s[:200]
	}
	s = strings.ToLower(s)
	return strings.HasPrefix(s, "<!doctype html") || strings.HasPrefix(s, "<html") ||
		strings.HasPrefix(s, "<body") || strings.HasPrefix(s, "<head")
}

// placeholder says that the text part is no reading of the mail: it is empty, or
// does not stand in the page and is far shorter, or short and speaks of HTML, which
// such texts name in every language ("Your program cannot show HTML").
func placeholder(plain, html string) bool {
	if strings.TrimSpace(plain) == "" {
		return strings.TrimSpace(html) != ""
	}
	p, h := key(cut(plain, 4096)), key(cut(html, 16384))
	return (len(h) >= 200 && len(p) < len(h)/4 || len(p) <= 200 && strings.Contains(p, "html")) && h != "" && !strings.Contains(h, p)
}

// cut is the first n octets of s, on a rune border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
