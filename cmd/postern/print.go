package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"postern/rules/strictyaml"
)

// printable makes a stranger's words safe for a terminal: control characters
// and text-direction overrides become visible, line ends and tabs stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return -1
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// oneLine is printable on a single line.
func oneLine(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// writeJSON prints one value on indented lines, without escaping <, > and &.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeJSONLine prints one value on one line (JSON Lines).
func writeJSONLine(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// grid prints rows under a header, aligned also for wide characters. Cells are
// made printable and cut to width columns; 0 leaves them whole.
func grid(out io.Writer, width int, header []string, rows [][]string) {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft = ""
	style.Box.PaddingRight = "  "
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.AppendHeader(cells(header, 0))
	for _, r := range rows {
		t.AppendRow(cells(r, width))
	}
	for line := range strings.Lines(t.Render()) {
		fmt.Fprintln(out, strings.TrimRight(line, " \n"))
	}
}

func cells(in []string, width int) table.Row {
	out := make(table.Row, len(in))
	for i, s := range in {
		s = oneLine(s)
		if width > 0 {
			s = text.Snip(s, width, "…")
		}
		out[i] = s
	}
	return out
}

// stamp shows a moment as people read it, in UTC, and nothing for no moment.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// bytesText is a number of octets for people: 812 B, 3.4 MB.
func bytesText(n int64) string {
	const step = 1000
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/step, 0
	for f >= step && unit < 3 {
		f, unit = f/step, unit+1
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGT"[unit])
}

// pairs writes fields as key=value, sorted by key, so that lines can be compared.
func pairs(fields map[string]any) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, fmt.Sprintf("%s=%v", k, fields[k]))
	}
	return strings.Join(out, " ")
}

// mistakeView is one mistake of a file for programs.
type mistakeView struct {
	File   string `json:"file"`
	Line   int    `json:"line"`   // 0 when it has no place
	Column int    `json:"column"` // in code points, from 1
	Text   string `json:"text"`
	Hint   string `json:"hint"`
}

// mistakes prints the mistakes of files as JSON where that is asked for, and then returns
// errFound; every other error, and pages for people, are told by the caller's caller.
func (w *world) mistakes(err error) error {
	var found strictyaml.Problems
	if !w.json || !errors.As(err, &found) {
		return err
	}
	views := make([]mistakeView, len(found))
	for i, p := range found {
		views[i] = mistakeView{p.File, p.Line, p.Col, p.Text, p.Hint}
	}
	if err := writeJSON(w.out, map[string]any{"mistakes": views}); err != nil {
		return err
	}
	return errFound
}
