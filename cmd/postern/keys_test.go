package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/tickets"
)

// keyScene is a helpdesk with keys and one token signed with the first of them.
func keyScene(t *testing.T) (folder, token string) {
	t.Helper()
	scene(t)
	cfg, err := loadConfig("postern.yaml", func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Secrets, signToken(t, cfg.Secrets)
}

// signToken signs a reply address of ticket 1 with the key of the moment.
func signToken(t *testing.T, folder string) string {
	t.Helper()
	text, err := officeSigner(t, folder).Sign(tickets.Token{Purpose: tickets.ForReply, Ticket: 1, Participant: 1})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func officeSigner(t *testing.T, folder string) tickets.Signer {
	t.Helper()
	ring, err := readKeys(folder)
	if err != nil {
		t.Fatal(err)
	}
	return tickets.Signer{Instance: "office", Keys: ring}
}

// IN-T03: a rotated key signs no more and is still understood; a revoked one, an
// unknown one, another instance's and another length are not.
func TestKeysRotateAndRevoke(t *testing.T) {
	folder, old := keyScene(t)
	understood := func(text string) bool {
		_, err := officeSigner(t, folder).Read(text)
		return err == nil
	}
	if r := postern(t, "", "keys", "rotate"); r.code != exitOK || !strings.Contains(r.out, "key 2 signs") || !strings.Contains(r.out, "HUP") {
		t.Fatalf("rotate: %+v", r)
	}
	fresh := signToken(t, folder)
	if got, err := officeSigner(t, folder).Read(fresh); err != nil || got.Key != 2 {
		t.Errorf("signed with key %d (%v)", got.Key, err)
	}
	if !understood(old) {
		t.Error("an address of the retired key is not understood any more")
	}
	if info, err := os.Stat(filepath.Join(folder, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	for name, text := range map[string]string{"truncated": old[1:], "extended": old + "0", "empty": "", "very long": strings.Repeat("0", 10<<10), "all zero": strings.Repeat("0", tickets.TokenLen)} {
		if understood(text) {
			t.Errorf("%s: understood", name)
		}
	}
	other := officeSigner(t, folder)
	other.Instance = "another"
	if _, err := other.Read(old); err == nil {
		t.Error("another instance understands it")
	}
	if r := postern(t, "", "keys", "revoke", "2"); r.code != exitRefused || !strings.Contains(r.errs, "rotate first") {
		t.Errorf("the key that signs: %+v", r)
	}
	if r := postern(t, "", "keys", "revoke", "1"); r.code != exitOK || !strings.Contains(r.out, "worthless") {
		t.Errorf("revoke: %+v", r)
	}
	if understood(old) || !understood(fresh) {
		t.Errorf("after the revocation: old %v, fresh %v", understood(old), understood(fresh))
	}
	if r := postern(t, "", "keys", "revoke", "--force", "2"); r.code != exitOK || !strings.Contains(r.out, "key 3 signs") || understood(fresh) {
		t.Errorf("by force: %+v", r)
	}
	for _, tt := range []struct {
		args string
		code int
	}{{"revoke 77", exitNotFound}, {"revoke", exitUsage}, {"revoke 3 --ticket 1", exitUsage}, {"revoke --ticket 99", exitNotFound}, {"rotate --to 77", exitNotFound}, {"revoke 300", exitUsage}} {
		if r := postern(t, "", append([]string{"keys"}, strings.Fields(tt.args)...)...); r.code != tt.code || r.errs == "" {
			t.Errorf("keys %s: %+v, want %d", tt.args, r, tt.code)
		}
	}
}

// Several gateways: the new key is made known everywhere before it signs.
func TestKeysPrepare(t *testing.T) {
	folder, _ := keyScene(t)
	if r := postern(t, "", "keys", "rotate", "--prepare"); r.code != exitOK || !strings.Contains(r.out, "key 2 made\nkey 1 signs") {
		t.Errorf("prepare: %+v", r)
	}
	if r := postern(t, "", "keys", "rotate", "--to", "2"); r.code != exitOK || officeSigner(t, folder).Keys.Current != 2 {
		t.Errorf("to: %+v", r)
	}
	r := postern(t, "", "--json", "keys", "list")
	var views []keyView
	if err := json.Unmarshal([]byte(r.out), &views); err != nil || len(views) != 2 || views[0].Signs || !views[1].Signs || views[1].Made == nil || views[0].Fingerprint == views[1].Fingerprint {
		t.Errorf("%v: %s", err, r.out)
	}
	src, _ := os.ReadFile(filepath.Join(folder, keyFile))
	var file keyring
	if err := json.Unmarshal(src, &file); err != nil {
		t.Fatal(err)
	}
	for _, key := range file.Keys {
		if strings.Contains(r.out, key[:16]) || strings.Contains(postern(t, "", "keys", "list").out, key[:16]) {
			t.Error("a key is told")
		}
	}
}

// Those who change keys at once lose none, and a reader never sees half a file.
func TestKeysAtOnce(t *testing.T) {
	folder := t.TempDir()
	if _, err := loadKeys(folder); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var reader, writers sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if _, err := readKeys(folder); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 8 {
		writers.Go(func() {
			err := changeKeys(folder, func(r *keyring) error {
				id, err := r.fresh(time.Now())
				r.Current = id
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	close(done)
	reader.Wait()
	ring, err := readKeys(folder)
	if err != nil || len(ring.Keys) != 9 {
		t.Errorf("%d keys (%v)", len(ring.Keys), err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The numbers of keys come round, and when all are taken nothing is overwritten.
func TestKeysNumbers(t *testing.T) {
	r := keyring{Current: 255, Keys: map[string]string{"255": "x", "0": "x"}}
	if id, err := r.fresh(time.Now()); id != 1 || err != nil {
		t.Errorf("key %d (%v)", id, err)
	}
	for i := range 256 {
		r.Keys[fmt.Sprint(i)] = "x"
	}
	if _, err := r.fresh(time.Now()); err == nil {
		t.Error("a 257th key")
	}
}

// A file that a change would spoil stays as it is, and one that is gone is not made anew.
func TestKeysSpoiled(t *testing.T) {
	folder := t.TempDir()
	if err := changeKeys(folder, func(*keyring) error { return nil }); !isMissing(err) {
		t.Errorf("without a file: %v", err)
	}
	if _, err := loadKeys(folder); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(folder, keyFile))
	if err := changeKeys(folder, func(r *keyring) error { r.Current = 9; return nil }); err == nil {
		t.Error("the current key is not in the file, and that was written")
	}
	if after, _ := os.ReadFile(filepath.Join(folder, keyFile)); string(after) != string(before) {
		t.Errorf("%s became %s", before, after)
	}
}

// keys revoke --ticket is an event of the ticket, in the admin's name.
func TestKeysRevokeTicket(t *testing.T) {
	keyScene(t)
	if r := postern(t, "", "keys", "revoke", "--ticket", "1"); r.code != exitOK || !strings.Contains(r.out, "ticket 1") {
		t.Fatalf("%+v", r)
	}
	if r := postern(t, "", "--json", "keys", "revoke", "--ticket", "1"); !strings.Contains(r.out, `"generation": 2`) {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "ticket", "show", "1"); !strings.Contains(r.out, "revoked") {
		t.Errorf("%+v", r)
	}
	if r := postern(t, "", "verify"); r.code != exitOK {
		t.Errorf("%+v", r)
	}
}
