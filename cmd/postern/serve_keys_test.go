package main

import (
	"os"
	"path/filepath"
	"testing"

	"postern/tickets"
)

// A running gateway takes new keys on SIGHUP, refuses addresses of a revoked one at RCPT
// (550 5.1.1), and keeps what it has when the file is gone.
func TestReloadKeys(t *testing.T) {
	r := startReloadable(t)
	config := r.file(reloadQueues, reloadAgents, "", "reply: {domain: reply.example.org}\n")
	r.hup(config, reloaded)
	secrets := filepath.Join(r.dir, "secrets")
	address := func() string {
		ring, err := readKeys(secrets)
		if err != nil {
			t.Fatal(err)
		}
		text, err := tickets.Signer{Instance: "reload", Keys: ring}.Sign(tickets.Token{Purpose: tickets.ForReply, Ticket: 1, Participant: 1})
		if err != nil {
			t.Fatal(err)
		}
		return "r-" + text + "@reply.example.org"
	}
	verb := func(args ...string) {
		t.Helper()
		if got := postern(t, "", append([]string{"--config", filepath.Join(r.dir, "postern.yaml"), "keys"}, args...)...); got.code != exitOK {
			t.Fatalf("keys %v: %+v", args, got)
		}
	}
	open := dialTalk(t, r.ear)
	open.says("EHLO lab", "250")
	first := address()
	open.rcpt(first, "250")
	verb("rotate")
	second := address()
	open.rcpt(second, "550 5.1.1")
	r.hup(config, reloaded)
	open.rcpt(second, "250")
	open.rcpt(first, "250")
	verb("revoke", "1")
	r.hup(config, reloaded)
	open.rcpt(first, "550 5.1.1")
	open.rcpt(second, "250")
	if err := os.Rename(filepath.Join(secrets, keyFile), filepath.Join(r.dir, "moved")); err != nil {
		t.Fatal(err)
	}
	r.hup(config, notReloaded)
	open.rcpt(second, "250")
	if _, err := os.Stat(filepath.Join(secrets, keyFile)); err == nil {
		t.Error("a reload made a first key in the place of one that was moved")
	}
}
