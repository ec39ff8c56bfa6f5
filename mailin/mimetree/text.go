package mimetree

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// texts keeps the memory of small texts for the next.
var texts = sync.Pool{New: func() any { return new([]byte) }}

const maxScratch = 64 << 10

// Text decodes a text part: transfer encoding, charset, cleaning. At most limit
// octets are read and returned; whole is false when there were more.
func (n *Node) Text(r io.ReaderAt, limit int, d *Defects) (text string, whole bool) {
	dec := NewDecoder(r, n.Body, n.Length(), n.Encoding)
	defer dec.Close()
	scratch := texts.Get().(*[]byte)
	b := (*scratch)[:0]
	if need := min(int64(limit)+1, n.Length()+512); int64(cap(b)) < need {
		b = make([]byte, 0, need)
	}
	defer func() {
		if cap(b) <= maxScratch { // what a text was decoded into; the text itself is a copy
			*scratch = b[:0]
		}
		texts.Put(scratch)
	}()
	for len(b) <= limit {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		k, err := dec.Read(b[len(b):min(cap(b), limit+1)])
		b = b[:len(b)+k]
		if err != nil {
			if err != io.EOF {
				d.Add(DefectReadError)
			}
			break
		}
	}
	whole = len(b) <= limit
	d.Add(dec.Defect())
	text = n.decode(b[:min(len(b), limit)], d)
	if len(text) > limit { // one octet may become three
		text, whole = cutRunes(text, limit), false
	}
	return text, whole
}

func (n *Node) decode(b []byte, d *Defects) string {
	label := n.Params.Get("charset")
	if label == "" && n.Type == "text/html" {
		label = metaCharset(b)
	}
	if ascii(b) && bytes.IndexByte(b, 0x1b) < 0 && asciiBased(cleanLabel(label)) {
		return cleanValid(b, d)
	}
	text, ok := toUTF8(label, b)
	if !ok {
		d.Add(DefectCharset)
	}
	return cleanValid(text, d)
}

// asciiBased says that octets below 128 mean ASCII under this label.
func asciiBased(name string) bool {
	return silentLabels[name] || utf8Labels[name] || latin(name) || strings.HasPrefix(name, "iso-8859-") || strings.HasPrefix(name, "windows-125") || strings.HasPrefix(name, "koi8")
}

// metaCharset finds charset= in the first KiB of an HTML part that declares none outside.
func metaCharset(b []byte) string {
	head := bytes.ToLower(b[:min(len(b), 1024)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 || bytes.LastIndex(head[:i], []byte("<meta")) < 0 {
		return ""
	}
	rest := bytes.TrimLeft(head[i+8:], "\"' ")
	if end := bytes.IndexAny(rest, "\"'>; /"); end > 0 {
		return string(rest[:end])
	}
	return ""
}
