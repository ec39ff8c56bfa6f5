package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/tickets"
)

const answer = "From: Ann Smith <ann@example.net>\r\nTo: Help <help@example.org>, it@example.org\r\nCc: bob@example.net\r\n" +
	"Subject: =?utf-8?q?Dr=C3=BCcker?=\r\nMessage-ID: <m1@example.net>\r\nIn-Reply-To: <r1@example.org>\r\nReferences: <r0@example.org> <r1@example.org>\r\n" +
	"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt burns again.\r\n\r\nOn Sunday, Help <help@example.org> wrote:\r\n> Is it out?\r\n" +
	"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"log.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8K\r\n--b--\r\n"

const bounced = "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.net\r\nTo: help@example.org\r\nSubject: Undelivered Mail\r\nMessage-ID: <d1@mx.example.net>\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n" +
	"Final-Recipient: rfc822; ann@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <o1@example.org>\r\nSubject: hi\r\n\r\nhi\r\n--b--\r\n"

// Everything that inspect prints for programs keeps to the published schema, and says
// what the message says.
func TestInspectJSON(t *testing.T) {
	s := inspectSchema(t)
	for name, src := range map[string]string{"answer": answer, "bounce": bounced, "nothing": "", "noise": "\x00\xff\r\n\r\n\r\x00"} {
		for _, flag := range []string{"--json", "--explain"} {
			r := postern(t, src, "inspect", "--json", flag, "-")
			if r.code != exitOK {
				t.Errorf("%s: exit %d, %s", name, r.code, r.errs)
				continue
			}
			v := decode(t, r.out)
			if m := s.mistakes(s, name, v); len(m) > 0 {
				t.Error(strings.Join(m, "\n"))
			}
			if _, has := v.(map[string]any)["explain"]; has != (flag == "--explain") {
				t.Errorf("%s with %s: explain is there: %v", name, flag, has)
			}
		}
	}
	m := decode(t, postern(t, answer, "inspect", "--json", "-").out).(map[string]any)
	for key, want := range map[string]string{
		"message_id": "m1@example.net", "in_reply_to": "[r1@example.org]", "references": "[r0@example.org r1@example.org]",
		"subject": "Drücker", "from": "[map[address:ann@example.net name:Ann Smith]]", "cc": "[map[address:bob@example.net name:]]",
		"date": "2026-11-02T09:00:00Z", "kind": "human", "automatic": "false", "reply_to": "[]", "bounce": "[]",
		"attachments": "[map[content_id: content_type:text/plain filename:log.txt inline:false sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 size:6]]",
	} {
		if got := fmt.Sprint(m[key]); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	b := decode(t, postern(t, bounced, "inspect", "--json", "-").out).(map[string]any)
	if got, want := fmt.Sprint(b["bounce"]), "[map[action:failed diagnostic:"; b["kind"] != "bounce" || !strings.HasPrefix(got, want) || !strings.Contains(got, "original_message_id:o1@example.org") {
		t.Errorf("bounce: %v %v", b["kind"], got)
	}
}

// The page for people names what matters, and nothing of the mail can write on the
// terminal.
func TestInspectPage(t *testing.T) {
	r := postern(t, answer+"", "inspect", "--explain", "-")
	for _, want := range []string{"From:         Ann Smith <ann@example.net>", "Subject:      Drücker", "log.txt", "6 B", "visible reply", "It burns again.", "Reply ended by"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("no %q in\n%s", want, r.out)
		}
	}
	evil := postern(t, "Subject: a\x1b[2Jb\r\nFrom: x@example.net\r\n\r\nc\x1b]0;title\x07 \u202Ed\r\n", "inspect", "-")
	if strings.ContainsAny(evil.out, "\x1b\x07\u202e") {
		t.Errorf("control characters in %q", evil.out)
	}
}

// Without a database only the reference tells whether an out-of-office subject is
// an answer to something.
func TestInspectAutomatic(t *testing.T) {
	for _, c := range []struct {
		m    tickets.Message
		want bool
	}{
		{tickets.Message{}, false},
		{tickets.Message{Automatic: true}, true},
		{tickets.Message{OutOfOffice: true}, false},
		{tickets.Message{OutOfOffice: true, References: []string{"a@b"}}, true},
		{tickets.Message{InReplyTo: []string{"a@b"}}, false},
	} {
		if got := view(c.m, true); got.Automatic != c.want || got.Explain.AutomaticBy == "" && c.m.OutOfOffice && c.want {
			t.Errorf("%+v: automatic %v, why %q", c.m, got.Automatic, got.Explain.AutomaticBy)
		}
	}
}

// A folder and an mbox are read message by message, with a table and a sum.
func TestInspectMany(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "maildir", "new", "1"), answer)
	write(t, filepath.Join(dir, "maildir", "cur", "2:2,S"), bounced)
	unix := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
	write(t, filepath.Join(dir, "all.mbox"), "From ann@example.net Mon Nov  2 10:00:00 2026\n"+unix(answer)+"\nFrom - Mon\n"+unix(bounced)+"\n")
	for _, path := range []string{"maildir", "all.mbox"} {
		r := postern(t, "", "inspect", filepath.Join(dir, path))
		if r.code != exitOK || !strings.HasSuffix(r.out, "2 messages: 1 human, 1 bounce\n") {
			t.Errorf("%s: exit %d\n%s%s", path, r.code, r.out, r.errs)
		}
		lines := strings.Split(strings.TrimSpace(postern(t, "", "inspect", "--json", filepath.Join(dir, path)).out), "\n")
		if len(lines) != 2 {
			t.Fatalf("%s: %d lines", path, len(lines))
		}
		s := inspectSchema(t)
		for _, l := range lines {
			v := decode(t, l).(map[string]any)
			if m := s.mistakes(s, path, v["message"]); len(m) > 0 || v["file"] == "" {
				t.Error(m, v["file"])
			}
		}
	}
}

// A From_ line counts only at the top and behind an empty line, however long the lines are.
func TestMboxMarks(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	src := "From a\nA: b\n\ntext\nFrom here no\n\n" + long + "From \n\nFrom b\nC: d\n\n>From e\n"
	marks := mboxMarks(strings.NewReader(src), int64(len(src)), 0)
	if len(marks) != 2 || src[marks[1].body:marks[1].body+4] != "C: d" || src[marks[1].from:marks[1].body] != "From b\n" {
		t.Errorf("marks %v", marks)
	}
}

// What cannot be opened is told, and the exit code says which trouble it is.
func TestInspectTrouble(t *testing.T) {
	if r := postern(t, "", "inspect", filepath.Join(t.TempDir(), "nothing")); r.code != exitNotFound || !strings.Contains(r.errs, "no such file") {
		t.Errorf("%d %s", r.code, r.errs)
	}
	if r := postern(t, "", "inspect"); r.code != exitUsage {
		t.Errorf("without a file: %d %s", r.code, r.errs)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), answer)
	write(t, filepath.Join(dir, "b"), answer)
	if os.Geteuid() != 0 {
		os.Chmod(filepath.Join(dir, "b"), 0)
		if r := postern(t, "", "inspect", dir); r.code != exitFound || !strings.Contains(r.errs, "1 of 2 files") {
			t.Errorf("%d %s", r.code, r.errs)
		}
	}
}

// The bar appears only on a terminal, after a second, and leaves nothing behind.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	w := &world{errs: &out, now: func() time.Time { return now }, terminal: true}
	p := w.progress("reading", 4)
	p.step()
	if out.Len() > 0 {
		t.Errorf("too early: %q", out.String())
	}
	now = now.Add(2 * time.Second)
	p.step()
	if want := "reading " + strings.Repeat("█", 15) + strings.Repeat("░", 15) + " 2/4 (1/s)"; !strings.Contains(out.String(), want) {
		t.Errorf("%q", out.String())
	}
	p.end()
	if !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Errorf("%q", out.String())
	}
	out.Reset()
	w.terminal = false
	p = w.progress("reading", 0)
	now = now.Add(time.Minute)
	p.step()
	p.end()
	if out.Len() > 0 {
		t.Errorf("no terminal: %q", out.String())
	}
}

// A job of one step says that it is under way once it takes more than a second, and
// its error comes through.
func TestDuring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := &world{errs: &out, terminal: true}
		if err := w.during("waiting", func() error { return nil }); err != nil || out.Len() > 0 {
			t.Errorf("%v %q", err, out.String())
		}
		err := w.during("waiting", func() error { <-time.After(2500 * time.Millisecond); return os.ErrClosed })
		if err != os.ErrClosed || out.String() != "\r\x1b[Kwaiting, 1 s\r\x1b[Kwaiting, 2 s\r\x1b[K" {
			t.Errorf("%v %q", err, out.String())
		}
	})
}
