package maillab_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// deps runs .ci/deps with servers declared missing, on a machine whose apt-get
// and user id are scripts. It returns what was said and whether it ended well.
func deps(t *testing.T, missing, uid, apt string, env ...string) (string, bool) {
	t.Helper()
	script, err := os.ReadFile("../../.ci/deps")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"postgres", "dovecot", "postfix", "filters"} {
		verdict := "true"
		if strings.Contains(missing, s) {
			verdict = "false"
		}
		line := regexp.MustCompile(`(?m)^have_` + s + `\(\).*$`)
		if !line.Match(script) {
			t.Fatalf("deps has no have_%s", s)
		}
		script = line.ReplaceAll(script, []byte("have_"+s+"() { "+verdict+"; }"))
	}
	// The machine's own policy stays out of it.
	script = regexp.MustCompile(`(?m)^policy=.*$`).ReplaceAll(script, []byte("policy="+filepath.Join(t.TempDir(), "policy")))
	bin := t.TempDir()
	tools := map[string]string{"apt-get": apt, "id": "echo " + uid, "systemctl": "true", "debconf-set-selections": "true"}
	for name, body := range tools {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/bin/sh", "-c", string(script))
	cmd.Env = append([]string{"PATH=" + bin + ":/usr/bin:/bin", "BIN=" + bin}, env...)
	out, err := cmd.CombinedOutput()
	log, _ := os.ReadFile(filepath.Join(bin, "log"))
	return string(out) + string(log), err == nil
}

// exim is an apt-get that would remove Exim for Postfix and logs what it installs.
const exim = `case "$*" in
*-s*postfix*) echo 'Remv exim4-daemon-light [4.96]' ; echo 'Inst postfix' ;;
*-s*) ;;
*install*) echo "INSTALLED $*" >>"$BIN/log" ;;
esac`

func TestDeps_replaces_no_mail_server(t *testing.T) {
	for _, c := range []struct {
		env  []string
		well bool
	}{{nil, true}, {[]string{"CI=true"}, false}, {[]string{"POSTERN_REQUIRE_SERVERS=1"}, false}} {
		said, well := deps(t, "dovecot postfix", "0", exim, c.env...)
		if well != c.well {
			t.Errorf("%v: ended well: %v", c.env, well)
		}
		if !strings.Contains(said, "postfix may not be installed: it would remove exim4-daemon-light") {
			t.Errorf("%v: no reason:\n%s", c.env, said)
		}
		_, installed, _ := strings.Cut(said, "INSTALLED")
		if strings.Contains(installed, "postfix") || !strings.Contains(installed, "dovecot-imapd") {
			t.Errorf("%v: installed %q", c.env, installed)
		}
	}
}

func TestDeps_tells_others_than_root_what_to_do(t *testing.T) {
	said, well := deps(t, "dovecot", "1000", "echo touched >>$BIN/log")
	if !well || !strings.Contains(said, "dovecot-core dovecot-imapd dovecot-lmtpd") || strings.Contains(said, "touched") {
		t.Errorf("ended well: %v, said:\n%s", well, said)
	}
	if _, well := deps(t, "dovecot", "1000", "true", "CI=true"); well {
		t.Error("in CI a missing server is no failure")
	}
}

func TestDeps_does_nothing_when_all_is_there(t *testing.T) {
	if said, well := deps(t, "", "0", "echo touched >>$BIN/log"); !well || said != "" {
		t.Errorf("ended well: %v, said:\n%s", well, said)
	}
}
