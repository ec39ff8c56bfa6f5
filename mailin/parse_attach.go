package mailin

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// attachment is a part that is described, not read.
type attachment struct {
	node   *mimetree.Node
	parent string
}

func (r *reader) attach(n *mimetree.Node, parent string) {
	r.parts = append(r.parts, attachment{n, parent})
}

// attachments describes what was noted, in the order of the message. What the
// HTML shows by its content id is inline, wherever it stands.
func (r *reader) attachments(html string) {
	if len(r.parts) == 0 {
		return
	}
	shown := contentIDs(html)
	names := newNames()
	r.m.Attachments = make([]tickets.Part, 0, len(r.parts))
	for i, a := range r.parts {
		p := r.describe(a.node)
		p.Inline = a.node.Disposition == "inline" || shown[p.ContentID] && p.ContentID != "" ||
			a.parent == "multipart/related" && p.ContentID != "" && a.node.Disposition != "attachment"
		name := mimetree.SafeFilename(a.node.Filename(r.hint, &r.defects))
		if name == "" {
			name = "attachment-" + strconv.Itoa(i+1) + mimetree.Extension(p.ContentType)
		}
		p.Filename = names.unique(name)
		r.m.Attachments = append(r.m.Attachments, p)
	}
}

// describe streams the part once for its size and hash.
func (r *reader) describe(n *mimetree.Node) tickets.Part {
	p := tickets.Part{ContentType: n.Type, Offset: n.Body, Length: n.Length(), Encoding: n.Encoding}
	if n.RawEncoding || strings.HasPrefix(n.Type, "multipart/") {
		p.Encoding = ""
	}
	if f, ok := n.Header.Get("Content-Id"); ok {
		p.ContentID = strings.TrimSpace(mimetree.CleanLine(strings.Trim(f.Value(), "<> \t")))
	}
	dec := mimetree.NewDecoder(r.raw, p.Offset, p.Length, p.Encoding)
	defer dec.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, dec)
	if err != nil {
		r.defects.Add(mimetree.DefectReadError)
	}
	r.defects.Add(dec.Defect())
	p.Size, p.SHA256 = size, hex.EncodeToString(sum.Sum(nil))
	return p
}

// contentIDs are the ids that an HTML text refers to as cid:….
func contentIDs(html string) map[string]bool {
	ids := map[string]bool{}
	for {
		i := strings.Index(html, "cid:")
		if i < 0 || len(ids) > mimetree.MaxParts {
			return ids
		}
		html = html[i+4:]
		end := strings.IndexAny(html[:min(len(html), 512)], "\"'<> )\r\n\t")
		if end > 0 {
			ids[html[:end]] = true
		}
	}
}

// names keeps the file names of one message apart.
type names struct {
	taken map[string]bool
	count map[string]int
}

func newNames() names { return names{map[string]bool{}, map[string]int{}} }

// unique numbers a name that is taken: a.pdf, a (2).pdf, a (3).pdf.
func (n names) unique(name string) string {
	key := strings.ToLower(name)
	for try, base := name, key; ; key = strings.ToLower(try) {
		if !n.taken[key] {
			n.taken[key] = true
			n.count[base] = max(n.count[base], 1)
			return try
		}
		n.count[base] = max(n.count[base], 1) + 1
		try = mimetree.Numbered(name, strconv.Itoa(n.count[base]))
	}
}
