package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"postern/mailin/mimetree"
)

// tree reads as go-message does: structure, decoded texts, hashed attachments, and
// leaves out what only postern does (visible reply, automatic mail).
func tree(b []byte) error {
	in := bytes.NewReader(b)
	t := mimetree.Split(context.Background(), in, int64(len(b)))
	if len(t.Key) == 0 {
		return errors.New("no key")
	}
	var walk func(n *mimetree.Node) error
	walk = func(n *mimetree.Node) error {
		for _, c := range n.Children {
			if err := walk(c); err != nil {
				return err
			}
		}
		if n.Descended() {
			return nil
		}
		if n.Disposition != "attachment" {
			text, _ := n.Text(in, 1<<20, &t.Defects)
			_ = text
			return nil
		}
		dec := mimetree.NewDecoder(in, n.Body, n.Length(), n.Encoding)
		defer dec.Close()
		_, err := io.Copy(sha256.New(), dec)
		return err
	}
	return walk(t.Root)
}
