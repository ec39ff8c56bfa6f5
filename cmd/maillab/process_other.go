//go:build !linux && unix

package maillab

import "syscall"

// asServer: without a parent-death signal a killed test leaves its servers.
func asServer(who *account, _ syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if who != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(who.uid), Gid: uint32(who.gid)}
	}
	return attr
}

func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func parentOf(int) int { return 0 }
