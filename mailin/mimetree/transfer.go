package mimetree

import (
	"io"
	"strings"
	"sync"
)

const chunkSize = 48 << 10

// Decoder streams the octets of a part with its transfer encoding taken off. It
// never fails on bad encoding (Defect names it) and reads the same octets every
// time; only the reading of the raw octets can fail.
type Decoder struct {
	r        io.ReaderAt
	off, end int64
	codec    codec
	work     *work
	out      []byte // decoded, not yet handed out
	done     bool
	err      error
}

// codec decodes one chunk after the other; final marks the last, which may be empty.
// The result is valid until the next call.
type codec interface {
	decode(in []byte, final bool, w *work) []byte
	defect() string
}

// work is the memory of one decoder, kept for the next.
type work struct{ in, packed, out []byte }

var works = sync.Pool{New: func() any { return &work{in: make([]byte, chunkSize)} }}

// NewDecoder reads length octets at off; encoding is "base64", "quoted-printable" or anything else for none.
func NewDecoder(r io.ReaderAt, off, length int64, encoding string) *Decoder {
	d := &Decoder{r: r, off: max(off, 0), end: off + max(length, 0)}
	switch encoding {
	case "base64":
		d.codec = &base64Codec{}
	case "quoted-printable":
		d.codec = &qpCodec{}
	default:
		d.codec = plainCodec{}
	}
	return d
}

// Defect names what was wrong with the encoding so far; "" when nothing was.
func (d *Decoder) Defect() string { return d.codec.defect() }

// Read implements io.Reader.
func (d *Decoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if err := d.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// WriteTo implements io.WriterTo: the octets are written without a further copy.
func (d *Decoder) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if len(d.out) > 0 {
			n, err := w.Write(d.out)
			total += int64(n)
			if err != nil {
				return total, err
			}
			d.out = nil
		}
		if err := d.next(); err == io.EOF {
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}

// Close gives the decoder's memory back; it is optional, and nothing may be read after it.
func (d *Decoder) Close() {
	if d.work != nil {
		works.Put(d.work)
		d.work = nil
	}
	d.out, d.done, d.err = nil, true, io.EOF
}

// next decodes one more chunk into out.
func (d *Decoder) next() error {
	if d.err != nil {
		return d.err
	}
	if d.done {
		return io.EOF
	}
	if d.work == nil {
		d.work = works.Get().(*work)
	}
	want := min(int64(len(d.work.in)), d.end-d.off)
	n := 0
	if want > 0 {
		var err error
		if n, err = d.r.ReadAt(d.work.in[:want], d.off); err != nil && err != io.EOF {
			d.err = err
			return err
		}
	}
	d.off += int64(n)
	d.done = d.off >= d.end || int64(n) < want
	d.out = d.codec.decode(d.work.in[:n], d.done, d.work)
	return nil
}

type plainCodec struct{}

func (plainCodec) decode(in []byte, _ bool, _ *work) []byte { return in }
func (plainCodec) defect() string                           { return "" }

// TransferEncoding reads the field's value as mailers write it: "Base64", "7-bit",
// "base64;", "8bits". known is false when it is none that can be taken off.
func TransferEncoding(value string) (encoding string, known bool) {
	v := strings.ToLower(stripComments(value))
	v = strings.Trim(v, " \t\r\n\"';,.")
	if i := strings.IndexAny(v, "; \t"); i > 0 {
		v = v[:i]
	}
	switch v {
	case "base64", "base-64", "b", "mime-base64":
		return "base64", true
	case "quoted-printable", "quotedprintable", "quoted_printable", "q", "qp":
		return "quoted-printable", true
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "none", "us-ascii", "utf-8", "plain":
		return "", true
	}
	return "", false
}
