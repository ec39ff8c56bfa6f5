package mimetree

import (
	"strings"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"Mon, 1 Jun 2026 10:00:00 +0200":         "2026-06-01T08:00:00Z",
		"1 Jun 2026 10:00 GMT":                   "2026-06-01T10:00:00Z",
		"Mon, 01 Jun 2026 10:00:00 +0200 (CEST)": "2026-06-01T08:00:00Z",
		"Mon, 1 Jun 2026 6:0:0 +0000":            "2026-06-01T06:00:00Z",
		"2026-06-01T10:00:00+02:00":              "2026-06-01T08:00:00Z",
		"2026-06-01T10:00:00.123Z":               "2026-06-01T10:00:00Z",
		"2026-06-01T10:00:00":                    "2026-06-01T10:00:00Z",
		"2026-06-01 10:00:00 +0200":              "2026-06-01T08:00:00Z",
		"2026-06-01 10:00:00":                    "2026-06-01T10:00:00Z",
		"Mo, 1 Jun 2026 10:00:00 +0200":          "2026-06-01T08:00:00Z",
		"Mo., 1. Juni 2026 10:00:00 +0200":       "2026-06-01T08:00:00Z",
		"Di, 1 Dez 2026 10:00:00 MEZ":            "2026-12-01T09:00:00Z",
		"Mi, 4 Mär 2026 10:00:00 +0100":          "2026-03-04T09:00:00Z",
		"lun., 1 juin 2026 10:00:00 +0200":       "2026-06-01T08:00:00Z",
		"mar., 3 mars 2026 10:00:00 +0100":       "2026-03-03T09:00:00Z",
		"Mon, 1 Jun 26 10:00:00 +0200":           "2026-06-01T08:00:00Z",
		"Mon, 1 Jun 98 10:00:00 EST":             "1998-06-01T15:00:00Z",
		"Monday, 01-Jun-98 10:00:00 GMT":         "1998-06-01T10:00:00Z",
		"Mon Jun  1 10:00:00 2026":               "2026-06-01T10:00:00Z",
		"Mon Jun 1 10:00:00 CEST 2026":           "2026-06-01T08:00:00Z",
		"Mon, 1 Jun 2026 10:00:00":               "2026-06-01T10:00:00Z",
		"Mon, 1 Jun 2026 10:00:00 (PDT)":         "2026-06-01T17:00:00Z",
		"Mon, 1 Jun 2026 10:00:00 GMT+0200":      "2026-06-01T08:00:00Z",
		"Mon, 1 Jun 2026 10:00:00 +02:00":        "2026-06-01T08:00:00Z",
		"Mon, 1 Jun 2026 10:00:00 PM +0000":      "2026-06-01T22:00:00Z",
		"6/1/2026 10:00:00 AM":                   "2026-06-01T10:00:00Z",
		"13/6/2026 10:00":                        "2026-06-13T10:00:00Z",
		"01.06.2026 10:00":                       "2026-06-01T10:00:00Z",
		"Mon, 1 Jun 2026 23:59:60 +0000":         "2026-06-01T23:59:59Z",
		"Thu, 31 Feb 2026 10:00:00 +0000":        "",
		"Thu, 1 Jan 1970 00:00:00 +0000":         "",
		"Thu, 1 Jan 2099 00:00:00 +0000":         "",
		"yesterday":                              "",
		"":                                       "",
		"0A:":                                    "",
		"Mon, 1 Jun 2026 25:00:00 +0000":         "",
	} {
		var d Defects
		got := ParseDate(in, &d)
		if want == "" {
			if !got.IsZero() || len(d) == 0 {
				t.Errorf("IN_H09 %q: %v %v, want the zero time and a defect", in, got, d)
			}
			continue
		}
		if got.Truncate(time.Second).Format(time.RFC3339) != want {
			t.Errorf("%q: %v, want %s (%v)", in, got, want, d)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("Mon, 1 Jun 2026 10:00:00 +0200 (x)")
	f.Add("2026-06-01T1:2:3PM GMT+2")
	f.Fuzz(func(t *testing.T, s string) {
		var d Defects
		got := ParseDate(s, &d)
		if got.IsZero() {
			if len(d) == 0 {
				t.Fatal("no date and no defect")
			}
			return
		}
		if got.Location() != time.UTC || got.Year() < minYear-1 || got.Year() > maxYear+1 {
			t.Fatal(got)
		}
	})
}

func TestParseIDs(t *testing.T) {
	for in, want := range map[string]string{
		"<a@b>":                       "a@b",
		"<a@b> <c@d>":                 "a@b c@d",
		"<a@b><c@d>":                  "a@b c@d",
		"<a@b>\r\n\t<c@d>":            "a@b c@d",
		"a@b":                         "a@b",
		"a@b c@d":                     "a@b c@d",
		"<a b@c>":                     "ab@c",
		"<a@b\r\n c>":                 "a@bc",
		"<<a@b>>":                     "a@b",
		"<a@b":                        "a@b",
		"<>":                          "",
		"<noat>":                      "noat",
		"no id at all":                "",
		`Your mail of "Monday" <x@y>`: "x@y",
		"<a@b>, <c@d>":                "a@b c@d",
		"<[x]!#$@b> <c@d>":            "[x]!#$@b c@d",
		"<\xff@b>":                    "\uFFFD@b",
	} {
		var d Defects
		if got := strings.Join(ParseIDs(in, &d), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMessageID(t *testing.T) {
	for in, want := range map[string]string{
		"<a@b>": "a@b", " <a@b> ": "a@b", "a@b": "a@b", "<a>": "a", "bare": "bare", "<>": "", "": "", "<a b@c>": "ab@c", "<a\x01@b>": "a@b",
		"<" + strings.Repeat("x", 5000) + "@b>": strings.Repeat("x", 5000) + "@b",
	} {
		var d Defects
		if got := MessageID(in, &d); got != want {
			t.Errorf("IN_H05 %.40q: %.40q, want %.40q", in, got, want)
		}
		if plain := len(want) > 1 && strings.TrimSpace(in) == "<"+want+">" && strings.Contains(want, "@"); plain != (len(d) == 0) && want != "" {
			t.Errorf("%.40q: defects %v", in, d)
		}
	}
}
