package proposal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/proposal"
	"wangge/geo/propose"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/topology"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const village = "310115001001"

func quiet(string, int64, int64) {}

func square(x0, y0, x1, y1 float64) geo.MultiPolygon {
	a, b := ledgertest.At(x0, y0), ledgertest.At(x1, y1)
	return geo.MultiPolygon{{{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}}}
}

// newTown is a village of four micro-grids with streets, houses, a compound, a river
// and 400 households. The compound's 60 households lie in two of the micro-grids.
func newTown(t testing.TB) *pgxpool.Pool {
	t.Helper()
	db := pgtest.Database(t)
	ledgertest.Town(t, db, 2)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('m', '', '', true, 't')`)
	id := 0
	feature := func(class, kind, shape string, args ...any) {
		id++
		exec(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, geom) SELECT id, $1, 'w', $2, $3, `+shape+` FROM network_import`, append([]any{class, id, kind}, args...)...)
	}
	line := `ST_SetSRID(ST_MakeLine($4::geometry, $5::geometry), 4326)`
	for i := range 9 {
		c := 0.05 + float64(i)*0.24
		feature("street", "residential", line, ledgertest.At(c, -0.2), ledgertest.At(c+0.02, 2.2))
		feature("street", "residential", line, ledgertest.At(-0.2, c), ledgertest.At(2.2, c-0.02))
	}
	feature("water", "river", `$4`, square(-0.2, 1.2, 2.2, 1.25))
	exec(`INSERT INTO zone (code, kind, name, valid_from, geom) VALUES ('z1', 'compound', '荷花苑', '2024-01-01', $1)`, square(0.9, 0.35, 1.1, 0.45))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		x, y := 2*rng.Float64(), 1.18*rng.Float64()
		switch {
		case i < 60:
			x, y = 0.91+0.18*rng.Float64(), 0.36+0.08*rng.Float64()
		case i < 200:
			y = 1.27 + 0.7*rng.Float64()
		}
		feature("building", "yes", `$4`, square(x-0.003, y-0.003, x+0.004, y+0.003))
		exec(`WITH h AS (INSERT INTO household (source, source_id, point, cell) VALUES ('t', $1, $2, 1) RETURNING id)
			INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT id, unit_at($2, '2024-01-01'), '2024-01-01' FROM h`, fmt.Sprint(i), ledgertest.At(x, y))
	}
	return db
}

// made works out a proposal and checks that its parts tile the village.
func made(t testing.TB, db *pgxpool.Pool, p proposal.Params) (proposal.Proposal, [][]proposal.Part) {
	t.Helper()
	p.Base, p.Day = village, grid.Today()
	got, err := proposal.Make(t.Context(), db, staff.Local, p, quiet)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]proposal.Part
	for i := range got.Found.Alternatives {
		parts, err := proposal.Parts(t.Context(), db, staff.Local, got.ID, i+1)
		if err != nil || len(parts) != got.Found.Alternatives[i].Score.Units {
			t.Fatalf("alternative %d: %d parts, %v", i+1, len(parts), err)
		}
		var areas []geo.MultiPolygon
		var list []topology.Part
		households := 0
		for _, part := range parts {
			areas = append(areas, part.Area)
			list = append(list, topology.Part{Code: fmt.Sprint(part.Ordinal), Area: part.Area})
			households += part.Households
			if part.Parent != village {
				t.Errorf("part %d lies in %q", part.Ordinal, part.Parent)
			}
		}
		if v := topology.Check(topology.Union(areas...), list); v != nil {
			t.Errorf("alternative %d does not tile: %+v", i+1, v[0])
		}
		if whole := square(0, 0, 2, 2).SquareMeters(); geo.SquareMeters(0.5) < whole-topology.Union(areas...).SquareMeters() || households != 400 {
			t.Errorf("alternative %d: %.1f of %.1f m², %d households", i+1, topology.Union(areas...).SquareMeters(), whole, households)
		}
		all = append(all, parts)
	}
	return got, all
}

func TestAVillageIsDividedAnew(t *testing.T) {
	db := newTown(t)
	p, all := made(t, db, proposal.Params{Min: 30, Max: 70, Barriers: []string{"river"}, Seed: 4, Alternatives: 2})
	if p.State != "done" || len(p.Found.Proofs) > 0 || len(all) != 2 || p.Found.Households != 400 || p.Found.Atoms < 40 {
		t.Fatalf("%+v", p.Found)
	}
	for i, a := range p.Found.Alternatives {
		if len(a.Broken) > 0 || a.Score.Least < 30 || a.Score.Most > 70 {
			t.Errorf("alternative %d: %+v", i+1, a)
		}
		middle := ledgertest.At(1, 1.225)
		for _, part := range all[i] {
			if part.Code != "" {
				t.Errorf("a new part has the code %s", part.Code)
			}
			if b := part.Area.Bound(); b.Min.Y < middle.Y-2_000 && b.Max.Y > middle.Y+3_000 {
				t.Errorf("part %d reaches across the river: %v", part.Ordinal, b)
			}
		}
	}
	again, parts := made(t, db, p.Params)
	if !slices.EqualFunc(parts[0], all[0], func(a, b proposal.Part) bool {
		return a.Households == b.Households && slices.EqualFunc(a.Area, b.Area, func(p, q geo.Polygon) bool { return slices.Equal(p[0], q[0]) })
	}) {
		t.Errorf("proposal %d is other than %d", again.ID, p.ID)
	}

	draft, err := proposal.Adopt(t.Context(), db, staff.Local, p.ID, 1, "建议一")
	if err != nil {
		t.Fatal(err)
	}
	if draft.Level != "micro-grid" || draft.Faults.Hard != 0 {
		t.Errorf("%+v", draft)
	}
	if _, err := plan.Get(t.Context(), db, staff.Local, draft.ID); err != nil {
		t.Error(err)
	}
}

// The change of Qingshen: whoever lives there is divided into blocks of 30–50 households.
func TestCaseATownIsNewlyDividedIntoBlocksOf30To50Households(t *testing.T) {
	db := newTown(t)
	p, _ := made(t, db, proposal.Params{Min: 30, Max: 50, Divide: true, Barriers: []string{"river"}, Seed: 1, Alternatives: 1})
	if best := p.Found.Alternatives[0]; len(best.Broken) > 0 || len(p.Found.Proofs) > 0 || best.Score.Units < 8 || best.Score.Units > 13 {
		t.Fatalf("%+v, proofs %+v", best, p.Found.Proofs)
	}
	draft, err := proposal.Adopt(t.Context(), db, staff.Local, p.ID, 1, "30–50 户一片")
	if err != nil {
		t.Fatal(err)
	}
	// The compound of 60 households had to be cut. That breaks a rule of its own, which
	// may be waived with a reason.
	standing, err := plan.NewWorkshop(db, nil).Facts(t.Context(), staff.Local, draft.ID)
	if err != nil {
		t.Fatal(err)
	}
	waived := 0
	for _, f := range standing.Findings {
		if !f.Hard {
			continue
		}
		if f.Kind != rule.Compounds {
			t.Errorf("%+v", f)
		}
		waived++
		if err := ruleset.Waive(t.Context(), db, staff.Local, draft.ID, f.Rule, f.Ordinal, "荷花苑有 60 户"); err != nil {
			t.Fatal(err)
		}
	}
	if waived == 0 {
		t.Error("nobody is told that the compound is cut")
	}
	if _, err := plan.Publish(t.Context(), db, staff.Local, draft.ID, draft.Revision, grid.Today(), func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(t.Context(), `
		SELECT u.code, count(h.id), count(h.id) FILTER (WHERE NOT ST_Covers(b.geom, h.point)) FROM unit u
		JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		LEFT JOIN household_unit hu ON hu.unit_id = u.id AND hu.valid_from <= $1 AND (hu.valid_to IS NULL OR hu.valid_to > $1)
		LEFT JOIN household h ON h.id = hu.household_id WHERE u.level = 'micro-grid' GROUP BY u.code`, grid.Today())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	units, households := 0, 0
	for rows.Next() {
		var code string
		var n, astray int
		if err := rows.Scan(&code, &n, &astray); err != nil {
			t.Fatal(err)
		}
		if n < 30 || n > 50 || astray > 0 {
			t.Errorf("%s has %d households, %d of them outside", code, n, astray)
		}
		units, households = units+1, households+n
	}
	if units != p.Found.Alternatives[0].Score.Units || households != 400 {
		t.Errorf("%d units in force with %d households", units, households)
	}
}

func TestARailwayIsNotCrossed(t *testing.T) {
	db := newTown(t)
	rail := func(id int, x float64, tags string) {
		t.Helper()
		// A house on the tracks would go to one side with its land, and part nothing.
		if _, err := db.Exec(t.Context(), `DELETE FROM map_feature WHERE class = 'building' AND geom && ST_SetSRID(ST_MakeLine($1::geometry, $2::geometry), 4326)`,
			ledgertest.At(x, -0.2), ledgertest.At(x, 2.2)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(t.Context(), `INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, geom, tags)
			SELECT id, 'barrier', 'w', $1, 'rail', ST_SetSRID(ST_MakeLine($2::geometry, $3::geometry), 4326), $4::jsonb FROM network_import`,
			id, ledgertest.At(x, -0.2), ledgertest.At(x, 2.2), tags); err != nil {
			t.Fatal(err)
		}
	}
	// One unit for all of the land is divided by every railway that nobody crosses.
	whole := func(barriers ...string) bool {
		t.Helper()
		p, _ := made(t, db, proposal.Params{Units: 1, Barriers: barriers, Alternatives: 1})
		return len(p.Found.Proofs) == 0 && len(p.Found.Alternatives[0].Broken) == 0
	}
	if rail(9000, 1.6, `{"bridge": "yes"}`); !whole("rail") {
		t.Error("people do not pass below a railway on a bridge")
	}
	if rail(9001, 0.8, `{}`); whole("rail") || !whole() {
		t.Error("a unit reaches across a railway, or may not though it is no barrier")
	}
	_, all := made(t, db, proposal.Params{Units: 3, Barriers: []string{"rail"}, Alternatives: 1})
	for _, part := range all[0] {
		if b, line := part.Area.Bound(), ledgertest.At(0.8, 0).X; b.Min.X < line-2_000 && b.Max.X > line+2_000 {
			t.Errorf("part %d reaches across the railway: %v", part.Ordinal, b)
		}
	}
}

func TestADivisionIsRebalanced(t *testing.T) {
	db := newTown(t)
	p, all := made(t, db, proposal.Params{Rebalance: true, Min: 60, Max: 130, Locked: []string{village + "003"}, Alternatives: 1})
	a := p.Found.Alternatives[0]
	if len(a.Broken) > 0 || a.Score.Units != 4 || a.Score.Moved == 0 {
		t.Fatalf("%+v, proofs %+v", a, p.Found.Proofs)
	}
	for i, part := range all[0] {
		if want := fmt.Sprintf("%s%03d", village, i+1); part.Code != want {
			t.Errorf("part %d continues %q, want %s", part.Ordinal, part.Code, want)
		}
	}
	locked := all[0][2].Area.SquareMeters() - square(0, 1, 1, 2).SquareMeters()
	if locked > 0.5 || locked < -0.5 {
		t.Errorf("the locked unit changed by %.2f m²", locked)
	}
	draft, err := proposal.Adopt(t.Context(), db, staff.Local, p.ID, 1, "均衡")
	if err != nil || draft.Faults.Hard != 0 {
		t.Errorf("%+v, %v", draft, err)
	}
}

func TestWhatCannotBeIsProven(t *testing.T) {
	db := newTown(t)
	p, _ := made(t, db, proposal.Params{Min: 20, Max: 40, Alternatives: 1})
	if len(p.Found.Proofs) != 1 || p.Found.Proofs[0].Reason != propose.TooLarge || p.Found.Proofs[0].Households < 60 || p.Found.Proofs[0].At == nil {
		t.Fatalf("the compound is larger than a unit may be: %+v", p.Found.Proofs)
	}
	p, _ = made(t, db, proposal.Params{Min: 20, Max: 40, Divide: true, Alternatives: 1})
	if len(p.Found.Proofs) != 0 || len(p.Found.Alternatives[0].Broken) != 0 {
		t.Errorf("the compound may be divided: %+v", p.Found)
	}
}

func TestProposalsAreForWhoPlansThere(t *testing.T) {
	db := newTown(t)
	p, _ := made(t, db, proposal.Params{Units: 3, Alternatives: 1})
	var villageID, unitID int64
	if err := db.QueryRow(t.Context(), `SELECT (SELECT id FROM unit WHERE code = $1), (SELECT id FROM unit WHERE code = $1 || '002')`, village).Scan(&villageID, &unitID); err != nil {
		t.Fatal(err)
	}
	app := pg.NewActing(pgtest.As(t, db.Config().ConnString(), pg.RoleApp))
	ctx, planner := stafftest.Hold(t, db, staff.Planner, villageID)
	if got, err := proposal.Get(ctx, app, planner, p.ID); err != nil || got.Found == nil {
		t.Errorf("the planner of the village: %+v, %v", got, err)
	}
	if parts, err := proposal.Parts(ctx, app, planner, p.ID, 1); err != nil || len(parts) != 3 {
		t.Errorf("the planner of the village: %d parts, %v", len(parts), err)
	}
	if _, err := proposal.Parts(ctx, app, planner, p.ID, 2); !errors.Is(err, proposal.ErrAlternative) {
		t.Errorf("a second alternative: %v", err)
	}
	for kind, unit := range map[staff.Kind]int64{staff.Planner: unitID, staff.Worker: villageID} {
		ctx, actor := stafftest.Hold(t, db, kind, unit)
		if _, err := proposal.Get(ctx, app, actor, p.ID); !errors.Is(err, proposal.ErrUnknown) {
			t.Errorf("%s of another area sees it: %v", kind, err)
		}
		// Each wall alone.
		if _, err := proposal.Get(ctx, app, staff.Local, p.ID); !errors.Is(err, proposal.ErrUnknown) {
			t.Errorf("%s sees it past the program: %v", kind, err)
		}
		if _, err := proposal.Get(t.Context(), db, actor, p.ID); !errors.Is(err, proposal.ErrUnknown) {
			t.Errorf("%s sees it past the database: %v", kind, err)
		}
		if _, err := proposal.Make(t.Context(), db, actor, proposal.Params{Base: village, Day: grid.Today(), Units: 2}, quiet); !errors.Is(err, staff.ErrOutside) && !errors.Is(err, grid.ErrUnknownUnit) {
			t.Errorf("%s makes one: %v", kind, err)
		}
	}
	if list, err := proposal.List(ctx, app, planner, village, 0, 10); err != nil || len(list) != 1 {
		t.Errorf("%d proposals, %v", len(list), err)
	}
	if err := proposal.Remove(ctx, app, planner, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := proposal.Get(t.Context(), db, staff.Local, p.ID); !errors.Is(err, proposal.ErrUnknown) {
		t.Errorf("a removed proposal: %v", err)
	}
}

func TestTheJobAnswersOnce(t *testing.T) {
	db := newTown(t)
	p, _ := made(t, db, proposal.Params{Units: 3, Alternatives: 1})
	args, err := json.Marshal(map[string]any{"proposal": p.ID, "actor": staff.Local.Name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proposal.Handler(db)(t.Context(), quiet, args); err != nil {
		t.Errorf("again: %v", err)
	}
	var parts int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM proposal_part`).Scan(&parts); err != nil || parts != 3 {
		t.Errorf("%d parts, %v", parts, err)
	}
}

func TestQuestionsAreRefused(t *testing.T) {
	tx := pgtest.Tx(t)
	ledgertest.Town(t, tx, 2)
	day := grid.Today()
	tests := []struct {
		name string
		p    proposal.Params
		want *fault.Fault
	}{
		{"no base", proposal.Params{Day: day, Units: 2}, proposal.ErrParams},
		{"no number", proposal.Params{Base: village, Day: day}, proposal.ErrParams},
		{"no day", proposal.Params{Base: village, Units: 2}, proposal.ErrParams},
		{"bounds that contradict each other", proposal.Params{Base: village, Day: day, Min: 5, Max: 4}, proposal.ErrParams},
		{"an unknown barrier", proposal.Params{Base: village, Day: day, Units: 2, Barriers: []string{"open"}}, proposal.ErrParams},
		{"locks without rebalance", proposal.Params{Base: village, Day: day, Units: 2, Locked: []string{"x"}}, proposal.ErrParams},
		{"a lock on nothing", proposal.Params{Base: village, Day: day, Rebalance: true, Locked: []string{"x"}}, proposal.ErrParams},
		{"a level above", proposal.Params{Base: village, Day: day, Units: 2, Level: "town"}, proposal.ErrParams},
		{"no such level", proposal.Params{Base: village, Day: day, Units: 2, Level: "continent"}, proposal.ErrParams},
		{"no such unit", proposal.Params{Base: "999", Day: day, Units: 2}, grid.ErrUnknownUnit},
		{"nothing to rebalance", proposal.Params{Base: village + "001", Day: day, Rebalance: true, Max: 40, Level: "building"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := proposal.Make(t.Context(), tx, staff.Local, tt.p, quiet)
			if tt.want == nil && err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
