package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"postern/mailin"
)

// many inspects message after message: JSON Lines, or a summary table with a
// progress bar while it works. A file that cannot be read is told and skipped.
func (c *inspectCmd) many(ctx context.Context, w *world, total int, letters iter.Seq2[letter, error]) error {
	bar := w.progress("reading", total)
	var rows [][]string
	var failed int
	tally := map[string]int{}
	for l, err := range letters {
		bar.step()
		if err != nil {
			failed++
			fmt.Fprintf(w.errs, "%s: %v\n", printable(l.name), err)
			continue
		}
		v := view(mailin.Parse(ctx, l.raw, mailin.Envelope{}), c.Explain)
		if w.json {
			if err := writeJSONLine(w.out, fileView{l.name, v}); err != nil {
				return err
			}
			continue
		}
		tally[v.Kind]++
		rows = append(rows, v.row(l.name))
	}
	bar.end()
	if !w.json {
		grid(w.out, 44, []string{"message", "kind", "auto", "answer", "from", "subject", "parts", "defects"}, rows)
		fmt.Fprintf(w.out, "\n%d messages%s\n", len(rows), tallyText(tally))
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files could not be read", failed, failed+len(rows))
	}
	return nil
}

// fileView is one message of many, for programs.
type fileView struct {
	File    string      `json:"file"`
	Message messageView `json:"message"`
}

// row is the message in the summary table.
func (v messageView) row(name string) []string {
	from := ""
	if len(v.From) > 0 {
		from = v.From[0].Address
	}
	return []string{name, v.Kind, yes(v.Automatic), yes(v.MayAnswer), from, v.Subject,
		count(len(v.Attachments)), strings.Join(v.Defects, ", ")}
}

func tallyText(tally map[string]int) string {
	var b strings.Builder
	sep := ": "
	for _, kind := range kinds {
		if n := tally[kind]; n > 0 {
			fmt.Fprintf(&b, "%s%d %s", sep, n, kind)
			sep = ", "
		}
	}
	return b.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// count is a number that keeps quiet when there is nothing to count.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// isMbox reports whether a file is an mbox of more than one message: a single
// message that begins with a From_ line is read as what it is.
func isMbox(r io.ReaderAt) bool {
	head := make([]byte, 5)
	n, _ := r.ReadAt(head, 0)
	return string(head[:n]) == "From " && len(mboxMarks(r, 1<<62, 2)) > 1
}

// mbox inspects each message of an mbox (RFC 4155). Quoted ">From " lines stay as they are.
func (c *inspectCmd) mbox(ctx context.Context, w *world, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	marks := append(mboxMarks(f, size, 0), mark{from: size})
	return c.many(ctx, w, len(marks)-1, func(yield func(letter, error) bool) {
		for i, m := range marks[:len(marks)-1] {
			raw := io.NewSectionReader(f, m.body, marks[i+1].from-m.body)
			if !yield(letter{fmt.Sprintf("%s:%d", filepath.Base(c.File), i+1), raw}, nil) {
				return
			}
		}
	})
}

// mark is where a From_ line begins, and where the message behind it does.
type mark struct{ from, body int64 }

// mboxMarks finds the From_ lines at the top and behind empty lines, at most limit of
// them (0: all).
func mboxMarks(r io.ReaderAt, size int64, limit int) []mark {
	var marks []mark
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 64<<10)
	at, empty, start := int64(0), true, true
	for {
		line, err := in.ReadSlice('\n')
		whole := start
		start = err == nil // a line longer than the buffer goes on in the next slice
		if whole && empty && bytes.HasPrefix(line, []byte("From ")) && err == nil {
			marks = append(marks, mark{at, at + int64(len(line))})
			if len(marks) == limit {
				return marks
			}
		}
		if whole {
			empty = len(bytes.TrimRight(line, "\r\n")) == 0
		}
		at += int64(len(line))
		if err != nil && err != bufio.ErrBufferFull {
			return marks
		}
	}
}
