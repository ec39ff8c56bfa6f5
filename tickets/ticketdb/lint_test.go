package ticketdb_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// module walks the Go files of the module that are no tests.
func module(t *testing.T, each func(path string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Logf("%s is being written: %v", path, err)
			return nil
		}
		n++
		each(path, file, fset)
		return nil
	})
	if err != nil || n < 20 {
		t.Fatalf("read %d files: %v", n, err)
	}
}

// bare are the ways to run a statement, with the least number of arguments. The driver
// runs one outside a transaction again when its answer is lost, and it happens twice.
var bare = map[string]int{"Exec": 1, "ExecContext": 2, "MustExec": 1, "MustExecContext": 2,
	"NamedExec": 1, "NamedExecContext": 2, "Query": 1, "QueryContext": 2, "Queryx": 1, "QueryxContext": 2,
	"QueryRow": 1, "QueryRowContext": 2, "QueryRowx": 1, "QueryRowxContext": 2, "Prepare": 1, "PrepareContext": 2,
	"Get": 2, "GetContext": 3, "Select": 2, "SelectContext": 3}

// setting reads a setting of the database: nothing that could happen twice.
func setting(c *ast.CallExpr) bool {
	sum, ok := c.Args[len(c.Args)-1].(*ast.BinaryExpr)
	if !ok {
		return false
	}
	word, ok := sum.X.(*ast.BasicLit)
	return ok && (word.Value == `"PRAGMA "` || word.Value == `"SHOW "`)
}

// testsOnly are the packages that serve tests only.
var testsOnly = regexp.MustCompile(`^\.\./\.\./cmd/maillab/`)

// No statement is run outside a transaction anywhere in the module: the only ones are
// those of queries, in run.go. FLT-17.
func TestNoBareWrites(t *testing.T) {
	allowed := 0
	module(t, func(path string, file *ast.File, fset *token.FileSet) {
		if !imports(file, "database/sql") && !imports(file, "github.com/jmoiron/sqlx") || testsOnly.MatchString(filepath.ToSlash(path)) {
			return
		}
		for _, call := range calls(file) {
			on := call.Fun.(*ast.SelectorExpr)
			if least, ok := bare[on.Sel.Name]; !ok || len(call.Args) < least || setting(call) {
				continue
			}
			if x, ok := on.X.(*ast.SelectorExpr); ok && x.Sel.Name == "tx" && filepath.Base(path) == "run.go" {
				allowed++
				continue
			}
			t.Errorf("%v: %s outside a transaction", fset.Position(call.Pos()), on.Sel.Name)
		}
	})
	if allowed != 3 { // Get, Select, Exec of queries
		t.Errorf("%d statements run in run.go, expected 3: does this test still look at the right place?", allowed)
	}
}

func imports(file *ast.File, path string) bool {
	for _, i := range file.Imports {
		if strings.Trim(i.Path.Value, `"`) == path {
			return true
		}
	}
	return false
}

// calls are the calls of methods.
func calls(file *ast.File) (out []*ast.CallExpr) {
	ast.Inspect(file, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if _, ok := c.Fun.(*ast.SelectorExpr); ok {
				out = append(out, c)
			}
		}
		return true
	})
	return out
}

// SQL stands in this package, in the migrations and nowhere else.
func TestOnlyPackageWithSQL(t *testing.T) {
	driver := map[string]bool{"database/sql": true, "github.com/jmoiron/sqlx": true, "github.com/lib/pq": true, "modernc.org/sqlite": true}
	module(t, func(path string, file *ast.File, fset *token.FileSet) {
		p := filepath.ToSlash(path)
		if strings.HasPrefix(p, "../../tickets/ticketdb/") || strings.HasPrefix(p, "../../migrations/") || testsOnly.MatchString(p) {
			return
		}
		for _, i := range file.Imports {
			if path := strings.Trim(i.Path.Value, `"`); driver[path] && !strings.HasSuffix(p, "deps_tmp.go") {
				t.Errorf("%v: imports %s", fset.Position(i.Pos()), path)
			}
		}
	})
}

// The ledger is append-only: no statement changes or deletes an event.
func TestNoChangeOfEvents(t *testing.T) {
	change := regexp.MustCompile(`(?is)\b(update|delete\s+from|truncate(\s+table)?)\s+events\b`)
	seen := 0
	module(t, func(path string, file *ast.File, fset *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING {
				return true
			}
			if strings.Contains(l.Value, "INSERT INTO events") {
				seen++
			}
			if change.MatchString(l.Value) {
				t.Errorf("%v: %s", fset.Position(l.Pos()), l.Value)
			}
			return true
		})
	})
	if seen != 1 {
		t.Errorf("events are inserted at %d places, expected 1", seen)
	}
}
