//go:build unix

package replytext

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time of the process so far; the clock on the wall would
// measure the neighbours.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// hostile are inputs of catalogue IN_X04, IN_C03, IN_C06 and IN_C07 and their kin.
var hostile = map[string]Input{
	"100 000 nested div":  {HTML: strings.Repeat("<div>", 100_000) + "x"},
	"5 MB page":           {HTML: strings.Repeat("<p>hello <b>world</b> foo", 210_000)},
	"a million entities":  {HTML: strings.Repeat("&amp;", 1_000_000)},
	"unclosed comments":   {HTML: "x" + strings.Repeat("<!-- a", 500_000)},
	"nested cite":         {HTML: strings.Repeat("<blockquote type=cite>a<br>b", 180_000)},
	"links":               {HTML: strings.Repeat("<a href=http://x.example/z>l</a> ", 150_000)},
	"nested lists":        {HTML: strings.Repeat("<ul><li>x", 400_000)},
	"nested tables":       {HTML: strings.Repeat("<table><tr><td>a", 300_000)},
	"strays behind cells": {HTML: strings.Repeat("<b>", 3000) + strings.Repeat("<td></div>x", 400_000)},
	"strays":              {HTML: strings.Repeat("<div>", 2000) + strings.Repeat("<span></div>x", 300_000)},
	"open tag":            {HTML: "x" + strings.Repeat("<a href='", 500_000)},
	"sheets":              {HTML: "x" + strings.Repeat("<style>.a{display:none}", 200_000)},
	"hidden text":         {HTML: strings.Repeat("<i hidden>x</i>y", 300_000)},
	"attributes":          {HTML: "<p " + strings.Repeat("class='gmail_quote x' ", 200_000) + ">x"},
	"four MB of lines":    {Plain: "x" + strings.Repeat("\n", 4<<20) + "x", HasPlain: true},
	"quoted lines":        {Plain: strings.Repeat("> a\n", 1<<20), HasPlain: true, Flowed: true},
	"attributions":        {Plain: strings.Repeat("On 3 May 2024:\n", 1<<18), HasPlain: true},
	"header lines":        {Plain: strings.Repeat("From: a@b.example\n", 1<<18), HasPlain: true},
	"one line":            {Plain: strings.Repeat("a@b.example 2024 ", 1<<19), HasPlain: true},
	"50 MB line":          {Plain: strings.Repeat("x ", 25<<20), HasPlain: true, Flowed: true, DelSp: true},
	"500 quote levels":    {Plain: strings.Repeat(strings.Repeat(">", 500)+" a\n", 8000), HasPlain: true, Flowed: true},
	"four MB of marks":    {Plain: strings.Repeat(">", 4<<20), HasPlain: true},
	"a million NUL":       {Plain: strings.Repeat("\x00", 1_000_000) + "x", HasPlain: true},
	"zalgo":               {Plain: "Z" + strings.Repeat("\u0301", 100_000), HasPlain: true},
	"dashes":              {Plain: strings.Repeat("-- a --\n", 1<<19), HasPlain: true},
	"footers":             {Plain: strings.Repeat("Sent from my iPhone\n", 1<<17), HasPlain: true},
}

// TestHostile reads hostile inputs within two seconds of processor time each.
func TestHostile(t *testing.T) {
	for name, in := range hostile {
		t.Run(name, func(t *testing.T) {
			begin := cpu(t)
			r := Read(in)
			if d := cpu(t) - begin; d > 2*time.Second {
				t.Errorf("%s of processor time", d)
			}
			check(t, r)
			if isBlank(r.Text) {
				t.Error("no text is left")
			}
		})
	}
}

// TestIN_C04 caps towers of combining marks.
func TestIN_C04(t *testing.T) {
	if r := Read(hostile["zalgo"]); strings.Count(r.Text, "\u0301") != maxMarks {
		t.Errorf("%d marks", strings.Count(r.Text, "\u0301"))
	}
	if r := Read(Input{HTML: "Z" + strings.Repeat("&#x301;", 100_000)}); strings.Count(r.Text, "\u0301") != maxMarks {
		t.Errorf("%d marks out of entities", strings.Count(r.Text, "\u0301"))
	}
}
