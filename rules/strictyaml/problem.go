package strictyaml

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is one mistake in a file.
type Problem struct {
	File string
	Line int // from 1; 0 when the mistake has no place
	Col  int // in code points, from 1
	Text string
	Hint string // what was probably meant; may be empty
	// Snippet is the line of the file and a caret below the column; may be empty.
	Snippet string
}

// Error is "file:line:col: text", then the snippet and the hint on lines of their own.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Where())
	b.WriteString(": ")
	b.WriteString(p.Text)
	if p.Snippet != "" {
		b.WriteString("\n" + p.Snippet)
	}
	if p.Hint != "" {
		b.WriteString("\nhint: " + p.Hint)
	}
	return b.String()
}

// Where is "file:line:col", or as much of it as is known.
func (p Problem) Where() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Problems are the mistakes of one or more files. As an error value use Err,
// which is nil when there are none.
type Problems []Problem

// Error lists all problems, each as Problem.Error writes it.
func (ps Problems) Error() string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Error()
	}
	return strings.Join(out, "\n")
}

// Err is ps as an error, nil when there is no problem.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Sorted is ps by file, line and column, without doubles.
func (ps Problems) Sorted() Problems {
	out := slices.Clone(ps)
	slices.SortStableFunc(out, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Col - b.Col
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(p Problem) bool {
		key := p.Where() + ": " + p.Text
		again := seen[key]
		seen[key] = true
		return again
	})
}

// snippetWidth is the number of code points shown of a long line.
const snippetWidth = 100

// snippet shows a line with a caret below col. Control characters become spaces,
// so that a file cannot write on the terminal it is shown on.
func snippet(line string, n, col int) string {
	runes := []rune(strings.TrimRight(line, " \t\r\n"))
	for i, r := range runes {
		if r == '\t' || unicode.IsControl(r) || r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			runes[i] = ' '
		}
	}
	caret := max(col-1, 0)
	if start := caret - snippetWidth*3/4; len(runes) > snippetWidth && start > 0 {
		start = min(start, len(runes))
		runes, caret = append([]rune("…"), runes[start:]...), caret-start+1
	}
	if len(runes) > snippetWidth {
		runes = append(runes[:snippetWidth:snippetWidth], '…')
	}
	out := fmt.Sprintf("%4d | %s", n, string(runes))
	if col > 0 {
		out += "\n     | " + strings.Repeat(" ", caret) + "^"
	}
	return out
}

// quote shows a word of the file in a message: short, on one line, printable.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
