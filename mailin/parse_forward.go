package mailin

import (
	"bytes"
	"io"
	"strings"

	"postern/mailin/mimetree"
	"postern/mailin/replytext"
	"postern/tickets"
)

// maxInner is how much of an encoded forwarded message is decoded to be read.
const maxInner = 4 << 20

// memory is a decoded message.
type memory struct{ *bytes.Reader }

// forwarded takes the original from the first message/rfc822 attached, when a
// person attached it and the text itself holds no forwarded block. Reports carry
// messages too, but those are ours coming back.
func (r *reader) forwarded() {
	if r.m.Forwarded != nil || r.m.Automatic || r.tree.Root.Type == "multipart/report" {
		return
	}
	for _, a := range r.parts {
		if a.parent != "multipart/digest" && (a.node.Type == "message/rfc822" || a.node.Type == "message/global") {
			r.m.Forwarded = r.original(a.node)
			return
		}
	}
}

// original reads the forwarded message: its author, date, subject and text, no deeper.
func (r *reader) original(n *mimetree.Node) *tickets.Forwarded {
	in := &reader{ctx: r.ctx, raw: r.inner(n), plain: maxForwarded, html: maxForwarded}
	in.tree = mimetree.Split(in.ctx, in.raw, in.raw.Size())
	in.hint = charsetHint(in.tree.Root)
	in.header()
	if len(in.m.From) == 0 && in.m.Subject == "" {
		return nil
	}
	f := &tickets.Forwarded{Date: in.m.Date, Subject: in.m.Subject}
	if len(in.m.From) > 0 {
		f.From = in.m.From[0]
	}
	b := in.collect(in.tree.Root, "")
	t := replytext.Read(replytext.Input{Plain: b.plain, HasPlain: b.hasPlain, Flowed: b.flowed, DelSp: b.delSp, HTML: b.html, Subject: in.m.Subject})
	f.Text = t.Text
	if len(f.Text) > maxForwarded {
		f.Text = strings.ToValidUTF8(f.Text[:maxForwarded], "")
	}
	return f
}

// inner is the attached message as octets: where it lies, or decoded when it is encoded.
func (r *reader) inner(n *mimetree.Node) tickets.Raw {
	if n.Encoding == "" {
		return io.NewSectionReader(r.raw, n.Body, n.Length())
	}
	dec := mimetree.NewDecoder(r.raw, n.Body, n.Length(), n.Encoding)
	defer dec.Close()
	b, err := io.ReadAll(io.LimitReader(dec, maxInner))
	if err != nil {
		r.defects.Add(mimetree.DefectReadError)
	}
	return memory{bytes.NewReader(b)}
}
