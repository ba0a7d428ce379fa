package web_test

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

//go:embed admin.go
var adminSource string

// The admin token is compared in a time that tells nothing of it.
// No test can time this well enough: it reads the code.
func TestS2_TheTokenIsComparedInConstantTime(t *testing.T) {
	t.Parallel()
	parsed, err := parser.ParseFile(token.NewFileSet(), "admin.go", adminSource, 0)
	if err != nil {
		t.Fatal(err)
	}
	calls := false
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "equal" {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				x, _ := n.X.(*ast.Ident)
				calls = calls || x != nil && x.Name == "subtle" && n.Sel.Name == "ConstantTimeCompare"
			case *ast.BinaryExpr:
				_, literal := n.Y.(*ast.BasicLit)
				if (n.Op == token.EQL || n.Op == token.NEQ) && !literal {
					t.Errorf("equal compares with %s", n.Op)
				}
			case *ast.ForStmt, *ast.RangeStmt:
				ast.Inspect(n, func(n ast.Node) bool {
					switch n.(type) {
					case *ast.ReturnStmt, *ast.BranchStmt:
						t.Error("equal leaves a loop early")
					}
					return true
				})
			}
			return true
		})
	}
	if !calls {
		t.Error("equal does not call subtle.ConstantTimeCompare")
	}
}
