package maillab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"testing"
)

// A Server is one of the real servers a test may need.
type Server string

// The servers maillab can start.
const (
	PostgreSQL Server = "PostgreSQL"
	Dovecot    Server = "Dovecot"
	Postfix    Server = "Postfix"
)

// Need says that the test needs the servers. When one cannot be started here
// the test is skipped with a line that names it and the cure; where servers are
// required (CI=true or POSTERN_REQUIRE_SERVERS=1) the test fails instead.
func Need(t testing.TB, servers ...Server) {
	t.Helper()
	for _, s := range servers {
		err := s.Available()
		if err == nil {
			continue
		}
		line := fmt.Sprintf("suite %s could not run: %v", t.Name(), err)
		if Required() {
			t.Fatal(line)
		}
		switch t.(type) {
		case *testing.T, *testing.B, *testing.F: // not a stand-in
			announce(line)
		}
		t.Skip(line)
	}
}

// announce writes a line where the person who typed go test sees it: go test
// shows nothing of a package that passes, and a suite left out must not be silent.
// The line goes to the error output of our parent, if that is the go command.
func announce(line string) {
	parent := fmt.Sprintf("/proc/%d/", os.Getppid())
	exe, err := os.Readlink(parent + "exe")
	if err != nil || filepath.Base(exe) != "go" || testing.Verbose() {
		return
	}
	out, err := os.OpenFile(parent+"fd/2", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return // nobody listens
	}
	defer out.Close()
	fmt.Fprintln(out, "skipped: "+line)
}

// Required tells whether a missing server is a failure here.
func Required() bool {
	on := func(v string) bool { return v != "" && v != "0" && v != "false" }
	return on(os.Getenv("CI")) || on(os.Getenv("POSTERN_REQUIRE_SERVERS"))
}

// Available tells why the server cannot be started on this machine, or nil.
func (s Server) Available() error {
	var err error
	switch s {
	case PostgreSQL:
		_, err = postgresBin("initdb")
		err = errors.Join(err, named())
	case Dovecot:
		_, err = program("dovecot", "/usr/sbin/dovecot")
		for _, p := range []string{"imap", "lmtp"} {
			err = errors.Join(err, exists("/usr/lib/dovecot/"+p))
		}
		err = errors.Join(err, named())
	case Postfix:
		err = exists(postfixDaemons + "/master")
		if err == nil && os.Geteuid() != 0 {
			err = errors.New("its master process runs as root only")
		}
	default:
		err = errors.New("unknown server")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// named tells whether the caller has a name: PostgreSQL and Dovecot refuse to run
// as a user the system does not know.
func named() error {
	if _, err := user.LookupId(fmt.Sprint(os.Geteuid())); err != nil {
		return fmt.Errorf("the tests run as a user without a name (%d)", os.Geteuid())
	}
	return nil
}

// program finds an executable by its name or at one of the usual places.
func program(name string, places ...string) (string, error) {
	for _, p := range places {
		if exists(p) == nil {
			return p, nil
		}
	}
	p, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed (make deps)", name)
	}
	return p, nil
}

// postgresBin finds a program of the newest PostgreSQL installed.
func postgresBin(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	sort.Slice(found, func(i, j int) bool { // 9.6 < 15: by length, then by text
		return len(found[i]) > len(found[j]) || len(found[i]) == len(found[j]) && found[i] > found[j]
	})
	return program(name, found...)
}

func exists(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("%s is not installed (make deps)", path)
	}
	return nil
}
