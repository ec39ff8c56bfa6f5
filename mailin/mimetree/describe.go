package mimetree

import "strings"

// describe reads the MIME fields of a part. Where a field stands twice the first
// counts; usual is the type of a part that names none.
func (n *Node) describe(usual string, d *Defects) {
	n.Type = usual
	if f, ok := n.Header.Get("Content-Type"); ok {
		if n.Header.Count("Content-Type") > 1 {
			d.Add(DefectContentType)
		}
		n.Type, n.Params = ParseParams(f.Value(), d)
		n.Type = properType(n.Type, usual, d)
	} else if n.Header.beyond != nil && n.Depth > 0 {
		n.Type = "application/octet-stream" // what it is stands beyond the limits
	}
	if f, ok := n.Header.Get("Content-Disposition"); ok {
		n.Disposition, n.DispParams = ParseParams(f.Value(), d)
	}
	n.encoding(d)
}

// properType makes a type/subtype of what the field holds.
func properType(t, usual string, d *Defects) string {
	major, minor, ok := strings.Cut(t, "/")
	major, minor = strings.TrimSpace(major), strings.TrimSpace(minor)
	if ok && isToken(major) && isToken(minor) && len(t) <= 255 {
		return major + "/" + minor
	}
	d.Add(DefectContentType)
	switch {
	case t == "" || t == "text" || t == "plain":
		return usual
	case t == "html":
		return "text/html"
	case major == "multipart" && !isToken(minor):
		return "multipart/mixed"
	case !isToken(major) || !ok || major == "text":
		return "text/plain"
	}
	return "application/octet-stream"
}

func (n *Node) encoding(d *Defects) {
	seen, first := false, ""
	for _, f := range n.Header.Fields {
		if f.Key != "Content-Transfer-Encoding" {
			continue
		}
		enc, known := TransferEncoding(f.Value())
		if !known {
			d.Add(DefectTransferEncoding)
		}
		if seen && enc != first {
			d.Add(DefectTransferEncoding)
			n.RawEncoding = true
		}
		if !seen {
			seen, first = true, enc
		}
	}
	n.Encoding = first
	if first != "" && strings.HasPrefix(n.Type, "multipart/") {
		d.Add(DefectTransferEncoding)
	}
}
