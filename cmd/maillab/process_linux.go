package maillab

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// asServer makes a process a group of its own, run by who, that gets sig when
// this process dies.
func asServer(who *account, sig syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig}
	if who != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
	}
	return attr
}

// ownSession takes a process out of the reach of a terminal's signals.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// parentOf reads the parent of a process, 0 when it is gone or only waits to be
// buried (a zombie).
func parentOf(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// pid (name) state ppid: the name may hold blanks and parentheses.
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(f) < 2 || f[0][0] == 'Z' {
		return 0
	}
	parent, _ := strconv.Atoi(string(f[1]))
	return parent
}
