package maillab

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// postfixDaemons is where Debian keeps the programs of Postfix.
const postfixDaemons = "/usr/lib/postfix/sbin"

// PostfixOptions say where mail goes and who may submit it.
type PostfixOptions struct {
	// Hostname is the server's name and its authserv-id; empty: mx.example.org.
	Hostname string
	// Domains are delivered to Dovecot by LMTP, whatever the local part.
	Domains []string
	// Dovecot holds the mailboxes and checks logins; nil: no mailboxes, no AUTH.
	Dovecot *DovecotServer
	// Handover hands matching recipients to another server; the first match wins
	// and goes before Domains.
	Handover []Handover
	// Stamps maps a login to the header Postfix puts on top of what it submits;
	// a login without an entry gets Stamp(Hostname, login). An empty text: none.
	Stamps map[string]string
	// Extra lines of main.cf, put last.
	Extra string
}

// A Handover hands the mail of some addresses to a server.
type Handover struct {
	// Pattern is an address in which * stands for any characters, such as
	// "help@example.org", "help+*@example.org", "*@reply.example.org".
	Pattern string
	// Next is the server: LMTPTo or SMTPTo its address.
	Next string
}

// LMTPTo names an LMTP server at host:port for a Handover.
func LMTPTo(addr string) string { return "lmtp:inet:" + addr }

// SMTPTo names an SMTP server at host:port for a Handover.
func SMTPTo(addr string) string {
	host, port, _ := strings.Cut(addr, ":")
	return "smtp:[" + host + "]:" + port
}

// Stamp is the Authentication-Results field (RFC 8601) of a server that has
// checked the login, with dkim and dmarc passed for the login's domain.
func Stamp(authserv, login string) string {
	_, domain, _ := strings.Cut(login, "@")
	return fmt.Sprintf("Authentication-Results: %s; auth=pass smtp.auth=%s; dkim=pass header.d=%s; dmarc=pass header.from=%s",
		authserv, login, domain, domain)
}

// A PostfixServer is a private Postfix. It takes mail from outside at SMTP and
// from its users at Submission, looks nothing up in the DNS, sends nothing off
// this machine, and tries deferred mail again every second. From outside,
// Authentication-Results fields with its own name are removed.
type PostfixServer struct {
	// SMTP is host:port of the service for strangers: STARTTLS, no AUTH.
	SMTP string
	// Submission is host:port of the service for users: STARTTLS, AUTH PLAIN and
	// LOGIN (also without TLS), every submitted message gets its stamp.
	Submission string

	dir, log string
	proc     *process
}

// StartPostfix starts a Postfix for this test; the end of the test stops and
// removes it with its queue, and shows its log when the test has failed.
func StartPostfix(t testing.TB, o PostfixOptions) *PostfixServer {
	t.Helper()
	Need(t, Postfix)
	if o.Hostname == "" {
		o.Hostname = "mx.example.org"
	}
	p, err := newPostfix(CA(t), o)
	if p != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("the log of Postfix:\n%s", p.Log())
			}
			if err := p.remove(); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newPostfix(ca *Authority, o PostfixOptions) (*PostfixServer, error) {
	dir, err := newDir("mta", nil)
	if err != nil {
		return nil, err
	}
	p := &PostfixServer{dir: dir, log: filepath.Join(dir, "mail.log")}
	for _, addr := range []*string{&p.SMTP, &p.Submission} {
		port, err := freePort()
		if err != nil {
			return p, err
		}
		*addr = loopback(port)
	}
	if err := p.makeQueue(); err != nil {
		return p, err
	}
	if err := p.configure(ca, o); err != nil {
		return p, err
	}
	return p, p.Start()
}

// makeQueue makes the directories that "postfix check" would make, with the
// owners and modes of Postfix's own list.
func (p *PostfixServer) makeQueue() error {
	owner, err := ids("postfix")
	if err != nil {
		return err
	}
	drop, err := user.LookupGroup("postdrop")
	if err != nil {
		return fmt.Errorf("reading group postdrop: %w", err)
	}
	dropID, err := strconv.Atoi(drop.Gid)
	if err != nil {
		return fmt.Errorf("reading group postdrop: %w", err)
	}
	if err := makeDir(filepath.Join(p.dir, "queue"), 0o755, 0, 0); err != nil {
		return err
	}
	for _, name := range strings.Fields("active bounce corrupt defer deferred flush hold incoming private saved trace") {
		if err := makeDir(filepath.Join(p.dir, "queue", name), 0o700, owner, 0); err != nil {
			return err
		}
	}
	special := []struct {
		name          string
		mode          os.FileMode
		owner, groups int
	}{
		{"queue/pid", 0o755, 0, 0},
		{"queue/maildrop", 0o730 | os.ModeSticky, owner, dropID},
		{"queue/public", 0o710 | os.ModeSetgid, owner, dropID},
		{"data", 0o700, owner, 0},
		{"etc", 0o755, 0, 0},
	}
	for _, d := range special {
		if err := makeDir(filepath.Join(p.dir, d.name), d.mode, d.owner, d.groups); err != nil {
			return err
		}
	}
	return nil
}

func ids(name string) (int, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, fmt.Errorf("reading user %s: %w", name, err)
	}
	return strconv.Atoi(u.Uid)
}

func makeDir(path string, mode os.FileMode, uid, gid int) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return fmt.Errorf("making the queue: %w", err)
	}
	if err := os.Chown(path, uid, gid); err != nil {
		return fmt.Errorf("making the queue: %w", err)
	}
	return os.Chmod(path, mode)
}

// Start starts a stopped Postfix again with the same ports and queue.
func (p *PostfixServer) Start() error {
	out, err := os.OpenFile(filepath.Join(p.dir, "master.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening the output of Postfix: %w", err)
	}
	defer out.Close()
	// -d: stay in the foreground, keep the output.
	cmd := exec.Command(postfixDaemons+"/master", "-d", "-c", filepath.Join(p.dir, "etc"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(p.dir, "queue"), out, out
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "TZ=UTC", "MAIL_CONFIG=" + filepath.Join(p.dir, "etc")}
	cmd.SysProcAttr = asServer(nil, syscall.SIGTERM)
	if p.proc, err = launch("Postfix", cmd); err != nil {
		return err
	}
	for _, addr := range []string{p.SMTP, p.Submission} {
		if err := ready(p.proc, "Postfix", func() error { return greeting(addr) }); err != nil {
			return fmt.Errorf("%w\n%s\n%s", err, tail(filepath.Join(p.dir, "master.out")), p.Log())
		}
	}
	return nil
}

// Stop ends the server; what it has accepted stays in its queue.
func (p *PostfixServer) Stop() error {
	if p.proc == nil {
		return nil
	}
	return p.proc.stop(syscall.SIGTERM, 2*time.Second)
}

func (p *PostfixServer) remove() error {
	if err := p.Stop(); err != nil {
		return err
	}
	return os.RemoveAll(p.dir)
}

// Log is the end of Postfix's mail log.
func (p *PostfixServer) Log() string { return tail(p.log) }
