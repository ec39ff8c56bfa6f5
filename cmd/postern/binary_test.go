package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builtIn is the folder of the built binary, removed at the end of the test process.
var builtIn string

// built is the binary as it is released, made once a test process.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "postern-built-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path := filepath.Join(dir, "postern")
	cmd := exec.Command("go", "build", "-trimpath", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// process is the built binary at work.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *lockedBuffer
	once sync.Once
	err  error
}

// startBinary runs the built binary with a configuration until the test ends.
func startBinary(t *testing.T, dir, config string) *process {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "postern.yaml")
	write(t, file, config)
	p := &process{t: t, log: &lockedBuffer{}}
	p.cmd = exec.Command(path, "--config", file, "serve")
	p.cmd.Stderr = p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Log(p.log)
		}
	})
	p.log.waitFor(t, "msg=serving")
	return p
}

// stop asks the process to end, and returns how it ended.
func (p *process) stop() error {
	p.once.Do(func() {
		p.cmd.Process.Signal(syscall.SIGTERM)
		done := make(chan error, 1)
		go func() { done <- p.cmd.Wait() }()
		select {
		case p.err = <-done:
		case <-time.After(stopWithin + 10*time.Second):
			p.cmd.Process.Kill()
			p.err = fmt.Errorf("did not stop within %s: %w", stopWithin, <-done)
		}
	})
	return p.err
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.once.Do(func() {
		p.cmd.Process.Kill()
		p.err = p.cmd.Wait()
	})
}

// memory reads a line of /proc/PID/status in KiB: VmHWM, the greatest resident
// size so far, or VmRSS.
func (p *process) memory(name string) int {
	p.t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				p.t.Fatal(err)
			}
			return n
		}
	}
	p.t.Fatalf("no %s", name)
	return 0
}
