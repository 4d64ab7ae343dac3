// Package arch keeps the shape of the repository true: which package may import
// which, what lies at the top, that every package says what it is for. Each
// rule has its reason; when a rule is in the way, change it here, with one.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "wangge"

// Package is what go list says about one of ours.
type Package struct {
	ImportPath  string
	Dir         string
	Doc         string
	GoFiles     []string
	TestGoFiles []string
	Imports     []string
}

// Path is the import path within the module: "geo/pg".
func (p Package) Path() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// pure packages work on values alone, so that they can be tested by properties
// and used anywhere: no database, no network, no clock.
var pure = []string{
	"geo", "geo/atlas", "geo/atom", "geo/beat", "geo/cell", "geo/coverage", "geo/crs", "geo/fault", "geo/group", "geo/hotspot", "geo/hours", "geo/locate", "geo/picture", "geo/propose", "geo/propose/board", "geo/redact", "geo/rule", "geo/sheet", "geo/siting", "geo/siting/known",
	"geo/suppress", "geo/topology", "geo/town", "geo/track", "geo/track/known", "geo/vectorfile", "geo/walk", "geo/worktime",
}

// rule forbids packages that match from to import those that match to, but for
// the exceptions. Our own packages are named by their path within the module.
type rule struct {
	from, unlessFrom string
	to, unlessTo     string
	reason           string
}

const (
	anything = ".*"
	nothing  = "^$"
	ours     = `(account|audit|borderwalk|breakglass|candidate|circle|compare|deliberation|demand|device|dossier|export|layer|privacy|publication|serves|setting|vault|grid|household|incident|job|ledger|live|network|patrol|pg|photo|plan|post|proposal|reach|ruleset|premises|servicepoint|staff|upload|visit)`
)

var rules = []rule{
	{anyOf(pure), nothing, `^(github\.com/jackc/.*|github\.com/gofiber/.*|net/http)$`, nothing,
		"a pure package works on values: no database, no HTTP"},
	{anything, `^(migrations|geo/vectorfile)$`, `^database/sql$`, nothing,
		"we speak pgx; only goose wants database/sql, and a GeoPackage is an SQLite file"},
	{anyOf(pure), nothing, `^geo/` + ours + `(/.*)?$`, nothing,
		"a pure package does not know what is stored"},
	{`^geo(/.*)?$`, `^geo/pg/pgtest$`, `^(api|tiles|cmd|web|migrations)(/.*)?$`, nothing,
		"the subject does not know who asks: cmd → api → geo"},
	{anything, `^(api|tiles|cmd)(/.*)?$`, `^github\.com/gofiber/.*`, nothing,
		"HTTP is spoken in api, tiles and cmd only"},
	{anything, `^geo/cell$`, `^github\.com/uber/h3-go/.*`, nothing,
		"h3-go is bound to C and its cells decide nothing; geo/cell is its only door"},
	{`^api/.*`, nothing, `^api/.*`, `^api/route$`,
		"resources do not know each other; what they share lies in api/route or in geo"},
	{`^tiles(/.*)?$`, nothing, `^(api|cmd|web)(/.*)?$`, nothing,
		"tiles render layers that cmd hands them"},
	{`^(migrations|web)$`, nothing, `^(api|tiles|cmd)(/.*)?$`, nothing,
		"the schema and the page are handed to cmd, not the reverse"},
	{anything, nothing, `^(log|github\.com/sirupsen/.*|go\.uber\.org/zap.*)$`, nothing,
		"logs are structured: log/slog"},
	{anything, `test$`, `^testing(/.*)?$`, nothing,
		"helpers of tests live in a package of their own, out of the program"},
	{anything, nothing, `^(math/rand|io/ioutil|github\.com/pkg/errors|golang\.org/x/net/context)$`, nothing,
		"the standard library has a better one"},
}

func anyOf(paths []string) string { return "^(" + strings.Join(paths, "|") + ")$" }

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			path := strings.TrimPrefix(imported, module+"/")
			for _, r := range rules {
				if r.forbids(p.Path(), path) {
					t.Errorf("%s imports %s: %s", p.Path(), path, r.reason)
				}
			}
		}
	}
}

func (r rule) forbids(from, to string) bool {
	return matches(r.from, from) && !matches(r.unlessFrom, from) && matches(r.to, to) && !matches(r.unlessTo, to)
}

func matches(pattern, s string) bool {
	re, ok := compiled[pattern]
	if !ok {
		re = regexp.MustCompile(pattern)
		compiled[pattern] = re
	}
	return re.MatchString(s)
}

var compiled = map[string]*regexp.Regexp{}

// The test must be able to fail.
func TestRulesForbidWhatTheyName(t *testing.T) {
	tests := []struct {
		from, to string
		want     bool
	}{
		{"geo/topology", "github.com/jackc/pgx/v5", true},
		{"geo/grid", "github.com/jackc/pgx/v5", false},
		{"geo/town", "geo/grid", true},
		{"geo/plan", "geo/grid", false},
		{"geo/grid", "api", true},
		{"geo/grid", "github.com/gofiber/fiber/v2", true},
		{"api/households", "github.com/gofiber/fiber/v2", false},
		{"api/households", "api/incidents", true},
		{"api/households", "api/route", false},
		{"api", "api/incidents", false},
		{"geo/locate", "github.com/uber/h3-go/v4", true},
		{"geo/cell", "github.com/uber/h3-go/v4", false},
		{"geo/grid", "testing", true},
	}
	for _, tt := range tests {
		got := slices.ContainsFunc(rules, func(r rule) bool { return r.forbids(tt.from, tt.to) })
		if got != tt.want {
			t.Errorf("%s imports %s: forbidden is %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		doc := p.Doc
		if len(p.GoFiles) == 0 {
			doc = testDoc(t, p)
		}
		if len(strings.Fields(doc)) < 5 {
			t.Errorf("%s has no package comment that a newcomer can start from: %q", p.Path(), doc)
		}
	}
}

// testDoc is the comment of a package that consists of tests.
func testDoc(t *testing.T, p Package) string {
	for _, name := range p.TestGoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			return f.Doc.Text()
		}
	}
	return ""
}

func TestPurePackagesHaveNoClock(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.Contains(pure, p.Path()) {
			continue
		}
		for place, name := range selectors(t, p) {
			if name == "time.Now" || name == "time.Since" || name == "time.Until" {
				t.Errorf("%s: %s in a pure package; take now as a parameter", place, name)
			}
		}
	}
}

// Only the program may end the process, and only main begins it: a package with
// init has effects that its user did not ask for.
func TestNoHiddenBeginningsOrEnds(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			for _, decl := range parse(t, p, name).Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					t.Errorf("%s/%s has an init", p.Path(), name)
				}
			}
		}
		if strings.HasPrefix(p.Path(), "cmd/") || p.Path() == "geo/pg/pgtest" {
			continue
		}
		for place, name := range selectors(t, p) {
			if name == "os.Exit" || name == "log.Fatal" {
				t.Errorf("%s: %s; return an error", place, name)
			}
		}
	}
}

// api translates HTTP; a query in it is a rule in the wrong place.
func TestHandlersHoldNoSQL(t *testing.T) {
	sql := regexp.MustCompile(`(?is)^\s*(SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s.*\sSET|DELETE\s+FROM|WITH\s.*\sAS\s*\()`)
	for _, p := range packages(t) {
		if p.Path() != "api" && !strings.HasPrefix(p.Path(), "api/") {
			continue
		}
		for _, name := range p.GoFiles {
			ast.Inspect(parse(t, p, name), func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && sql.MatchString(strings.Trim(lit.Value, "`\"")) {
					t.Errorf("%s/%s holds SQL: %.60s", p.Path(), name, lit.Value)
				}
				return true
			})
		}
	}
}

// topLevel is everything that may lie at the top; of these folders the first
// six may hold Go.
var (
	goFolders = []string{"cmd", "geo", "tiles", "api", "migrations", "web"}
	topLevel  = append([]string{"docs", "go.mod", "go.sum", "README.md", "Makefile", "LICENSE", "CHANGELOG.md"}, goFolders...)
	built     = []string{"bin", "data", "bench.json", "node_modules"} // made by us, ignored by git
)

func TestNothingStrayAtTheTop(t *testing.T) {
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(topLevel, name) && !slices.Contains(built, name) {
			t.Errorf("%s at the top: is it not part of something?", name)
		}
	}
	for _, p := range packages(t) {
		if top, _, _ := strings.Cut(p.Path(), "/"); !slices.Contains(goFolders, top) {
			t.Errorf("Go code in %q; it belongs in one of %v", p.Path(), goFolders)
		}
	}
}

func TestPackagesAreNamedAfterTheirSubject(t *testing.T) {
	vague := []string{"models", "model", "services", "service", "repository", "utils", "util", "common", "helpers", "helper", "types", "core", "base", "misc"}
	for _, p := range packages(t) {
		if slices.Contains(vague, filepath.Base(p.Path())) {
			t.Errorf("package %s: the name says nothing about its subject", p.Path())
		}
	}
}

func TestGoVersionIsOneThatBuildersHave(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (1\.\d+)`).FindSubmatch(text)
	if version == nil || string(version[1]) > "1.26" {
		t.Errorf("go.mod asks for go %s; builders have 1.26", version)
	}
}

// selectors yields each "package.Name" that a package's program files use.
func selectors(t *testing.T, p Package) func(yield func(place, name string) bool) {
	return func(yield func(place, name string) bool) {
		for _, file := range p.GoFiles {
			ast.Inspect(parse(t, p, file), func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok {
						return yield(p.Path()+"/"+file, x.Name+"."+s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

func parse(t *testing.T, p Package, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func root(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// packages lists ours. One that does not compile is the compiler's to report.
func packages(t *testing.T) []Package {
	t.Helper()
	list, err := listOnce()
	if err != nil || len(list) == 0 {
		t.Fatalf("go list found %d packages: %v", len(list), err)
	}
	return list
}

var listOnce = sync.OnceValues(func() ([]Package, error) {
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Doc,GoFiles,TestGoFiles,Imports", module+"/...").Output()
	if err != nil {
		return nil, err
	}
	var list []Package
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		if p.Dir != "" {
			list = append(list, p)
		}
	}
})
