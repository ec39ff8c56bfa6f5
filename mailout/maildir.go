package mailout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"postern/tickets"
)

// A Maildir is a relay that writes each message into a Maildir named after its
// recipient, below Dir: for a first look, without any mail server. A message
// keeps its file name, so that a second attempt replaces the first.
type Maildir struct {
	Dir string
}

// Longest implements Relay.
func (m *Maildir) Longest() time.Duration { return time.Minute }

// Close implements Relay.
func (m *Maildir) Close() {}

// Deliver implements Relay. The message is on disk before it is called sent.
func (m *Maildir) Deliver(ctx context.Context, o tickets.Outgoing, open Opener) Answer {
	if ctx.Err() != nil {
		return Answer{Kind: tickets.VerdictBack, Text: "interrupted"}
	}
	box, err := m.box(o.To)
	if err != nil {
		return Answer{Kind: tickets.VerdictNever, Code: "553 5.1.3", Text: oneAnswer(err.Error())}
	}
	name := fmt.Sprintf("%d.M%06d.postern", o.At.Unix(), o.ID)
	if err := store(box, name, o.Content, open); err != nil {
		return Answer{Kind: tickets.VerdictLater, Text: oneAnswer(err.Error())}
	}
	return Answer{Kind: tickets.VerdictSent, Code: "250 2.0.0", Text: "written to " + oneAnswer(filepath.Join(box, "new", name))}
}

// box is the folder of a recipient; a name that could leave Dir is changed.
func (m *Maildir) box(to string) (string, error) {
	a, err := SafeAddress(to)
	if err != nil {
		return "", err
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("@.+-_=", r) {
			return r
		}
		return '_'
	}, strings.ToLower(a))
	return filepath.Join(m.Dir, name), nil // an address never begins with a dot: it would be quoted
}

// store writes tmp/name, and moves it to new/ when it is whole and on disk.
func store(box, name string, c tickets.Content, open Opener) (err error) {
	for _, d := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(box, d), 0o700); err != nil {
			return err
		}
	}
	tmp := filepath.Join(box, "tmp", name)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = errors.Join(Write(w, c, open), w.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, filepath.Join(box, "new", name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return syncDir(filepath.Join(box, "new"))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Check implements Relay: the folder can be written.
func (m *Maildir) Check(context.Context) (Report, error) {
	if err := os.MkdirAll(m.Dir, 0o700); err != nil {
		return Report{Name: m.Dir}, fmt.Errorf("outgoing mail: %w", err)
	}
	f, err := os.CreateTemp(m.Dir, ".check-*")
	if err != nil {
		return Report{Name: m.Dir}, fmt.Errorf("outgoing mail: %w", err)
	}
	return Report{Name: m.Dir}, errors.Join(f.Close(), os.Remove(f.Name()))
}
