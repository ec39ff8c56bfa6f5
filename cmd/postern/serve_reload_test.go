package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/cmd/maillab"
)

// reloadable is a helpdesk whose file is written again and again.
type reloadable struct {
	t     *testing.T
	dir   string
	p     *process
	relay *maillab.Relay
	ear   string
}

const reloadQueues = "  - {name: it, addresses: [help@example.org], tag: IT, agents: [bob]}\n"
const reloadAgents = "  - {name: bob, addresses: [bob@example.org]}\n"

func startReloadable(t *testing.T) *reloadable {
	r := &reloadable{t: t, dir: t.TempDir(), relay: maillab.StartRelay(t, maillab.RelayOptions{}), ear: freeAddress(t)}
	r.p = startBinary(t, r.dir, r.file(reloadQueues, reloadAgents, "", ""))
	return r
}

// file is a configuration with a listener that is always there, and more.
func (r *reloadable) file(queues, agents, listeners, more string) string {
	return fmt.Sprintf("instance: reload\ndatabase: sqlite:postern.db\nsecrets: secrets\nrelay: {server: %q, tls: none}\nqueues:\n%sagents:\n%slisteners:\n  - {name: first, role: submission, trusted: [127.0.0.0/8], address: %q}\n%s%s",
		r.relay.Addr, queues, agents, r.ear, listeners, more)
}

// hup writes the file, sends SIGHUP and waits for the words in the log behind that.
func (r *reloadable) hup(config, words string) {
	r.t.Helper()
	write(r.t, filepath.Join(r.dir, "postern.yaml"), config)
	before := strings.Count(r.p.log.String(), words)
	if err := r.p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	r.p.log.waitUntil(r.t, words, func(s string) bool { return strings.Count(s, words) > before })
}

const reloaded, notReloaded = `msg="configuration reloaded"`, `msg="configuration not reloaded; the old one stays in force"`

// rcpt wants an answer for an address in an open dialogue.
func (k *talk) rcpt(address, want string) {
	k.t.Helper()
	k.says("MAIL FROM:<ann@example.net>", "250")
	k.says("RCPT TO:<"+address+">", want)
	k.says("RSET", "250")
}

// SIGHUP puts the whole file in force, and a connection that is open lives through it: a
// queue's new address, a new agent, a new listener, one that goes, a port that changes its name.
func TestReload(t *testing.T) {
	r := startReloadable(t)
	open := dialTalk(t, r.ear)
	open.says("EHLO lab", "250")
	open.rcpt("it@example.org", "550")

	second := freeAddress(t)
	extra := fmt.Sprintf("  - {name: second, role: mta, address: %q}\n", second)
	queues := strings.Replace(reloadQueues, "[help@example.org]", "[help@example.org, it@example.org]", 1)
	queues = strings.Replace(queues, "[bob]", "[bob, eve]", 1)
	agents := reloadAgents + "  - {name: eve, addresses: [eve@example.org]}\n"
	r.hup(r.file(queues, agents, extra, ""), reloaded)
	open.rcpt("it@example.org", "250")
	if err := sendOne(second, e2eAnn, "it@example.org", outageMail("new-listener")); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, m := range r.relay.Wait(t, 3, patience) {
		told[m.To[0]] = true
	}
	if !told["eve@example.org"] || !told[e2eBob] {
		t.Errorf("told were %v", told)
	}

	under := dialTalk(t, second)
	_, rest := under.begins("under-way")
	r.hup(r.file(queues, agents, strings.Replace(extra, "second", "renamed", 1), ""), reloaded)
	under.writes(rest)
	under.says(".", "250")
	under.wants("421 4.3.2")
	renamed := dialTalk(t, second)
	r.hup(r.file(queues, agents, "", ""), reloaded)
	renamed.wants("421 4.3.2")
	r.p.log.waitFor(t, `msg="edge stopped" edge="listener renamed"`)
	if c, err := net.Dial("tcp", second); err == nil {
		c.Close()
		t.Error("the removed listener still listens")
	}
	open.rcpt("it@example.org", "250")
	open.rcpt("nobody@example.org", "550")
}

// What is wrong changes nothing, and the log says where: mistakes in the file, in the
// rules it names, a port that is taken; also when the rest of the file is new and right.
func TestReloadChangesNothing(t *testing.T) {
	r := startReloadable(t)
	open := dialTalk(t, r.ear)
	open.says("EHLO lab", "250")
	write(t, filepath.Join(r.dir, "bad", "a.yaml"), "version: 1\nrules:\n- {name: x, then: {queu: it}}\n")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free := freeAddress(t)
	queues := strings.Replace(reloadQueues, "help@", "new@", 1)
	both := fmt.Sprintf("  - {name: free, role: mta, address: %q}\n  - {name: taken, role: mta, address: %q}\n", free, taken.Addr())
	for _, c := range []struct{ name, file, log string }{
		{"a key nobody knows", r.file(queues, reloadAgents, "", "lisener: x\n"), "postern.yaml:11:1"},
		{"an agent nobody knows", r.file(strings.Replace(queues, "bob", "bop", 1), reloadAgents, "", ""), "postern.yaml:6:"},
		{"broken rules", r.file(queues, reloadAgents, "", "rules: bad\n"), "a.yaml:3:"},
		{"a port that is taken", r.file(queues, reloadAgents, both, ""), "address already in use"},
		{"another database", strings.Replace(r.file(queues, reloadAgents, "", ""), "postern.db", "other.db", 1), "only with a restart"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			r.hup(c.file, notReloaded)
			r.p.log.waitFor(t, c.log)
			open.rcpt("help@example.org", "250")
			open.rcpt("new@example.org", "550")
			if conn, err := net.Dial("tcp", free); err == nil {
				conn.Close()
				t.Error("a listener of the refused file listens")
			}
		})
	}
	r.t = t
	r.hup(r.file(queues, reloadAgents, fmt.Sprintf("  - {name: free, role: mta, address: %q}\n", free), ""), reloaded)
	open.rcpt("new@example.org", "250")
}

// Another rules folder is in force behind SIGHUP, and the old one is watched no more.
func TestReloadRulesFolder(t *testing.T) {
	r := startReloadable(t)
	two := reloadQueues + "  - {name: hr, addresses: [hr@example.org], tag: HR, agents: [bob]}\n"
	write(t, filepath.Join(r.dir, "rules", "a.yaml"), rulesTo("hr"))
	r.hup(r.file(two, reloadAgents, "", "rules: rules\n"), reloaded)
	if err := sendOne(r.ear, e2eAnn, "help@example.org", outageMail("folder")); err != nil {
		t.Fatal(err)
	}
	if got := parsedTo(t, r.relay, e2eBob, 2); !strings.Contains(got.Subject, "[HR #1]") {
		t.Errorf("subject %q", got.Subject)
	}
	r.hup(r.file(two, reloadAgents, "", ""), reloaded)
	if err := sendOne(r.ear, e2eAnn, "help@example.org", outageMail("builtin")); err != nil {
		t.Fatal(err)
	}
	for _, m := range r.relay.Wait(t, 4, patience)[2:] {
		if !strings.Contains(string(m.Raw), "[IT #2]") {
			t.Errorf("by the built-in rules: %s", m.Raw)
		}
	}
}

// rulesTo are rules that put everything into one queue, the built-in ones besides.
func rulesTo(queue string) string {
	return "version: 1\ninclude: default\nrules:\n  - name: all of it\n    when: \"true\"\n    then: {queue: " + queue + "}\n"
}
