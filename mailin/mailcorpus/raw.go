package mailcorpus

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"mime"
	"strings"
)

// Raw is the cell as a whole message, as it comes off the wire. The parts are
// base64, quoted-printable being left to tests of the splitter.
func (c Cell) Raw() string {
	h := fnv.New32a()
	h.Write([]byte(c.Name()))
	id := fmt.Sprintf("%08x", h.Sum32())
	var b strings.Builder
	if c.Null {
		b.WriteString("Return-Path: <>\r\n")
	} else {
		b.WriteString("Return-Path: <bob@example.net>\r\n")
	}
	from := "Bob <bob@example.net>"
	if c.Bounce != "" {
		from = "Mail Delivery System <mailer-daemon@mx.example.net>"
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: Help <%s>\r\nSubject: %s\r\nDate: Fri, 3 May 2024 12:00:00 +0000\r\nMessage-ID: <%s@mail.example.net>\r\n",
		from, helper, mime.QEncoding.Encode("utf-8", c.Subject), id)
	for _, f := range c.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, f.Value)
	}
	b.WriteString("MIME-Version: 1.0\r\n")
	c.body(&b, "b"+id)
	return b.String()
}

// body writes the parts: one alone, or a multipart.
func (c Cell) body(b *strings.Builder, boundary string) {
	parts, kind := c.leaves()
	if len(parts) == 1 {
		b.WriteString(parts[0])
		return
	}
	fmt.Fprintf(b, "Content-Type: %s; boundary=%s\r\n\r\n", kind, boundary)
	for _, p := range parts {
		fmt.Fprintf(b, "--%s\r\n%s\r\n", boundary, p)
	}
	fmt.Fprintf(b, "--%s--\r\n", boundary)
}

// leaves are the parts with their headers, and what they make together.
func (c Cell) leaves() (parts []string, kind string) {
	kind = "multipart/alternative"
	if c.Plain != "" || c.HTML == "" {
		parts = append(parts, leaf("text/plain; charset=utf-8", c.Plain))
	}
	if c.HTML != "" {
		parts = append(parts, leaf("text/html; charset=utf-8", c.HTML))
	}
	if c.Status != "" {
		kind = "multipart/report; report-type=delivery-status"
		parts = append(parts, leaf("message/delivery-status", c.Status))
	}
	return parts, kind
}

// leaf is one part.
func leaf(kind, text string) string {
	if strings.HasPrefix(kind, "message/") {
		return "Content-Type: " + kind + "\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n")
	}
	s := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	var b strings.Builder
	b.WriteString("Content-Type: " + kind + "\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
	return b.String()
}
