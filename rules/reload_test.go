package rules

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"postern/rules/strictyaml"
	"postern/tickets"
)

const good = "version: 1\nrules:\n- {name: one, then: {queue: it}}\n"

// folder is a rules folder with a reloader that counts what it tells.
type folder struct {
	*Reloader
	t      *testing.T
	loaded []string
	broken []strictyaml.Problems
	clock  int
}

func newFolder(t *testing.T, text string) *folder {
	f := &folder{t: t}
	f.Reloader = &Reloader{
		Dir: t.TempDir(), Options: func() Options { return Options{} },
		Loaded: func(s *Set) { f.loaded = append(f.loaded, s.Version()) },
		Broken: func(p strictyaml.Problems) { f.broken = append(f.broken, p) },
	}
	if text != "" {
		f.write("10.yaml", text)
	}
	return f
}

// write makes a file whose modification time differs from all before.
func (f *folder) write(name, text string) {
	f.t.Helper()
	path := filepath.Join(f.Dir, name)
	f.clock++
	stamp := time.Unix(1_700_000_000+int64(f.clock), 0)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Chtimes(path, stamp, stamp); err != nil {
		f.t.Fatal(err)
	}
}

// settle looks twice, as two ticks do.
func (f *folder) settle() { f.look(); f.look() }

func TestINV_J1_ReloadStory(t *testing.T) {
	f := newFolder(t, good)
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	first := f.Set()
	f.settle()
	if f.Set() != first || len(f.loaded) != 1 {
		t.Fatal("loaded again without a change")
	}
	f.write("10.yaml", strings.Replace(good, "it", "hr", 1))
	f.look()
	if f.Set() != first {
		t.Error("read a file that had just changed")
	}
	f.look()
	if f.Set() == first || did(f.Set().Decide(mail())) != "queue hr" {
		t.Error("the change is not in force")
	}
	second := f.Set()
	f.write("20.yaml", "version: 1\nrules:\n- {name: two, then: {queu: x}}\n")
	f.settle()
	f.settle()
	if f.Set() != second || len(f.broken) != 1 || f.broken[0][0].Where() != "20.yaml:3:22" {
		t.Errorf("broken: %v", f.broken)
	}
	f.write("20.yaml", "version: 1\nrules:\n- {name: two, then: {queu: x}}\n")
	f.settle()
	if len(f.broken) != 1 {
		t.Error("the same mistakes were told twice")
	}
	if p := f.Problems(); len(p) != 1 || p[0].Where() != "20.yaml:3:22" {
		t.Errorf("problems while broken: %v", p)
	}
	if p := f.Reload(); len(p) != 1 {
		t.Errorf("on demand: %v", p)
	}
	if err := os.Remove(filepath.Join(f.Dir, "20.yaml")); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if f.Set().Version() != second.Version() || len(f.loaded) != 2 {
		t.Errorf("after the repair: %v", f.loaded)
	}
	if p := f.Problems(); len(p) > 0 { // an equal set is told to nobody, so that this must say it
		t.Errorf("problems after the repair: %v", p)
	}
}

// F65, J1: a start with a broken folder uses the last good rules; without them it fails.
func TestFLT_65_StartWithABrokenFolder(t *testing.T) {
	f := newFolder(t, "version: 1\nrules:\n")
	if err := f.Start(); err == nil || f.Set() != nil {
		t.Fatal("a broken folder was taken")
	}
	f.Last = []File{{"10.yaml", []byte(good)}}
	if err := f.Start(); err != nil || did(f.Set().Decide(mail())) != "queue it" {
		t.Error(err, f.Set())
	}
	f.write("10.yaml", strings.Replace(good, "it", "hr", 1))
	f.settle()
	if did(f.Set().Decide(mail())) != "queue hr" {
		t.Error("the repaired folder is not in force")
	}
}

// F63: whatever takes the place of a rule file, reading never blocks, the last good
// rules stay, and the message names the file.
func TestFLT_63_StrangeFiles(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a folder": func(p string) error { return os.Mkdir(p, 0o755) },
		"a pipe":   func(p string) error { return syscall.Mkfifo(p, 0o644) },
		"symbolic": func(p string) error { return os.Symlink(filepath.Base(p), p) },
		"no such":  func(p string) error { return os.Symlink("nowhere.yaml", p) },
		"a device": func(p string) error { return os.Symlink("/dev/zero", p) },
		"empty":    func(p string) error { return os.WriteFile(p, nil, 0o644) },
		"104857600 octets": func(p string) error {
			if err := os.WriteFile(p, []byte("version: 1\n"), 0o644); err != nil {
				return err
			}
			return os.Truncate(p, 100<<20)
		},
		"a pipe behind a link": func(p string) error {
			if err := syscall.Mkfifo(filepath.Join(filepath.Dir(p), "pipe"), 0o644); err != nil {
				return err
			}
			return os.Symlink("pipe", p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t, good)
			if err := f.Start(); err != nil {
				t.Fatal(err)
			}
			was := f.Set()
			if err := make(filepath.Join(f.Dir, "20.yaml")); err != nil {
				t.Fatal(err)
			}
			f.settle()
			want := strings.TrimSuffix(name, " behind a link")
			if f.Set() != was || len(f.broken) != 1 || f.broken[0][0].File != "20.yaml" || !strings.Contains(f.broken[0].Error(), want) {
				t.Errorf("%v", f.broken)
			}
		})
	}
}

// The folder itself may vanish, be a file, or hold nothing.
func TestFLT_63_StrangeFolders(t *testing.T) {
	f := newFolder(t, good)
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	was := f.Set()
	if err := os.RemoveAll(f.Dir); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if err := os.WriteFile(f.Dir, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if err := os.Remove(f.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.settle()
	if f.Set() != was || len(f.broken) != 3 || !strings.Contains(f.broken[2].Error(), "no rule file") {
		t.Errorf("%v", f.broken)
	}
	for _, name := range []string{".10.yaml", "10.yaml~", "10.test.yaml", "README.md", "10.yaml.swp"} {
		f.write(name, "garbage: [")
	}
	f.write("10.yml", good)
	f.settle()
	if f.Set().Version() == was.Version() || f.Set().Len() != 1 {
		t.Error("hidden files, backups and tests are not rules")
	}
}

// F62: a file truncated at any byte makes no set, or one that is the beginning of it;
// it never makes a panic.
func TestFLT_62_TruncatedAtEveryByte(t *testing.T) {
	text := `# Ours.
version: 1
define: {night: hour < 7, ours: [a.example, "b.example"]}
rules:
  - name: vip
    when: |
      from.domain in ours && subject matches "(?i)urgent|outage"
      || night
    then: {queue: vip, priority: high, tags: [a, b]}
    stop: true
  - name: 'nag'
    on: timer
    after: 2h30m
    since: created
    then:
      - notify: {to: [agents, requester], template: notice}
`
	whole := must(t, strings.Replace(text, "version: 1\n", "", 1)).Len()
	for i := range len(text) {
		s, p := Compile([]File{{"t.yaml", []byte(text[:i])}}, Options{})
		if (s == nil) == (len(p) == 0) || s != nil && s.Len() > whole {
			t.Fatalf("cut at %d: %v, %v", i, s, p)
		}
	}
}

// F64, J2: a thousand swaps while messages are decided: every message sees one
// whole version, and mistakes in between never come into force.
func TestFLT_64_ThousandSwapsUnderLoad(t *testing.T) {
	f := newFolder(t, "")
	text := func(n int) string {
		return fmt.Sprintf("version: 1\nrules:\n- {name: first, then: {queue: q%d}}\n- {name: second, then: {tags: [q%d]}}\n", n, n)
	}
	f.write("10.yaml", text(0))
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var seen atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			d := f.Set().Decide(mail())
			if len(d.Actions) != 2 || d.Actions[0].Value != d.Actions[1].Values[0] || d.Actions[0].Cause.Version != d.Version {
				t.Errorf("a mixture: %+v", d)
				return
			}
			seen.Add(1)
		}
	})
	for n := range 1000 {
		if n%3 == 2 {
			f.write("10.yaml", text(n)[:40])
		} else {
			f.write("10.yaml", text(n))
		}
		f.Reload()
	}
	stop.Store(true)
	wg.Wait()
	if seen.Load() == 0 || len(f.loaded) != 667 || did(f.Set().Decide(mail())) != "queue q999, tag q999" {
		t.Errorf("%d decisions, %d loads, %s", seen.Load(), len(f.loaded), did(f.Set().Decide(mail())))
	}
}

// Run looks at each tick and ends with its context.
func TestRunFollowsTheTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t, good)
		if err := f.Start(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ticker := time.NewTicker(2 * time.Second)
		done := make(chan struct{})
		go func() { f.Run(ctx, ticker.C); close(done) }()
		f.write("10.yaml", strings.Replace(good, "it", "hr", 1))
		timer := time.NewTimer(5 * time.Second)
		<-timer.C
		synctest.Wait()
		if did(f.Set().Decide(mail())) != "queue hr" {
			t.Error("the change is not in force after two ticks")
		}
		cancel()
		<-done
	})
}

var _ tickets.Rules = (*Set)(nil)
