package maillab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A process is a server we started; done is closed when it has ended.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// startThread runs every start on one operating system thread that never ends:
// the kernel sends a child its parent-death signal when the *thread* that made it
// ends, and Go ends threads as it likes.
var startThread = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

// launch starts cmd and watches for its end.
func launch(name string, cmd *exec.Cmd) (*process, error) {
	result := make(chan error)
	startThread() <- func() { result <- cmd.Start() }
	if err := <-result; err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
	}()
	return p, nil
}

// ended tells whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop sends the signal and waits; after the grace it kills the process and
// everything below it.
func (p *process) stop(sig syscall.Signal, grace time.Duration) error {
	if p.ended() {
		return nil
	}
	family := append(children(p.cmd.Process.Pid), p.cmd.Process.Pid)
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	select {
	case <-p.done:
	case <-time.After(grace):
		killAll(family)
		<-p.done
	}
	return p.buried(family)
}

func killAll(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
	}
}

// buried waits until none of the processes runs any more.
func (p *process) buried(pids []int) error {
	return ready(nil, "the end of "+p.name, func() error {
		for _, pid := range pids {
			if parentOf(pid) != 0 {
				return fmt.Errorf("process %d still runs", pid)
			}
		}
		return nil
	})
}

// ready asks check until it says nil. It ends early when p (may be nil) ends.
func ready(p *process, what string, check func() error) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	var ended <-chan struct{}
	if p != nil {
		ended = p.done
	}
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ended:
			return fmt.Errorf("%s ended at once: %v", what, p.cmd.ProcessState)
		case <-deadline:
			return fmt.Errorf("%s is not ready after 30 s: %w", what, err)
		}
	}
}

// children lists the processes below pid, by the parent each one names.
func children(pid int) []int {
	entries, _ := os.ReadDir("/proc")
	var found []int
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err == nil && parentOf(child) == pid {
			found = append(append(found, child), children(child)...)
		}
	}
	return found
}

// An account is the ordinary user a server runs as; nil means the caller.
type account struct {
	name     string
	group    string
	uid, gid int
}

// ordinary picks the first existing of the named users when we are root.
func ordinary(names ...string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		g, err3 := user.LookupGroupId(u.Gid)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("reading user %s: %w", name, err)
		}
		return &account{name: name, group: g.Name, uid: uid, gid: gid}, nil
	}
	return nil, fmt.Errorf("none of the users %v exists", names)
}

// own gives path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	if err := os.Chown(path, a.uid, a.gid); err != nil {
		return fmt.Errorf("giving %s to %s: %w", path, a.name, err)
	}
	return nil
}
