package mimetree

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func split(s string) *Tree { return Split(context.Background(), strings.NewReader(s), int64(len(s))) }

// shape writes a tree as one line: type(children…) with the bodies of leaves.
func shape(s string, n *Node) string {
	if !n.Descended() {
		return n.Type + "=" + strings.TrimSpace(s[n.Body:n.End])
	}
	var parts []string
	for _, c := range n.Children {
		parts = append(parts, shape(s, c))
	}
	return strings.TrimPrefix(n.Type, "multipart/") + "(" + strings.Join(parts, " ") + ")"
}

func TestSplitStructure(t *testing.T) {
	for _, c := range []struct{ id, in, want, defect string }{
		{"IN_M04/missing boundary", "Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\na\n--x--\n", "mixed(text/plain=a)", DefectNoBoundary},
		{"IN_M04/empty boundary", "Content-Type: multipart/mixed; boundary=\"\"\n\n--x\nContent-Type: text/plain\n\na\n--x--\n", "mixed(text/plain=a)", DefectNoBoundary},
		{"IN_M04/wrong boundary", "Content-Type: multipart/mixed; boundary=y\n\n--x\nContent-Type: text/plain\n\na\n--x\nContent-Type: text/html\n\nb\n--x--\n", "mixed(text/plain=a text/html=b)", DefectWrongBoundary},
		{"IN_M04/quotes and spaces", "Content-Type: multipart/mixed; boundary=\"a b='(c)\"\n\n--a b='(c)\n\na\n--a b='(c)--\n", "mixed(text/plain=a)", ""},
		{"IN_M04/trailing dot", "Content-Type: multipart/mixed; boundary=a.\n\n--a.\n\na\n--a.--\n", "mixed(text/plain=a)", ""},
		{"IN_M04/long boundary", "Content-Type: multipart/mixed; boundary=" + strings.Repeat("b", 2000) + "\n\n--" + strings.Repeat("b", 2000) + "\n\na\n--" + strings.Repeat("b", 2000) + "--\n", "mixed(text/plain=a)", ""},
		{"IN_M04/two boundary parameters", "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--b\n\nx\n--a\n\ny\n--a--\n", "mixed(text/plain=y)", DefectParameter},
		{"IN_M05/prefix", "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=ab\n\n--ab\n\nx\n--ab--\n--a\n\ny\n--a--\n", "mixed(mixed(text/plain=x) text/plain=y)", ""},
		{"IN_M05/outer closes inside inner", "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--a--\n--b\n\ny\n", "mixed(mixed(text/plain=x))", DefectNotClosed},
		{"IN_M05/never closed", "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a\n\ny", "mixed(text/plain=x text/plain=y)", DefectNotClosed},
		{"IN_M05/preamble and epilogue", "Content-Type: multipart/mixed; boundary=a\n\npreamble\n--a\n\nx\n--a--\nepilogue\n--a\n\nlate\n", "mixed(text/plain=x)", ""},
		{"IN_M05/equal boundaries", "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--\n--a\n\ny\n--a--\n", "mixed(mixed(text/plain=x) text/plain=y)", ""},
		{"IN_M06/no part", "Content-Type: multipart/mixed; boundary=a\n\n\n", "mixed()", DefectNoParts},
		{"IN_M07/two Content-Types", "Content-Type: text/html\nContent-Type: text/plain\n\nx", "text/html=x", DefectContentType},
		{"IN_M07/no slash", "Content-Type: text\n\nx", "text/plain=x", DefectContentType},
		{"IN_M07/no MIME-Version", "Content-Type: text/html\n\nx", "text/html=x", ""},
		{"IN_M07/space in MIME-Version", "MIME-Version : 1.0\nContent-Type: text/html\n\nx", "text/html=x", DefectSpaceBeforeColon},
		{"IN_M07/long type", "Content-Type: text/" + strings.Repeat("x", 10000) + "\n\nx", "text/plain=x", DefectContentType},
		{"IN_M08/base64 on multipart", "Content-Type: multipart/mixed; boundary=a\nContent-Transfer-Encoding: base64\n\n--a\n\nx\n--a--\n", "mixed(text/plain=x)", DefectTransferEncoding},
		{"IN_M12/message inside", "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--i--\n--a--\n", "mixed(message/rfc822=Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nx\r\n--i--)", ""},
		{"IN_M20/empty part", "Content-Type: multipart/mixed; boundary=a\n\n--a\n--a\n\n--a--\n", "mixed(text/plain= text/plain=)", ""},
		{"IN_M20/only header", "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n--a--\n", "mixed(text/html=)", DefectHeaderNotEnded},
		{"IN_M20/no blank line", "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\nhello there\n--a--\n", "mixed(text/html=hello there)", DefectHeaderNotEnded},
		{"digest", "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\ny\n--a--\n", "digest(message/rfc822=Subject: x\r\n\r\ny)", ""},
	} {
		t.Run(c.id, func(t *testing.T) {
			for _, in := range []string{crlf(c.in), c.in} {
				tree := split(in)
				if got := crlf(strings.ReplaceAll(shape(in, tree.Root), "\r\n", "\n")); got != crlf(strings.ReplaceAll(c.want, "\r\n", "\n")) {
					t.Errorf("tree %q, want %q", got, c.want)
				}
				if c.defect == "" && len(tree.Defects) > 0 || c.defect != "" && !has(tree.Defects, c.defect) {
					t.Errorf("defects %v, want %q", tree.Defects, c.defect)
				}
			}
		})
	}
}

// A message with a lone CR for every line end reads like one with CRLF.
func TestSplitLoneCR(t *testing.T) {
	in := strings.ReplaceAll("Subject: x\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a\n\ntwo\n--a--\n", "\n", "\r")
	tree := split(in)
	if got := shape(in, tree.Root); got != "mixed(text/plain=one text/plain=two)" || !has(tree.Defects, DefectBareCR) {
		t.Errorf("%s %v", got, tree.Defects)
	}
}

func has(list []string, x string) bool {
	for _, s := range list {
		if s == x {
			return true
		}
	}
	return false
}

// tiles checks that the parts of a multipart lie in its body one behind the other,
// with exactly one boundary line between them and before the first.
func tiles(t *testing.T, b []byte, n *Node) {
	t.Helper()
	if n.Start < 0 || n.Start > n.Body || n.Body > n.End || n.End > int64(len(b)) {
		t.Fatalf("%s: start %d body %d end %d of %d", n.Type, n.Start, n.Body, n.End, len(b))
	}
	at := n.Body
	for i, c := range n.Children {
		if c.Start < at || c.End > n.End || c.Depth != n.Depth+1 || c.Depth > MaxDepth {
			t.Fatalf("part %d of %s: %d–%d outside %d–%d", i, n.Type, c.Start, c.End, at, n.End)
		}
		gap := b[at:c.Start]
		if i > 0 {
			gap = bytes.TrimLeft(gap, "\r\n")
			if !bytes.HasPrefix(gap, []byte("--")) || bytes.ContainsAny(bytes.TrimRight(gap, "\r\n"), "\r\n") {
				t.Fatalf("between parts: %q", gap)
			}
		}
		if !bytes.Contains(gap, []byte("--")) {
			t.Fatalf("no boundary before part %d: %q", i, gap)
		}
		tiles(t, b, c)
		at = c.End
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(crlf("Subject: x\nContent-Type: multipart/mixed; boundary=a\n\npre\n--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--a\n\ntwo\n--a--\nend")))
	f.Add([]byte("From x\n\n\r--a\nContent-Type: multipart/mixed; boundary=\"\"\n\n--q\nContent-Type: x\n\n--q--"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=y\n\n--x\nContent-Type: multipart/mixed; boundary=z\n\n--x\nContent-Type: text/html\n\nb\n--x--\n"))
	f.Add([]byte("\xef\xbb\xbf\r\r\nA:b\rC:d\r\re"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree := Split(context.Background(), bytes.NewReader(b), int64(len(b)))
		tiles(t, b, tree.Root)
		if len(tree.Key) != 64 || has(tree.Defects, DefectReadError) {
			t.Fatalf("key %q, defects %v", tree.Key, tree.Defects)
		}
		again := Split(context.Background(), bytes.NewReader(b), int64(len(b)))
		if again.Key != tree.Key || again.Parts != tree.Parts {
			t.Fatal("a second reading differs")
		}
	})
}
