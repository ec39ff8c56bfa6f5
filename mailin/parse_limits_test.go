package mailin

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// cycle is a raw message made on the fly: head, then unit again and again up to
// size octets, then tail. Nothing of it sits in memory.
type cycle struct {
	head, unit, tail string
	size             int64
}

func (c cycle) Size() int64 { return c.size }

func (c cycle) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < c.size {
		k := 0
		switch mid := c.size - int64(len(c.tail)); {
		case off < int64(len(c.head)):
			k = copy(p[n:], c.head[off:])
		case off >= mid:
			k = copy(p[n:], c.tail[off-mid:])
		default:
			room := min(int64(len(p)-n), mid-off)
			k = copy(p[n:n+int(room)], c.unit[(off-int64(len(c.head)))%int64(len(c.unit)):])
		}
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measured parses raw and fails when it takes more than 2 s of processor time or
// 64 MiB of heap above idle (catalogue G1).
func measured(t *testing.T, in tickets.Raw) tickets.Message {
	t.Helper()
	runtime.GC()
	var idle runtime.MemStats
	runtime.ReadMemStats(&idle)
	var peak atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			peak.Store(max(peak.Load(), s.HeapAlloc))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	start := cpu()
	m := Parse(context.Background(), in, Envelope{})
	used := cpu() - start
	close(stop)
	<-done
	above := int64(peak.Load()) - int64(idle.HeapAlloc)
	t.Logf("%d octets: %v, %d KiB above idle, %v", in.Size(), used.Round(time.Millisecond), above>>10, m.Defects)
	if used > 2*time.Second*slowdown {
		t.Errorf("%v of processor time", used)
	}
	if above > 64<<20 {
		t.Errorf("%d MiB above idle", above>>20)
	}
	return m
}

func nested(levels int, inner string) string {
	var b strings.Builder
	b.WriteString("Subject: deep\r\nMessage-ID: <d@x>\r\n")
	for i := range levels {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString(inner)
	for i := levels - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "\r\n--b%d--", i)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	const mixed = "Subject: s\r\nFrom: a@b.c\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	const plain = "Subject: s\r\nFrom: a@b.c\r\nMessage-ID: <1@x>\r\n\r\n"
	big := func(head, unit, tail string, size int64) tickets.Raw {
		if size > 20<<20 {
			size /= shrink
		}
		return cycle{head, strings.Repeat(unit, 1+8192/len(unit)), tail, size} // long copies: the test shall not cost more than the reader
	}
	for _, c := range []struct {
		id     string
		in     tickets.Raw
		defect string
		check  func(m tickets.Message) bool
	}{
		{"IN_M01/51", raw(nested(51, "\r\nhello")), mimetree.DefectTooDeep, nil},
		{"IN_M01/1000", raw(nested(1000, "\r\nhello")), mimetree.DefectTooDeep, nil},
		{"IN_M01/10000", raw(nested(10000, "\r\nhello")), mimetree.DefectTooDeep, func(m tickets.Message) bool { return len(m.Attachments) == 1 }},
		{"IN_M01/100000", raw(nested(100000, "\r\nhello")), mimetree.DefectTooDeep, nil},
		{"IN_M01/rfc822", big(mixed+"--b\r\n", "Content-Type: message/rfc822\r\n\r\n", "\r\n--b--", 5<<20), "", nil},
		{"IN_M02/1001", big(mixed, "--b\r\n\r\n", "--b--", int64(len(mixed))+1001*7+5), mimetree.DefectTooManyParts, nil},
		{"IN_M02/1000000", big(mixed, "--b\r\n\r\n", "--b--", int64(len(mixed))+1000000*7+5), mimetree.DefectTooManyParts, nil},
		{"IN_M02/1000000 with headers", big(mixed, "--b\r\nContent-Type: image/png\r\n\r\n", "--b--", int64(len(mixed))+1000000*33+5), mimetree.DefectTooManyParts,
			func(m tickets.Message) bool { return len(m.Attachments) == 1000 }},
		{"IN_H12/one field of 10 MB", big("Subject: ", "abcdefgh", "\r\nFrom: a@b.c\r\n\r\nbody", 10<<20), mimetree.DefectFieldTooLong,
			func(m tickets.Message) bool { return m.Text == "body" && len(m.From) == 1 }},
		{"IN_H12/200000 fields", big("From: a@b.c\r\n", "X-A: b\r\n", "\r\nbody", 200000*8+19), mimetree.DefectTooManyFields,
			func(m tickets.Message) bool { return m.Text == "body" }},
		{"IN_H12/100 MB of headers", big("From: a@b.c\r\n", "X-A: "+strings.Repeat("x", 90)+"\r\n", "\r\n\r\nbody", 100<<20), mimetree.DefectTooManyFields,
			func(m tickets.Message) bool { return strings.HasSuffix(m.Text, "body") }},
		{"IN_H12/one header of 100 MB", big("From: a@b.c\r\nX-A: ", "x", "\r\n\r\nbody", 100<<20), mimetree.DefectFieldTooLong, func(m tickets.Message) bool { return m.Text == "body" }},
		{"IN_H03/From behind 1 MB", big("From: a@b.c\r\n", "X-A: "+strings.Repeat("x", 990)+"\r\n", "\r\nFrom: e@f.g\r\n\r\nbody", 2<<20), mimetree.DefectHeaderTooLong,
			func(m tickets.Message) bool { return m.Froms == 2 && m.From[0].Addr == "a@b.c" }},
		{"50 MB line", big(plain, "x", "", 50<<20), mimetree.DefectTextCut, func(m tickets.Message) bool { return len(m.Text) > 1<<20-100 }},
		{"50 MB line in a part", big(mixed+"--b\r\nContent-Type: application/pdf\r\n\r\n", "x", "\r\n--b--", 50<<20), "", func(m tickets.Message) bool { return len(m.Attachments) == 1 }},
		{"50 MB of dashes", big(mixed+"--b\r\nContent-Type: image/png\r\n\r\n", "-", "\r\n--b--", 50<<20), "", nil},
		{"50 MB of dashed lines", big(mixed+"--b\r\nContent-Type: image/png\r\n\r\n", "--\n", "\r\n--b--", 50<<20), "", nil},
		{"50 MB of lone CR", big(mixed+"--b\r\n", "\r", "\r\n--b--", 50<<20), "", nil},
		{"50 MB of leading CR", big("", "\r", "\r\nFrom: a@b.c\r\n\r\nbody", 50<<20), mimetree.DefectLeadingBlank, func(m tickets.Message) bool { return m.Text == "body" && len(m.From) == 1 }},
		{"50 MB of leading LF", big("", "\n", "\r\nFrom: a@b.c\r\n\r\nbody", 50<<20), mimetree.DefectLeadingBlank, func(m tickets.Message) bool { return m.Text == "body" && len(m.From) == 1 }},
		{"50 MB of fields ended by CR", big("From: a@b.c\r", "A:b\r", "\rbody", 50<<20), mimetree.DefectTooManyFields, func(m tickets.Message) bool { return m.Text == "body" && len(m.From) == 1 }},
		{"50 MB of short fields", big("From: a@b.c\n", "A:b\n", "\nbody", 50<<20), mimetree.DefectTooManyFields, func(m tickets.Message) bool { return strings.HasSuffix(m.Text, "body") }},
		{"50 MB of junk lines", big("From: a@b.c\n", "A:b\njunk\njunk\njunk\njunk\njunk\n", "\nbody", 50<<20), mimetree.DefectJunkLine, nil},
		{"50 MB of folds", big("From: a@b.c\nX: y\n", " \n", "\nbody", 50<<20), mimetree.DefectFieldTooLong, func(m tickets.Message) bool { return strings.HasSuffix(m.Text, "body") }},
		{"50 MB of LF", big(mixed+"--b\r\n", "\n", "\r\n--b--", 50<<20), "", nil},
		{"50 MB attachment", big(mixed+"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", strings.Repeat("QUJD", 19)+"\r\n", "\r\n--b--", 50<<20), "",
			func(m tickets.Message) bool { return m.Attachments[0].Size > 36<<20/shrink }},
		{"IN_M09/60 MB base64 in one line", big(mixed+"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", "QUJD", "\r\n--b--", 60<<20), "", nil},
		{"IN_M09/60 MB of junk base64", big(mixed+"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", "QU!JD=\n", "\r\n--b--", 60<<20), mimetree.DefectBase64, nil},
		{"IN_M10/10 MB quoted-printable line", big(mixed+"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", "=41", "\r\n--b--", 10<<20), "", nil},
		{"IN_M10/50 MB of equal signs", big(mixed+"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", "=", "\r\n--b--", 50<<20), mimetree.DefectQuotedPrintable, nil},
		{"IN_M10/50 MB of blanks", big(mixed+"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", " ", "\r\n--b--", 50<<20), "", nil},
		{"IN_E12/100000 addresses", raw("From: x@y.z\r\nTo: " + strings.Repeat("a@b.c,\r\n ", 25000) + "a@b.c\r\n\r\n"), mimetree.DefectTooManyAddresses, func(m tickets.Message) bool { return len(m.To) == 500 }},
		{"IN_E12/500000 To fields", big("From: x@y.z\r\n", "To: a@b.c\r\n", "\r\nx", 500000*11+14), mimetree.DefectTooManyAddresses, func(m tickets.Message) bool { return len(m.To) == 500 }},
		{"IN_E13/comment bomb", raw("From: " + strings.Repeat("(", 80000) + strings.Repeat(")", 80000) + " a@b.c\r\nTo: " + strings.Repeat("(", 200000) + "@x\r\n\r\n"), "", func(m tickets.Message) bool { return m.From[0].Addr == "a@b.c" }},
		{"IN_E13/phrase of 80000 atoms", raw("From: " + strings.Repeat("a ", 80000) + "<a@b.c>\r\n\r\n"), "", func(m tickets.Message) bool { return m.From[0].Addr == "a@b.c" && len(m.From[0].Name) <= 998 }},
		{"IN_H08/10000 references", raw("References: " + strings.Repeat("<aaaaaaaa@bbbbbbbb>\r\n ", 10000) + "\r\n\r\n"), mimetree.DefectTooManyReferences, func(m tickets.Message) bool { return len(m.References) == 100 }},
		{"IN_H08/1 MB of odd references", raw("References: " + strings.Repeat("<a b", 1<<18) + "\r\n\r\n"), mimetree.DefectReference, nil},
		{"IN_H11/50000 encoded-words", raw("Subject: " + strings.Repeat("=?utf-8?q?=C3=A4?= ", 50000) + "\r\n\r\n"), mimetree.DefectSubjectCut, nil},
		{"IN_H11/unfinished encoded-words", raw("Subject: " + strings.Repeat("=?a?q?", 43000) + "\r\nFrom: " + strings.Repeat("=?a?q?", 43000) + "\r\n\r\n"), mimetree.DefectSubjectCut, nil},
		{"IN_H09/10 kB of comments", raw("Date: Mon, 1 Jun 2026 10:00:00 +0000 " + strings.Repeat("(x)", 3500) + "\r\n\r\n"), "", func(m tickets.Message) bool { return m.Date.Year() == 2026 }},
		{"IN_M19/10000 continuations", raw("Content-Type: image/png; " + continuations(10000) + "\r\n\r\n"), mimetree.DefectTooManyParameters, func(m tickets.Message) bool { return len(m.Attachments) == 1 }},
		{"IN_C03/10^6 NUL", big(plain, "\x00", "end", 1<<20), mimetree.DefectNUL, func(m tickets.Message) bool { return m.Text == "end" }},
		{"IN_C04/combining marks", raw(plain + "a" + strings.Repeat("\u0301", 100000)), mimetree.DefectCombining, func(m tickets.Message) bool { return len(m.Text) < 100 }},
		{"IN_C06/10^6 empty lines", big(strings.Replace(plain, "\r\n\r\n", "\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n", 1), "\r\n", "end", 2<<20), "", nil},
		{"IN_C06/flowed line of 50 MB", big(strings.Replace(plain, "\r\n\r\n", "\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n", 1), "word ", "end", 50<<20), mimetree.DefectTextCut, nil},
		{"IN_X04/5 MB of HTML", big(strings.Replace(plain, "\r\n\r\n", "\r\nContent-Type: text/html\r\n\r\n", 1), "<div><a href=x>y</a>&amp;", "", 5<<20), mimetree.DefectTextCut, nil},
		{"IN_M18/many base64 texts", big(mixed, "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"+strings.Repeat("QUJD", 5000)+"\r\n", "--b--", 25<<20), mimetree.DefectTextCut, nil},
		{"IN_C02/1000 texts to guess", big(mixed, "--b\r\n\r\n"+strings.Repeat("\xcf\xf0\xe8\xe2\xe5\xf2 l\xe4uft", 170)+"\r\n", "--b--", 1000*2400), mimetree.DefectCharset, nil},
		{"IN_C01/30000 words to guess", raw(strings.Repeat("Subject: "+strings.Repeat("=?x?q?=CF=F0=E8=E2=E5=F2=E4=E5?=x=?y?q?=CF=F0=E8=E2=E5=F2=E4=E5?=", 3500)+"\r\n", 4) + "\r\n"), mimetree.DefectSubjectCut, nil},
		{"1000 long part headers", big(mixed, "--b\r\nX-Pad: "+strings.Repeat("x", 5000)+"\r\nContent-Type: image/png\r\n\r\nx\r\n", "--b--", 5<<20), mimetree.DefectHeaderTooLong,
			func(m tickets.Message) bool { return m.Text == "" && len(m.Attachments) > 900 }},
		{"three guesses of nested boundaries", raw(mixed + strings.Repeat("--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n", 20000)), "", nil},
		{"IN_M21/charset that swells", big(strings.Replace(plain, "\r\n\r\n", "\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\n", 1), "\x80", "", 4<<20), mimetree.DefectTextCut,
			func(m tickets.Message) bool { return len(m.Text) <= maxPlain+100 && strings.Contains(m.Text, "€") }},
		{"IN_M18/a bomb stays packed", big(mixed+"--b\r\nContent-Type: application/zip; name=42.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n", "UEsDBBQAAAAIAAAAIQAAAAAA\r\n", "\r\n--b--", 1<<20), "",
			func(m tickets.Message) bool { return m.Attachments[0].Size < 1<<20 }},
		{"IN_M15/500 inline images", raw(strings.Replace(mixed, "mixed", "related", 1) + strings.Repeat("--b\r\nContent-Type: image/gif\r\nContent-ID: <x>\r\n\r\nGIF\r\n", 500) + "--b--"), "",
			func(m tickets.Message) bool { return len(m.Attachments) == 500 && m.Attachments[499].Inline }},
	} {
		t.Run(c.id, func(t *testing.T) {
			m := measured(t, c.in)
			if c.defect != "" && !slices.Contains(m.Defects, c.defect) {
				t.Errorf("defects %v, want %s", m.Defects, c.defect)
			}
			if slices.Contains(m.Defects, mimetree.DefectPanic) {
				t.Error("the reader broke")
			}
			if c.check != nil && !c.check(m) {
				t.Errorf("froms %d, from %v, text %.80q, %d attachments", m.Froms, m.From, m.Text, len(m.Attachments))
			}
		})
	}
}

func continuations(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "name*%d=x; ", i)
	}
	return b.String()
}
