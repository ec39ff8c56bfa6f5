package maillab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// FiltersOptions say whose mail is signed and what the DNS of the filters holds.
type FiltersOptions struct {
	// Hostname is the authserv-id both stamp with; empty: mx.example.org.
	Hostname string
	// Domain is signed when a user submits; Selector and Key (PEM, PKCS #8 or PKCS #1)
	// say with what.
	Domain, Selector string
	Key              []byte
	// TXT are the records the filters see; there is no other DNS for them.
	TXT map[string]string
}

// Filters are a private OpenDKIM and OpenDMARC, as milters of a Postfix: what
// users submit is signed, what comes from outside is verified and stamped with
// Authentication-Results. SPF is not looked at.
type Filters struct {
	// DKIM and DMARC are host:port of the milters.
	DKIM, DMARC string

	dir   string
	procs []*process
}

// NeedFilters is Need for OpenDKIM and OpenDMARC.
func NeedFilters(t testing.TB) {
	t.Helper()
	var err error
	for _, p := range []string{"/usr/sbin/opendkim", "/usr/sbin/opendmarc"} {
		err = errors.Join(err, exists(p))
	}
	if err == nil {
		return
	}
	line := fmt.Sprintf("suite %s could not run: OpenDKIM and OpenDMARC: %v", t.Name(), err)
	if Required() {
		t.Fatal(line)
	}
	announce(line)
	t.Skip(line)
}

// StartFilters starts both for this test; its end stops and removes them, and shows
// what they said when the test has failed.
func StartFilters(t testing.TB, o FiltersOptions) *Filters {
	t.Helper()
	NeedFilters(t)
	if o.Hostname == "" {
		o.Hostname = "mx.example.org"
	}
	f, err := newFilters(o)
	if f != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("what the filters said:\n%s", f.Log())
			}
			if err := f.remove(); err != nil {
				t.Error(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// MainCF are the lines of main.cf that put the filters in the way of all mail,
// for PostfixOptions.Extra. While one is down Postfix answers 451.
func (f *Filters) MainCF() string {
	return fmt.Sprintf("smtpd_milters = inet:%s, inet:%s\nmilter_default_action = tempfail\nmilter_protocol = 6\n", f.DKIM, f.DMARC)
}

// Log is the end of what the filters wrote.
func (f *Filters) Log() string { return tail(filepath.Join(f.dir, "log")) }

func newFilters(o FiltersOptions) (*Filters, error) {
	who, err := ordinary("nobody")
	if err != nil {
		return nil, err
	}
	dir, err := newDir("filters", who)
	if err != nil {
		return nil, err
	}
	f := &Filters{dir: dir}
	var ports [2]int
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return f, err
		}
	}
	f.DKIM, f.DMARC = loopback(ports[0]), loopback(ports[1])
	if err := f.configure(o, who); err != nil {
		return f, err
	}
	for name, addr := range map[string]string{"opendkim": f.DKIM, "opendmarc": f.DMARC} {
		if err := f.start(name, addr, who); err != nil {
			return f, err
		}
	}
	return f, nil
}

// configure writes the files of both. Their lists of hosts to spare hold nobody of
// this machine: every client here comes from 127.0.0.1, strangers too.
func (f *Filters) configure(o FiltersOptions, who *account) error {
	var dns strings.Builder
	for name, text := range o.TXT {
		fmt.Fprintf(&dns, "%s %s\n", name, text)
	}
	in := func(name string) string { return filepath.Join(f.dir, name) }
	files := map[string]string{
		"key":     string(o.Key),
		"dns":     dns.String(),
		"nobody":  "192.0.2.255\n",
		"suffix":  "example\norg\ncom\nnet\nuk\nco.uk\n",
		"log":     "",
		"history": "",
		"opendkim.conf": fmt.Sprintf(`Mode sv
Socket inet:%s@127.0.0.1
Domain %s
Selector %s
KeyFile %s
RequireSafeKeys no
Canonicalization relaxed/relaxed
OversignHeaders From
SignHeaders From,To,Cc,Subject,Date,Message-ID,In-Reply-To,References,MIME-Version,Content-Type,Content-Transfer-Encoding
AuthservID %s
InternalHosts %s
TestDNSData file:%s
Background no
Syslog no
`, port(f.DKIM), o.Domain, o.Selector, in("key"), o.Hostname, in("nobody"), in("dns")),
		"opendmarc.conf": fmt.Sprintf(`Socket inet:%s@127.0.0.1
AuthservID %s
TrustedAuthservIDs %s
IgnoreHosts %s
IgnoreAuthenticatedClients true
RejectFailures false
SPFSelfValidate false
PublicSuffixList %s
TestDNSData %s
Background false
Syslog false
`, port(f.DMARC), o.Hostname, o.Hostname, in("nobody"), in("suffix"), in("dns")),
	}
	for name, text := range files {
		if err := errors.Join(os.WriteFile(in(name), []byte(text), 0o600), who.own(in(name))); err != nil {
			return fmt.Errorf("writing the configuration of the filters: %w", err)
		}
	}
	return nil
}

// start runs one filter until it answers.
func (f *Filters) start(name, addr string, who *account) error {
	log, err := os.OpenFile(filepath.Join(f.dir, "log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer log.Close()
	cmd := exec.Command("/usr/sbin/"+name, "-f", "-c", filepath.Join(f.dir, name+".conf"))
	if name == "opendkim" {
		cmd.Args[2] = "-x"
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, log, log
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + f.dir, "TZ=UTC"}
	cmd.SysProcAttr = asServer(who, syscall.SIGTERM)
	p, err := launch(name, cmd)
	if err != nil {
		return err
	}
	f.procs = append(f.procs, p)
	err = ready(p, name, func() error { // a milter waits for its client to speak
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			err = c.Close()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, f.Log())
	}
	return nil
}

func (f *Filters) remove() error {
	var err error
	for _, p := range f.procs {
		err = errors.Join(err, p.stop(syscall.SIGTERM, 5*time.Second))
	}
	return errors.Join(err, os.RemoveAll(f.dir))
}
