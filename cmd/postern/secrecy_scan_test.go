package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// canaryPattern is a canary: six digits, and the letter of the field it stood in. No
// word of a template or a client looks like it.
var canaryPattern = regexp.MustCompile(`(?i)qz(\d{6})([a-z])z`)

// canary writes one.
func canary(n int, field byte) string { return fmt.Sprintf("qz%06d%cz", n, field) }

// sighting is a canary found in a mail, and where.
type sighting struct {
	n     int
	field byte
	where string
}

// unsealed is an outgoing mail taken apart by other means than postern's own.
type unsealed struct {
	header mail.Header
	text   string
	html   string
	seen   []sighting
}

// openMail decodes a mail and finds every canary in it: in the octets as they are, in
// every header field decoded, in every part decoded.
func openMail(raw string) (unsealed, error) {
	o := unsealed{}
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return o, err
	}
	o.header = m.Header
	o.look("the octets", raw)
	var dec mime.WordDecoder
	for name, values := range m.Header {
		for _, v := range values {
			plain, err := dec.DecodeHeader(v)
			if err != nil {
				return o, fmt.Errorf("%s: %w", name, err)
			}
			o.look(name, v+"\n"+plain)
		}
	}
	return o, o.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, "")
}

func (o *unsealed) look(where, text string) {
	for _, g := range canaryPattern.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(g[1])
		s := sighting{n, g[2][0] | 0x20, where}
		if !slices.ContainsFunc(o.seen, func(x sighting) bool { return x.n == s.n && x.field == s.field }) {
			o.seen = append(o.seen, s)
		}
	}
}

// part decodes one part and what lies below it.
func (o *unsealed) part(contentType, encoding string, body io.Reader, disposition string) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("%q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			o.look("a part's header", fmt.Sprint(p.Header))
			if err := o.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, p.Header.Get("Content-Disposition")); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	octets, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	octets = bytes.ReplaceAll(octets, []byte("\r\n"), []byte("\n"))
	o.look(kind, string(octets))
	if _, p, err := mime.ParseMediaType(disposition); err == nil {
		o.look("a file name", p["filename"])
	}
	switch {
	case disposition != "":
	case kind == "text/plain":
		o.text = string(octets)
	case kind == "text/html":
		o.html = string(octets)
	}
	return nil
}
