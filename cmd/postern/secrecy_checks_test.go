package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// checkMessages are enough for the workload to find out each check that is off.
const checkMessages = "1500 4711"

// Each check of confidentiality can be switched off by a build tag, for this test only:
// without it the workload finds a canary where it must not be. A check whose absence
// nobody notices is no check, or the workload is blind.
func TestEveryCheckCounts(t *testing.T) {
	tags := checkTags(t)
	if len(tags) < 8 {
		t.Fatalf("only %q", tags)
	}
	next := make(chan string)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for tag := range next {
				withoutCheck(t, tag)
			}
		})
	}
	for _, tag := range tags {
		next <- tag
	}
	close(next)
	wg.Wait()
}

// withoutCheck runs the workload without one check; it must fail by a canary.
func withoutCheck(t *testing.T, tag string) {
	cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-count=1", "-tags", tag, "-run", "^TestNobodyReadsWhatIsNotForHim$/^sqlite$", ".")
	cmd.Env = append(os.Environ(), "POSTERN_SECRECY="+checkMessages)
	out, err := cmd.CombinedOutput()
	found := regexp.MustCompile(`(?m)^ +\S+_test\.go:\d+: (canary .*)$`).FindSubmatch(out)
	switch {
	case err == nil:
		t.Errorf("%s: nobody noticed", tag)
	case found == nil:
		t.Errorf("%s: it failed otherwise:\n%s", tag, out[:min(len(out), 4000)])
	default:
		t.Logf("%s: %s", tag, found[1])
	}
}

// checkTags are the tags in the code; docs/security.md names each of them.
func checkTags(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../*/check_*.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(b), "\n")
		tag, ok := strings.CutPrefix(line, "//go:build !")
		if !ok {
			continue
		}
		if !strings.Contains(string(doc), fmt.Sprintf("`%s`", tag)) {
			t.Errorf("docs/security.md does not name %s", tag)
		}
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}
