package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"postern/mailin"
	"postern/tickets"
)

// inspectCmd shows how postern reads a message. It needs no configuration and
// no database.
type inspectCmd struct {
	File    string `arg:"" help:"A message, a folder of messages (a Maildir too) or an mbox; - reads a message from standard input."`
	Explain bool   `help:"Say which line or element ended the visible reply and which header made the mail automatic."`
}

// letter is one message to look at, and the name to call it by.
type letter struct {
	name string
	raw  tickets.Raw
}

// Run reads the message, or all messages of a folder or mbox.
func (c *inspectCmd) Run(ctx context.Context, w *world) error {
	f, info, err := c.open(w)
	if err != nil {
		return err
	}
	if f == nil {
		return c.folder(ctx, w)
	}
	defer f.Close()
	if isMbox(f) {
		return c.mbox(ctx, w, f)
	}
	return c.one(ctx, w, io.NewSectionReader(f, 0, info))
}

// open opens the file, or spools standard input into one that has no name. A folder has
// no file.
func (c *inspectCmd) open(w *world) (*os.File, int64, error) {
	if c.File == "-" {
		return spool(w.in)
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, nil
	}
	f, err := os.Open(c.File)
	return f, info.Size(), err
}

// spool copies r into a temporary file, so that a large message never sits in memory.
func spool(r io.Reader) (*os.File, int64, error) {
	f, err := os.CreateTemp("", "postern-inspect-")
	if err != nil {
		return nil, 0, err
	}
	os.Remove(f.Name())
	n, err := io.Copy(f, r)
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("reading standard input: %w", err)
	}
	return f, n, nil
}

func (c *inspectCmd) one(ctx context.Context, w *world, raw tickets.Raw) error {
	v := view(mailin.Parse(ctx, raw, mailin.Envelope{}), c.Explain)
	if w.json {
		return writeJSON(w.out, v)
	}
	page(w.out, v)
	return nil
}

// folder inspects every regular file below a folder, in the order of names.
func (c *inspectCmd) folder(ctx context.Context, w *world) error {
	var names []string
	err := filepath.WalkDir(c.File, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.many(ctx, w, len(names), func(yield func(letter, error) bool) {
		for _, name := range names {
			more := true
			short := name
			if rel, err := filepath.Rel(c.File, name); err == nil {
				short = rel
			}
			if err := withFile(name, func(raw tickets.Raw) { more = yield(letter{short, raw}, nil) }); err != nil {
				more = yield(letter{name: short}, err)
			}
			if !more {
				return
			}
		}
	})
}

// withFile opens a file for as long as f runs.
func withFile(name string, f func(tickets.Raw)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	f(io.NewSectionReader(file, 0, info.Size()))
	return nil
}
