package mailin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"postern/tickets"
)

// octets is a raw message in memory.
type octets struct{ *strings.Reader }

func (o octets) Size() int64 { return o.Reader.Size() }

func raw(s string) tickets.Raw { return octets{strings.NewReader(s)} }

// crlf writes a message with the line ends of the wire.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func parse(s string) tickets.Message { return Parse(context.Background(), raw(s), Envelope{}) }

const ordinary = `Return-Path: <ann@example.net>
Received: from a by b; Mon, 1 Jun 2026 10:00:00 +0200
Authentication-Results: mx.example.org; dkim=pass header.d=example.net; dmarc=pass (p=none) header.from=example.net
From: =?utf-8?q?Ann_Sm=C3=ADth?= <ann@Example.net>
To: "Help, Desk" <help@example.org>, bob@example.org
Subject: =?utf-8?b?RHJ1Y2tlciBrYXB1dHQg8J+YgQ==?=
Date: Mon, 1 Jun 2026 10:00:00 +0200
Message-ID: <1@example.net>
In-Reply-To: <0@example.org>
References: <x@example.org> <0@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b1"

preamble
--b1
Content-Type: multipart/alternative; boundary="b2"

--b2
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Der Drucker l=E4uft nicht. Er kostete 100 =80.
--b2
Content-Type: text/html; charset=utf-8

<p>Der Drucker läuft nicht.</p><img src="cid:img1">
--b2--
--b1
Content-Type: image/png; name="a.png"
Content-ID: <img1>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--b1
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''r%C3%A4t.pdf
Content-Transfer-Encoding: base64

aGVs
bG8=
--b1--
epilogue
`

func TestOrdinaryMail(t *testing.T) {
	in := raw(crlf(ordinary))
	m := Parse(context.Background(), in, Envelope{})
	if m.Subject != "Drucker kaputt 😁" || m.MessageID != "1@example.net" {
		t.Errorf("subject %q, id %q", m.Subject, m.MessageID)
	}
	if len(m.From) != 1 || m.From[0] != (tickets.Address{Name: "Ann Smíth", Addr: "ann@example.net"}) || m.Froms != 1 {
		t.Errorf("from %+v", m.From)
	}
	if len(m.To) != 2 || m.To[0].Name != "Help, Desk" {
		t.Errorf("to %+v", m.To)
	}
	if m.Text != "Der Drucker läuft nicht. Er kostete 100 €.\n" && strings.TrimSpace(m.Text) != "Der Drucker läuft nicht. Er kostete 100 €." {
		t.Errorf("text %q", m.Text)
	}
	if !strings.Contains(m.HTML, "läuft") {
		t.Errorf("html %q", m.HTML)
	}
	if len(m.Attachments) != 2 || m.Attachments[0].Filename != "a.png" || !m.Attachments[0].Inline || m.Attachments[1].Filename != "rät.pdf" {
		t.Fatalf("attachments %+v", m.Attachments)
	}
	if len(m.Auth) != 1 || m.Auth[0].ServID != "mx.example.org" || m.Auth[0].Above != 1 || m.Auth[0].Results[1].Props["header.from"] != "example.net" {
		t.Errorf("auth %+v", m.Auth)
	}
	if m.Date.Hour() != 8 || m.Received != 1 || *m.ReturnPath != "ann@example.net" || m.ContentKey == "" {
		t.Errorf("date %v received %d", m.Date, m.Received)
	}
	if len(m.Defects) != 0 {
		t.Errorf("defects %v", m.Defects)
	}
	b, err := io.ReadAll(OpenPart(in, m.Attachments[1]))
	sum := sha256.Sum256(b)
	if err != nil || string(b) != "hello" || m.Attachments[1].Size != 5 || m.Attachments[1].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("part %q %v", b, err)
	}
}
