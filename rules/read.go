package rules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"postern/rules/strictyaml"
)

// Limits of a rules folder.
const (
	MaxFiles  = 1000
	MaxFolder = 64 << 20 // octets of all files together
)

// Load reads the rule files of a folder and compiles them.
func Load(dir string, o Options) (*Set, strictyaml.Problems) {
	files, problems := Read(dir)
	if len(problems) > 0 {
		return nil, problems
	}
	return Compile(files, o)
}

// Read reads the rule files of a folder: those named *.yaml or *.yml in the order
// of their names, but not hidden ones and not *.test.yaml, which are tests of rules.
// It never blocks: what is no ordinary file is a problem, not opened.
func Read(dir string) ([]File, strictyaml.Problems) {
	names, err := listNames(dir)
	if err != nil {
		return nil, strictyaml.Problems{{File: dir, Text: "the rules folder cannot be read: " + reason(err)}}
	}
	var files []File
	var problems strictyaml.Problems
	sum := 0
	for _, name := range names {
		text, p := readFile(filepath.Join(dir, name), name)
		if p != nil {
			problems = append(problems, *p)
			continue
		}
		files = append(files, File{name, text})
		if sum += len(text); sum > MaxFolder {
			return nil, strictyaml.Problems{{File: dir, Text: fmt.Sprintf("the rule files are larger than %s together", strictyaml.Size(MaxFolder))}}
		}
	}
	if len(names) == 0 {
		problems = append(problems, strictyaml.Problem{File: dir, Text: "no rule file (*.yaml) is in the folder",
			Hint: "without rules nobody would be mailed; write a file with “version: 1” and “include: default”"})
	}
	return files, problems
}

// listNames are the names of the rule files of a folder, sorted.
func listNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var out []string
	for {
		names, err := d.Readdirnames(1000)
		for _, n := range names {
			if isRuleFile(n) {
				out = append(out, n)
			}
		}
		if len(out) > MaxFiles {
			return nil, fmt.Errorf("more than %d rule files", MaxFiles)
		}
		if errors.Is(err, io.EOF) {
			slices.Sort(out)
			return out, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func isRuleFile(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(name, ".") && !strings.HasSuffix(strings.TrimSuffix(name, ext), ".test")
}

// readFile reads one ordinary file of bounded size. O_NONBLOCK keeps a pipe that
// takes the file's place meanwhile from blocking us.
func readFile(path, name string) ([]byte, *strictyaml.Problem) {
	fail := func(text, hint string) *strictyaml.Problem {
		return &strictyaml.Problem{File: name, Text: text, Hint: hint}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fail("the file cannot be read: "+reason(err), "")
	}
	if !info.Mode().IsRegular() {
		return nil, fail("this is "+what(info.Mode())+", not a file", "move it out of the rules folder")
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fail("the file cannot be read: "+reason(err), "")
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fail("this is not an ordinary file", "move it out of the rules folder")
	}
	if info.Size() > strictyaml.MaxSize {
		return nil, fail(fmt.Sprintf("the file has %d octets, more than the %s allowed", info.Size(), strictyaml.Size(strictyaml.MaxSize)), "split it into several files")
	}
	text, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
	if err != nil {
		return nil, fail("the file cannot be read: "+reason(err), "")
	}
	return text, nil
}

func what(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// reason is an error of the system without the path, which the message names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
