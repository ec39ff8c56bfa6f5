package maillab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// DovecotOptions say who has a mailbox.
type DovecotOptions struct {
	// Users maps a login, which is also the mail address, to its password.
	Users map[string]string
	// Extra lines of dovecot.conf, put last.
	Extra string
}

// A DovecotServer is a private Dovecot: IMAP with IDLE, MOVE, UIDPLUS and
// SPECIAL-USE, mail delivered by LMTP, logins checked for Postfix. One Maildir for
// each user; ann+tag@… is delivered to ann@….
type DovecotServer struct {
	// IMAP (plain, STARTTLS offered), IMAPS and LMTP are host:port.
	IMAP, IMAPS, LMTP string
	// AuthSocket is the Unix socket Postfix asks about a login.
	AuthSocket string
	// Users as in the options.
	Users map[string]string

	dir, conf, log string
	proc           *process
}

// StartDovecot starts a Dovecot for this test; the end of the test stops and
// removes it, and shows its log when the test has failed.
func StartDovecot(t testing.TB, o DovecotOptions) *DovecotServer {
	t.Helper()
	Need(t, Dovecot)
	d, err := newDovecot(CA(t), o)
	if d != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("the log of Dovecot:\n%s", d.Log())
			}
			if err := errors.Join(d.Stop(), os.RemoveAll(d.dir)); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newDovecot(ca *Authority, o DovecotOptions) (*DovecotServer, error) {
	// Not a system user of Dovecot's own: those are below first_valid_uid.
	who, err := ordinary("nobody")
	if err != nil {
		return nil, err
	}
	dir, err := newDir("imap", who)
	if err != nil {
		return nil, err
	}
	d := &DovecotServer{dir: dir, conf: filepath.Join(dir, "dovecot.conf"), log: filepath.Join(dir, "log"),
		Users: o.Users, AuthSocket: filepath.Join(dir, "auth")}
	if err := d.configure(ca, who, o.Extra); err != nil {
		return d, err
	}
	return d, d.start(who)
}

func (d *DovecotServer) configure(ca *Authority, who *account, extra string) error {
	var ports [3]int
	for i := range ports {
		var err error
		if ports[i], err = freePort(); err != nil {
			return err
		}
	}
	d.IMAP, d.IMAPS, d.LMTP = loopback(ports[0]), loopback(ports[1]), loopback(ports[2])
	uid, gid, name, group := callerIDs(who)
	var b strings.Builder
	err := dovecotConf.Execute(&b, map[string]any{
		"Dir": d.dir, "CA": ca, "IMAP": ports[0], "IMAPS": ports[1], "LMTP": ports[2],
		"UID": uid, "GID": gid, "User": name, "Group": group, "Extra": extra,
	})
	if err != nil {
		return fmt.Errorf("writing dovecot.conf: %w", err)
	}
	users := ""
	for u, password := range d.Users {
		users += fmt.Sprintf("%s:{PLAIN}%s::::::\n", u, password)
	}
	for path, text := range map[string]string{d.conf: b.String(), filepath.Join(d.dir, "users"): users, d.log: ""} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing the configuration of Dovecot: %w", err)
		}
		if err := who.own(path); err != nil {
			return err
		}
	}
	return nil
}

func (d *DovecotServer) start(who *account) error {
	bin, err := program("dovecot", "/usr/sbin/dovecot")
	if err != nil {
		return err
	}
	log, err := os.OpenFile(d.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("opening the log of Dovecot: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(bin, "-F", "-c", d.conf)
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.dir, log, log
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + d.dir, "TZ=UTC"}
	cmd.SysProcAttr = asServer(who, syscall.SIGTERM)
	if d.proc, err = launch("Dovecot", cmd); err != nil {
		return err
	}
	for _, addr := range []string{d.IMAP, d.LMTP} {
		if err := ready(d.proc, "Dovecot", func() error { return greeting(addr) }); err != nil {
			return fmt.Errorf("%w\n%s", err, tail(d.log))
		}
	}
	return nil
}

// Start starts a stopped server again on the same ports with the same mailboxes.
func (d *DovecotServer) Start() error {
	who, err := ordinary("nobody")
	if err != nil {
		return err
	}
	return d.start(who)
}

// Stop ends the server and all its sessions; the mailboxes stay until the end of
// the test.
func (d *DovecotServer) Stop() error {
	if d.proc == nil {
		return nil
	}
	// Its sessions would wait five seconds for its statistics process.
	return d.proc.stop(syscall.SIGTERM, 100*time.Millisecond)
}

// Log is the end of the server's log.
func (d *DovecotServer) Log() string { return tail(d.log) }

// Maildir is the directory of a user's INBOX.
func (d *DovecotServer) Maildir(user string) string { return filepath.Join(d.dir, "mail", user) }

var dovecotConf = template.Must(template.New("dovecot.conf").Parse(`
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
instance_name = maillab
protocols = imap lmtp
listen = 127.0.0.1
log_path = {{.Dir}}/log
# No process is root, so none changes its user and none is chrooted.
default_internal_user = {{.User}}
default_internal_group = {{.Group}}
default_login_user = {{.User}}
first_valid_uid = {{.UID}}
first_valid_gid = {{.GID}}
mail_uid = {{.UID}}
mail_gid = {{.GID}}
mail_location = maildir:{{.Dir}}/mail/%u
mail_home = {{.Dir}}/home/%u
mail_fsync = never
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
auth_failure_delay = 0
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
lda_mailbox_autocreate = yes
ssl = yes
ssl_cert = <{{.CA.CertFile}}
ssl_key = <{{.CA.KeyFile}}
ssl_dh =
mail_max_userip_connections = 100
passdb {
  driver = passwd-file
  args = username_format=%Lu {{.Dir}}/users
}
userdb {
  driver = passwd-file
  args = username_format=%Lu {{.Dir}}/users
  default_fields = uid={{.UID}} gid={{.GID}}
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \Sent
    auto = create
  }
  mailbox Archive {
    special_use = \Archive
  }
}
service anvil {
  chroot =
  # A failed login is not followed by a pause.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  process_min_avail = 1
  inet_listener imap {
    port = {{.IMAP}}
  }
  inet_listener imaps {
    port = {{.IMAPS}}
    ssl = yes
  }
}
service lmtp {
  process_min_avail = 1
  inet_listener lmtp {
    address = 127.0.0.1
    port = {{.LMTP}}
  }
}
service auth {
  unix_listener {{.Dir}}/auth {
    mode = 0666
  }
}
{{.Extra}}
`))
