package mimetree

import (
	"context"
	"strings"
	"testing"
)

func TestHeaderFields(t *testing.T) {
	tree := split("A: 1\r\nreceived: x\r\nB:\r\n\t2\r\n 3 \r\nRECEIVED:y\r\nA: 4\r\nmessage-ID: <x>\r\n\r\nbody")
	h := tree.Root.Header
	var got []string
	for _, f := range h.Fields {
		got = append(got, f.Key+"="+f.Value())
	}
	if s := strings.Join(got, "|"); s != "A=1|Received=x|B=2 3|Received=y|A=4|Message-Id=<x>" {
		t.Error(s)
	}
	if h.Received != 2 || h.Fields[0].Above != 0 || h.Fields[2].Above != 1 || h.Fields[4].Above != 2 {
		t.Errorf("%+v", h)
	}
	if f, ok := h.Get("A"); !ok || f.Value() != "1" || h.Count("A") != 2 {
		t.Errorf("%v", f)
	}
}

// Positions count: a Received field that is folded, 8-bit or in odd case is a hop like any other.
func TestReceivedAbove(t *testing.T) {
	tree := split("ReCeIvEd : from a\r\n by b\r\nX: 1\r\nReceived:\xff\r\nY: 2\r\n\r\n")
	h := tree.Root.Header
	if h.Received != 2 || h.Fields[1].Above != 1 || h.Fields[3].Above != 2 {
		t.Errorf("%+v", h)
	}
}

func TestContentKey(t *testing.T) {
	key := func(s string) string { return Split(context.Background(), strings.NewReader(s), int64(len(s))).Key }
	const head = "From: a@b\r\nTo: c@d\r\nSubject: s\r\nDate: x\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
	const body = "\r\none\r\ntwo\r\n"
	base := key(head + body)
	for name, same := range map[string]string{
		"line ends":     strings.ReplaceAll(head+body, "\r\n", "\n"),
		"trace fields":  "Return-Path: <x>\r\nReceived: y\r\nX-Spam: no\r\nDelivered-To: z\r\nAuthentication-Results: q\r\nARC-Seal: i=1\r\nDKIM-Signature: d=x\r\n" + head + "X-Virus: none\r\n" + body,
		"folding":       strings.Replace(head, "Subject: s", "Subject:\r\n s", 1) + body,
		"order":         "Subject: s\r\n" + strings.Replace(head, "Subject: s\r\n", "", 1) + body,
		"case of names": strings.Replace(head, "Message-ID", "Message-Id", 1) + body,
	} {
		if key(same) != base {
			t.Errorf("INV-B2: %s changed the key", name)
		}
	}
	for name, other := range map[string]string{
		"body":           head + "\r\none\r\ntwo!\r\n",
		"end of body":    head + body + "\r\n",
		"subject":        strings.Replace(head, "Subject: s", "Subject: t", 1) + body,
		"second subject": head + "Subject: t\r\n" + body,
		"recipient":      strings.Replace(head, "c@d", "c@e", 1) + body,
		"Message-ID":     strings.Replace(head, "<1@x>", "<2@x>", 1) + body,
		"content field":  head + "Content-Language: de\r\n" + body,
		"a lone CR":      head + "\r\none\r\ntwo\r\r\n",
		"field by field": strings.Replace(head, "To: c@d\r\nSubject: s", "To: c@ds\r\nSubject: ", 1) + body,
	} {
		if key(other) == base {
			t.Errorf("INV-B2: %s does not count", name)
		}
	}
}

// The key is the same however the octets fall into windows.
func TestContentKeyWindows(t *testing.T) {
	const head = "Message-ID: <1@x>\r\n\r\n"
	body := strings.Repeat("0123456789abcde\r\n", 30000)
	crlf := split(head + body)
	for shift := range 20 {
		pad := strings.Repeat("x", shift)
		a := split("X-Pad: " + pad + "\r\n" + head + body)
		b := split(strings.ReplaceAll("X-Pad: "+pad+"\r\n"+head+body, "\r\n", "\n"))
		if a.Key != crlf.Key || b.Key != crlf.Key {
			t.Fatalf("shift %d: the key depends on where a window ends", shift)
		}
	}
}

// Boundaries are found wherever a window ends.
func TestBoundaryWindows(t *testing.T) {
	for shift := range 120 {
		in := "Content-Type: multipart/mixed; boundary=bound\r\n\r\n--bound\r\n\r\n" + strings.Repeat("x", windowSize-80+shift) + "\r\n--bound\r\n\r\ntwo\r\n--bound--\r\n"
		tree := split(in)
		if tree.Parts != 2 || len(tree.Defects) > 0 || in[tree.Root.Children[1].Body:tree.Root.Children[1].End] != "two" {
			t.Fatalf("shift %d: %d parts, %v", shift, tree.Parts, tree.Defects)
		}
		first := tree.Root.Children[0]
		if first.Length() != int64(windowSize-80+shift) {
			t.Fatalf("shift %d: %d octets", shift, first.Length())
		}
	}
}

func TestDefectNames(t *testing.T) {
	var d Defects
	d.Add("a")
	d.Add("b")
	d.Add("a")
	d.Add("")
	if strings.Join(d, " ") != "a b" {
		t.Error(d)
	}
}
