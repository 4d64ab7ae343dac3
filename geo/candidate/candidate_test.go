package candidate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/candidate"
	"wangge/geo/cell"
	"wangge/geo/circle"
	"wangge/geo/fault"
	"wangge/geo/household"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/publication"
	"wangge/geo/servicepoint"
	"wangge/geo/sheet"
	"wangge/geo/siting"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func quiet(string, int64, int64) {}

func day(text string) geo.Day {
	d, err := geo.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

func table(t testing.TB, lines ...string) ledger.Rows {
	t.Helper()
	text := strings.Join(lines, "\n") + "\n"
	s, err := sheet.OpenWith("test.csv", strings.NewReader(text), int64(len(text)), sheet.Options{HeaderLine: 1})
	if err != nil {
		t.Fatal(err)
	}
	return ledger.FromSheet(s)
}

var options = candidate.Options{Source: "village list", Confirm: "test town"}

func number[T any](v T) *T { return &v }

func TestAListOfIdleHousesBecomesCandidates(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	lines := []string{"编号,名称,类型,经度,纬度,费用,容量,是否一层,无障碍,备注,联系电话",
		"A1,老村部,闲置房屋," + ledgertest.LonLat(0.25, 0.25) + ",120000,40,是,否,需修缮,13800000000",
		"A2,集市南门面,空置商铺," + ledgertest.LonLat(1.5, 0.5) + ",,,,,,13800000001",
		"A3,镇外空地,空地," + ledgertest.LonLat(2.2, 2.2) + ",0,,,,,"}
	report, err := candidate.Import(t.Context(), tx, staff.Local, table(t, lines...), options)
	if err != nil || report.Rows != 3 || report.Added != 3 || report.Outside != 1 || len(report.Dropped) != 1 {
		t.Fatalf("report %+v, %v", report, err)
	}
	list, err := candidate.List(t.Context(), tx, staff.Local, candidate.Filter{Limit: 10})
	if err != nil || len(list) != 3 {
		t.Fatalf("list %+v, %v", list, err)
	}
	a := list[0]
	if a.Name != "老村部" || a.Kind != candidate.IdleHouse || *a.Cost != 120000 || *a.Capacity != 40 || !*a.GroundFloor || *a.StepFree || a.Note != "需修缮" ||
		a.Unit != "310115001001001" || a.Point != ledgertest.At(0.25, 0.25) || list[1].Cost != nil || list[1].StepFree != nil || list[2].Unit != "" {
		t.Errorf("candidates %+v", list)
	}
	// The same file again changes nothing; another one what differs, and opens what was closed.
	if r, err := candidate.Import(t.Context(), tx, staff.Local, table(t, lines...), options); err != nil || r.Unchanged != 3 {
		t.Errorf("again %+v, %v", r, err)
	}
	if _, err := candidate.Close(t.Context(), tx, staff.Local, list[1].ID, day("2024-01-01")); err != nil {
		t.Fatal(err)
	}
	lines[1] = strings.Replace(lines[1], "120000", "90000", 1)
	dry := options
	dry.DryRun = true
	for _, o := range []candidate.Options{dry, options} {
		if r, err := candidate.Import(t.Context(), tx, staff.Local, table(t, lines...), o); err != nil || r.Changed != 2 || r.Unchanged != 1 {
			t.Errorf("changed (dry %t) %+v, %v", o.DryRun, r, err)
		}
	}
}

func TestRowsThatAreNoCandidatesAreNamed(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	at := ledgertest.LonLat(0.5, 0.5)
	for _, tt := range []struct {
		name  string
		lines []string
		want  error
		where string
		code  string
	}{
		{"no name", []string{"编号,经度,纬度", "1," + at}, candidate.ErrFields, "", ""},
		{"nothing", []string{"name,lon,lat"}, ledger.ErrEmpty, "", ""},
		{"an empty name", []string{"name,lon,lat", "a," + at, "," + at}, candidate.ErrRows, "row 3, column 1 (name)", "name"},
		{"an unknown kind", []string{"name,kind,lon,lat", "a,castle," + at}, candidate.ErrRows, "row 2, column 2 (kind)", "kind_unknown"},
		{"no place", []string{"name,lon,lat", "a,,"}, candidate.ErrRows, "row 2, column 2 (lon)", "no_place"},
		{"a cost below zero", []string{"name,lon,lat,cost", "a," + at + ",-1"}, candidate.ErrRows, "row 2, column 4 (cost)", "bad_cost"},
		{"twice", []string{"id,name,lon,lat", "1,a," + at, "1,b," + at}, candidate.ErrRows, "row 3, column 1 (id)", "repeated_id"},
	} {
		_, err := candidate.Import(t.Context(), tx, staff.Local, table(t, tt.lines...), options)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			continue
		}
		if tt.where == "" {
			continue
		}
		if places := fault.Of(err).Places; len(places) != 1 || places[0].Pointer != tt.where || places[0].Code != tt.code {
			t.Errorf("%s: %+v, want %s at %s", tt.name, places, tt.code, tt.where)
		}
	}
	for name, d := range map[string]candidate.Details{
		"no name": {Kind: candidate.Place}, "no kind": {Name: "a"}, "a cost below zero": {Kind: candidate.Place, Name: "a", Cost: number(int64(-1))},
	} {
		_, err := candidate.Add(t.Context(), tx, staff.Local, d, ledgertest.Degrees(0.5, 0.5))
		if !errors.Is(err, candidate.ErrDetails) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCandidatesAreSeenAndChangedInTheirAreaOnly(t *testing.T) {
	dsn := pgtest.DSN(t)
	owner := pgtest.As(t, dsn, "")
	app := pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	units := ledgertest.Town(t, owner, 2)
	ctx, planner := stafftest.Hold(t, owner, staff.Planner, units[0])
	d := candidate.Details{Kind: candidate.IdleHouse, Name: "老屋"}
	c, err := candidate.Add(ctx, app, planner, d, ledgertest.Degrees(0.5, 0.5))
	if err != nil || c.Unit != "310115001001001" || c.Source != candidate.Hand {
		t.Fatalf("added %+v, %v", c, err)
	}
	if _, err := candidate.Add(t.Context(), owner, planner, d, ledgertest.Degrees(1.5, 1.5)); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("outside: %v", err)
	}
	d.Name = "新屋"
	if c, err := candidate.Edit(ctx, app, planner, c.ID, d, ledgertest.Degrees(0.6, 0.5)); err != nil || c.Name != "新屋" || c.Point != ledgertest.At(0.6, 0.5) {
		t.Errorf("edited %+v, %v", c, err)
	}
	inside, analyst := stafftest.Hold(t, owner, staff.Analyst, units[0])
	if got, err := candidate.Get(inside, app, analyst, c.ID); err != nil || got.Name != "新屋" {
		t.Errorf("the analyst sees %+v, %v", got, err)
	}
	if _, err := candidate.Close(inside, app, analyst, c.ID, day("2024-01-01")); err == nil {
		t.Error("the analyst closed it")
	}
	outside, stranger := stafftest.Hold(t, owner, staff.Planner, units[1])
	for name, try := range map[string]func() error{
		"both walls": func() error { _, err := candidate.Get(outside, app, stranger, c.ID); return err },
		"the database alone": func() error {
			_, err := candidate.Get(outside, app, staff.Local, c.ID)
			return err
		},
		"the program alone": func() error { _, err := candidate.Get(t.Context(), owner, stranger, c.ID); return err },
		"closing, the database alone": func() error {
			_, err := candidate.Close(outside, app, staff.Local, c.ID, day("2024-01-01"))
			return err
		},
		"closing, the program alone": func() error {
			_, err := candidate.Close(t.Context(), owner, stranger, c.ID, day("2024-01-01"))
			return err
		},
	} {
		if err := try(); !errors.Is(err, candidate.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := options
	o.Source = candidate.Hand
	if _, err := candidate.Import(t.Context(), owner, stranger, table(t, "id,name,lon,lat", c.SourceID+",x,"+ledgertest.LonLat(1.5, 0.5)), o); !errors.Is(err, candidate.ErrTaken) {
		t.Errorf("another area's number: %v", err)
	}
}

// hamlet is a street of 2 sides (1,907 m) with one clinic at its western end and a
// home every 0.1 sides; candidates stand at 0.5, 1.2 and 1.7, and one in a field.
type hamlet struct {
	db         *pgxpool.Pool
	run        circle.Run
	finder     *candidate.Finder
	candidates []int64
	units      []int64
}

func newHamlet(t testing.TB) *hamlet {
	t.Helper()
	db := pgtest.Database(t)
	h := &hamlet{db: db, units: ledgertest.Town(t, db, 2)}
	_, err := network.Store(t.Context(), db, staff.System, network.Source{FileName: "hamlet.osm.pbf", Attribution: "© the test"}, func(yield func(network.Feature) bool) {
		var line orb.LineString
		var nodes []int64
		for k := range 21 {
			line, nodes = append(line, ledgertest.Degrees(float64(k)*0.1, 0.5)), append(nodes, int64(k+1))
		}
		yield(network.Feature{Class: network.Street, OSMType: "w", OSMID: 1, Kind: "residential", Nodes: nodes, Shape: line})
	})
	if err != nil {
		t.Fatal(err)
	}
	two := 2
	for k := range 19 {
		at := ledgertest.At(float64(k+1)*0.1, 0.501)
		made, err := household.Add(t.Context(), db, staff.Local, fmt.Sprint(k), household.Dwelling{Building: fmt.Sprint(k), Doorplate: "1", Kind: "owner",
			Ages: household.Ages{Age18_59: &two}}, &at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), `UPDATE household_unit SET valid_from = '2024-01-01' WHERE household_id = $1`, made.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = servicepoint.Add(t.Context(), db, staff.Local, servicepoint.Details{Name: "clinic", Tier: "station",
		Functions: []servicepoint.Function{{Function: "medical"}}}, ledgertest.At(0.1, 0.5), servicepoint.Active, day("2024-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	for k, x := range []float64{0.5, 1.2, 1.7} {
		c, err := candidate.Add(t.Context(), db, staff.Local, candidate.Details{Kind: candidate.IdleHouse, Name: fmt.Sprint("house ", k),
			Cost: number(int64(100 * (k + 1))), Capacity: number(6)}, ledgertest.Degrees(x, 0.501))
		if err != nil {
			t.Fatal(err)
		}
		h.candidates = append(h.candidates, c.ID)
	}
	c, err := candidate.Add(t.Context(), db, staff.Local, candidate.Details{Kind: candidate.Place, Name: "field", Cost: number(int64(1))}, ledgertest.Degrees(1.5, 1.5))
	if err != nil {
		t.Fatal(err)
	}
	h.candidates = append(h.candidates, c.ID)
	maker := circle.NewMaker(db, network.NewFootpaths(db))
	// 400 m: 0.4194 sides.
	h.run, err = maker.Run(t.Context(), staff.Local, circle.Params{Unit: "310115001001", On: day("2024-06-03"),
		Columns: []circle.Column{{Function: "medical", Standard: circle.Standard{Minutes: 15, Metres: 400, Speed: 4000, Profile: "adult"}}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	h.finder = candidate.NewFinder(db, maker)
	return h
}

func (h *hamlet) find(t testing.TB, p candidate.Params) *candidate.Found {
	t.Helper()
	p.Circle = h.run.ID
	s, err := h.finder.Find(t.Context(), staff.Local, p, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if s.Digest == "" || s.FinishedAt == nil || s.Found == nil || s.Found.Rounded {
		t.Fatalf("siting %+v", s)
	}
	return s.Found
}

// chosen are the candidates of an answer, in their order.
func chosen(f *candidate.Found) []int64 {
	var ids []int64
	for _, s := range f.Sites {
		if s.Rank > 0 {
			ids = append(ids, s.Candidate)
		}
	}
	return ids
}

func TestTheBestCandidatesForAStreet(t *testing.T) {
	h := newHamlet(t)
	b, field := h.candidates[1], h.candidates[3]
	// The clinic covers 0.1 … 0.5: five homes. Around 0.5: 0.1 … 0.9, four more; around
	// 1.2: 0.8 … 1.6, nine; around 1.7: 1.3 … 1.9 (the last one stands at 1.9), seven.
	f := h.find(t, candidate.Params{Model: siting.Coverage, Sites: 1})
	if f.Value != 14 || f.Bound != 14 || f.Gap != 0 || !slices.Equal(f.Curve, []float64{5, 14}) || !slices.Equal(chosen(f), []int64{b}) ||
		f.Sites[0].Name != "clinic" || f.Sites[0].Rank != 0 || f.Sites[1].Gain != 9 || f.Sites[1].Within != 9 || f.Total != 19 || f.Measure != "households" ||
		f.Candidates != 4 || !slices.Equal(f.NotJoined, []int64{field}) {
		t.Errorf("one site: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Coverage, Sites: 1, Weights: "people"}); f.Value != 28 {
		t.Errorf("people: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Full}); f.Value != 3 || f.Bound != 3 || f.Covered != 19 || f.Measure != "sites" {
		t.Errorf("full coverage: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Coverage, Budget: 400}); f.Value != 16 || f.Bound < 16 || *f.Sites[1].Cost+*f.Sites[2].Cost > 400 {
		t.Errorf("a budget of 400: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Coverage, Sites: 1, Capacities: true}); f.Value != 11 || f.Sites[1].Served != 6 {
		t.Errorf("capacities: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Coverage, Existing: candidate.Move, Moves: 1}); f.Value != 9 || len(f.Sites) != 1 {
		t.Errorf("the clinic moves: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Center, Sites: 1}); f.Measure != "minutes" || f.Gap != 0 || f.Value < f.Bound {
		t.Errorf("worst walk: %+v", f)
	}
	if f := h.find(t, candidate.Params{Model: siting.Median, Sites: 1, Anywhere: true}); f.Gap != 0 || f.Candidates < 10 || f.Sites[1].Candidate != 0 || f.Sites[1].At == nil {
		t.Errorf("anywhere: %+v", f)
	}

	for name, p := range map[string]candidate.Params{
		"no number":            {Model: siting.Coverage},
		"no model":             {Sites: 1},
		"full with a number":   {Model: siting.Full, Sites: 1},
		"moves without moving": {Model: siting.Coverage, Moves: 1},
		"anywhere on a budget": {Model: siting.Coverage, Budget: 5, Anywhere: true},
		"ages of households":   {Model: siting.Coverage, Sites: 1, Ages: []string{"age_80"}},
	} {
		p.Circle = h.run.ID
		if _, err := h.finder.Find(t.Context(), staff.Local, p, quiet); !errors.Is(err, candidate.ErrParams) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.finder.Find(t.Context(), staff.Local, candidate.Params{Circle: h.run.ID, Model: siting.Coverage, Sites: 1, Kinds: []candidate.Kind{candidate.VacantPremises}}, quiet); !errors.Is(err, candidate.ErrNone) {
		t.Errorf("no shop: %v", err)
	}
	if _, err := h.finder.Find(t.Context(), staff.Local, candidate.Params{Circle: h.run.ID + 99, Model: siting.Coverage, Sites: 1}, quiet); !errors.Is(err, circle.ErrUnknown) {
		t.Errorf("another run: %v", err)
	}
}

func TestTheSameSearchHasTheSameDigestAndIsRemoved(t *testing.T) {
	h := newHamlet(t)
	p := candidate.Params{Circle: h.run.ID, Model: siting.Median, Sites: 2, Seed: 5}
	var digests []string
	var last int64
	for range 2 {
		s, err := h.finder.Find(t.Context(), staff.Local, p, quiet)
		if err != nil {
			t.Fatal(err)
		}
		digests, last = append(digests, s.Digest), s.ID
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %v", digests)
	}
	list, err := candidate.Sitings(t.Context(), h.db, staff.Local, h.run.ID, 0, 10)
	if err != nil || len(list) != 2 || list[0].ID != last || list[0].Found != nil {
		t.Errorf("list %+v, %v", list, err)
	}
	if err := candidate.RemoveSiting(t.Context(), h.db, staff.Local, last); err != nil {
		t.Fatal(err)
	}
	if _, err := candidate.GetSiting(t.Context(), h.db, staff.Local, last); !errors.Is(err, candidate.ErrSiting) {
		t.Errorf("removed: %v", err)
	}
}

// An analyst may count and not see single homes: the numbers are rounded, or, where
// nothing is published, not told at all.
func TestWhoMayNotSeeHomesSeesNoExactNumbers(t *testing.T) {
	h := newHamlet(t)
	s, err := h.finder.Find(t.Context(), staff.Local, candidate.Params{Circle: h.run.ID, Model: siting.Coverage, Sites: 1}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	var village int64
	if err := h.db.QueryRow(t.Context(), `SELECT id FROM unit WHERE code = '310115001001'`).Scan(&village); err != nil {
		t.Fatal(err)
	}
	_, analyst := stafftest.Hold(t, h.db, staff.Analyst, village)
	got, err := candidate.GetSiting(t.Context(), h.db, analyst, s.ID)
	if err != nil || !got.Found.Rounded || !got.Found.Hidden || got.Found.Value != 0 || got.Found.Total != 0 || got.Found.Sites[1].Gain != 0 || got.Found.Sites[1].Within != 0 || got.Found.Sites[1].Candidate != h.candidates[1] {
		body, _ := json.Marshal(got)
		t.Errorf("the analyst sees %s, %v", body, err)
	}
	// The digest of exact numbers tells whether a guess of them is right.
	if list, err := candidate.Sitings(t.Context(), h.db, analyst, 0, 0, 10); err != nil || len(list) != 1 || list[0].Digest != "" || got.Digest != "" || s.Digest == "" {
		t.Errorf("the analyst is told %+v and %q of %q, %v", list, got.Digest, s.Digest, err)
	}
	// A cell in which somebody lives is told of where that is published, here nowhere.
	anywhere, err := h.finder.Find(t.Context(), staff.Local, candidate.Params{Circle: h.run.ID, Model: siting.Coverage, Sites: 1, Anywhere: true}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	got, err = candidate.GetSiting(t.Context(), h.db, analyst, anywhere.ID)
	if err != nil || len(got.Found.Sites) != 2 || got.Found.Sites[1].At != nil || got.Found.Sites[1].Name != "" || anywhere.Found.Sites[1].At == nil {
		t.Errorf("anywhere: the analyst sees %+v, %v", got.Found.Sites, err)
	}
	if _, err := publication.Make(t.Context(), h.db, staff.System, day("2024-06-01"), "first"); err != nil {
		t.Fatal(err)
	}
	for k := range 19 {
		_, err := h.db.Exec(t.Context(), `
			INSERT INTO published_cell (publication_id, top_id, cell, attribute, value) SELECT id, $1, $2, 'households', 10 FROM publication
			ON CONFLICT DO NOTHING`, village, int64(cell.In(ledgertest.At(float64(k+1)*0.1, 0.501), 7)))
		if err != nil {
			t.Fatal(err)
		}
	}
	anywhere, err = h.finder.Find(t.Context(), staff.Local, candidate.Params{Circle: h.run.ID, Model: siting.Coverage, Sites: 1, Anywhere: true}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	got, err = candidate.GetSiting(t.Context(), h.db, analyst, anywhere.ID)
	if err != nil || len(got.Found.Sites) != 2 || got.Found.Sites[1].At == nil || *got.Found.Sites[1].At == *anywhere.Found.Sites[1].At {
		t.Errorf("anywhere, where coarser cells are published: the analyst sees %+v of %+v, %v", got.Found.Sites, anywhere.Found.Sites, err)
	}
	_, stranger := stafftest.Hold(t, h.db, staff.Analyst, h.units[1])
	if _, err := candidate.GetSiting(t.Context(), h.db, stranger, s.ID); !errors.Is(err, candidate.ErrSiting) {
		t.Errorf("a stranger: %v", err)
	}
}
