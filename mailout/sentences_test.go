package mailout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A sentence is what package tickets may say to a person: a string of several words, with
// {1}, {2} where a value stands.
type sentence struct{ text, place string }

// A collector finds the sentences of a file. It takes too many rather than too few: what
// looks like words is a sentence, unless it stands where only programmers, administrators
// and the explanation of a message read it.
type collector struct {
	fset  *token.FileSet
	found []sentence
}

// untold are the calls whose words reach no mail: errors, the log, patterns, word lists,
// and the questions and answers of a message's way, which stay as explain prints them.
var untold = regexp.MustCompile(`^(fmt\.Errorf|errors\.New|panic|regexp\.MustCompile|strings\.(Fields|NewReplacer|ContainsAny|Trim\w*|Has\w*|Cut\w*|Split\w*)|.*\.Log\.\w+|.*\.trace\.Add|.*\.Format|time\.Parse\w*)$`)

// untoldFields are the fields of which the same holds.
var untoldFields = []string{"How"}

// untoldNames are constants and variables that are no sentence of a mail.
var untoldNames = []string{"helpText", "alphabet"}

// sentences are those of package tickets.
func sentences(t *testing.T) []sentence {
	t.Helper()
	files, err := filepath.Glob("../tickets/*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files of package tickets: %v", len(files), err)
	}
	c := collector{fset: token.NewFileSet()}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(c.fset, f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			ast.Inspect(d, c.visit)
		}
	}
	return c.found
}

// visit takes the largest string at a place as one sentence.
func (c *collector) visit(n ast.Node) bool {
	switch x := n.(type) {
	case *ast.ImportSpec, *ast.StructType:
		return false
	case *ast.CallExpr:
		if untold.MatchString(text(x.Fun)) {
			return false
		}
	case *ast.KeyValueExpr:
		if key, ok := x.Key.(*ast.Ident); ok && slices.Contains(untoldFields, key.Name) {
			return false
		}
	case *ast.AssignStmt:
		if x.Tok == token.ADD_ASSIGN && len(x.Rhs) == 1 { // it goes on behind something
			c.take(&ast.BinaryExpr{X: &ast.Ident{Name: "before"}, Op: token.ADD, Y: x.Rhs[0], OpPos: x.Pos()}, x.Pos())
			return false
		}
	case *ast.ValueSpec:
		if slices.Contains(untoldNames, x.Names[0].Name) {
			return false
		}
	}
	if e, ok := n.(ast.Expr); ok && stringy(e) {
		c.take(e, e.Pos())
		return false
	}
	return true
}

// stringy: a string literal, a sum with one, or a Sprintf of one.
func stringy(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return x.Kind == token.STRING
	case *ast.BinaryExpr:
		return x.Op == token.ADD && (stringy(x.X) || stringy(x.Y))
	case *ast.CallExpr:
		return text(x.Fun) == "fmt.Sprintf" && stringy(x.Args[0])
	}
	return false
}

// worded is what makes a string a sentence; what noWords finds is none: holes, and
// commands with what they take.
var (
	worded  = regexp.MustCompile(`[a-z]{3,}`)
	noWords = regexp.MustCompile(`\{\d\}|#[a-z-]+( cc)?`)
)

// take writes the pattern of a string down, and looks for further ones in its values.
func (c *collector) take(e ast.Expr, at token.Pos) {
	n := 0
	pattern := c.pattern(e, &n)
	if strings.HasSuffix(pattern, " ") { // something is put behind it elsewhere
		pattern += fmt.Sprintf("{%d}", n+1)
	}
	if worded.MatchString(noWords.ReplaceAllString(pattern, "")) && strings.Contains(pattern, " ") && !strings.Contains(pattern, "\n") {
		p := c.fset.Position(at)
		c.found = append(c.found, sentence{pattern, fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)})
	}
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9.*]*[a-zA-Z]`)

func (c *collector) pattern(e ast.Expr, n *int) string {
	hole := func() string { *n++; return fmt.Sprintf("{%d}", *n) }
	switch x := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(x.Value); err == nil && x.Kind == token.STRING {
			return c.holes(s, hole)
		}
	case *ast.BinaryExpr:
		if stringy(x) {
			return c.pattern(x.X, n) + c.pattern(x.Y, n)
		}
	case *ast.CallExpr:
		if stringy(x) {
			for _, a := range x.Args[1:] {
				ast.Inspect(a, c.visit)
			}
			return c.pattern(x.Args[0], n)
		}
	}
	ast.Inspect(e, c.visit)
	return hole()
}

// holes puts {1} in place of %d: a format stands here, or in an argument elsewhere.
func (c *collector) holes(format string, next func() string) string {
	return verb.ReplaceAllStringFunc(format, func(string) string { return next() })
}

// text is an expression like w.d.Log.Info as it is written.
func text(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return text(x.X) + "." + x.Sel.Name
	}
	return ""
}
