package mailin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// seeds hands the messages of testdata to a fuzz target.
func seeds(f *testing.F) {
	f.Helper()
	f.Add([]byte(crlf(ordinary)))
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(b) < 20<<10 {
			f.Add(b)
		}
	}
}

// FuzzParse: whatever the octets, a Message whose promises hold.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		in := raw(string(b))
		m := Parse(context.Background(), in, Envelope{})
		for _, d := range m.Defects {
			if d == mimetree.DefectPanic {
				t.Fatal("the reader broke")
			}
		}
		strict(t, reflect.ValueOf(m), "Message")
		if m.ReplyStart < 0 || m.ReplyStart > m.ReplyEnd || m.ReplyEnd > len(m.Text) {
			t.Fatalf("reply %d–%d of %d", m.ReplyStart, m.ReplyEnd, len(m.Text))
		}
		if (m.MessageID == "") != (m.ContentKey == "") {
			t.Fatalf("id %q key %q", m.MessageID, m.ContentKey)
		}
		for _, p := range m.Attachments {
			samePart(t, in, p)
		}
	})
}

// strict checks that every string below v is valid UTF-8 without NUL.
func strict(t *testing.T, v reflect.Value, where string) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			t.Fatalf("%s is %q", where, s)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			strict(t, v.Elem(), where)
		}
	case reflect.Slice:
		for i := range v.Len() {
			strict(t, v.Index(i), where)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			strict(t, k, where)
			strict(t, v.MapIndex(k), where)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				strict(t, v.Field(i), where+"."+v.Type().Field(i).Name)
			}
		}
	}
}

// samePart checks an attachment against the octets that OpenPart reads, once whole and once octet by octet.
func samePart(t *testing.T, in tickets.Raw, p tickets.Part) {
	t.Helper()
	if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > in.Size() {
		t.Fatalf("part %d+%d of %d", p.Offset, p.Length, in.Size())
	}
	if p.Filename == "" || len(p.Filename) > 255 || strings.ContainsAny(p.Filename, "/\\\x00\r\n") {
		t.Fatalf("file name %q", p.Filename)
	}
	b, err := io.ReadAll(OpenPart(in, p))
	sum := sha256.Sum256(b)
	if err != nil || int64(len(b)) != p.Size || hex.EncodeToString(sum[:]) != p.SHA256 {
		t.Fatalf("OpenPart read %d octets (%v), the part says %d", len(b), err, p.Size)
	}
	var slow bytes.Buffer
	one := make([]byte, 1)
	for r := OpenPart(in, p); ; {
		n, err := r.Read(one)
		slow.Write(one[:n])
		if err != nil {
			break
		}
	}
	if !bytes.Equal(slow.Bytes(), b) {
		t.Fatal("octet by octet the part reads differently")
	}
}

// FuzzContentKey: trace fields do not change the key, any octet of the body does.
func FuzzContentKey(f *testing.F) {
	f.Add("Subject text", "body\r\ntext", 3)
	f.Add("=?utf-8?q?x?=", "\r\n\n\r", 0)
	f.Fuzz(func(t *testing.T, subject, body string, at int) {
		subject = strings.Map(func(r rune) rune {
			if r < ' ' {
				return -1
			}
			return r
		}, subject)
		head := "Message-ID: <1@x>\r\nSubject: " + subject + "\r\n"
		key := parse(head + "\r\n" + body).ContentKey
		if traced := parse("Received: by x\r\nX-Spam: 1\r\n" + head + "DKIM-Signature: d=x\r\n\r\n" + body).ContentKey; traced != key {
			t.Fatal("a trace field changed the key")
		}
		if at < 0 || at >= len(body) || strings.ContainsAny(body[max(at-1, 0):min(at+2, len(body))], "\r\n") {
			return
		}
		changed := body[:at] + string([]byte{body[at] ^ 1}) + body[at+1:]
		if strings.ContainsAny(changed[at:at+1], "\r\n") {
			return
		}
		if parse(head+"\r\n"+changed).ContentKey == key {
			t.Fatalf("octet %d of the body does not count", at)
		}
	})
}
