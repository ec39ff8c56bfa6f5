package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"postern/tickets"
)

// keyFile holds the keys of the signed addresses, in the secrets folder. It is
// the one file that must be backed up beside the database: without it no
// address that was handed out is known again.
const keyFile = "keys.json"

// keySize is the length of a key of HMAC-SHA-256 in octets.
const keySize = 32

// keyring is the content of the file: key ids to hexadecimal keys. New
// addresses are signed with the current one; the others are still understood.
type keyring struct {
	Current uint8             `json:"current"`
	Keys    map[string]string `json:"keys"`
	// Made is when each was made; missing for those of older versions.
	Made map[string]time.Time `json:"made,omitempty"`
}

// loadKeys reads the keys in folder and makes them, with mode 0600, when
// there are none yet. The file is complete on disk before it has its name.
func loadKeys(folder string) (tickets.Keyring, error) {
	path := filepath.Join(folder, keyFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeKeys(folder, path); err != nil {
			return tickets.Keyring{}, fmt.Errorf("keys of signed addresses: %w", err)
		}
	}
	return readKeys(folder)
}

// readKeys reads the keys that must be there: a gateway that runs, or a verb that changes
// them, makes no first key in the place of one that got lost.
func readKeys(folder string) (tickets.Keyring, error) {
	path := filepath.Join(folder, keyFile)
	src, err := os.ReadFile(path)
	if err != nil {
		return tickets.Keyring{}, fmt.Errorf("keys of signed addresses: %w", err)
	}
	if err := private(path); err != nil {
		return tickets.Keyring{}, err
	}
	return parseKeys(path, src)
}

func parseKeys(path string, src []byte) (tickets.Keyring, error) {
	none := tickets.Keyring{}
	var ring keyring
	if err := json.Unmarshal(src, &ring); err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	keys := map[uint8][]byte{}
	for name, text := range ring.Keys {
		id, err := strconv.ParseUint(name, 10, 8)
		key, err2 := hex.DecodeString(text)
		if err != nil || err2 != nil || len(key) != keySize {
			return none, fmt.Errorf("%s: key %q: want a number from 0 to 255 and %d octets in hexadecimal", path, name, keySize)
		}
		keys[uint8(id)] = key
	}
	if keys[ring.Current] == nil {
		return none, fmt.Errorf("%s: the current key %d is not in the file", path, ring.Current)
	}
	return tickets.Keyring{Current: ring.Current, Keys: keys}, nil
}

// makeKeys writes a first key. Two programs that start at once end with the
// same one: the file is linked into place, and who comes second reads the first's.
func makeKeys(folder, path string) error {
	key := make([]byte, keySize)
	rand.Read(key)
	src, err := json.MarshalIndent(keyring{Current: 1, Keys: map[string]string{"1": hex.EncodeToString(key)}}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := writePrivate(path, append(src, '\n')); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writePrivate writes a new file of mode 0600 and has it on disk when it returns. It
// never replaces one: the error is then fs.ErrExist.
func writePrivate(path string, src []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(src)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name in a folder last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// private refuses a file that others may read.
func private(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s: others may read it (mode %04o); run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return nil
}
