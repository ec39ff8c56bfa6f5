package maillab_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"postern/cmd/maillab"
)

// A test process that is killed leaves no server and no directory behind.
func TestKilled_process_leaves_nothing(t *testing.T) {
	maillab.Need(t, maillab.PostgreSQL, maillab.Dovecot, maillab.Postfix)
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.v")
	cmd.Env = append(os.Environ(), "MAILLAB_VICTIM=yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	room := ""
	for lines := bufio.NewScanner(out); room == "" && lines.Scan(); {
		_, room, _ = strings.Cut(lines.Text(), "room: ")
	}
	if room == "" {
		t.Fatal("the victim did not start its servers")
	}
	if n := len(naming(t, room)); n < 4 {
		t.Fatalf("the victim has %d processes: the test sees nothing", n)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	wantGone(t, room)
}

// wantGone waits until neither the room nor a process of it exists.
func wantGone(t *testing.T, room string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		left := naming(t, room)
		_, err := os.Stat(room)
		if len(left) == 0 && os.IsNotExist(err) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("20 s after the kill: %s: %v, processes %v", room, err, left)
		}
	}
}

// TestVictim runs only in the process that is to be killed.
func TestVictim(t *testing.T) {
	if os.Getenv("MAILLAB_VICTIM") == "" {
		return
	}
	startMail(t)
	maillab.SharedPostgres(t)
	fmt.Println("room: " + maillab.Room(t))
	select {}
}
