package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"postern/tickets"
)

// A guest does what README.md says, in the order of the page. Each section has a folder
// of its own, and what it started ends with it.
type guest struct {
	t       *testing.T
	source  string // the source of postern
	program string // the folder that holds the program
	room    string // the folder of this section
	serving *exec.Cmd
	log     *lockedBuffer
}

// readmeCommands are the commands of README.md and how each is run here. One that is not
// in this table fails the test: whoever writes it also says how to run it.
var readmeCommands = map[string]func(*guest, string){
	"go run ./cmd/postern demo":        (*guest).demoStays,
	"go run ./cmd/postern demo --exit": func(g *guest, c string) { g.says(g.shell(g.source, c), "Every step happened") },
	"make test":                        (*guest).makeTest,
	"go test -count=1 ./...":           (*guest).goTest,
	"make fuzz FUZZTIME=2m":            (*guest).makeFuzz,
	"go install ./cmd/postern":         (*guest).install,

	"postern serve": (*guest).serve,
	`printf 'From: ann@localhost\nTo: help@localhost\nSubject: Printer\n\nIt smells of smoke.\n' > request.eml`:            (*guest).inRoom,
	"curl -sS --crlf --mail-from ann@localhost --mail-rcpt help@localhost --upload-file request.eml smtp://127.0.0.1:2525": (*guest).curl,
	"postern ticket list": func(g *guest, c string) { g.says(g.shell(g.room, c), "ann@localhost", "Printer") },
	"postern explain 1":   func(g *guest, c string) { g.says(g.shell(g.room, c), "which ticket?", "acknowledge a new ticket") },
	`printf 'From: agent@localhost\nTo: help@localhost\nSubject: Re: [Help #1] Printer\n\n#take\n#priority high\n\nPlease unplug it.\n' > answer.eml`: (*guest).inRoom,
	"curl -sS --crlf --mail-from agent@localhost --mail-rcpt help@localhost --upload-file answer.eml smtp://127.0.0.1:2525":                           (*guest).curl,
	"postern ticket show 1":                         func(g *guest, c string) { g.says(g.shell(g.room, c), "Priority:     high", "Assignee:     agent") },
	"cat postern-data/outgoing/ann@localhost/new/*": (*guest).outgoing,
	"postern verify":                                func(g *guest, c string) { g.says(g.shell(g.room, c), "ok   1 ticket adds up") },

	"postern help config > postern.yaml":                         func(g *guest, c string) { g.shell(g.room, c); g.same("postern.yaml", exampleConfig) },
	"install -d -m 700 secrets":                                  (*guest).inRoom,
	"(umask 077; echo 'password of the mailbox' > secrets/imap)": (*guest).inRoom,
	"(umask 077; echo 'password of the relay' > secrets/relay)":  (*guest).inRoom,
	"postern check": (*guest).check,
}

var fenced = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$|^## ([^\n]+)$")

// Everything that README.md tells a reader to type works, and its examples are right.
func TestReadmeCommands(t *testing.T) {
	src, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t: t, source: source, program: filepath.Dir(program), room: t.TempDir()}
	t.Cleanup(g.leave)
	done := map[string]bool{}
	for _, b := range fenced.FindAllStringSubmatch(string(src), -1) {
		if b[3] != "" {
			g.leave()
			g.room = t.TempDir()
			continue
		}
		g.block(b[1], b[2], done)
	}
	for c := range readmeCommands {
		if !done[c] {
			t.Errorf("README.md no longer says %q", c)
		}
	}
	if first := fenced.FindStringSubmatch(string(src)); first[2] != "go run ./cmd/postern demo\nmake test\n" {
		t.Errorf("README.md does not open with the two commands but with %q", first[2])
	}
}

// block does what a block of the page says.
func (g *guest) block(kind, text string, done map[string]bool) {
	g.t.Helper()
	switch kind {
	case "sh":
		for c := range strings.Lines(text) {
			c = strings.TrimSpace(c)
			run, known := readmeCommands[c]
			if !known {
				g.t.Fatalf("README.md says %q; say in readmeCommands how to run it", c)
			}
			g.t.Log("$ " + c)
			run(g, c)
			done[c] = true
		}
	case "yaml":
		g.configure(text)
	case "text":
		if b, err := tickets.ParseBlock(text); err != nil || len(b.Commands) == 0 || b.Text == "" {
			g.t.Errorf("an agent's mail: %+v, %v", b, err)
		}
	default:
		g.t.Errorf("README.md has a block of kind %q", kind)
	}
}

// leave ends what the section started, as Ctrl-C would.
func (g *guest) leave() {
	if g.serving == nil {
		return
	}
	p := g.serving
	g.serving = nil
	p.Process.Signal(syscall.SIGINT)
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			g.t.Errorf("%v ended with %v\n%s", p.Args, err, g.log)
		}
	case <-time.After(stopWithin + 10*time.Second):
		p.Process.Kill()
		g.t.Errorf("%v did not end: %v\n%s", p.Args, <-ended, g.log)
	}
}

// shell runs a command that ends by itself, and well.
func (g *guest) shell(dir, command string, env ...string) string {
	g.t.Helper()
	out, err := g.try(dir, command, env...)
	if err != nil {
		g.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

func (g *guest) try(dir, command string, env ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", command)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PATH="+g.program+":"+os.Getenv("PATH")), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (g *guest) inRoom(command string) { g.t.Helper(); g.shell(g.room, command) }

func (g *guest) says(out string, words ...string) {
	g.t.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			g.t.Errorf("no %q in\n%s", w, out)
		}
	}
}

func (g *guest) same(file, want string) {
	g.t.Helper()
	if got, err := os.ReadFile(filepath.Join(g.room, file)); err != nil || string(got) != want {
		g.t.Errorf("%s: %v, %d octets, want %d", file, err, len(got), len(want))
	}
}

// start runs the program until the section ends, and waits for some words.
func (g *guest) start(words string, args ...string) {
	g.t.Helper()
	g.leave()
	g.log = &lockedBuffer{}
	g.serving = exec.Command(filepath.Join(g.program, "postern"), args...)
	g.serving.Dir, g.serving.Stdout, g.serving.Stderr = g.room, g.log, g.log
	g.serving.Env = append(os.Environ(), "TMPDIR="+g.room)
	g.serving.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := g.serving.Start(); err != nil {
		g.serving = nil
		g.t.Fatal(err)
	}
	g.log.waitFor(g.t, words)
}

// demoStays: the demo tells its story, says how to connect, and ends when told to.
func (g *guest) demoStays(string) {
	g.start("Stop with Ctrl-C", "demo")
	g.says(g.log.String(), "IMAP   127.0.0.1:", "SMTP   127.0.0.1:", "password for all of them")
	g.leave()
	if left, err := os.ReadDir(g.room); err != nil || len(left) > 0 {
		g.t.Errorf("the demo leaves %v behind, %v", left, err)
	}
}

// makeTest: what runs us cannot run here; what it would do is looked at.
func (g *guest) makeTest(string) {
	g.says(g.shell(g.source, "make -n test"), ".ci/deps", "go test -count=1", " ./...")
	ci, err := os.ReadFile(filepath.Join(g.source, ".ci", "run"))
	if err != nil || !slices.Contains(strings.Split(string(ci), "\n"), "make test") {
		g.t.Errorf(".ci/run does not run make test: %v", err)
	}
}

// makeFuzz: half an hour of fuzzing is no test's; what it would do is looked at.
func (g *guest) makeFuzz(command string) {
	g.says(g.shell(g.source, strings.Replace(command, "make", "make -n", 1)), ".ci/fuzz 2m")
}

// goTest runs the tests of one package: all of them are running already.
func (g *guest) goTest(command string) {
	g.shell(g.source, "go list -test ./...")
	g.says(g.shell(g.source, strings.Replace(command, "./...", "./tickets", 1)), "ok  \tpostern/tickets")
}

func (g *guest) install(command string) {
	bin := g.t.TempDir()
	g.shell(g.source, command, "GOBIN="+bin)
	g.says(g.shell(bin, "./postern version"), "postern ")
}

// serve runs the helpdesk of the folder; the one for trying out has a fixed port.
func (g *guest) serve(string) {
	g.t.Helper()
	_, err := os.Stat(filepath.Join(g.room, configFile))
	if isMissing(err) {
		g.portFree("127.0.0.1:2525")
	}
	g.start("msg=serving", "serve")
	if isMissing(err) {
		g.says(g.log.String(), builtin().banner())
	}
}

// portFree waits a while for somebody else's trial helpdesk to end.
func (g *guest) portFree(addr string) {
	g.t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for range 600 {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			l.Close()
			return
		}
		<-ticker.C
	}
	g.t.Fatalf("%s is taken: end what listens there", addr)
}

// curl sends a mail; where there is no curl, we do as it would.
func (g *guest) curl(command string) {
	g.t.Helper()
	if _, err := exec.LookPath("curl"); err == nil {
		g.inRoom(command)
		return
	}
	f := strings.Fields(command) // curl -sS --crlf --mail-from F --mail-rcpt R --upload-file N smtp://A
	raw, err := os.ReadFile(filepath.Join(g.room, f[8]))
	if err == nil {
		crlf := strings.ReplaceAll(string(raw), "\n", "\r\n")
		err = smtp.SendMail(strings.TrimPrefix(f[9], "smtp://"), nil, f[4], []string{f[6]}, []byte(crlf))
	}
	if err != nil {
		g.t.Fatalf("%s: %v", command, err)
	}
}

// outgoing waits until the courier has written both mails.
func (g *guest) outgoing(command string) {
	g.t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	var out string
	for range 400 {
		out, _ = g.try(g.room, command)
		if strings.Contains(out, "Please unplug it.") {
			break
		}
		<-ticker.C
	}
	g.says(out, "Auto-Submitted: auto-replied", "Please unplug it.")
	if strings.Contains(out, "#take") {
		g.t.Errorf("a command reached the requester:\n%s", out)
	}
}

// configure writes the page's configuration.
func (g *guest) configure(yaml string) {
	g.t.Helper()
	write(g.t, filepath.Join(g.room, configFile), yaml)
}

// check: what was typed so far is without a mistake as it stands; then the servers and
// passwords are the demo's, and it is right with these.
func (g *guest) check(command string) {
	g.t.Helper()
	g.shell(g.room, "postern check --offline")
	yaml, err := os.ReadFile(filepath.Join(g.room, configFile))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, name := range []string{"imap", "relay"} { // which keeps the modes
		if err := os.WriteFile(filepath.Join(g.room, "secrets", name), []byte(demoPassword+"\n"), 0); err != nil {
			g.t.Fatal(err)
		}
	}
	mail, err := newDemoMail([]string{"help@example.org", "bob@example.org"})
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(mail.close)
	local := strings.NewReplacer("    server: imap.example.org\n", fmt.Sprintf("    server: %s\n    tls: none\n", mail.imapAddr),
		"  server: smtp.example.org\n", fmt.Sprintf("  server: %s\n  tls: none\n", mail.smtpAddr))
	write(g.t, filepath.Join(g.room, configFile), local.Replace(string(yaml)))
	g.says(g.shell(g.room, command), "mailbox help", "relay")
}

// documents are the pages of the project.
func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("%v, %d pages", err, len(pages))
	}
	return append(pages, "../../README.md", "../../rules/manual.md", "../../mailout/templates.md")
}

// Every page that a document points to is there.
func TestDocumentsLinksExist(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, page := range documents(t) {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Error(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s points to %s: %v", page, m[1], err)
			}
		}
	}
}

// Every command that a page names can be given as it stands there.
func TestDocumentsCommandsExist(t *testing.T) {
	found := 0
	for _, page := range documents(t) {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandIn.FindAllString(string(src), -1) {
			args := commandArgs(line)
			found++
			k := kong.Must(&cli{}, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
			_, err := k.Parse(args)
			named := err != nil && strings.HasPrefix(err.Error(), `expected "<`) // a verb is spoken of, without its argument
			if err != nil && !named && args[0] != "VERB" && args[0] != "--help" {
				t.Errorf("%s: %s: %v", page, line, err)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d commands found", found)
	}
}

var decision = regexp.MustCompile(`^20\d\d-\d\d-\d\d \S`)

// Decisions are dated, in their order, and short enough to be read.
func TestDecisionsAreDatedAndShort(t *testing.T) {
	src, err := os.ReadFile("../../docs/decisions.md")
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Split(string(src), "\n## ")[1:]
	last := ""
	for _, d := range list {
		title, body, _ := strings.Cut(d, "\n")
		switch {
		case !decision.MatchString(title):
			t.Errorf("no date: %s", title)
		case title[:10] < last:
			t.Errorf("older than the one above: %s", title)
		case strings.Count(strings.TrimSpace(body), "\n")+1 > 12 || strings.TrimSpace(body) == "":
			t.Errorf("empty, or more than 12 lines: %s", title)
		}
		last = title[:min(10, len(title))]
	}
	if len(list) < 50 {
		t.Errorf("decisions were taken away: %d are left", len(list))
	}
}

// docs/releases.md knows which commands agents have, and which not yet.
func TestReleasesKnowTheCommands(t *testing.T) {
	src, err := os.ReadFile("../../docs/releases.md")
	if err != nil {
		t.Fatal(err)
	}
	can, cannot, ok := strings.Cut(string(src), "### What it cannot do yet")
	has := regexp.MustCompile(`(?s)Commands for agents.\*\* (.*?)\.`).FindStringSubmatch(can)
	lacks := regexp.MustCompile("(?s)`([^`]*)`\\s+are\\s+unknown\\s+words").FindStringSubmatch(cannot)
	if !ok || has == nil || lacks == nil {
		t.Fatal("docs/releases.md has lost its lists of commands")
	}
	word := regexp.MustCompile(`#[a-z-]+`)
	for _, w := range word.FindAllString(has[1], -1) {
		if _, err := tickets.ParseBlock(w); err != nil {
			t.Errorf("docs/releases.md promises %s: %v", w, err)
		}
	}
	for _, w := range word.FindAllString(lacks[1], -1) {
		if _, err := tickets.ParseBlock(w); err == nil {
			t.Errorf("docs/releases.md says that there is no %s yet, but there is", w)
		}
	}
}
