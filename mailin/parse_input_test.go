package mailin

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postern/mailin/mimetree"
	"postern/tickets"
)

// head is the header of a mail that has nothing wrong; more fields may follow it.
const head = "From: Ann <ann@example.net>\nTo: help@example.org\nSubject: s\nDate: Mon, 1 Jun 2026 10:00:00 +0000\nMessage-ID: <1@example.net>\n"

// input is one bad input of the catalogue: what must be seen in the Message.
type input struct {
	id, in string
	defect string // must be among the defects; "" for none at all
	want   func(m tickets.Message) bool
}

func run(t *testing.T, inputs []input) {
	t.Helper()
	for _, c := range inputs {
		t.Run(c.id, func(t *testing.T) {
			m := parse(crlf(c.in))
			if c.defect == "" && len(m.Defects) > 0 || c.defect != "" && !slices.Contains(m.Defects, c.defect) {
				t.Errorf("defects %v, want %q", m.Defects, c.defect)
			}
			if c.want != nil && !c.want(m) {
				t.Errorf("%+v", m)
			}
		})
	}
}

func textIs(s string) func(tickets.Message) bool {
	return func(m tickets.Message) bool { return strings.TrimSpace(m.Text) == s }
}

func fromIs(addr string, guessed bool, froms int) func(tickets.Message) bool {
	return func(m tickets.Message) bool {
		return len(m.From) > 0 && m.From[0].Addr == addr && m.From[0].Guessed == guessed && m.Froms == froms
	}
}

func TestINHeaders(t *testing.T) {
	run(t, []input{
		{"IN_H01/no header", "Just a text\nof two lines.\n", mimetree.DefectNoHeader, textIs("Just a text\nof two lines.")},
		{"IN_H01/empty", "", mimetree.DefectEmpty, textIs("")},
		{"IN_H01/only line ends", "\n\n", mimetree.DefectEmpty, textIs("")},
		{"IN_H02/no From", "Subject: s\n\nx", mimetree.DefectNoFrom, func(m tickets.Message) bool { return len(m.From) == 0 && m.Froms == 0 && !m.MayAnswer }},
		{"IN_H02/empty From", "From:\n\nx", mimetree.DefectNoFrom, func(m tickets.Message) bool { return len(m.From) == 0 && m.Froms == 1 }},
		{"IN_H02/null From", "From: <>\n\nx", mimetree.DefectNoFrom, func(m tickets.Message) bool { return len(m.From) == 0 }},
		{"IN_H02/unparsable From", "From: @@@\n\nx", mimetree.DefectNoFrom, func(m tickets.Message) bool {
			return m.From[0].Addr == "" && m.From[0].Guessed && !m.MayAnswer && m.MayAnswerWhy != ""
		}},
		{"IN_H03/two From fields", "From: a@b.c\nFrom: d@e.f\n\nx", mimetree.DefectManyFroms, fromIs("a@b.c", false, 2)},
		{"IN_H03/two addresses", "From: a@b.c, d@e.f\n\nx", mimetree.DefectManyFroms, fromIs("a@b.c", false, 1)},
		{"IN_H03/space before colon", "From : a@b.c\n\nx", mimetree.DefectSpaceBeforeColon, fromIs("a@b.c", false, 1)},
		{"IN_H03/odd case", "fROM: a@b.c\nFrOm: d@e.f\n\nx", mimetree.DefectManyFroms, fromIs("a@b.c", false, 2)},
		{"IN_H03/fake blank line", "From: a@b.c\n \nFrom: d@e.f\n\nx", mimetree.DefectManyFroms, fromIs("a@b.c", false, 2)},
		{"IN_H03/From in the body", "From: a@b.c\n\nFrom: d@e.f\n", mimetree.DefectNoMessageID, fromIs("a@b.c", false, 1)},
		{"IN_H04/address in the name", strings.Replace(head, "Ann", `"ceo@example.com"`, 1) + "\nx", "", fromIs("ann@example.net", false, 1)},
		{"IN_H05/no Message-ID", "From: a@b.c\nDate: Mon, 1 Jun 2026 10:00:00 +0000\n\nx", mimetree.DefectNoMessageID, func(m tickets.Message) bool { return m.MessageID == "" && m.ContentKey == "" }},
		{"IN_H05/duplicate", head + "Message-ID: <2@x>\n\nx", mimetree.DefectDuplicateField, func(m tickets.Message) bool { return m.MessageID == "1@example.net" }},
		{"IN_H05/null", "Message-ID: <>\n\nx", mimetree.DefectNoMessageID, nil},
		{"IN_H05/blanks", "Message-ID: < a b@x >\n\nx", mimetree.DefectMessageID, func(m tickets.Message) bool { return m.MessageID == "ab@x" }},
		{"IN_H05/no at", "Message-ID: <x>\n\nx", mimetree.DefectMessageID, func(m tickets.Message) bool { return m.MessageID == "x" }},
		{"IN_H05/control", "Message-ID: <a\x07@x>\n\nx", mimetree.DefectMessageID, func(m tickets.Message) bool { return m.MessageID == "a@x" }},
		{"IN_H08/ids of several tickets", head + "In-Reply-To: <a@x>\nReferences: <b@x> <c@x>\nReferences: <d@x>\n\nx", mimetree.DefectDuplicateField,
			func(m tickets.Message) bool {
				return slices.Equal(m.InReplyTo, []string{"a@x"}) && slices.Equal(m.References, []string{"b@x", "c@x", "d@x"})
			}},
		{"IN_H09/no Date", "From: a@b.c\n\nx", mimetree.DefectNoDate, func(m tickets.Message) bool { return m.Date.IsZero() }},
		{"IN_H09/31 February", "Date: Thu, 31 Feb 2026 10:00:00 +0000\n\nx", mimetree.DefectDate, func(m tickets.Message) bool { return m.Date.IsZero() }},
		{"IN_H10/line end in a word", strings.Replace(head, "Subject: s", "Subject: =?utf-8?q?a=0d=0aBcc:_x@y?=", 1) + "\nx", "", func(m tickets.Message) bool { return m.Subject == "a Bcc: x@y" }},
		{"IN_H11/NUL and override", strings.Replace(head, "Subject: s", "Subject: a\x00b\u202ec", 1) + "\nx", "", func(m tickets.Message) bool { return m.Subject == "ab<U+202E>c" }},
		{"IN_H11/invalid UTF-8", strings.Replace(head, "Subject: s", "Subject: gr\xfc\xdfe", 1) + "\nx", mimetree.DefectRaw8Bit, func(m tickets.Message) bool { return m.Subject == "grüße" }},
		{"IN_H11/zero width only", strings.Replace(head, "Subject: s", "Subject: \u200b", 1) + "\nx", "", nil},
		{"IN_H13/line without colon", "From: a@b.c\nthis is no field\nSubject: s\nTo: x@y.z\n\nbody", mimetree.DefectJunkLine,
			func(m tickets.Message) bool { return m.Subject == "s" && strings.TrimSpace(m.Text) == "body" }},
		{"IN_H13/broken subject", "Subject: one\ntwo\nFrom: a@b.c\n\nbody", mimetree.DefectJunkLine, func(m tickets.Message) bool { return m.Subject == "one two" }},
		{"IN_H13/no blank line before the body", "From: a@b.c\nSubject: s\nHello there\nhow are you\n\nBye\n", mimetree.DefectHeaderNotEnded, textIs("Hello there\nhow are you\n\nBye")},
		{"IN_H13/leading fold", " From: a@b.c\nSubject: s\n\nx", mimetree.DefectLeadingFold, fromIs("a@b.c", false, 1)},
		{"IN_H13/blank fold", "From: a@b.c\nSubject: a\n \n b\nTo: x@y.z\n\nx", mimetree.DefectNoDate, func(m tickets.Message) bool { return m.Subject == "a  b" && len(m.To) == 1 }},
		{"IN_H14/mbox", "From ann@example.net Mon Jun  1 10:00:00 2026\n" + head + "\n>From here on\n", mimetree.DefectMboxFrom, textIs(">From here on")},
		{"IN_H14/quoted mbox", ">From ann@example.net Mon Jun  1 10:00:00 2026\n" + head + "\nx\n", mimetree.DefectMboxFrom, textIs("x")},
		{"IN_H15/control headers", head + "X-Postern-Queue: boss\nx-postern-agent: me\nX-RT-Queue: y\n\nx", mimetree.DefectControlHeader,
			func(m tickets.Message) bool {
				return !slices.ContainsFunc(m.Headers, func(h tickets.Header) bool { return strings.HasPrefix(strings.ToLower(h.Name), "x-postern") })
			}},
		{"IN_H15/mark of our own mail", head + "X-Postern-Instance: abc.def\nX-Postern-Instance: forged\n\nx", "", func(m tickets.Message) bool {
			return m.Mark == "abc.def" && !slices.ContainsFunc(m.Headers, func(h tickets.Header) bool { return strings.HasPrefix(h.Name, ours) })
		}},
		{"IN_H16/topmost counts", "Return-Path: <a@b.c>\nReturn-Path: <d@e.f>\nDelivered-To: x@y.z\nX-Original-To: <u@v.w>\nDelivered-To: k@l.m\n" + head + "\nx", "",
			func(m tickets.Message) bool {
				return *m.ReturnPath == "a@b.c" && slices.Equal(m.DeliveredTo, []string{"x@y.z", "u@v.w", "k@l.m"})
			}},
		{"IN_H16/null sender", "Return-Path: <>\n" + head + "\nx", "", func(m tickets.Message) bool { return m.ReturnPath != nil && *m.ReturnPath == "" }},
		{"IN_H18/Reply-To", head + "Reply-To: " + strings.Repeat("v@x.y, ", 50) + "v@x.y\n\nx", "", func(m tickets.Message) bool { return len(m.ReplyTo) == 51 && m.From[0].Addr == "ann@example.net" }},
		{"IN_H19/Resent", "Resent-From: z@z.z\nResent-Message-ID: <r@r>\n" + head + "\nx", "", fromIs("ann@example.net", false, 1)},
		{"IN_H20/odd names", "From: a@b.c\nX\xff: y\n" + strings.Repeat("N", 1000) + ": z\n: only\nTo: x@y.z\n\nbody", mimetree.DefectJunkLine,
			func(m tickets.Message) bool { return len(m.To) == 1 && strings.TrimSpace(m.Text) == "body" }},
		{"lone CR", "From: a@b.c\rSubject: s\r\rbody", mimetree.DefectBareCR, func(m tickets.Message) bool { return m.Subject == "s" && m.Text == "body" }},
		{"leading blank lines", "\n\n" + head + "\nx", mimetree.DefectLeadingBlank, textIs("x")},
		{"byte order mark", "\ufeff" + head + "\nx", mimetree.DefectByteOrderMark, fromIs("ann@example.net", false, 1)},
		{"CR CR LF", strings.ReplaceAll(head, "\n", "\r\n") + "\r\nx", "", textIs("x")},
		{"raw Latin-1 name", strings.Replace(head, "Ann", "J\xf6", 1) + "Content-Type: text/plain; charset=iso-8859-1\n\nx", mimetree.DefectRaw8Bit, func(m tickets.Message) bool { return m.From[0].Name == "Jö" }},
		{"guessed From", strings.Replace(head, "Ann <ann@example.net>", "Doe, Ann <ann@example.net>", 1) + "\nx", mimetree.DefectAddress,
			func(m tickets.Message) bool { return m.From[0].Guessed && m.From[0].Name == "Doe, Ann" }},
	})
}

func TestINHeadersAuthResults(t *testing.T) {
	const field = "Authentication-Results: "
	for id, c := range map[string]struct {
		in   string
		want tickets.AuthResults
	}{
		"plain":               {"mx.x; spf=pass smtp.mailfrom=a@b.c; dmarc=pass header.from=b.c", tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "spf", Value: "pass", Props: map[string]string{"smtp.mailfrom": "a@b.c"}}, {Method: "dmarc", Value: "pass", Props: map[string]string{"header.from": "b.c"}}}}},
		"version":             {"mx.x 1; none", tickets.AuthResults{ServID: "mx.x"}},
		"comments":            {"(evil; dmarc=pass) mx.x (;) ; (dmarc=pass;) dkim (x) = (y) fail (dmarc=pass)", tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "dkim", Value: "fail"}}}},
		"open comment":        {"mx.x; spf=fail (; dmarc=pass", tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "spf", Value: "fail"}}}},
		"quoted":              {`mx.x; spf=fail reason="x; dmarc=pass" smtp.helo="a b"`, tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "spf", Value: "fail", Props: map[string]string{"reason": "x; dmarc=pass", "smtp.helo": "a b"}}}}},
		"nested comments":     {"mx.x; spf=fail ((x) ; dmarc=pass)", tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "spf", Value: "fail"}}}},
		"no servid":           {"; dmarc=pass", tickets.AuthResults{Results: []tickets.AuthResult{{Method: "dmarc", Value: "pass"}}}},
		"escaped parenthesis": {`mx.x; spf=fail (\) dmarc=pass); dkim=none`, tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "spf", Value: "fail"}, {Method: "dkim", Value: "none"}}}},
		"servid quoted":       {`"mx.x"; dkim=pass header.d=B.c`, tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "dkim", Value: "pass", Props: map[string]string{"header.d": "B.c"}}}}},
		"junk after servid":   {"mx.x evil; dmarc=pass", tickets.AuthResults{ServID: "mx.x"}},
		"method version":      {"mx.x; dkim/1=pass", tickets.AuthResults{ServID: "mx.x", Results: []tickets.AuthResult{{Method: "dkim", Value: "pass"}}}},
	} {
		t.Run("IN_H17/"+id, func(t *testing.T) {
			m := parse(crlf("Received: one\n" + field + c.in + "\nReceived: two\n" + field + "other; none\n" + head + "\nx"))
			if len(m.Auth) != 2 || m.Auth[0].Above != 1 || m.Auth[1].Above != 2 || m.Received != 2 {
				t.Fatalf("%+v", m.Auth)
			}
			got := m.Auth[0]
			if got.ServID != c.want.ServID || len(got.Results) != len(c.want.Results) {
				t.Fatalf("%+v", got)
			}
			for i, r := range got.Results {
				w := c.want.Results[i]
				if r.Method != w.Method || r.Value != w.Value || len(r.Props) != len(w.Props) {
					t.Errorf("%+v, want %+v", r, w)
				}
				for k, v := range w.Props {
					if r.Props[k] != v {
						t.Errorf("%s: %q, want %q", k, r.Props[k], v)
					}
				}
			}
		})
	}
}

func TestSignature(t *testing.T) {
	m := parse(crlf("DKIM-Signature: v=1; a=rsa-sha256; d=Example.NET; s=x;\n t=1780000000; x=1780086400; h=From : To:\n Subject; bh=abc; b=xyz\nDKIM-Signature: d=e.f; l=10; h=from\n" + head + "\nx"))
	if len(m.Signatures) != 2 {
		t.Fatal(m.Signatures)
	}
	s := m.Signatures[0]
	if s.Domain != "example.net" || !slices.Equal(s.Headers, []string{"from", "to", "subject"}) || s.Length || s.At.Unix() != 1780000000 || s.Expires.Unix() != 1780086400 {
		t.Errorf("%+v", s)
	}
	if s = m.Signatures[1]; !s.Length || !s.At.IsZero() {
		t.Errorf("%+v", s)
	}
}

// broken is a raw message whose second half cannot be read.
type broken struct{ tickets.Raw }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.Size()/2 {
		n, _ := b.Raw.ReadAt(p[:max(min(int64(len(p)), b.Size()/2-off), 0)], off)
		return n, errors.New("the database went away")
	}
	return b.Raw.ReadAt(p, off)
}

// A raw message that cannot be read to its end is told from one that ends there.
func TestReadError(t *testing.T) {
	m := Parse(context.Background(), broken{raw(crlf(ordinary))}, Envelope{})
	if !slices.Contains(m.Defects, mimetree.DefectReadError) {
		t.Errorf("defects %v", m.Defects)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if m := Parse(ctx, raw(crlf(ordinary)), Envelope{}); !slices.Contains(m.Defects, mimetree.DefectReadError) {
		t.Errorf("ended context: defects %v", m.Defects)
	}
	if _, err := io.ReadAll(OpenPart(broken{raw("abcdef")}, tickets.Part{Length: 6})); err == nil {
		t.Error("OpenPart hides a read error")
	}
}

// faulty breaks the reader itself.
type faulty struct{ tickets.Raw }

func (faulty) ReadAt([]byte, int64) (int, error) { panic("a bug") }

func TestReaderFault(t *testing.T) {
	m := Parse(context.Background(), faulty{raw("x")}, Envelope{})
	if !slices.Contains(m.Defects, mimetree.DefectPanic) || m.MayAnswer || m.Kind == "" {
		t.Errorf("%+v", m)
	}
}

// Equal ids with other content are other messages (INV-B3): their keys differ.
func TestIN_H06(t *testing.T) {
	a, b := parse(crlf(head+"\none")), parse(crlf(head+"\ntwo"))
	if a.MessageID != b.MessageID || a.ContentKey == b.ContentKey || a.ContentKey == "" {
		t.Errorf("%q %q", a.ContentKey, b.ContentKey)
	}
}

// Every defect that the reader can name is listed once, in kebab-case, and no name stands unused.
func TestDefectNames(t *testing.T) {
	list, err := os.ReadFile("mimetree/defects.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, pattern := range []string{"parse*.go", "mimetree/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "/defects.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(b)
		}
	}
	found := regexp.MustCompile(`(?m)^\t(Defect\w+) += "([a-z0-9]+(?:-[a-z0-9]+)*)"$`).FindAllStringSubmatch(string(list), -1)
	if len(found) < 40 || len(found) != strings.Count(string(list), " = \"") {
		t.Fatalf("%d names of %d", len(found), strings.Count(string(list), " = \""))
	}
	seen := map[string]bool{}
	for _, f := range found {
		if seen[f[2]] || !strings.Contains(code.String(), f[1]) {
			t.Errorf("%s (%s) is listed twice or never recorded", f[1], f[2])
		}
		seen[f[2]] = true
	}
}
