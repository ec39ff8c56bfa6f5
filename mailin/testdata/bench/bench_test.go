// Package bench compares the reading of mail: postern, enmime and bare go-message on the
// same messages in one run. It is a module of its own, so that what it compares
// with is no dependency of postern. Run: go -C mailin/testdata/bench test -bench .
package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/mail"
	"github.com/jhillyerd/enmime/v2"

	"postern/mailin"
	"postern/tickets"
)

// sink keeps results alive.
var sink any

type reader struct {
	name string
	read func(b []byte) error
}

// readers get the same octets and must hand out text and the hash of every attachment.
var readers = []reader{
	{"postern", func(b []byte) error {
		m := mailin.Parse(context.Background(), bytes.NewReader(b), mailin.Envelope{})
		sink = m
		if m.Text == "" || len(m.From) == 0 {
			return fmt.Errorf("nothing read: %v", m.Defects)
		}
		return nil
	}},
	{"postern-tree", func(b []byte) error { return tree(b) }},
	{"enmime", func(b []byte) error {
		e, err := enmime.ReadEnvelope(bytes.NewReader(b))
		if err != nil {
			return err
		}
		for _, list := range [][]*enmime.Part{e.Attachments, e.Inlines, e.OtherParts} {
			for _, p := range list {
				sum := sha256.Sum256(p.Content)
				sink = sum
			}
		}
		if _, err := e.AddressList("From"); err != nil {
			return err
		}
		sink = e.Text
		return nil
	}},
	{"go-message", func(b []byte) error { return bare(b) }},
}

// bare reads with go-message alone: texts into memory, attachments through the hash.
func bare(b []byte) error {
	r, err := mail.CreateReader(bytes.NewReader(b))
	if err != nil && !message.IsUnknownCharset(err) {
		return err
	}
	if _, err := r.Header.AddressList("From"); err != nil {
		return err
	}
	if sink, err = r.Header.Subject(); err != nil {
		return err
	}
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if _, ok := p.Header.(*mail.AttachmentHeader); ok {
			sum := sha256.New()
			if _, err := io.Copy(sum, p.Body); err != nil {
				return err
			}
			sink = sum.Sum(nil)
			continue
		}
		text, err := io.ReadAll(p.Body)
		if err != nil {
			return err
		}
		sink = text
	}
}

const head = "Received: from mail.example.net (mail.example.net [192.0.2.1]) by mx.example.org with ESMTPS id 4XyZ; Mon, 1 Jun 2026 10:00:01 +0000\r\n" +
	"Received: from client (client [198.51.100.2]) by mail.example.net with ESMTPSA id 3AbC; Mon, 1 Jun 2026 10:00:00 +0000\r\n" +
	"Authentication-Results: mx.example.org; dkim=pass header.d=example.net; spf=pass smtp.mailfrom=ann@example.net; dmarc=pass header.from=example.net\r\n" +
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=mail; h=from:to:subject:date:message-id; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=abc\r\n" +
	"From: =?utf-8?q?Ann_Sm=C3=ADth?= <ann@example.net>\r\nTo: Help Desk <help@example.org>\r\nSubject: =?utf-8?q?Drucker_l=C3=A4uft_nicht?=\r\n" +
	"Date: Mon, 1 Jun 2026 10:00:00 +0000\r\nMessage-ID: <abc123@example.net>\r\nIn-Reply-To: <x1@example.org>\r\nReferences: <x0@example.org> <x1@example.org>\r\n" +
	"User-Agent: Example/1.0\r\nMIME-Version: 1.0\r\n"

func words(n int) string {
	rnd := rand.New(rand.NewPCG(1, 2))
	list := strings.Fields("the printer in our office läuft nicht since monday and nobody can print invoices für Kunden please help us again because it is urgent thanks")
	var b strings.Builder
	for line := 0; b.Len() < n; {
		w := list[rnd.IntN(len(list))]
		if line += len(w) + 1; line > 72 {
			b.WriteString("\r\n")
			line = len(w)
		}
		b.WriteString(w + " ")
	}
	return b.String()
}

func qp(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func text5K() []byte {
	return []byte(head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words(5<<10))
}

func html50K() []byte {
	var h strings.Builder
	h.WriteString("<html><head><style>p { color: black }</style></head><body>")
	for i := range 60 {
		fmt.Fprintf(&h, "<div class=\"MsoNormal\"><p style=\"margin:0cm;font-size:11pt\">%s</p><table><tr><td>%d</td><td><a href=\"https://example.net/%d\">link</a></td></tr></table></div>\r\n", words(600), i, i)
	}
	h.WriteString("</body></html>")
	return []byte(head + "Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
		qp(words(10<<10)) + "\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + qp(h.String()) + "\r\n--=_b--\r\n")
}

func attachment5M() []byte {
	data := make([]byte, 5<<20)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	enc := base64.StdEncoding.EncodeToString(data)
	var b bytes.Buffer
	b.WriteString(head + "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + words(2<<10) +
		"\r\n--=_b\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	for ; len(enc) > 76; enc = enc[76:] {
		b.WriteString(enc[:76] + "\r\n")
	}
	b.WriteString(enc + "\r\n--=_b--\r\n")
	return b.Bytes()
}

// processor is the processor time used so far: on a busy machine it says more than the clock.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkRead(b *testing.B) {
	var _ tickets.Raw = (*bytes.Reader)(nil)
	for _, s := range []struct {
		name string
		raw  []byte
	}{{"text-5K", text5K()}, {"html-50K", html50K()}, {"attachment-5M", attachment5M()}} {
		for _, r := range readers {
			b.Run(s.name+"/"+r.name, func(b *testing.B) {
				b.SetBytes(int64(len(s.raw)))
				b.ReportAllocs()
				start := processor()
				for b.Loop() {
					if err := r.read(s.raw); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processor()-start).Microseconds())/float64(b.N), "cpu-µs/op")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			})
		}
	}
}
