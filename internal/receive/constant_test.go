package receive_test

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

//go:embed signature.go
var signatureSource string

// Signatures are compared in a time that tells nothing of them, and every secret is tried, whichever matches.
// No test can time this well enough: it reads the code.
func TestI4_SignaturesAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	parsed, err := parser.ParseFile(token.NewFileSet(), "signature.go", signatureSource, 0)
	if err != nil {
		t.Fatal(err)
	}
	calls := false
	for _, d := range parsed.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "signed" {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				x, _ := n.X.(*ast.Ident)
				calls = calls || x != nil && x.Name == "hmac" && n.Sel.Name == "Equal"
			case *ast.BinaryExpr:
				_, literal := n.Y.(*ast.BasicLit)
				if (n.Op == token.EQL || n.Op == token.NEQ) && !literal {
					t.Errorf("signed compares with %s", n.Op)
				}
			case *ast.ForStmt, *ast.RangeStmt:
				ast.Inspect(n, func(n ast.Node) bool {
					switch n.(type) {
					case *ast.ReturnStmt, *ast.BranchStmt:
						t.Error("signed leaves a loop early")
					}
					return true
				})
			}
			return true
		})
	}
	if !calls {
		t.Error("signed does not call hmac.Equal")
	}
}
