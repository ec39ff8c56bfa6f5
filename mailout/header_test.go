package mailout

import (
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"postern/tickets"
)

// A subject comes out as it went in, but for what no header may hold.
func TestSubject(t *testing.T) {
	for in, want := range map[string]string{
		"Printer on fire":                      "[IT #42] Printer on fire",
		"[IT #42] Printer":                     "[IT #42] Printer",
		"Re: AW: [it #42] Re[2]: Printer":      "[IT #42] Printer",
		"Fwd: Printer":                         "[IT #42] Fwd: Printer",
		"[IT [IT [IT [IT #42]#42] #42]#42] x":  "[IT #42] x",
		"[IT #421] other ticket":               "[IT #42] [IT #421] other ticket",
		"Drücker":                              "[IT #42] Drücker",
		"a\r\nBcc: x@y.example":                "[IT #42] a Bcc: x@y.example",
		"=?utf-8?q?not_decoded?=":              "[IT #42] =?utf-8?q?not_decoded?=",
		strings.Repeat("x", 150):               "[IT #42] " + strings.Repeat("x", 150),
		strings.Repeat("日本 ", 60):              "[IT #42] " + strings.TrimSpace(strings.Repeat("日本 ", 60)),
		"\u202egnp.exe\x00\x1b[2J":             "[IT #42] gnp.exe[2J",
		"":                                     "[IT #42] We have received your mail",
		"Re:":                                  "[IT #42] We have received your mail",
		"{{.Nonce}} {{template \"x\"}} %s %!d": "[IT #42] {{.Nonce}} {{template \"x\"}} %s %!d",
	} {
		d := draft("ack", tickets.MailAck)
		d.Subject = in
		raw := compose(t, d)
		for line := range strings.SplitSeq(raw, "\r\n") {
			if len(line) > 78 {
				t.Errorf("%q: line of %d octets", in, len(line))
			}
		}
		m := mustBeStrict(t, raw)
		got, err := new(mime.WordDecoder).DecodeHeader(m.head.Get("Subject"))
		if err != nil || got != want {
			t.Errorf("%q: got %q, want %q, %v", in, got, want, err)
		}
	}
}

// The answer to a request carries "Re:" before the tag, so that clients thread it.
func TestReplySubject(t *testing.T) {
	m := mustBeStrict(t, compose(t, draft("reply", tickets.MailReply)))
	if got := m.head.Get("Subject"); got != "Re: [IT #42] Printer on fire" {
		t.Errorf("%q", got)
	}
}

// Names come out as they went in, whatever they try.
func TestDisplayNames(t *testing.T) {
	for _, name := range []string{"Ann Smith (IT)", `Ann "The Boss" \ Smith`, "Smith, Ann", "a@b.example", "Jürgen Groß",
		strings.Repeat("Long Name ", 8) + "x", "<evil@example.org>", "=?utf-8?b?QQ==?=", "王小明"} {
		d := draft("reply", tickets.MailReply)
		d.FromName = name
		raw := compose(t, d)
		a, err := mail.ParseAddress(mustBeStrict(t, raw).head.Get("From"))
		if err != nil || a.Name != name || a.Address != "help@example.org" {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
	}
}

// IN-J05: References holds at most twenty, the first and the last nineteen, and folds.
func TestReferences(t *testing.T) {
	d := draft("reply", tickets.MailReply)
	d.References = nil
	for i := range 100 {
		d.References = append(d.References, fmt.Sprintf("%d.%s@example.net", i, strings.Repeat("x", 100)))
	}
	d.References = append(d.References, "bad id@x", "no-at", "<5@ok>", d.References[99])
	d.InReplyTo = d.References[99]
	ids := strings.Fields(mustBeStrict(t, compose(t, d)).head.Get("References"))
	if len(ids) != 20 || !strings.HasPrefix(ids[0], "<0.") || !strings.HasPrefix(ids[19], "<99.") || ids[18] != "<5@ok>" {
		t.Errorf("%d references: %s", len(ids), ids)
	}
}

// What marks automatic mail, and what human mail must not carry (RFC 3834).
func TestAutomaticMarks(t *testing.T) {
	for kind, want := range map[tickets.MailKind][3]string{
		tickets.MailAck:          {"auto-replied", "bulk", "OOF, AutoReply, RN, NRN"},
		tickets.MailReply:        {"", "", ""},
		tickets.MailNotice:       {"auto-generated", "", "OOF, AutoReply, RN, NRN"},
		tickets.MailUpdate:       {"auto-generated", "", "OOF, AutoReply, RN, NRN"},
		tickets.MailReminder:     {"auto-generated", "", "OOF, AutoReply, RN, NRN"},
		tickets.MailDigest:       {"auto-generated", "", "OOF, AutoReply, RN, NRN"},
		tickets.MailReceipt:      {"auto-replied", "", "OOF, AutoReply, RN, NRN"},
		tickets.MailConfirmation: {"auto-replied", "", "OOF, AutoReply, RN, NRN"},
	} {
		h := mustBeStrict(t, compose(t, draft("update", kind))).head
		got := [3]string{h.Get("Auto-Submitted"), h.Get("Precedence"), h.Get("X-Auto-Response-Suppress")}
		if got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
		if h.Get("X-Postern-Instance") != "test; k1; abcdef" {
			t.Errorf("%s: not marked as ours", kind)
		}
	}
}

// A draft that cannot become a mail is refused, and the reason is told apart.
func TestComposeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*tickets.Draft){
		"no id":         func(d *tickets.Draft) { d.MessageID = "" },
		"bad id":        func(d *tickets.Draft) { d.MessageID = "a b@c" },
		"no date":       func(d *tickets.Draft) { d.At = time.Time{} },
		"no recipient":  func(d *tickets.Draft) { d.Recipient.Address = "" },
		"two addresses": func(d *tickets.Draft) { d.Recipient.Address = "Ann <a@b.example>, <c@d.example>" },
		"no queue":      func(d *tickets.Draft) { d.Queue.Addresses = nil },
	} {
		d := draft("ack", tickets.MailAck)
		spoil(&d)
		if c, err := (&Composer{}).Compose(d); err == nil {
			t.Errorf("%s: composed\n%s", name, octets(t, c))
		}
	}
}

// RFC 2046: a message is never base64; it travels as a file.
func TestSafeType(t *testing.T) {
	for in, want := range map[string]string{
		"application/pdf": "application/pdf", "IMAGE/PNG": "image/png", "message/rfc822": "application/octet-stream",
		"multipart/mixed": "application/octet-stream", "text/plain; charset=x": "application/octet-stream",
		"": "application/octet-stream", "a/b\r\nBcc: x": "application/octet-stream", "application/vnd.ms-excel": "application/vnd.ms-excel",
	} {
		if got := safeType(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
