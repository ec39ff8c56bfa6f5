package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// rooms is the table of docs/design.md: which packages of ours a package may import. The
// entry of a folder holds for the packages below it too, and packages below one room know
// each other.
var rooms = map[string][]string{
	"tickets":          {},
	"tickets/ticketdb": {"tickets", "migrations"},
	"rules":            {"tickets"},
	"mailin":           {"tickets"},
	"mailout":          {"tickets"},
	"migrations":       {},
	"cmd/postern":      {"tickets", "tickets/ticketdb", "rules", "mailin", "mailout", "migrations"},
	"cmd/maillab":      {},
}

// others is what may be imported from outside the house; a room that is not listed may
// import what it likes.
var others = map[string][]string{"tickets": {}}

// roomOf is the room a package belongs to: the longest entry of the table above it.
func roomOf(pkg string) string {
	for dir := pkg; dir != "."; dir = path.Dir(dir) {
		if _, ok := rooms[dir]; ok {
			return dir
		}
	}
	return ""
}

// arrows lists the imports of all non-test files that the table does not allow.
func arrows(tree fs.FS) (wrong []string, err error) {
	err = eachFile(tree, func(name string, f *ast.File) {
		from := path.Dir(name)
		for _, spec := range f.Imports {
			to := strings.Trim(spec.Path.Value, `"`)
			if why := forbidden(from, to); why != "" {
				wrong = append(wrong, fmt.Sprintf("%s imports %s: %s", name, to, why))
			}
		}
	})
	return wrong, err
}

// forbidden says why package from may not import to; empty when it may.
func forbidden(from, to string) string {
	room := roomOf(from)
	if room == "" {
		return from + " is in no room of the table"
	}
	own, ours := strings.CutPrefix(to, "postern/")
	if !ours {
		allowed, closed := others[room]
		if outside := strings.Contains(strings.Split(to, "/")[0], "."); closed && outside && !slices.Contains(allowed, to) {
			return room + " imports the standard library only"
		}
		return ""
	}
	if target := roomOf(own); target != room && !slices.Contains(rooms[room], target) {
		return room + " may not know " + own
	}
	return ""
}

// eachFile parses every Go file that is no test.
func eachFile(tree fs.FS, f func(name string, file *ast.File)) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f(name, file)
		return nil
	})
}

// The house keeps its direction: core and shell, and rooms that do not know each other.
func TestImportsKeepTheDirection(t *testing.T) {
	wrong, err := arrows(sourceTree(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

// An arrow against the table is caught, whoever draws it.
func TestImportsCatchAnAddedArrow(t *testing.T) {
	for name, c := range map[string]struct{ file, to string }{
		"the core reaches for a database":    {"tickets/more.go", "postern/tickets/ticketdb"},
		"the core reaches for a module":      {"tickets/more.go", "github.com/jmoiron/sqlx"},
		"two rooms meet outside the command": {"mailin/more.go", "postern/mailout"},
		"a part of a room meets another":     {"mailin/mimetree/more.go", "postern/rules/strictyaml"},
		"the database reads rules":           {"tickets/ticketdb/more.go", "postern/rules"},
		"a room knows the command":           {"mailout/more.go", "postern/cmd/postern"},
		"a package nobody planned":           {"internal/more.go", "fmt"},
	} {
		tree := fstest.MapFS{c.file: {Data: []byte("package x\n\nimport _ \"" + c.to + "\"\n")}}
		if wrong, err := arrows(tree); err != nil || len(wrong) != 1 {
			t.Errorf("%s: %v %v", name, wrong, err)
		}
	}
	fine := fstest.MapFS{"mailin/a.go": {Data: []byte("package x\n\nimport (\n\t_ \"fmt\"\n\t_ \"postern/mailin/mimetree\"\n\t_ \"postern/tickets\"\n)\n")}}
	if wrong, err := arrows(fine); err != nil || len(wrong) != 0 {
		t.Errorf("%v %v", wrong, err)
	}
}

// clocks lists the non-test files outside cmd that ask what time it is.
func clocks(tree fs.FS) (found []string, err error) {
	err = eachFile(tree, func(name string, f *ast.File) {
		if strings.HasPrefix(name, "cmd/") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" && (s.Sel.Name == "Now" || s.Sel.Name == "Since" || s.Sel.Name == "Until") {
				found = append(found, name+" asks time."+s.Sel.Name)
			}
			return true
		})
	})
	return found, err
}

// Time is an argument everywhere but in the commands.
func TestTimeIsAnArgument(t *testing.T) {
	found, err := clocks(sourceTree(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
	asks := []byte("package x\n\nimport \"time\"\n\nvar born = time.Now()\n")
	planted := fstest.MapFS{"tickets/x.go": {Data: asks}, "tickets/x_test.go": {Data: asks}, "cmd/postern/x.go": {Data: asks}}
	if found, err := clocks(planted); err != nil || len(found) != 1 {
		t.Errorf("planted one, found %v %v", found, err)
	}
}

// sourceTree is the source of postern.
func sourceTree(t *testing.T) fs.FS {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return os.DirFS(root)
}
