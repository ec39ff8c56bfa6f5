package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// changeKeys reads the key file, lets f change the ring and puts the new file in the old
// one's place. Whoever is killed on the way leaves the old file or the new one, whole; two
// who change at once do it one after the other.
func changeKeys(folder string, f func(*keyring) error) error {
	path := filepath.Join(folder, keyFile)
	unlock, err := lockFolder(folder)
	if err != nil {
		return fmt.Errorf("keys of signed addresses: %w", err)
	}
	defer unlock()
	if _, err := readKeys(folder); err != nil {
		return err
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("keys of signed addresses: %w", err)
	}
	var ring keyring
	if err := json.Unmarshal(src, &ring); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f(&ring); err != nil {
		return err
	}
	if src, err = json.MarshalIndent(ring, "", "  "); err != nil {
		return err
	}
	if _, err := parseKeys(path, src); err != nil { // never write what could not be read
		return err
	}
	if err := replacePrivate(path, append(src, '\n')); err != nil {
		return fmt.Errorf("keys of signed addresses: %w", err)
	}
	return nil
}

// replacePrivate puts a new file of mode 0600 in the place of another, and has it on disk
// when it returns.
func replacePrivate(path string, src []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(src)
	if err = errors.Join(err, sameOwner(f, path), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// fresh adds a new random key under the next free number, and returns that.
func (r *keyring) fresh(at time.Time) (uint8, error) {
	for i := 1; i <= 256; i++ {
		id := r.Current + uint8(i)
		name := strconv.Itoa(int(id))
		if _, taken := r.Keys[name]; taken {
			continue
		}
		key := make([]byte, keySize)
		rand.Read(key)
		r.Keys[name] = hex.EncodeToString(key)
		if r.Made == nil {
			r.Made = map[string]time.Time{}
		}
		r.Made[name] = at.UTC().Truncate(time.Second)
		return id, nil
	}
	return 0, errors.New("all 256 numbers of keys are taken; remove one: postern keys revoke NUMBER")
}

// fingerprint names a key without telling it.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("postern key fingerprint:"), key...))
	return hex.EncodeToString(sum[:4])
}
