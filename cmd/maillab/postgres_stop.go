package maillab

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Stop shuts the server down cleanly ("fast": open transactions are rolled
// back). The data stay; Start goes on with them.
func (p *PostgresServer) Stop() error { return p.end(syscall.SIGINT) }

// StopImmediate is pg_ctl stop -m immediate: every process quits at once without
// a checkpoint, and the next Start recovers from the log.
func (p *PostgresServer) StopImmediate() error { return p.end(syscall.SIGQUIT) }

func (p *PostgresServer) end(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil {
		return nil
	}
	return p.proc.stop(sig, 10*time.Second)
}

// Kill kills every process of the server with SIGKILL at one blow.
func (p *PostgresServer) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil || p.proc.ended() {
		return nil
	}
	pid := p.proc.cmd.Process.Pid
	family := append(children(pid), pid)
	killAll(family)
	<-p.proc.done
	// A new server is refused while the old shared memory has a user.
	return p.proc.buried(family)
}

// Freeze stops the server with SIGSTOP, so that connections hang unanswered, and
// Thaw lets it go on.
func (p *PostgresServer) Freeze() error { return p.signalAll(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (p *PostgresServer) Thaw() error { return p.signalAll(syscall.SIGCONT) }

func (p *PostgresServer) signalAll(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil || p.proc.ended() {
		return nil
	}
	pid := p.proc.cmd.Process.Pid
	err := syscall.Kill(pid, sig)
	for _, c := range children(pid) {
		_ = syscall.Kill(c, sig)
	}
	return err
}

// remove stops the server and deletes its directories.
func (p *PostgresServer) remove() error {
	if p.admin != nil {
		p.admin.Close()
	}
	_ = p.signalAll(syscall.SIGCONT) // a frozen server cannot quit
	return errors.Join(p.StopImmediate(), os.RemoveAll(p.data), os.RemoveAll(p.dir))
}
