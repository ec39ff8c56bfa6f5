package mailout

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"path"
	"regexp"
	"strings"

	"postern/tickets"
)

// A builder puts the parts of one message together:
//
//	multipart/mixed              when there are attachments
//	  multipart/related          when pictures stand in the text
//	    multipart/alternative
//	      text/plain
//	      text/html
//	    image/png …
//	  application/pdf …
type builder struct {
	id      string // of the message; boundaries and content ids are made from it
	domain  string
	text    []byte // encoded, as all that follows
	html    []byte
	textEnc string
	htmlEnc string

	images, files []tickets.AttachedPart
	shown         map[int]bool // images that stand among the words
	content       tickets.Content
	pending       bytes.Buffer
}

func newBuilder(d tickets.Draft, text string) *builder {
	b := &builder{id: d.MessageID, domain: first(d.Domain, "postern.invalid"), shown: map[int]bool{}}
	if !shy(d) {
		b.sort(d.Parts)
	}
	b.text, b.textEnc = encode(text)
	return b
}

// page makes the HTML part: the agent's own formatting in our frame, or the text.
func (b *builder) page(c *Composer, d tickets.Draft, text string) {
	p := sheet{lang: d.Queue.Language, links: offers(d), before: text, human: d.Mail.Human()}
	if words := formatted(d, b); words != "" {
		if before, after, ok := c.frame(d); ok {
			p.before, p.words, p.after = before, words, after
		}
	}
	if p.words == "" {
		clear(b.shown)
		v := values(d)
		p.apart(append(v.Earlier, v.Entry)...)
	}
	p.pictures = b.pictures()
	b.html, b.htmlEnc = encode(page(p))
}

// offers are all links of a draft, those of its list included.
func offers(d tickets.Draft) []Link {
	all := links(d.Links)
	for _, x := range d.Items {
		all = append(all, links(x.Links)...)
	}
	for _, a := range d.Answers {
		for _, x := range a.Items {
			all = append(all, links(x.Links)...)
		}
	}
	return all
}

// sort parts pictures that were pasted into the text from attachments.
func (b *builder) sort(parts []tickets.AttachedPart) {
	for _, p := range parts {
		if p.Part.Inline && picture(p.Part.ContentType) {
			b.images = append(b.images, p)
		} else {
			b.files = append(b.files, p)
		}
	}
}

func picture(t string) bool {
	return t == "image/png" || t == "image/jpeg" || t == "image/gif" || t == "image/webp"
}

// pictures are the images that the HTML part shows below the text.
func (b *builder) pictures() []img {
	var out []img
	for i, p := range b.images {
		if !b.shown[i] {
			out = append(out, img{b.contentID(i), oneLine(p.Part.Filename)})
		}
	}
	return out
}

func (b *builder) contentID(i int) string {
	return fmt.Sprintf("%d.%s@%s", i+1, b.hash("cid")[:16], safeDomain(b.domain))
}

func (b *builder) hash(what string) string {
	s := sha256.Sum256([]byte(what + "\x00" + b.id))
	return hex.EncodeToString(s[:])
}

// boundary is a boundary line's word. It is made from the Message-ID, which no
// writer of the text can know, and still checked against the text.
func (b *builder) boundary(level string) string {
	for i := 0; ; i++ {
		w := "=_postern_" + b.hash(fmt.Sprint(level, i))[:32]
		if !bytes.Contains(b.text, []byte(w)) && !bytes.Contains(b.html, []byte(w)) {
			return w
		}
	}
}

// build writes the message behind its first header fields.
func (b *builder) build(head []byte) tickets.Content {
	b.pending.Write(head)
	if len(b.files) == 0 {
		b.related()
	} else {
		w := b.open("multipart/mixed", "mixed")
		b.related()
		for _, f := range b.files {
			b.next(w)
			b.attach(f, "attachment", "")
		}
		b.close(w)
	}
	b.flush()
	return b.content
}

func (b *builder) related() {
	if len(b.images) == 0 {
		b.alternative()
		return
	}
	w := b.open("multipart/related; type=\"multipart/alternative\"", "related")
	b.alternative()
	for i, p := range b.images {
		b.next(w)
		b.attach(p, "inline", b.contentID(i))
	}
	b.close(w)
}

func (b *builder) alternative() {
	w := b.open("multipart/alternative", "alternative")
	b.leaf("text/plain", b.textEnc, b.text)
	b.next(w)
	b.leaf("text/html", b.htmlEnc, b.html)
	b.close(w)
}

// open begins a multipart and its first part.
func (b *builder) open(kind, level string) string {
	w := b.boundary(level)
	fmt.Fprintf(&b.pending, "Content-Type: %s;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", kind, w, w)
	return w
}

func (b *builder) next(w string)  { fmt.Fprintf(&b.pending, "\r\n--%s\r\n", w) }
func (b *builder) close(w string) { fmt.Fprintf(&b.pending, "\r\n--%s--\r\n", w) }

func (b *builder) leaf(kind, enc string, octets []byte) {
	fmt.Fprintf(&b.pending, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", kind, enc)
	b.pending.Write(octets)
}

// attach writes the header of an attachment and refers to its octets.
func (b *builder) attach(p tickets.AttachedPart, disposition, cid string) {
	h := header{}
	h.field("Content-Type", safeType(p.Part.ContentType))
	h.field("Content-Transfer-Encoding", "base64")
	h.field("Content-Disposition", dispositionWords(disposition, p.Part.Filename)...)
	if cid != "" {
		h.field("Content-ID", "<"+cid+">")
	}
	b.pending.Write(h.Bytes())
	b.pending.WriteString("\r\n")
	b.flush()
	part := p.Part
	b.content.Segments = append(b.content.Segments, tickets.Segment{Arrival: p.Arrival, Part: &part})
}

// flush ends a literal segment.
func (b *builder) flush() {
	if b.pending.Len() > 0 {
		b.content.Segments = append(b.content.Segments, tickets.Segment{Literal: bytes.Clone(b.pending.Bytes())})
		b.pending.Reset()
	}
}

// dispositionWords writes a Content-Disposition; a name outside ASCII in the way
// of RFC 2231. A very long name is shortened, its extension kept.
func dispositionWords(kind, name string) []string {
	name = strings.NewReplacer("/", "_", `\`, "_").Replace(oneLine(name))
	if ext := path.Ext(name); len(name) > 200 && len(ext) < 20 {
		name = strings.ToValidUTF8(name[:200-len(ext)], "") + ext
	} else if len(name) > 200 {
		name = strings.ToValidUTF8(name[:200], "")
	}
	if name == "" {
		return []string{kind}
	}
	s := mime.FormatMediaType(kind, map[string]string{"filename": name})
	d, param, ok := strings.Cut(s, "; ")
	if !ok {
		return []string{kind}
	}
	return []string{d + ";", param}
}

var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}$`)

// safeType is a media type that may be attached in base64. RFC 2046 forbids
// that for message/ and multipart/ types; they travel as plain octets.
func safeType(t string) string {
	t = strings.ToLower(t)
	if !mediaType.MatchString(t) || strings.HasPrefix(t, "message/") || strings.HasPrefix(t, "multipart/") {
		return "application/octet-stream"
	}
	return t
}

func safeDomain(d string) string {
	if a, ok := domainPart(d); ok && a[0] != '[' {
		return a
	}
	return "postern.invalid"
}

// encode writes text with CRLF line ends, as it is when it is short-lined ASCII
// that no server on the way would touch, else as quoted-printable.
func encode(s string) (octets []byte, encoding string) {
	if simple(s) {
		return []byte(strings.ReplaceAll(s, "\n", "\r\n")), "7bit"
	}
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(s)) // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes(), "quoted-printable"
}

func simple(s string) bool {
	for line := range strings.SplitSeq(s, "\n") {
		if len(line) > 78 || strings.HasPrefix(line, "From ") || strings.HasPrefix(line, ".") || strings.HasSuffix(line, " ") {
			return false
		}
	}
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' && r != '\t' }) < 0
}
