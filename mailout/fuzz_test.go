package mailout

import (
	"errors"
	"mime"
	"strings"
	"testing"

	"postern/tickets"
)

// FuzzCompose, INV-C6, IN-J04: whatever stands in whichever field, the message is sound,
// has our fields and parts and no others, goes to one recipient, and its subject
// holds the tag once.
func FuzzCompose(f *testing.F) {
	evil := "x\r\nBcc: all@example.org\r\n\r\nbody"
	f.Add("Ann", "ann@example.net", "Printer", "text", "a.pdf", "id@example.net")
	f.Add(evil, "a\r\nb@example.net", evil, evil, evil, evil)
	f.Add("=?utf-8?q?a=0d=0ab?=", `"a> SIZE=1"@b.example`, "[IT #42] Re: AW: [it #42] =?x?q?y?=", "From x\n.\n..\n--=_postern_", "ä\".exe\x00", "a b@c")
	f.Add("Ünïcödé \u202e name, (x) <y@z>", "jürgen@bücher.example", strings.Repeat("ß", 2000), strings.Repeat("x", 3000)+" \t", strings.Repeat("長", 300)+".pdf", "<"+strings.Repeat("a", 999)+"@b>")
	f.Add("\xff\xfe", "\xff@example.net", "\xed\xa0\x80", "\xc3\x28\u2028\u0085", "../../etc/passwd", "é@example.net")
	f.Add("Ann", "ann@example.net", "Re: [IT [IT #42] #42] x", "> > >\n---\n##- x -##\nhttp://x.example/\"onload=1", "a;b=c.txt", "a@b")
	f.Fuzz(func(t *testing.T, name, addr, subject, text, file, id string) {
		for _, role := range []string{"ack", "notice-reply", "reply", "refusal"} {
			for _, verified := range []bool{true, false} {
				d := fuzzed(role, name, addr, subject, text, file, id)
				d.Recipient.Verified = verified
				check(t, d, addr)
				d.Recipient.Address = "ann@example.net" // the other fields are tried in any case
				check(t, d, "ann@example.net")
			}
		}
	})
}

func fuzzed(role, name, addr, subject, text, file, id string) tickets.Draft {
	d := draft(role, kindOf(role))
	d.Queue.Display, d.FromName, d.Recipient.Name, d.Recipient.Address = name, name, name, addr
	d.Subject, d.Mark, d.Why, d.Nonce, d.Returned = subject, name, text, text, text
	d.Lines, d.InReplyTo, d.References = []string{text, name}, id, []string{id, id + "x", "ok@example.net"}
	d.Requester = tickets.Participant{Name: name, Address: addr}
	d.Assignee = tickets.Agent{Name: name, Display: name}
	e := tickets.Entry{Kind: tickets.EntryReply, Agent: name, From: tickets.Address{Name: name, Addr: addr}, Subject: subject, Text: text, End: len(text)}
	d.Entry, d.History = &e, []tickets.Entry{e}
	d.Parts = []tickets.AttachedPart{{Arrival: 1, Part: tickets.Part{Filename: file, ContentType: file, Size: 100}},
		{Arrival: 1, Part: tickets.Part{Filename: file, ContentType: "image/png", ContentID: id, Inline: true, Size: 57}}}
	d.Omitted = []tickets.Part{{Filename: file}}
	d.Links = []tickets.MailLink{{Word: name, Address: addr, Subject: subject, Line: text}}
	return d
}

func check(t *testing.T, d tickets.Draft, addr string) {
	t.Helper()
	c, err := (&Composer{}).Compose(d)
	if errors.Is(err, ErrAddress) {
		return
	} else if err != nil {
		t.Fatal(err)
	}
	m := mustBeStrict(t, string(octets(t, c)))
	shy := shy(d)
	if want := 4; len(m.parts) != want && !shy || shy && len(m.parts) != 2 {
		t.Fatalf("%d parts", len(m.parts))
	}
	got, err := new(mime.WordDecoder).DecodeHeader(m.head.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(strings.ToLower(got), "[it #42]"); n != 1 {
		t.Fatalf("subject %q holds the tag %d times", got, n)
	}
	if _, err := SafeAddress(addr); err != nil {
		t.Fatalf("%q was written into a header", addr)
	}
}

// FuzzSafeAddress, IN-E05: what comes out is one address, and coming in again it
// comes out the same.
func FuzzSafeAddress(f *testing.F) {
	for _, s := range []string{"ann@example.net", `"a b"@x.example`, `a> SIZE=1@x.example`, "a@b@c", "jürgen@bücher.example", `"\"@x.example`, `x@[IPv6:::1]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := SafeAddress(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(a, "<>\r\n\x00") {
			t.Fatalf("%q became %q", s, a)
		}
		if i := strings.LastIndexByte(a, '@'); strings.ContainsAny(a[i:], " \"\\") || strings.Contains(a[:i], " ") && a[0] != '"' {
			t.Fatalf("%q became %q", s, a)
		}
		if b, err := SafeAddress(a); err != nil || b != a {
			t.Fatalf("%q became %q and then %q, %v", s, a, b, err)
		}
	})
}
