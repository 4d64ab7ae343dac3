package dossier_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/atlas"
	"wangge/geo/audit"
	"wangge/geo/deliberation"
	"wangge/geo/dossier"
	"wangge/geo/plan"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
)

// The typeface comes with the page's packages.
const typeface = "../../web/node_modules/@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf"

var font = sync.OnceValues(func() (*atlas.Font, error) {
	file, err := os.ReadFile(typeface)
	if err != nil {
		return nil, err
	}
	return atlas.NewFont(file)
})

func maker(t testing.TB) dossier.Maker {
	t.Helper()
	if _, err := font(); errors.Is(err, os.ErrNotExist) {
		t.Skip("no font: run npm install in web")
	}
	key, err := audit.OpenKey(filepath.Join(t.TempDir(), "audit.key"))
	if err != nil {
		t.Fatal(err)
	}
	return dossier.Maker{Font: font, Key: &key}
}

// adopted has the villages divided into grids since January, and again since June: one
// grid is new, one ends, one is renamed and one stays.
func adopted(t testing.TB) (*pgxpool.Pool, plan.Plan) {
	t.Helper()
	db := villages(t)
	publish(t, db, draftOf(t, db, "grid", "2026-01-01",
		plan.Record{Code: west + "001", Name: "甲", Parent: west, Area: box(0, 0, 5000, 10000)},
		plan.Record{Code: west + "002", Name: "乙", Parent: west, Area: box(5000, 0, 10000, 10000)},
		plan.Record{Code: east + "001", Name: "丙", Parent: east, Area: box(10000, 0, 15000, 10000)},
		plan.Record{Code: east + "002", Name: "丁", Parent: east, Area: box(15000, 0, 20000, 10000)}), "2026-01-01")
	p := draftOf(t, db, "grid", "2026-06-01",
		plan.Record{Code: west + "001", Name: "甲", Parent: west, Area: box(0, 0, 4000, 10000)},
		plan.Record{Code: west + "003", Name: "新𠮷网格", Parent: west, Area: box(4000, 0, 10000, 10000)},
		plan.Record{Code: east + "001", Name: "丙", Parent: east, Area: box(10000, 0, 15000, 10000)},
		plan.Record{Code: east + "002", Name: "丁改", Parent: east, Area: box(15000, 0, 19000, 10000)},
		plan.Record{Role: plan.Excluded, Name: "水库", Parent: east, Area: box(19000, 0, 20000, 10000)})
	set, err := ruleset.Of(t.Context(), db, staff.Local, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(set.Rules, func(r rule.Rule) bool { return !r.Hard })
	if err := ruleset.Waive(t.Context(), db, staff.Local, p.ID, set.Rules[i].ID, 2, reason); err != nil {
		t.Fatal(err)
	}
	if _, err := deliberation.Say(t.Context(), db, staff.Local, p.ID, *at(4000, 5000), "此处应以河为界"); err != nil {
		t.Fatal(err)
	}
	p = publish(t, db, p, "2026-06-01")
	_, err = db.Exec(t.Context(), `INSERT INTO plan_stage (plan_id, stage, outcome, revision, note, done_by) VALUES ($1, 'proposal', 'passed', 1, '同意提交', 'account:3')`, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return db, p
}

// reason does not fit into one line of a table.
var reason = strings.Repeat("山区住户分散，", 20) + "到此为止"

func dossierOf(t testing.TB, m dossier.Maker, db *pgxpool.Pool, id int64, as string) []byte {
	t.Helper()
	file, err := m.Make(t.Context(), db, staff.Local, id, as)
	return written(t, file, err)
}

func TestTheDossierOfAPlan(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	digest := digestOf(t, db, p)
	content := dossierOf(t, m, db, p.ID, dossier.PDF)
	if !bytes.Equal(content, dossierOf(t, m, db, p.ID, dossier.PDF)) {
		t.Error("made again it has other bytes")
	}
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("SKIPPED: pdftotext is not installed (apt-get install poppler-utils)")
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("pdftotext", "-layout", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v\n%s", err, text)
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	if len(pages) < 4 {
		t.Fatalf("it has %d pages", len(pages))
	}
	for i, page := range pages {
		if !strings.Contains(page, "SHA-256 "+digest) {
			t.Errorf("page %d does not say the digest:\n%s", i+1, page)
		}
	}
	for i, title := range []string{"总图 Overview", "西村 " + west, "东村 " + east} {
		for _, want := range []string{title, "图例", "1 : ", "北", "2026-06-01"} {
			if !strings.Contains(pages[i], want) {
				t.Errorf("sheet %d does not say %q:\n%s", i+1, want, pages[i])
			}
		}
	}
	tables := strings.Join(strings.Fields(strings.Join(pages[3:], " ")), " ")
	for _, want := range []string{
		"新〓网格", // the typeface has no 𠮷, and says so
		"决定 Decision", "发布 Published local",
		west + "003 新", "新设 New", "调整 Redrawn", "不变 Unchanged", "撤销 Ended",
		"沿革 Lineage", west + "002 乙 " + west + "003",
		"水库", "规则 Rules:", "豁免 Waivers", "到此为止",
		"议决过程", "提议 Proposal", "同意提交 account:3", "此处应以河为界",
	} {
		if !strings.Contains(tables, want) {
			t.Errorf("the tables do not say %q:\n%s", want, strings.Join(pages[3:], "\n"))
		}
	}
}

func TestTheArchiveProvesItself(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	content := dossierOf(t, m, db, p.ID, dossier.ZIP)
	if !bytes.Equal(content, dossierOf(t, m, db, p.ID, dossier.ZIP)) {
		t.Error("made again it has other bytes")
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	files, names := map[string][]byte{}, []string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
	}
	want := "README.txt dossier.pdf plan.geojson plan.gpkg units.csv units.xlsx tables/decision.csv tables/changes.csv tables/lineage.csv tables/excluded.csv tables/rules.csv tables/waivers.csv tables/stages.csv tables/comments.csv manifest.json manifest.json.sig audit-key.pem"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("it holds %s\nwant %s", got, want)
	}
	var said struct {
		Kind, Digest, Key string
		Plan              int64
		Files             []struct {
			Name, SHA256 string
			Size         int
		}
	}
	if err := json.Unmarshal(files["manifest.json"], &said); err != nil {
		t.Fatal(err)
	}
	if said.Kind != "wangge plan dossier 1" || said.Plan != p.ID || said.Digest != digestOf(t, db, p) || said.Key != m.Key.Public().ID() || len(said.Files) != len(names)-3 {
		t.Errorf("the manifest says %+v", said)
	}
	for _, f := range said.Files {
		sum := sha256.Sum256(files[f.Name])
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != len(files[f.Name]) {
			t.Errorf("%s is not what the manifest says", f.Name)
		}
	}
	if got := plan.Digest("grid", unitsIn(t, files["plan.geojson"])); got != said.Digest {
		t.Errorf("plan.geojson has the digest %s, want %s", got, said.Digest)
	}
	if !m.Key.Public().SignedFile(files["manifest.json"], files["manifest.json.sig"]) {
		t.Error("the signature does not fit")
	}
	altered := bytes.Replace(files["manifest.json"], []byte(said.Digest), []byte(strings.Repeat("0", 64)), 1)
	if m.Key.Public().SignedFile(altered, files["manifest.json.sig"]) {
		t.Error("the signature fits another manifest")
	}
	checkWithOpenSSL(t, files)
}

// checkWithOpenSSL does what README.txt says.
func checkWithOpenSSL(t *testing.T, files map[string][]byte) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("SKIPPED: openssl is not installed")
	}
	dir := t.TempDir()
	for _, name := range []string{"manifest.json", "manifest.json.sig", "audit-key.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "audit-key.pem", "-rawin", "-in", "manifest.json", "-sigfile", "manifest.json.sig")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(files["README.txt"]), strings.Join(command.Args, " ")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAnArchiveWithoutAKeyIsNotSigned(t *testing.T) {
	m := maker(t)
	m.Key = nil
	db, p := adopted(t)
	content := dossierOf(t, m, db, p.ID, dossier.ZIP)
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(archive.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, ".sig") || strings.HasSuffix(f.Name, ".pem") }) {
		t.Error("there is a signature without a key")
	}
}

func TestOnlyAPlanThatWasAdoptedHasADossier(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	made := func(actor staff.Actor, id int64, as string) error {
		_, err := m.Make(t.Context(), db, actor, id, as)
		return err
	}
	draft := draftOf(t, db, "grid", "2026-07-01", plan.Record{Code: west + "001", Name: "甲", Parent: west, Area: box(0, 0, 10000, 10000)})
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"a draft", made(staff.Local, draft.ID, dossier.PDF), dossier.ErrDraft},
		{"another form", made(staff.Local, p.ID, "docx"), dossier.ErrExport},
		{"nobody", made(staff.Public, p.ID, dossier.PDF), staff.ErrSignedOut},
		{"a planner of a village", made(clerk(t, db, west, staff.Plan, staff.Export), p.ID, dossier.ZIP), plan.ErrUnknown},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
		}
	}
	m.Font = func() (*atlas.Font, error) { return atlas.NewFont(nil) }
	if err := made(staff.Local, p.ID, dossier.PDF); !errors.Is(err, atlas.ErrFont) {
		t.Errorf("without a font: %v", err)
	}
}

func TestAPlanThatWasAlteredHasNoDossierAnyMore(t *testing.T) {
	m := maker(t)
	db, p := adopted(t)
	err := pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error { _, err := plan.Seal(t.Context(), tx, p.ID); return err })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Make(t.Context(), db, staff.Local, p.ID, dossier.ZIP); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `UPDATE plan_unit SET geom = ST_Translate(geom, 0.0000001, 0) WHERE plan_id = $1 AND code = $2`, p.ID, west+"001"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Make(t.Context(), db, staff.Local, p.ID, dossier.ZIP); !errors.Is(err, plan.ErrAltered) {
		t.Errorf("a dossier of what was not adopted: %v", err)
	}
	if _, err := dossier.Export(t.Context(), db, staff.Local, p.ID, dossier.Units, "geojson"); !errors.Is(err, plan.ErrAltered) {
		t.Errorf("an export of what was not adopted: %v", err)
	}
}
