package mimetree

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

func decode(t *testing.T, encoding, body string) ([]byte, string) {
	t.Helper()
	d := NewDecoder(strings.NewReader(body), 0, int64(len(body)), encoding)
	b, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return b, d.Defect()
}

// wrap breaks base64 into lines.
func wrap(s string, width int, end string) string {
	var b strings.Builder
	for ; len(s) > width; s = s[width:] {
		b.WriteString(s[:width] + end)
	}
	return b.String() + s + end
}

// Clean base64 of any length and line length, across many chunks, is what the standard library reads.
func TestBase64Clean(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef\x00\xff"), 20000)
	for _, n := range []int{0, 1, 2, 3, 4, 5, 57, 58, chunkSize, chunkSize + 1, len(data)} {
		for _, width := range []int{1, 60, 61, 76, 1 << 20} {
			in := wrap(base64.StdEncoding.EncodeToString(data[:n]), width, "\r\n")
			got, defect := decode(t, "base64", in)
			if !bytes.Equal(got, data[:n]) || defect != "" {
				t.Fatalf("%d octets in lines of %d: %d octets, %q", n, width, len(got), defect)
			}
		}
	}
}

func TestQuotedPrintableClean(t *testing.T) {
	data := []byte(strings.Repeat("Größe = 5 €, so \r\nlong a line that it must be broken softly somewhere, and again and again \r\n\r\n", 3000))
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write(data)
	w.Close()
	got, defect := decode(t, "quoted-printable", b.String())
	if !bytes.Equal(got, data) || defect != "" {
		t.Fatalf("%d octets of %d, %q", len(got), len(data), defect)
	}
}

// An oddity in the middle of a chunk changes nothing of what stands before it.
func TestBase64OddAfterClean(t *testing.T) {
	data := bytes.Repeat([]byte("abc"), 40000)
	clean := wrap(base64.StdEncoding.EncodeToString(data), 76, "\r\n")
	for _, at := range []int{0, 1, 77, chunkSize - 1, chunkSize, chunkSize + 1, len(clean) - 3} {
		got, defect := decode(t, "base64", clean[:at]+"!"+clean[at:])
		if !bytes.Equal(got, data) || defect != DefectBase64 {
			t.Errorf("junk at %d: %d octets of %d, %q", at, len(got), len(data), defect)
		}
	}
}

func TestTransferEncoding(t *testing.T) {
	for in, want := range map[string]string{
		"base64": "base64", "BASE64": "base64", " Base64 (x)": "base64", "base64;": "base64", `"base64"`: "base64",
		"quoted-printable": "quoted-printable", "Quoted-Printable; x=y": "quoted-printable", "quoted_printable": "quoted-printable",
		"7bit": "", "8bit": "", "binary": "", "7-bit": "", "8bits": "", "": "",
	} {
		if got, known := TransferEncoding(in); got != want || !known {
			t.Errorf("%q: %q %v", in, got, known)
		}
	}
	for _, in := range []string{"x-uuencode", "uuencode", "binhex", "gzip", "base64 x"} {
		if got, known := TransferEncoding(in); known && in != "base64 x" {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// FuzzDecoder: decoding never fails, reads the same in steps of any size, and never makes more of it.
func FuzzDecoder(f *testing.F) {
	f.Add("base64", "aGVs\r\nbG8=\r\n\r\n-- \nfooter text here\n", 3)
	f.Add("quoted-printable", "a=3D=\r\nb  \r\n=ZZ=", 1)
	f.Add("", "as it is", 2)
	f.Fuzz(func(t *testing.T, encoding, body string, step int) {
		whole, _ := decode(t, encoding, body)
		if len(whole) > len(body) {
			t.Fatalf("%d octets of %d", len(whole), len(body))
		}
		d := NewDecoder(strings.NewReader("x"+body+"y"), 1, int64(len(body)), encoding)
		var pieces bytes.Buffer
		p := make([]byte, 1+min(max(step, 0), 100))
		for {
			n, err := d.Read(p)
			pieces.Write(p[:n])
			if err == io.EOF {
				break
			}
		}
		var through bytes.Buffer
		if _, err := io.Copy(&through, NewDecoder(strings.NewReader(body), 0, int64(len(body)), encoding)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(pieces.Bytes(), whole) || !bytes.Equal(through.Bytes(), whole) {
			t.Fatal("the octets depend on how they are read")
		}
		if encoding == "" && string(whole) != body {
			t.Fatal("no encoding, and yet changed")
		}
	})
}

// FuzzEncoded: what was encoded comes back.
func FuzzEncoded(f *testing.F) {
	f.Add([]byte("hello \r\n\x00\xff"), 7)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		in := wrap(base64.StdEncoding.EncodeToString(data), 1+min(max(width, 0), 200), "\n")
		if got, defect := decode(t, "base64", in); !bytes.Equal(got, data) || defect != "" {
			t.Fatalf("base64: %q %q", got, defect)
		}
		var b bytes.Buffer
		w := quotedprintable.NewWriter(&b)
		w.Binary = true
		w.Write(data)
		w.Close()
		if got, defect := decode(t, "quoted-printable", b.String()); !bytes.Equal(got, data) || defect != "" {
			t.Fatalf("quoted-printable of %q: %q %q", data, got, defect)
		}
	})
}
