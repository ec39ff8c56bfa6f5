package mimetree

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseParams(t *testing.T) {
	for _, c := range []struct{ id, in, want, defect string }{
		{"plain", "Text/Plain; charset=utf-8", "text/plain charset=utf-8", ""},
		{"quoted", `image/png; name="a \"b\".png"`, `image/png name=a "b".png`, ""},
		{"no semicolon", "text/plain; charset=utf-8 format=flowed", "text/plain charset=utf-8 format=flowed", ""},
		{"bare blanks", "application/pdf; name=my file.pdf", "application/pdf name=my file.pdf", ""},
		{"no closing quote", `application/pdf; name="a.pdf`, "application/pdf name=a.pdf", DefectParameter},
		{"backslashes of Windows", `a/b; name="C:\new\x.doc"`, `a/b name=C:\new\x.doc`, ""},
		{"comment", "text/plain (it is) ; charset=(x)utf-8 (y)", "text/plain charset=utf-8", ""},
		{"empty pieces", "text/plain;; ;charset=utf-8;", "text/plain charset=utf-8", ""},
		{"word without value", "text/plain; utf-8; charset=x", "text/plain charset=x", DefectParameter},
		{"RFC 2231", "a/b; filename*=utf-8''r%C3%A4t.pdf", "a/b filename=rät.pdf", ""},
		{"RFC 2231 in Latin-1", "a/b; filename*=iso-8859-1'de'r%E4t.pdf", "a/b filename=rät.pdf", ""},
		{"RFC 2231 in Shift JIS", "a/b; filename*=shift_jis''%93%FA%96%7B.txt", "a/b filename=日本.txt", ""},
		{"RFC 2231 pieces", "a/b; name*0*=utf-8''r%C3%A4; name*1=t; name*2*=%2E; name*3=pdf", "a/b name=rät.pdf", ""},
		{"pieces in disorder", "a/b; name*1=b; name*0=a", "a/b name=ab", ""},
		{"letter cut between pieces", "a/b; name*0*=utf-8''%C3; name*1*=%A4", "a/b name=ä", ""},
		{"IN_M19 gap", "a/b; name*0=a; name*2=c", "a/b name=a", DefectParameter},
		{"IN_M19 duplicate piece", "a/b; name*0=a; name*0=x; name*1=b", "a/b name=ab", DefectParameter},
		{"IN_M19 duplicate", "a/b; name=a; name=b", "a/b name=a", DefectParameter},
		{"IN_M19 mixed", "a/b; name=plain.txt; name*0*=utf-8''real.txt", "a/b name=real.txt", DefectParameter},
		{"IN_A05 RFC 2231 and 2047 agree", "a/b; name=\"=?utf-8?q?r=C3=A4t?=\"; name*=utf-8''r%C3%A4t", "a/b name=rät", ""},
		{"broken percent", "a/b; name*=utf-8''100%.txt", "a/b name=100%.txt", ""},
		{"no charset", "a/b; name*=x%20y", "a/b name=x y", ""},
		{"raw UTF-8", "a/b; name=\"rät.pdf\"", "a/b name=rät.pdf", ""},
		{"encoded-word unquoted", "a/b; name==?utf-8?q?r=C3=A4t?=", "a/b name==?utf-8?q?r=C3=A4t?=", ""},
	} {
		t.Run(c.id, func(t *testing.T) {
			var d Defects
			value, params := ParseParams(c.in, &d)
			got := value
			for _, p := range params {
				got += fmt.Sprintf(" %s=%s", p.Name, p.Value)
			}
			if got != c.want || c.defect == "" && len(d) > 0 || c.defect != "" && !has(d, c.defect) {
				t.Errorf("%q %v, want %q", got, d, c.want)
			}
		})
	}
}

func TestDecodeWords(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                               "plain",
		"=?utf-8?q?J=C3=B6?=":                 "Jö",
		"=?UTF-8?Q?J=c3=b6_x?=":               "Jö x",
		"=?utf-8?b?SsO2?=":                    "Jö",
		"=?utf-8?b?SsO2":                      "=?utf-8?b?SsO2",
		"=?utf-8?b?SsO2?= =?utf-8?q?_x?=":     "Jö x",
		"=?utf-8?b?SsM=?= =?utf-8?b?tg==?=":   "Jö",
		"=?utf-8?b?Sm/D?= =?utf-8?b?tg==?=":   "Joö",
		"=?utf-8?q?=C3?=\r\n =?utf-8?q?=A4?=": "ä",
		"a =?utf-8?q?b?= c":                   "a b c",
		"a=?utf-8?q?b?=c":                     "abc",
		"=?iso-8859-1?q?=80?=":                "€",
		"=?iso-8859-1*de?q?=E4?=":             "ä",
		"=?utf-8?q?with blanks inside?=":      "with blanks inside",
		"=?utf-8?x?a?=":                       "=?utf-8?x?a?=",
		"=?x-foo?q?=E4?=":                     "ä",
		"=?utf-8?q?a=0d=0aBcc:_x@y?=":         "a Bcc: x@y",
		"=?utf-8?q?=ZZ?=":                     "=ZZ",
		"=?utf-8?b?S!s?=":                     "J",
		"J\xf6":                               "Jö",
		"Jö":                                  "Jö",
		"a\x00b\tc":                           "ab c",
		"\u202egnp":                           "<U+202E>gnp",
		"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=":  "日本",
		"=?gb2312?b?1tC5+g==?=":               "中国",
		"=?ks_c_5601-1987?b?x9GxuQ==?=":       "한국",
		"=?utf-8?q??=":                        "",
		"=?=?=?":                              "=?=?=?",
		"=?utf-8?q?a?==?utf-8?q?b?=":          "ab",
	} {
		if got := DecodeWords(in, ""); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := DecodeWords("\xca\xf2\xee", "windows-1251"); got != "Кто" {
		t.Errorf("the hint does not count: %q", got)
	}
}

func FuzzDecodeWords(f *testing.F) {
	f.Add("=?utf-8?q?=C3?= =?utf-8?b?SsO2?= \xff\x00")
	f.Add("=?iso-2022-jp?b?GyRCRnxLXA==?= =?utf-16?q?=D8=00?=")
	f.Fuzz(func(t *testing.T, s string) {
		got := DecodeWords(s, "koi8-r")
		if CleanLine(got) != got || strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("%q: %q", s, got)
		}
	})
}

func TestSafeFilename(t *testing.T) {
	for _, c := range []struct{ id, in, want string }{
		{"A01", "../../etc/cron.d/x", "x"}, {"A01", `..\..\x`, "x"}, {"A01", "/abs", "abs"}, {"A01", `C:\x`, "x"}, {"A01", "C:x", "x"},
		{"A01", `\\srv\x`, "x"}, {"A01", "file:///etc/passwd", "passwd"}, {"A01", "%2e%2e%2fx", "x"}, {"A01", "..", ""}, {"A01", "a/..", ""},
		{"A02", "invoice\u202efdp.exe", "invoicefdp.exe"}, {"A02", "a.pdf .exe", "a.pdf.exe"}, {"A02", "a.pdf       .exe", "a.pdf.exe"},
		{"A02", "a.txt. . ", "a.txt"}, {"A02", "a.exe\x00.pdf", "a.exe.pdf"}, {"A02", "a.pdf\r\nX: y", "a.pdf X_ y"},
		{"A03", "CON", "_CON"}, {"A03", "NUL.txt", "_NUL.txt"}, {"A03", "COM1.txt", "_COM1.txt"}, {"A03", ".htaccess", "htaccess"}, {"A03", "-rf", "rf"},
		{"A03", "$(id)", "_(id)"}, {"A03", "`id`", "_id_"}, {"A03", "a;b", "a_b"}, {"A03", `'"><script>`, "____script_"},
		{"A04", "", ""}, {"A04", "...", ""}, {"A04", " ", ""}, {"A04", strings.Repeat("x", 10000) + ".pdf", strings.Repeat("x", 251) + ".pdf"},
		{"A04", strings.Repeat("😁", 100), strings.Repeat("😁", 63)},
		{"plain", "Quarterly report (final).pdf", "Quarterly report (final).pdf"}, {"plain", "rät\u00a0x.pdf", "rät x.pdf"}, {"plain", "100%.txt", "100%.txt"},
	} {
		if got := SafeFilename(c.in); got != c.want {
			t.Errorf("IN_%s %.60q: %.60q, want %.60q", c.id, c.in, got, c.want)
		}
	}
}

// Slashes wrapped in percents, however often, are slashes; unwrapping ends.
func TestIN_A01(t *testing.T) {
	for in, want := range map[string]string{
		"..%2f..%2fetc%2fpasswd": "passwd", "%\x1a2fa": "a", "%252fa": "%252fa", "x%2f%252fb": "b", "..%5Ca": "a", "100%": "100%",
		"x%2f" + strings.Repeat("%25", 20) + "2fb": "b",
	} {
		if got := SafeFilename(in); got != want || SafeFilename(got) != got {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := SafeFilename("/" + strings.Repeat("%25", 80_000) + "2fb"); len(got) > 255 || SafeFilename(got) != got {
		t.Errorf("%q", got)
	}
}

func FuzzSafeFilename(f *testing.F) {
	f.Add("../a\u202e.pdf .exe\x00")
	f.Add("%2fCON:..")
	f.Fuzz(func(t *testing.T, s string) {
		got := SafeFilename(s)
		if len(got) > 255 || strings.ContainsAny(got, "/\\\x00\r\n\"'`$;<>|") || strings.HasPrefix(got, ".") || strings.HasPrefix(got, "-") || reserved(got) {
			t.Fatalf("%q: %q", s, got)
		}
		if again := SafeFilename(got); again != got {
			t.Fatalf("%q: %q, then %q", s, got, again)
		}
	})
}

func TestNumbered(t *testing.T) {
	for in, want := range map[string]string{"a.pdf": "a (2).pdf", "a": "a (2)", ".x": ".x (2)", strings.Repeat("x", 255): strings.Repeat("x", 251) + " (2)"} {
		if got := Numbered(in, "2"); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
