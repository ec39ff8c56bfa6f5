package mailout

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
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// ours are the only fields a message of ours has, in its own header.
var ours = []string{"From", "To", "Reply-To", "Subject", "Date", "Message-Id", "In-Reply-To", "References", "Auto-Submitted",
	"Precedence", "X-Auto-Response-Suppress", "X-Postern-Instance", "Mime-Version", "Content-Type"}

// partFields are those of a part.
var partFields = []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Id"}

// A strictMail is what the strict reader made of a message.
type strictMail struct {
	head  mail.Header
	parts []strictPart // the leaves, in order
}

type strictPart struct {
	kind, name, cid string
	body            string // decoded
}

// strict reads a message as no mail client would: everything that is not exactly
// as RFC 5322, 2045 and 2047 say is an error.
func strict(raw []byte) (*strictMail, error) {
	if err := octetsAreSound(raw); err != nil {
		return nil, err
	}
	head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
	if !ok {
		return nil, fmt.Errorf("no end of the header")
	}
	if err := headIsSound(head, ours); err != nil {
		return nil, err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	s := &strictMail{head: m.Header}
	if err := s.fields(); err != nil {
		return nil, err
	}
	return s, s.walk(m.Header.Get("Content-Type"), body)
}

func octetsAreSound(raw []byte) error {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return fmt.Errorf("no CRLF at the end")
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 {
			return fmt.Errorf("line of %d octets", len(line))
		}
		if bytes.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("bare CR, LF or NUL in %q", line)
		}
	}
	return nil
}

var (
	fieldLine = regexp.MustCompile(`^([A-Za-z-]+):( [^ ].*)?$`)
	anyWord   = regexp.MustCompile(`=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=`)
	addrField = regexp.MustCompile(`^(From|To|Reply-To):|^ .*@`)
)

// headIsSound checks every line of a header block.
func headIsSound(head string, allowed []string) error {
	seen := map[string]bool{}
	for _, line := range strings.Split(head, "\r\n") {
		for _, w := range anyWord.FindAllString(line, -1) {
			if len(w) > 75 || len(line) > 76 {
				return fmt.Errorf("encoded-word of %d in a line of %d octets", len(w), len(line))
			}
		}
		for i := range len(line) {
			if line[i] < ' ' || line[i] == 0x7f || line[i] > 0x7f && !addrField.MatchString(line) {
				return fmt.Errorf("octet %#x in %q", line[i], line)
			}
		}
		if strings.HasPrefix(line, " ") && strings.TrimSpace(line) != "" && len(seen) > 0 {
			continue
		}
		f := fieldLine.FindStringSubmatch(line)
		if f == nil {
			return fmt.Errorf("not a header line: %q", line)
		}
		name := mail.Header{}
		name[f[1]] = nil
		key := canonical(f[1])
		if !slices.Contains(allowed, key) || seen[key] {
			return fmt.Errorf("field %q is strange or doubled", f[1])
		}
		seen[key] = true
	}
	return nil
}

func canonical(s string) string {
	parts := strings.Split(strings.ToLower(s), "-")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "-")
}

// fields checks what the fields say.
func (s *strictMail) fields() error {
	for _, f := range []string{"From", "To", "Reply-To"} {
		v := s.head.Get(f)
		if v == "" && f == "Reply-To" {
			continue
		}
		if l, err := mail.ParseAddressList(v); err != nil || len(l) != 1 {
			return fmt.Errorf("%s: %q: %d addresses, %v", f, v, len(l), err)
		}
	}
	if _, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s.head.Get("Date")); err != nil {
		return err
	}
	id := regexp.MustCompile(`^<[!-;=?-~]+@[!-;=?-~]+>$`)
	for _, f := range []string{"Message-Id", "In-Reply-To", "References"} {
		ids := strings.Fields(s.head.Get(f))
		if len(ids) > 20 || f != "References" && len(ids) > 1 || f == "Message-Id" && len(ids) != 1 {
			return fmt.Errorf("%s holds %d identifiers", f, len(ids))
		}
		for _, x := range ids {
			if !id.MatchString(x) {
				return fmt.Errorf("%s: %q", f, x)
			}
		}
	}
	return nil
}

// walk reads the parts below a content type, strictly.
func (s *strictMail) walk(contentType, body string) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return fmt.Errorf("content type %q: %v", contentType, err)
	}
	line := "--" + params["boundary"]
	pieces := strings.Split("\r\n"+body, "\r\n"+line)
	if len(pieces) < 3 || pieces[0] != "" || pieces[len(pieces)-1] != "--\r\n" {
		return fmt.Errorf("%s: preamble %q or end %q", kind, pieces[0], pieces[len(pieces)-1])
	}
	for _, piece := range pieces[1 : len(pieces)-1] {
		head, inner, ok := strings.Cut(strings.TrimPrefix(piece, "\r\n"), "\r\n\r\n")
		if !ok || !strings.HasPrefix(piece, "\r\n") {
			return fmt.Errorf("part without a header: %.80q", piece)
		}
		if err := headIsSound(head, partFields); err != nil {
			return err
		}
		if err := s.part(head, inner); err != nil {
			return err
		}
	}
	return standardReaderAgrees(params["boundary"], body, len(pieces)-2)
}

// standardReaderAgrees lets another reader count the parts.
func standardReaderAgrees(boundary, body string, want int) error {
	r, n := multipart.NewReader(strings.NewReader(body), boundary), 0
	for ; ; n++ {
		p, err := r.NextRawPart()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, p); err != nil {
			return err
		}
	}
	if n != want {
		return fmt.Errorf("%d parts, the standard reader sees %d", want, n)
	}
	return nil
}

func (s *strictMail) part(head, inner string) error {
	m, err := mail.ReadMessage(strings.NewReader(head + "\r\n\r\n"))
	if err != nil {
		return err
	}
	h := m.Header
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		// The CRLF before the closing boundary line is the boundary's; ours ends a line as well.
		return s.walk(h.Get("Content-Type"), inner)
	}
	p := strictPart{kind: kind, cid: strings.Trim(h.Get("Content-Id"), "<>")}
	if d := h.Get("Content-Disposition"); d != "" {
		_, dp, err := mime.ParseMediaType(d)
		if err != nil {
			return fmt.Errorf("%q: %w", d, err)
		}
		p.name = dp["filename"]
	}
	if strings.HasPrefix(kind, "text/") && p.name == "" && params["charset"] != "utf-8" {
		return fmt.Errorf("charset %q", params["charset"])
	}
	p.body, err = decode(h.Get("Content-Transfer-Encoding"), inner)
	s.parts = append(s.parts, p)
	return err
}

func decode(encoding, s string) (string, error) {
	var b []byte
	var err error
	switch encoding {
	case "7bit":
		b = []byte(s)
		if !ascii(s) {
			err = fmt.Errorf("8-bit octets in a 7bit part")
		}
	case "quoted-printable":
		b, err = io.ReadAll(quotedprintable.NewReader(strings.NewReader(s)))
	case "base64":
		for _, l := range strings.Split(strings.TrimSuffix(s, "\r\n"), "\r\n") {
			if len(l) > 76 {
				return "", fmt.Errorf("base64 line of %d", len(l))
			}
		}
		b, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(s, "\r\n", ""))
		return string(b), err
	default:
		err = fmt.Errorf("encoding %q", encoding)
	}
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("not UTF-8: %.80q", b)
	}
	return string(b), err
}

// mustBeStrict reads a message or fails the test.
func mustBeStrict(t testing.TB, raw string) *strictMail {
	t.Helper()
	m, err := strict([]byte(raw))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, raw)
	}
	return m
}

// The strict reader refuses what it is there to refuse.
func TestStrictReaderRefuses(t *testing.T) {
	good := compose(t, draft("ack", "ack"))
	mustBeStrict(t, good)
	for name, bad := range map[string]string{
		"bare LF":          strings.Replace(good, "\r\n", "\n", 1),
		"smuggled header":  strings.Replace(good, "Subject:", "Bcc: x@y.example\r\nSubject:", 1),
		"doubled header":   strings.Replace(good, "Subject:", "Subject: x\r\nSubject:", 1),
		"long line":        strings.Replace(good, "Subject:", "Subject: "+strings.Repeat("x", 1000), 1),
		"two recipients":   strings.Replace(good, "To: ", "To: a@b.example, ", 1),
		"long word":        strings.Replace(good, "Subject:", "Subject: =?utf-8?b?"+strings.Repeat("QUFB", 20)+"?=", 1),
		"8-bit subject":    strings.Replace(good, "Subject:", "Subject: ü", 1),
		"preamble":         strings.Replace(good, "\r\n\r\n--", "\r\n\r\nhello\r\n--", 1),
		"foreign boundary": strings.Replace(good, "##-", "--x\r\n##-", 1) + "more\r\n",
	} {
		if _, err := strict([]byte(bad)); err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}
