package mailin

import (
	"io"
	"slices"
	"strings"
	"testing"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// withType is a mail without fault with that Content-Type and the rest of the message.
func withType(contentType, rest string) string {
	return head + "MIME-Version: 1.0\nContent-Type: " + contentType + "\n" + rest
}

func filenames(m tickets.Message) []string {
	var out []string
	for _, p := range m.Attachments {
		out = append(out, p.Filename)
	}
	return out
}

func TestINMime(t *testing.T) {
	run(t, []input{
		{"IN_M03/message that holds itself", withType("multipart/related; boundary=a; start=\"<a>\"", "\n--a\nContent-ID: <a>\nContent-Type: text/html\n\n<img src=\"cid:a\"><img src=\"cid:b\">\n--a\nContent-ID: <b>\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-ID: <a>\nContent-Type: message/rfc822\n\nx\n--a--\n"), "",
			func(m tickets.Message) bool { return len(m.Attachments) == 2 }},
		{"IN_M04/no boundary", withType("multipart/mixed", "\n--x\nContent-Type: text/plain\n\nhello\n--x--\n"), mimetree.DefectNoBoundary, textIs("hello")},
		{"IN_M04/no parts to be found", withType("multipart/mixed", "\nhello there\n"), mimetree.DefectNoParts, textIs("hello there")},
		{"IN_M06/no part", withType("multipart/mixed; boundary=a", "\n"), mimetree.DefectNoParts, textIs("")},
		{"IN_M07/two Content-Types", head + "Content-Type: text/plain\nContent-Type: text/html\n\n<b>x</b>", mimetree.DefectContentType, textIs("<b>x</b>")},
		{"IN_M08/two encodings", withType("application/pdf", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\naGVsbG8=\n"), mimetree.DefectTransferEncoding,
			func(m tickets.Message) bool { return m.Attachments[0].Encoding == "" && m.Attachments[0].Size == 10 }},
		{"IN_M08/unknown encoding", withType("application/pdf", "Content-Transfer-Encoding: x-uuencode\n\nabc"), mimetree.DefectTransferEncoding, func(m tickets.Message) bool { return m.Attachments[0].Size == 3 }},
		{"IN_M08/odd spelling", withType("text/plain", "Content-Transfer-Encoding: 7-bit\n\nabc"), "", textIs("abc")},
		{"IN_M11/uuencode", withType("text/plain", "\nbegin 644 x.txt\n#0V%T\n`\nend\n"), "", textIs("begin 644 x.txt\n#0V%T\n`\nend")},
		{"IN_M11/binhex", withType("text/plain", "\n(This file must be converted with BinHex 4.0)\n:abc:\n"), "", nil},
		{"IN_M12/partial", withType("message/partial; id=x; number=1; total=99", "\nSubject: y\n\nz"), mimetree.DefectPartialMessage, func(m tickets.Message) bool { return len(m.Attachments) == 1 && m.Text == "" }},
		{"IN_M13/external body", withType(`message/external-body; access-type=URL; URL="http://evil.example/"`, "\nContent-Type: text/plain\n\n"), "", func(m tickets.Message) bool { return len(m.Attachments) == 1 && m.Text == "" }},
		{"IN_M14/alternative", withType("multipart/alternative; boundary=a", "\n--a\nContent-Type: text/plain\n\nplain words\n--a\nContent-Type: text/html\n\n<p>other words</p>\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.TrimSpace(m.Text) == "plain words" && strings.Contains(m.HTML, "other words")
			}},
		{"IN_M16/signed", withType("multipart/signed; protocol=\"application/pgp-signature\"; boundary=a", "\n--a\nContent-Type: text/plain\n\nsigned words\n--a\nContent-Type: application/pgp-signature; name=signature.asc\n\nxxx\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.TrimSpace(m.Text) == "signed words" && len(m.Attachments) == 1
			}},
		{"IN_M16/encrypted", withType("multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=a", "\n--a\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--a\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--a--\n"), mimetree.DefectEncrypted,
			func(m tickets.Message) bool { return strings.Contains(m.Text, "encrypted") && len(m.Attachments) == 2 }},
		{"IN_M16/pkcs7", withType("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "Content-Transfer-Encoding: base64\n\nMIIB\n"), mimetree.DefectEncrypted,
			func(m tickets.Message) bool {
				return strings.Contains(m.Text, "encrypted") && m.Attachments[0].Filename == "smime.p7m"
			}},
		{"IN_M16/opaque signed", withType("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "Content-Transfer-Encoding: base64\n\nMIIB\n"), mimetree.DefectOpaqueSigned,
			func(m tickets.Message) bool {
				return strings.Contains(m.Text, "signed") && !strings.Contains(m.Text, "encrypted") && m.Attachments[0].Filename == "smime.p7m"
			}},
		{"IN_M17/winmail.dat", withType("multipart/mixed; boundary=a", "\n--a\n\nhello\n--a\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+IgAA\n--a--\n"), "",
			func(m tickets.Message) bool { return slices.Equal(filenames(m), []string{"winmail.dat"}) }},
		{"IN_M20/empty part", withType("multipart/mixed; boundary=a", "\n--a\n\nhello\n--a\nContent-Type: image/png\n\n--a--\n"), "", func(m tickets.Message) bool { return m.Attachments[0].Size == 0 }},
		{"IN_M22/lying lengths", head + "Content-Length: 99999\nLines: -1\n\nhello", "", textIs("hello")},
		{"parts joined", withType("multipart/mixed; boundary=a", "\n--a\n\none\n--a\nContent-Disposition: inline\n\ntwo\n--a--\n"), "", textIs("one\n\ntwo")},
		{"HTML body with plain footer", withType("multipart/mixed; boundary=a", "\n--a\nContent-Type: text/html\n\n<p>words</p>\n--a\nContent-Type: text/plain\n\nthe list\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.Contains(m.Text, "words") && strings.Contains(m.Text, "the list")
			}},
		{"Apple's mixed inside alternative", withType("multipart/alternative; boundary=a", "\n--a\n\nwords\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>words</p>\n--b\nContent-Type: application/pdf; name=x.pdf\nContent-Disposition: inline\n\nPDF\n--b--\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.TrimSpace(m.Text) == "words" && m.Attachments[0].Inline && m.Attachments[0].Filename == "x.pdf"
			}},
		{"body is a PDF", withType("application/pdf; name=x.pdf", "\nPDF"), "", func(m tickets.Message) bool { return m.Text == "" && len(m.Attachments) == 1 }},
		{"invitation", withType("multipart/alternative; boundary=a", "\n--a\n\nSee you.\n--a\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nSUMMARY:Printer\\, again\nDTSTART;TZID=Europe/Berlin:20260601T100000\nDTEND;TZID=\"(UTC+01:00) Berlin\":20260601T110000\nLOCATION:Room\n  7\nEND:VEVENT\nEND:VCALENDAR\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.Contains(m.Reply(), "Invitation: Printer, again, 2026-06-01 10:00 Europe/Berlin – 2026-06-01 11:00 (UTC+01:00) Berlin, Room 7, REQUEST") && len(m.Attachments) == 1
			}},
		{"attached message", withType("multipart/mixed; boundary=a", "\n--a\n\nplease see\n--a\nContent-Type: message/rfc822\n\nFrom: Bob <bob@example.com>\nSubject: broken\nDate: Sun, 31 May 2026 10:00:00 +0000\n\n#resolve\nIt is broken.\n--a--\n"), "",
			func(m tickets.Message) bool {
				return strings.TrimSpace(m.Text) == "please see" && m.Forwarded != nil && m.Forwarded.From.Addr == "bob@example.com" && strings.Contains(m.Forwarded.Text, "It is broken.") && m.Forwarded.Date.Day() == 31
			}},
		{"attached message in base64", withType("multipart/mixed; boundary=a", "\n--a\n\nsee\n--a\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYkBjLmQKU3ViamVjdDogaW5uZXIKCnRleHQK\n--a--\n"), "",
			func(m tickets.Message) bool {
				return m.Forwarded != nil && m.Forwarded.Subject == "inner" && strings.TrimSpace(m.Forwarded.Text) == "text"
			}},
	})
}

func TestINTransferEncodings(t *testing.T) {
	b64 := func(body string) string {
		return withType("application/pdf", "Content-Transfer-Encoding: base64\n\n"+body)
	}
	qp := func(body string) string {
		return withType("application/pdf", "Content-Transfer-Encoding: quoted-printable\n\n"+body)
	}
	for _, c := range []struct{ id, in, want, defect string }{
		{"IN_M09/clean", b64("aGVs\nbG8=\n"), "hello", ""},
		{"IN_M09/junk", b64("aG!V*s\nbG8=\n"), "hello", mimetree.DefectBase64},
		{"IN_M09/no padding", b64("aGVsbG8"), "hello", mimetree.DefectBase64},
		{"IN_M09/one character lines", b64("a\nG\nV\ns\nb\nG\n8\n=\n"), "hello", ""},
		{"IN_M09/equal sign in the middle", b64("aGVsbG8=\nd29ybGQ=\n"), "helloworld", ""},
		{"IN_M09/footer behind padding", b64("aGVsbG8=\n\nThis list is run by robots\n"), "hello", mimetree.DefectBase64},
		{"IN_M09/footer without padding", b64("aGVs\n-- \nThis list is run by robots\n"), "hel", mimetree.DefectBase64},
		{"IN_M09/footer of words", b64("aGVs\n\nthis was checked for viruses by us\n"), "hel", mimetree.DefectBase64},
		{"IN_M09/blanks between", b64("aGVs bG8= \n"), "hello", ""},
		{"IN_M09/empty", b64("\n\n"), "", ""},
		{"IN_M10/clean", qp("a=3Db=\nc\n"), "a=bc\r\n", ""},
		{"IN_M10/no hex", qp("a=ZZ=4\n"), "a=ZZ=4\r\n", mimetree.DefectQuotedPrintable},
		{"IN_M10/soft break at the end", qp("abc="), "abc", ""},
		{"IN_M10/soft break with blanks", qp("abc= \t\nd"), "abcd", ""},
		{"IN_M10/encoded line end", qp("a=0D=0Ab"), "a\r\nb", ""},
		{"IN_M10/blanks at line ends", qp("a  \nb\t\nc "), "a\r\nb\r\nc ", ""},
		{"IN_M10/lower case", qp("=e4=c3"), "\xe4\xc3", ""},
	} {
		t.Run(c.id, func(t *testing.T) {
			in := raw(crlf(c.in))
			m := parse(crlf(c.in))
			if len(m.Attachments) != 1 {
				t.Fatal(m.Attachments)
			}
			samePart(t, in, m.Attachments[0])
			b, err := io.ReadAll(OpenPart(in, m.Attachments[0]))
			if err != nil || string(b) != c.want {
				t.Errorf("%q, want %q (%v)", b, c.want, err)
			}
			if got := strings.Join(m.Defects, " "); got != c.defect {
				t.Errorf("defects %q, want %q", got, c.defect)
			}
		})
	}
}

func TestINCharsets(t *testing.T) {
	run(t, []input{
		{"IN_C01/unknown", withType("text/plain; charset=x-foo", "\ngr\xfc\xdfe"), mimetree.DefectCharset, textIs("grüße")},
		{"IN_C01/utf-7", withType("text/plain; charset=utf-7", "\n+ADw-script+AD4-"), mimetree.DefectCharset, textIs("+ADw-script+AD4-")},
		{"IN_C01/utf-16 without mark", withType("text/plain; charset=utf-16be", "Content-Transfer-Encoding: base64\n\nAGgAaQ==\n"), "", textIs("hi")},
		{"IN_C01/iso-2022-jp cut", withType("text/plain; charset=iso-2022-jp", "\n\x1b$BF|K"), mimetree.DefectCharset, nil},
		{"IN_C01/hz", withType("text/plain; charset=hz-gb-2312", "\n~{VP~}"), "", textIs("中")},
		{"IN_C01/ebcdic", withType("text/plain; charset=ebcdic-cp-us", "Content-Transfer-Encoding: base64\n\niYk=\n"), "", textIs("ii")},
		{"IN_C02/8-bit ASCII", withType("text/plain; charset=us-ascii", "\ngr\xfc\xdfe"), mimetree.DefectCharset, textIs("grüße")},
		{"IN_C02/invalid UTF-8", withType("text/plain; charset=utf-8", "\nä\xffb"), mimetree.DefectCharset, textIs("ä\uFFFDb")},
		{"IN_C02/cut UTF-8", withType("text/plain; charset=utf-8", "\nabc\xe2\x82"), mimetree.DefectCharset, textIs("abc\uFFFD")},
		{"IN_C03/NUL", withType("text/plain; charset=utf-8", "\na\x00b"), mimetree.DefectNUL, textIs("ab")},
		{"IN_C04/surrogates", withType("text/plain; charset=utf-8", "\nä\xed\xa0\xbd"), mimetree.DefectCharset, func(m tickets.Message) bool { return strings.HasPrefix(m.Text, "ä\uFFFD") }},
		{"IN_C05/full width digits", strings.Replace(head, "Subject: s", "Subject: =?utf-8?q?[=23=EF=BC=91]?=", 1) + "\nx", "", func(m tickets.Message) bool { return m.Subject == "[#１]" }},
		{"charset in the HTML", withType("text/html", "\n<html><head><meta charset=\"windows-1251\"></head><body>\xca\xf2\xee</body></html>"), "", func(m tickets.Message) bool { return strings.Contains(m.Text, "Кто") }},
		{"no label", head + "\ngrüße", mimetree.DefectCharset, textIs("grüße")},
	})
}

func TestINAttachments(t *testing.T) {
	att := func(fields string) string {
		return withType("multipart/mixed; boundary=a", "\n--a\n\nx\n--a\n"+fields+"\n\nDATA\n--a--\n")
	}
	one := func(name string) func(tickets.Message) bool {
		return func(m tickets.Message) bool { return slices.Equal(filenames(m), []string{name}) }
	}
	run(t, []input{
		{"IN_A01/path", att(`Content-Type: application/pdf; name="../../etc/passwd"`), "", one("passwd")},
		{"IN_A02/override", att("Content-Type: application/pdf; name=\"invoice\u202efdp.exe\""), "", one("invoicefdp.exe")},
		{"IN_A03/device", att("Content-Disposition: attachment; filename=CON"), "", one("_CON")},
		{"IN_A04/no name", att("Content-Type: image/png"), "", one("attachment-1.png")},
		{"IN_A04/dots", att(`Content-Type: image/png; name="..."`), "", one("attachment-1.png")},
		{"IN_A05/names differ", att("Content-Type: image/png; name=a.png\nContent-Disposition: attachment; filename=b.png"), mimetree.DefectFilename, one("b.png")},
		{"IN_A05/encoded-word in quotes", att(`Content-Disposition: attachment; filename="=?utf-8?q?r=C3=A4t.pdf?="`), "", one("rät.pdf")},
		{"IN_A05/both", att("Content-Disposition: attachment; filename=\"=?utf-8?q?a.pdf?=\"; filename*=utf-8''b.pdf"), mimetree.DefectParameter, one("b.pdf")},
		{"IN_A07/text marked attachment", att("Content-Type: text/plain\nContent-Disposition: attachment; filename=x.txt"), "", func(m tickets.Message) bool { return strings.TrimSpace(m.Text) == "x" && len(m.Attachments) == 1 }},
		{"IN_A07/unnamed text marked attachment", att("Content-Type: text/plain\nContent-Disposition: attachment"), "", func(m tickets.Message) bool { return strings.TrimSpace(m.Text) == "x" && len(m.Attachments) == 1 }},
		{"IN_A07/HTML named .txt", att("Content-Type: text/html; name=x.txt\nContent-Disposition: attachment"), "", func(m tickets.Message) bool { return m.HTML == "" && m.Attachments[0].ContentType == "text/html" }},
		{"IN_A07/named text", att("Content-Type: text/plain; name=log.txt"), "", one("log.txt")},
		{"inline by cid", withType("multipart/mixed; boundary=a", "\n--a\nContent-Type: text/html\n\n<img src=\"cid:i@x\">\n--a\nContent-Type: image/png\nContent-ID: <i@x>\nContent-Disposition: attachment\n\nPNG\n--a--\n"), "",
			func(m tickets.Message) bool { return m.Attachments[0].Inline && m.Attachments[0].ContentID == "i@x" }},
	})
	t.Run("IN_A06", func(t *testing.T) {
		m := parse(crlf(withType("multipart/mixed; boundary=a", "\n"+strings.Repeat("--a\nContent-Type: image/png; name=A.png\n\nX\n", 500)+"--a--\n")))
		seen := map[string]bool{}
		for _, p := range m.Attachments {
			seen[p.Filename] = true
		}
		if len(seen) != 500 || !seen["A.png"] || !seen["A (500).png"] {
			t.Errorf("%d names", len(seen))
		}
	})
	t.Run("IN_A08", func(t *testing.T) {
		m := parse(crlf(withType("multipart/mixed; boundary=a", "\n--a\nContent-Type: message/rfc822\n\nFrom: x@y.z\nSubject: [IT #1]\nMessage-ID: <evil@x>\nReferences: <r@x>\n\n#resolve\n--a--\n")))
		if strings.Contains(m.Text, "resolve") || m.Subject != "s" || m.MessageID != "1@example.net" || len(m.References) > 0 || strings.Contains(m.CommandText, "resolve") {
			t.Errorf("the attached mail was heard: %+v", m)
		}
	})
}
