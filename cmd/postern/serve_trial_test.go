package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/mailin"
	"postern/tickets"
)

// Without any file the binary serves: a mail by SMTP becomes a ticket, the
// acknowledgement lies in its sender's Maildir, and the agent answers by the same port.
func TestTrial(t *testing.T) {
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	await(t, "port 2525, which is not ours alone", func() bool {
		l, err := net.Listen("tcp", "127.0.0.1:2525")
		if err == nil {
			l.Close()
		}
		return err == nil
	})
	dir := t.TempDir()
	p := &process{t: t, log: &lockedBuffer{}, cmd: exec.Command(path, "serve")}
	p.cmd.Dir, p.cmd.Stderr = dir, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop() })
	p.log.waitFor(t, "msg=serving")
	for _, words := range []string{"There is no postern.yaml here", "help@localhost", "127.0.0.1:2525", "agent@localhost", "postern-data/outgoing"} {
		if !strings.Contains(p.log.String(), words) {
			t.Errorf("the banner does not say %q:\n%s", words, p.log)
		}
	}
	const trial, ann = "127.0.0.1:2525", "ann@customer.example"
	send := func(from, to string, more, text string) {
		t.Helper()
		raw := "From: " + from + "\nTo: " + to + "\n" + more + "\nDate: " + time.Now().Format(time.RFC1123Z) + "\n\n" + text + "\n"
		if err := sendOne(trial, from, to, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	send(ann, "help@localhost", "Subject: Printer on fire\nMessage-ID: <1@trial>", "It burns.")
	ack := inMaildir(t, dir, ann, "[Help #1]")
	if !ack.Automatic || ack.InReplyTo[0] != "1@trial" {
		t.Errorf("acknowledgement: %+v", ack)
	}
	notice := inMaildir(t, dir, "agent@localhost", "It burns")
	send("agent@localhost", notice.ReplyTo[0].Addr, "Subject: Re: "+notice.Subject+"\nMessage-ID: <2@trial>\nIn-Reply-To: <"+notice.MessageID+">", "Use the stairs.")
	if reply := inMaildir(t, dir, ann, "Use the stairs"); reply.Automatic || reply.From[0].Addr != "help@localhost" {
		t.Errorf("reply: %+v", reply)
	}
	if err := p.stop(); err != nil {
		t.Errorf("exit: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, dataFolder))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s: %v %v", dataFolder, info.Mode(), err)
	}
}

// inMaildir waits for a mail with some words in a person's Maildir.
func inMaildir(t *testing.T, dir, who, words string) (found tickets.Message) {
	t.Helper()
	await(t, who+" gets "+words, func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, dataFolder, "outgoing", who, "new", "*"))
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			m := mailin.Parse(t.Context(), bytes.NewReader(raw), mailin.Envelope{})
			if strings.Contains(m.Subject+"\n"+m.Text, words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}
