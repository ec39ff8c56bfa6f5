package maillab

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// The room is the one directory of this process; every instance has a folder in
// it. A waiting shell, the janitor, holds the reading end of a pipe of ours: when
// this process ends, however it ends, the janitor sees the end of file, stops what
// still runs and removes the room. (The kernel's parent-death signal does not reach
// Postfix's master: it is forgotten when a process changes its user for a moment.)
type room struct {
	dir     string
	lifted  io.Closer // closing it sends the janitor to work
	janitor *process
}

var (
	theRoom   = sync.OnceValues(openRoom)
	roomTaken bool // written once by openRoom, read by Main after the tests
)

// maxRoomPath keeps the paths of sockets in the room below the 107 bytes of a
// socket address.
const maxRoomPath = 40

const janitorScript = `trap '' INT TERM HUP
cat >/dev/null
for file in "$1"/mta-*/queue/pid/master.pid; do
	[ -r "$file" ] && read -r pid <"$file" || continue
	grep -q -F -- "$1" "/proc/$pid/cmdline" && kill "$pid"
done
n=0
while [ -e "$1" ] && [ $n -lt 100 ]; do
	rm -rf -- "$1" 2>/dev/null
	n=$((n + 1))
	[ ! -e "$1" ] || sleep 0.1
done`

func openRoom() (*room, error) {
	parent := os.TempDir()
	if len(parent) > maxRoomPath {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "maillab-")
	if err != nil {
		return nil, fmt.Errorf("making the room: %w", err)
	}
	// The servers run as other users: they may pass, not look around.
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, fmt.Errorf("opening the room: %w", err)
	}
	in, lifted, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("calling the janitor: %w", err)
	}
	defer in.Close()
	cmd := exec.Command("/bin/sh", "-c", janitorScript, "janitor", dir)
	cmd.Stdin, cmd.Dir, cmd.SysProcAttr = in, "/", ownSession()
	p, err := launch("janitor", cmd)
	if err != nil {
		return nil, err
	}
	roomTaken = true
	return &room{dir: dir, lifted: lifted, janitor: p}, nil
}

// newDir makes a folder for one instance. It belongs to who (nil: the caller).
func newDir(name string, who *account) (string, error) {
	r, err := theRoom()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(r.dir, name+"-")
	if err != nil {
		return "", fmt.Errorf("making a directory: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", fmt.Errorf("opening a directory: %w", err)
	}
	return dir, who.own(dir)
}

// Main runs the tests of a package and does not return before the shared servers
// are stopped and the room is gone:
//
//	func TestMain(m *testing.M) { os.Exit(maillab.Main(m)) }
//
// A package without it is cleaned up too, a moment after its process has ended.
func Main(m *testing.M) int {
	code := m.Run()
	stopShared()
	if !roomTaken {
		return code
	}
	if r, err := theRoom(); err == nil {
		r.lifted.Close()
		<-r.janitor.done
	}
	return code
}

// Room is the directory all instances of this process live in; it is gone when
// the process is.
func Room(t testing.TB) string {
	t.Helper()
	r, err := theRoom()
	if err != nil {
		t.Fatal(err)
	}
	return r.dir
}

var handedOut sync.Map // port → true

// FreePort finds a TCP port on 127.0.0.1 that nobody listens on and that this
// process has not handed out before. It lies below the range the kernel takes
// client ports from, so that it stays free until it is used and a server can
// be started there again.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func freePort() (int, error) {
	for range 200 {
		port := 10000 + rand.IntN(22000)
		if _, taken := handedOut.LoadOrStore(port, true); taken {
			continue
		}
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			continue
		}
		l.Close()
		return port, nil
	}
	return 0, fmt.Errorf("no free port on 127.0.0.1")
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// tail returns the end of a log file, for error messages.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	return strings.TrimSpace(string(b))
}
