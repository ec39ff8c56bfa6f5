package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"postern/tickets"
)

// keysCmd changes the keys of signed addresses.
type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the keys of signed addresses, without telling them."`
	Rotate keysRotateCmd `cmd:"" help:"Sign with a new key; the older ones go on verifying."`
	Revoke keysRevokeCmd `cmd:"" help:"Make a key worthless, or the reply addresses of one ticket."`
}

// keysListCmd shows what there is.
type keysListCmd struct{}

// keyView is one key as people and programs see it.
type keyView struct {
	Key         uint8      `json:"key"`
	Signs       bool       `json:"signs"`
	Fingerprint string     `json:"fingerprint"`
	Made        *time.Time `json:"made,omitempty"` // unknown for a key that an older version made
}

// Run prints a line for each key; the one that signs is marked.
func (keysListCmd) Run(w *world) error {
	cfg, err := w.load()
	if err != nil {
		return err
	}
	views, err := listKeys(cfg.Secrets)
	if err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.out, views)
	}
	for _, v := range views {
		does, made := "verifies", "-"
		if v.Signs {
			does = "signs"
		}
		if v.Made != nil {
			made = v.Made.Format(time.RFC3339)
		}
		fmt.Fprintf(w.out, "key %-3d  %-8s  made %-20s  fingerprint %s\n", v.Key, does, made, v.Fingerprint)
	}
	return nil
}

func listKeys(folder string) ([]keyView, error) {
	ring, err := readKeys(folder)
	if err != nil {
		return nil, err
	}
	var file keyring
	src, err := os.ReadFile(filepath.Join(folder, keyFile))
	if err == nil {
		err = json.Unmarshal(src, &file)
	}
	if err != nil {
		return nil, fmt.Errorf("keys of signed addresses: %w", err)
	}
	var out []keyView
	for id := range 256 {
		key, ok := ring.Keys[uint8(id)]
		if !ok {
			continue
		}
		v := keyView{Key: uint8(id), Signs: uint8(id) == ring.Current, Fingerprint: fingerprint(key)}
		if at, ok := file.Made[strconv.Itoa(id)]; ok {
			v.Made = &at
		}
		out = append(out, v)
	}
	return out, nil
}

// keysRotateCmd changes the key that signs.
type keysRotateCmd struct {
	Prepare bool   `xor:"way" help:"Only make the new key known; sign with it later, with --to. For several gateways."`
	To      *uint8 `xor:"way" placeholder:"KEY" help:"Sign with this key of the file, instead of a new one."`
}

// Run makes a new key current. The old ones stay, for addresses signed with them are out there.
func (c *keysRotateCmd) Run(w *world) error {
	cfg, err := w.load()
	if err != nil {
		return err
	}
	var did rotation
	err = changeKeys(cfg.Secrets, func(r *keyring) (err error) {
		did, err = c.rotate(r, w.now())
		return err
	})
	if err != nil {
		return err
	}
	return w.rotated(did)
}

// rotation is what a change of keys did.
type rotation struct {
	Signs uint8  `json:"signs"`
	Made  *uint8 `json:"made,omitempty"`
	Gone  *uint8 `json:"removed,omitempty"`
}

func (c *keysRotateCmd) rotate(r *keyring, at time.Time) (rotation, error) {
	if c.To != nil {
		if _, ok := r.Keys[strconv.Itoa(int(*c.To))]; !ok {
			return rotation{}, fmt.Errorf("key %d: %w", *c.To, tickets.ErrNotFound)
		}
		r.Current = *c.To
		return rotation{Signs: r.Current}, nil
	}
	id, err := r.fresh(at)
	if err != nil {
		return rotation{}, err
	}
	if !c.Prepare {
		r.Current = id
	}
	return rotation{Signs: r.Current, Made: &id}, nil
}

// rotated tells what was done, and what is left to do.
func (w *world) rotated(did rotation) error {
	if w.json {
		return writeJSON(w.out, did)
	}
	if did.Made != nil {
		fmt.Fprintf(w.out, "key %d made\n", *did.Made)
	}
	if did.Gone != nil {
		fmt.Fprintf(w.out, "key %d removed: addresses and Message-IDs signed with it are worthless\n", *did.Gone)
	}
	fmt.Fprintf(w.out, "key %d signs\nnow let every running gateway read the keys again: kill -HUP PID, or systemctl reload postern\n", did.Signs)
	return nil
}

// keysRevokeCmd makes what was handed out worthless.
type keysRevokeCmd struct {
	Key    *uint8 `arg:"" optional:"" help:"The number of the key."`
	Ticket int64  `placeholder:"N" help:"Instead of a key: the reply addresses of this ticket, with an event."`
	Force  bool   `help:"Also the key that signs: a new one takes its place first."`
}

// Run removes a key, or turns over a ticket's generation.
func (c *keysRevokeCmd) Run(ctx context.Context, w *world) error {
	switch {
	case (c.Key == nil) == (c.Ticket == 0):
		return fmt.Errorf("%w: name a key, or a ticket with --ticket, and not both", errUsage)
	case c.Ticket != 0:
		return c.revokeTicket(ctx, w)
	}
	cfg, err := w.load()
	if err != nil {
		return err
	}
	var did rotation
	err = changeKeys(cfg.Secrets, func(r *keyring) (err error) {
		did, err = c.remove(r, w.now())
		return err
	})
	if err != nil {
		return err
	}
	return w.rotated(did)
}

func (c *keysRevokeCmd) remove(r *keyring, at time.Time) (did rotation, err error) {
	name := strconv.Itoa(int(*c.Key))
	if _, ok := r.Keys[name]; !ok {
		return did, fmt.Errorf("key %d: %w", *c.Key, tickets.ErrNotFound)
	}
	if r.Current == *c.Key {
		if !c.Force {
			return did, fmt.Errorf("%w: key %d signs; rotate first, or say --force for a new one in its place", errRefused, *c.Key)
		}
		id, err := r.fresh(at)
		if err != nil {
			return did, err
		}
		r.Current, did.Made = id, &id
	}
	delete(r.Keys, name)
	delete(r.Made, name)
	did.Signs, did.Gone = r.Current, c.Key
	return did, nil
}

func (c *keysRevokeCmd) revokeTicket(ctx context.Context, w *world) error {
	db, cfg, err := w.database(ctx)
	if err != nil {
		return err
	}
	h, err := besideGateway(ctx, w, db, cfg)
	generation := 0
	if err == nil {
		generation, err = h.desk.Revoke(ctx, c.Ticket, w.admin())
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.out, map[string]any{"ticket": c.Ticket, "generation": generation})
	}
	fmt.Fprintf(w.out, "ticket %d: its reply addresses so far prove nobody any more; new mails carry new ones\n", c.Ticket)
	return nil
}

// keyNames lists the numbers of a ring in order, for people.
func keyNames(ring tickets.Keyring) (out []int) {
	for id := range ring.Keys {
		out = append(out, int(id))
	}
	slices.Sort(out)
	return out
}
