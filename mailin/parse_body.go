package mailin

import (
	"html"
	"strings"

	"postern/mailin/mimetree"
)

// body is the readable text of a part and what lies below it.
type body struct {
	plain, html       string
	hasPlain, hasHTML bool
	flowed, delSp     bool
}

func (b body) empty() bool { return !b.hasPlain && !b.hasHTML }

// collect gathers the text of a part and notes its attachments; parent is the
// type of the multipart around it.
func (r *reader) collect(n *mimetree.Node, parent string) body {
	if !n.Descended() {
		return r.leaf(n, parent)
	}
	if len(n.Children) == 0 {
		return r.text(n, "text/plain")
	}
	switch n.Type {
	case "multipart/alternative":
		return r.alternative(n)
	case "multipart/encrypted":
		r.encrypted = true
	}
	var all []body
	for _, c := range n.Children {
		if b := r.collect(c, n.Type); !b.empty() {
			all = append(all, b)
		}
	}
	return joined(all)
}

// alternative takes the first plain text and the last HTML: they are the same words twice.
func (r *reader) alternative(n *mimetree.Node) body {
	var out body
	for _, c := range n.Children {
		b := r.collect(c, n.Type)
		if b.hasPlain && !out.hasPlain {
			out.plain, out.hasPlain, out.flowed, out.delSp = b.plain, true, b.flowed, b.delSp
		}
		if b.hasHTML {
			out.html, out.hasHTML = b.html, true
		}
	}
	if out.hasHTML && strings.TrimSpace(out.plain) == "" {
		out.hasPlain, out.plain = false, ""
	}
	return out
}

// joined puts texts one below the other. Where one of them exists as HTML only,
// the plain ones join the HTML, so that each reading shows everything.
func joined(all []body) body {
	kept := all[:0:0]
	for _, b := range all {
		if b.hasHTML || strings.TrimSpace(b.plain) != "" {
			kept = append(kept, b)
		}
	}
	switch {
	case len(kept) == 0 && len(all) > 0:
		return all[0]
	case len(kept) == 0:
		return body{}
	case len(kept) == 1:
		return kept[0]
	}
	out := body{hasPlain: true, flowed: kept[0].flowed, delSp: kept[0].delSp}
	for _, b := range kept {
		out.hasPlain = out.hasPlain && b.hasPlain
		out.hasHTML = out.hasHTML || b.hasHTML
	}
	if out.hasPlain {
		out.plain = joinTexts(kept, func(b body) string { return strings.TrimRight(b.plain, "\n") + "\n" }, "\n")
	}
	if out.hasHTML {
		out.html = joinTexts(kept, body.asHTML, "<br>\n")
	}
	return out
}

func joinTexts(all []body, text func(body) string, between string) string {
	var b strings.Builder
	for i, x := range all {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(text(x))
	}
	return b.String()
}

// asHTML is the HTML of the text; plain text keeps its lines.
func (b body) asHTML() string {
	if b.hasHTML {
		return b.html
	}
	return "<pre>" + html.EscapeString(strings.TrimRight(b.plain, "\n")) + "</pre>"
}

// leaf decides what a single part is: text to read, or something attached.
func (r *reader) leaf(n *mimetree.Node, parent string) body {
	first := r.leaves == 0
	r.leaves++
	switch n.Type {
	case "text/plain", "text/html":
		if r.isBody(n, first) {
			return r.text(n, n.Type)
		}
	case "text/calendar":
		r.invitation(n)
	case "text/x-amp-html", "text/watch-html":
		if parent == "multipart/alternative" {
			return body{} // a third reading of the same words
		}
	case "message/partial":
		r.defects.Add(mimetree.DefectPartialMessage)
	case "application/pgp-encrypted":
		r.encrypted = true
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		r.sealed(n)
	}
	r.attach(n, parent)
	return body{}
}

// sealed notes what an S/MIME part is (RFC 8551, 3.2): encrypted, or signed with
// the text inside the signature, where nothing here looks for it.
func (r *reader) sealed(n *mimetree.Node) {
	switch kind := strings.ToLower(n.Params.Get("smime-type")); {
	case kind == "certs-only":
	case strings.HasPrefix(kind, "signed"):
		r.opaque = true
	default:
		r.encrypted = true
	}
}

// isBody says that a text part is to be read with the mail: it is not marked as
// an attachment, and has no file name unless it is all there is.
func (r *reader) isBody(n *mimetree.Node, first bool) bool {
	if n.Disposition == "attachment" {
		return false
	}
	named := n.DispParams.Get("filename") != "" || n.Params.Get("name") != ""
	return !named || first && !r.found && n.Disposition == ""
}

// text reads a text part within what is left of the message's allowance.
func (r *reader) text(n *mimetree.Node, as string) body {
	left := &r.plain
	if as == "text/html" {
		left = &r.html
	}
	text, whole := n.Text(r.raw, *left, &r.defects)
	if !whole {
		r.defects.Add(mimetree.DefectTextCut)
		text = strings.TrimRight(text, "\uFFFD")
		if as == "text/plain" {
			text += "\n[The text is cut here; the original is kept.]\n"
		}
	}
	*left = max(*left-len(text), 0)
	r.found = true
	if len(r.bodies) < maxJudged {
		r.bodies = append(r.bodies, decoded{n, text})
	}
	if as == "text/html" {
		return body{html: text, hasHTML: true}
	}
	return body{plain: text, hasPlain: true,
		flowed: strings.EqualFold(n.Params.Get("format"), "flowed"), delSp: strings.EqualFold(n.Params.Get("delsp"), "yes")}
}
