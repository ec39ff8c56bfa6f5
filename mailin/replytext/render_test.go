package replytext

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestRender makes pages readable: what a page says stays, how it looks goes.
func TestRender(t *testing.T) {
	tests := []struct{ name, page, want string }{
		{"paragraphs", "<p>one<p>two</p>three", "one\n\ntwo\n\nthree"},
		{"breaks", "one<br>two<br><br>three", "one\ntwo\n\nthree"},
		{"empty blocks", "<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"},
		{"white space", "<p>  a \n\t b&nbsp;c  </p>", "a b c"},
		{"Word's paragraphs", "<p class=MsoNormal>one</p><p class=MsoNormal>two</p>", "one\ntwo"},
		{"emphasis is dropped", "<b>a</b><i>b</i> c", "ab c"},
		{"headings", "<h1>T</h1>x", "T\n\nx"},
		{"lists", "<ul><li>x<ol start=3><li>y<li>z</ol><li><p>w</p></ul>", "- x\n  3. y\n  4. z\n\n- w"},
		{"data table", "<table border=1><tr><th>a<th>b<th>c<tr><td>1<td><td>3</table>", "a | b | c\n1 | | 3"},
		{"layout table", "<table><tr><td><table><tr><td>one</table><td><p>two</p></table>", "one\n\ntwo"},
		{"quotes", "a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n> b\n>> c\nd"},
		{"indentation is no quote", `<blockquote style="margin:0 0 0 40px;border:none;padding:0px">b</blockquote>`, "b"},
		{"pre", "<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc"},
		{"link", `see <a href="https://e.example/x?a=1&amp;b=2">here</a>.`, "see here (https://e.example/x?a=1&b=2)."},
		{"link that says its target", `<a href="https://e.example/">e.example</a> <a href="mailto:a@b.example?subject=x">a@b.example</a>`, "e.example a@b.example"},
		{"link that lies", `<a href="https://evil.example">https://bank.example</a>`, "https://bank.example (https://evil.example)"},
		{"script links are not shown", `<a href="java script:alert(1)">x</a>`, "x"},
		{"image", `<img alt="Logo" src=x><img src="http://t.example/p.gif" width=1 height=1 alt=p>`, "[Logo]"},
		{"comments and conditions", "a<!-- <b>x</b> --><!--[if mso]>mso<![endif]--><![if !mso]>b<![endif]>", "ab"},
		{"scripts and styles", "<title>t</title><style>p{}</style><script>x</script>a", "a"},
		{"noscript is shown", "<noscript>a<img src=x></noscript>b", "ab"},
		{"plaintext is markup", "<plaintext>a<b>b</b>", "ab"},
		{"entities once", "&lt;b&gt; &amp;lt; &#0; &#x41;", "<b> &lt; \uFFFD A"},
		{"display none", `a<span style="display: none !important">x</span>b`, "a[hidden] x [/hidden]b"},
		{"zero size", `<div style="font-size:0px">x</div>b`, "[hidden] x [/hidden]\nb"},
		{"zero size that is lifted", `<td style="font-size:0"><p style="font-size:14px">x</p></td>`, "x"},
		{"white on white", `<font color=#ffffff>x</font>b`, "[hidden] x [/hidden]b"},
		{"white on blue", `<td bgcolor="#000080"><font color="white">x</font></td>`, "x"},
		{"hidden attribute", "<p hidden>x</p>b", "[hidden] x [/hidden]\n\nb"},
		{"hidden by class", `<style>.k{display:none}</style><p class=k>x</p>b`, "[hidden] x [/hidden]\n\nb"},
		{"sheet below the text", `<p class=k>x</p>b<style>/* */ .k { visibility:hidden }</style>`, "[hidden] x [/hidden]\n\nb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := render(tt.page, true).text; got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestIN_X03 (kobold letters): text that a reader does not see never commands, be it
// hidden for certain or under a condition.
func TestIN_X03(t *testing.T) {
	for _, page := range []string{
		`<span style="display:none">#close</span>#assign bob`,
		`<style>.a .b{display:none}</style><p class=b>#close</p>#assign bob`,
		`<style>@media screen{.b{display:none}}</style><p class=b>#close</p>#assign bob`,
		`<p style="color:#fefefe">#close</p>#assign bob`,
		`<p style="position:absolute;left:-9999px">#close</p>#assign bob`,
		`<div style="max-height:0;overflow:hidden">#close</div>#assign bob`,
		`<p style="opacity:0">#close</p>#assign bob`,
		`<!--[if mso]><p>#close</p><![endif]-->#assign bob`,
	} {
		r := Read(Input{HTML: page})
		if strings.TrimSpace(r.CommandText) != "#assign bob" {
			t.Errorf("%s: command text %q", page, r.CommandText)
		}
	}
}

// TestDisagree holds a mail whose parts begin with different commands.
func TestDisagree(t *testing.T) {
	tests := []struct {
		plain, html string
		want        bool
	}{
		{"#close\n\nBye", "<p>#close</p><p>Bye</p>", false},
		{"#cc ann@x.example<mailto:ann@x.example>\nHi", `<div>#cc <a href="mailto:ann@x.example">ann@x.example</a></div><div>Hi</div>`, false},
		{"#close\n", "<p>#reopen</p>", true},
		{"#close\n", "<p>Hello</p>", true},
		{"Hello\n", "<p>#close</p>", true},
		{"#close\n#spam\n", "<p>#close</p>", true},
		{"Hello\n", "<p>Good bye</p>", false},
		{"#close\n", `<p>#close</p><p style="display:none">#spam</p>`, false},
		{"#close\n", "<p>" + strings.Repeat("A long page that says something else altogether. ", 10) + "</p>", true},
		{"\u200b#close\n", "<p>#close</p>", true},
		{" \n", "<p>#close</p>", false},
		{"#1 server down", "<p>No 1 server down</p>", false},
	}
	for _, tt := range tests {
		if r := Read(Input{Plain: tt.plain, HasPlain: true, HTML: tt.html}); r.Disagree != tt.want {
			t.Errorf("%q beside %q: disagree %v, command text %q", tt.plain, tt.html, r.Disagree, r.CommandText)
		}
	}
}

// TestIN_X05: a page that is one image has no text.
func TestIN_X05(t *testing.T) {
	if r := Read(Input{HTML: `<html><body><img src="cid:a"></body></html>`}); r.Text != "" || r.Start != 0 || r.End != 0 {
		t.Errorf("%+v", r)
	}
}

// noTags: every "<" of the text was a "<" that the page shows.
func noTags(t *testing.T, page, text string) {
	t.Helper()
	shown := 0
	z := html.NewTokenizer(strings.NewReader(page))
	for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
		if tt == html.StartTagToken {
			name, more := z.TagName()
			if markup[string(name)] {
				z.NextIsNotRawText()
			}
			for more {
				var k, v []byte
				if k, v, more = z.TagAttr(); string(k) == "alt" {
					shown += strings.Count(string(v), "<")
				}
			}
			continue
		}
		if tt == html.TextToken {
			shown += strings.Count(string(z.Text()), "<")
		}
	}
	if n := strings.Count(text, "<"); n > shown {
		t.Fatalf("%d < in the text, %d in the page: %q of %q", n, shown, text, page)
	}
}

// FuzzHTML: no tag survives, hidden text stays out of commands, all stays clean.
func FuzzHTML(f *testing.F) {
	f.Add(`<p onclick="<b>">a<script><b></script><style><i></style><a href="http://x/<b>">y</a>`)
	f.Add(`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`)
	f.Add(gmail)
	f.Add("<svg><title><b>x</title></svg><math><!--<p>--><plaintext></xmp><textarea><p></textarea>")
	f.Add(`<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><b>From:</b> a@b.example<br><b>Sent:</b> 3 May 2024 10:12<br><b>Subject:</b> x</div>`)
	f.Fuzz(func(t *testing.T, page string) {
		r := Read(Input{HTML: page})
		check(t, r)
		noTags(t, clean(page, maxPage, &r), r.Text)
		secret := Read(Input{HTML: `<p style="display:none">zqxsecret</p>` + page})
		if strings.Contains(secret.CommandText, "zqxsecret") && !strings.Contains(page, "zqxsecret") {
			t.Fatalf("hidden text commands: %q", secret.CommandText)
		}
	})
}

// FuzzText: quote and reply are the text, the reply is never empty when there was
// text, and marks of quotes stay where they were.
func FuzzText(f *testing.F) {
	f.Add("Hi\n\nOn 3 May 2024, at 10:12, Ann <a@b.example> wrote:\n> x\n", "", false, false)
	f.Add("a \nb\n>> c \n>> d\n-- \nsig", "<p>a b</p>", true, true)
	f.Add("-----Original Message-----\nFrom: a@b.example\nSent: 3 May 2024 10:12\nSubject: x\n\ny", "", false, false)
	f.Add(">>> Ann <a@b.example> 03.05.2024 10:12 >>>\nx\r\ry\x00\xff", gmail, true, false)
	f.Fuzz(func(t *testing.T, plain, page string, flowed, delsp bool) {
		r := Read(Input{Plain: plain, HasPlain: true, HTML: page, Flowed: flowed, DelSp: delsp})
		check(t, r)
		if r.Text[:r.Start]+r.Text[r.Start:r.End]+r.Text[r.End:] != r.Text || r.Why == "" {
			t.Fatalf("%+v", r)
		}
		if f := r.Forwarded; f != nil && strings.ContainsAny(f.From.Addr+f.Subject, "\n\r\x00") {
			t.Fatalf("forwarded %+v", f)
		}
	})
}

// FuzzFlowed: unflowing loses no word and adds none (RFC 3676).
func FuzzFlowed(f *testing.F) {
	f.Add("a \nb\n > c\n>> d \n>> e\n-- \nf", false)
	f.Fuzz(func(t *testing.T, s string, delsp bool) {
		var r Reading
		s = clean(s, maxText, &r)
		strip := func(s string) string {
			return strings.NewReplacer(">", "", " ", "", "\n", "").Replace(s)
		}
		if got := unflow(s, delsp); strip(got) != strip(s) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

// BenchmarkPage reads a page of 50 KB.
func BenchmarkPage(b *testing.B) {
	page := strings.Repeat(`<p class="x">Some <b>words</b> of a <a href="https://e.example/">link</a>.</p>`, 700)
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		Read(Input{HTML: page})
	}
}

// BenchmarkReply reads a text of 5 KB with a quote.
func BenchmarkReply(b *testing.B) {
	text := strings.Repeat("Some words of a mail that somebody wrote today.\n", 50) + "\nOn 3 May 2024, at 10:12, Ann <a@b.example> wrote:\n" + strings.Repeat("> quoted words\n", 150)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if r := Read(Input{Plain: text, HasPlain: true}); !strings.HasPrefix(r.Why, "attribution") {
			b.Fatal(fmt.Sprint(r.Why))
		}
	}
}
