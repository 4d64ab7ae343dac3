package upload_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/plan"
	"wangge/geo/proposal"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// workday is the real district with invented streets and homes in one of its towns, and
// everything as it was in force before anybody planned.
type workday struct {
	*testing.T
	db     *pgxpool.Pool
	day    geo.Day // of the last plan
	town   grid.InForce
	before map[string]grid.InForce
}

// pass lets days pass.
func (w *workday) pass(days int) { w.day = geo.DayOf(w.day.Start().AddDate(0, 0, days)) }

func (w *workday) inForce() map[string]grid.InForce {
	w.Helper()
	list, err := grid.AllInForce(w.Context(), w.db, w.day)
	if err != nil {
		w.Fatal(err)
	}
	out := map[string]grid.InForce{}
	for _, b := range list {
		out[b.Code] = b
	}
	return out
}

// ours reports whether a unit is the town or lies below it.
func (w *workday) ours(all map[string]grid.InForce, b grid.InForce) bool {
	byID := map[int64]grid.InForce{}
	for _, u := range all {
		byID[u.ID] = u
	}
	for b.ID != w.town.ID && b.ParentID != 0 {
		b = byID[b.ParentID]
	}
	return b.ID == w.town.ID
}

// outside checks that nothing outside the town changed but vertices on its border, which
// the town's own units have as well.
func (w *workday) outside(step string) {
	w.Helper()
	now := w.inForce()
	inside := map[geo.Point]bool{}
	for _, b := range now {
		if w.ours(now, b) {
			for _, p := range vertices(b.Area) {
				inside[p] = true
			}
		}
	}
	more := 0
	for code, was := range w.before {
		if w.ours(w.before, was) {
			continue
		}
		is, there := now[code]
		if !there || is.Name != was.Name || is.ParentID != was.ParentID {
			w.Errorf("%s: %s is not what it was", step, code)
			continue
		}
		old := map[geo.Point]bool{}
		for _, p := range vertices(was.Area) {
			old[p] = true
		}
		without := geo.MultiPolygon{}
		for _, polygon := range is.Area {
			var rings geo.Polygon
			for _, ring := range polygon {
				rings = append(rings, slices.DeleteFunc(slices.Clone(ring), func(p geo.Point) bool {
					if old[p] {
						return false
					}
					more++
					if !inside[p] {
						w.Errorf("%s: %s has a vertex at %v that the town does not", step, code, p.Degrees())
					}
					return true
				}))
			}
			without = append(without, rings)
		}
		if !plan.SameArea(was.Area, without) {
			w.Errorf("%s: the border of %s changed", step, code)
		}
	}
	for code, is := range now {
		if _, known := w.before[code]; !known && !w.ours(now, is) {
			w.Errorf("%s: %s came", step, code)
		}
	}
	if w.Logf("%s: %d vertices on borders of units outside", step, more); more > 40 {
		w.Errorf("%s: %d vertices on borders of units outside; few borders end there", step, more)
	}
}

// tile checks that units of a level tile those above, in the town.
func (w *workday) tile(step, level string) (units int) {
	w.Helper()
	now := w.inForce()
	below := map[int64][]topology.Part{}
	for _, b := range now {
		if b.Level == level && w.ours(now, b) {
			below[b.ParentID] = append(below[b.ParentID], topology.Part{Code: b.Code, Area: b.Area})
			units++
		}
	}
	for _, b := range now {
		for _, v := range topology.Check(b.Area, below[b.ID]) {
			if len(below[b.ID]) > 0 && (v.Kind != topology.Gap || v.SquareMeters > 1) {
				w.Errorf("%s: %s %v in %s, %.2f m²", step, v.Kind, v.Codes, b.Code, v.SquareMeters)
			}
		}
	}
	var astray int
	if err := w.db.QueryRow(w.Context(), `
		SELECT count(*) FROM household h JOIN household_unit hu ON hu.household_id = h.id AND hu.valid_to IS NULL
		JOIN boundary b ON b.unit_id = hu.unit_id AND b.valid_to IS NULL WHERE NOT ST_Covers(b.geom, h.point)`).Scan(&astray); err != nil || astray > 0 {
		w.Errorf("%s: %d homes stand outside their unit, %v", step, astray, err)
	}
	return units
}

// settle invents streets about every 150 m and some 75 homes for each grid of the town.
func (w *workday) settle() (homes int) {
	w.Helper()
	for _, do := range []struct {
		sql  string
		args []any
	}{
		{`UPDATE boundary SET valid_from = valid_from - 30`, nil}, // it has stood for a while
		{`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('invented', '', '', true, 'test')`, nil},
		{`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, geom)
		 SELECT i.id, 'street', 'w', row_number() OVER (), 'residential', ST_SnapToGrid(line, 1e-7)
		 FROM network_import i, (SELECT ST_Expand(geom, 0.001) AS box FROM boundary b JOIN unit u ON u.id = b.unit_id WHERE u.code = $1 AND b.valid_to IS NULL) t,
		 LATERAL (
			SELECT ST_SetSRID(ST_MakeLine(ST_MakePoint(x, ST_YMin(box)), ST_MakePoint(x + 0.0003, ST_YMax(box))), 4326)
			FROM generate_series(ST_XMin(box)::numeric, ST_XMax(box)::numeric, 0.0016) x
			UNION ALL
			SELECT ST_SetSRID(ST_MakeLine(ST_MakePoint(ST_XMin(box), y), ST_MakePoint(ST_XMax(box), y - 0.0002)), 4326)
			FROM generate_series(ST_YMin(box)::numeric, ST_YMax(box)::numeric, 0.0014) y) l(line)`, []any{w.town.Code}},
		{`WITH RECURSIVE under AS (SELECT id FROM unit WHERE code = $1 UNION SELECT b.unit_id FROM boundary b JOIN under ON b.parent_id = under.id AND b.valid_to IS NULL),
		 placed AS (
			SELECT u.id || '/' || p.path[1] AS n, ST_SnapToGrid(p.geom, 1e-7) AS at
			FROM unit u JOIN boundary b ON b.unit_id = u.id AND b.valid_to IS NULL,
			LATERAL ST_Dump(ST_GeneratePoints(b.geom, (66 + u.id * 37 % 21)::int, 7)) p WHERE u.level = 'grid' AND u.id IN (SELECT id FROM under)),
		 made AS (INSERT INTO household (source, source_id, point, cell) SELECT 't', n, at, 1 FROM placed RETURNING id, point)
		 INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT id, unit_at(point, $2), $2 FROM made WHERE unit_at(point, $2) IS NOT NULL`, []any{w.town.Code, w.day}},
	} {
		if _, err := w.db.Exec(w.Context(), do.sql, do.args...); err != nil {
			w.Fatal(err)
		}
	}
	if err := w.db.QueryRow(w.Context(), `SELECT count(*) FROM household_unit`).Scan(&homes); err != nil {
		w.Fatal(err)
	}
	return homes
}

// proposed makes a draft of the best alternative, does something to it and publishes it.
func (w *workday) proposed(p proposal.Params, edit func(shop *plan.Workshop, draft plan.Plan) int) plan.Plan {
	w.Helper()
	w.pass(1)
	p.Base, p.Day, p.Alternatives, p.Seed = w.town.Code, w.day, 1, 1
	got, err := proposal.Make(w.Context(), w.db, staff.Local, p, quiet)
	if err != nil {
		w.Fatal(err)
	}
	best := got.Found.Alternatives[0]
	w.Logf("%d atoms, %d households: %+v, %d rules broken, %d proofs", got.Found.Atoms, got.Found.Households, best.Score, len(best.Broken), len(got.Found.Proofs))
	draft, err := proposal.Adopt(w.Context(), w.db, staff.Local, got.ID, 1, "proposed")
	if err != nil {
		w.Fatal(err)
	}
	if draft.Faults.Hard > 0 {
		w.Fatalf("the draft has faults: %v", draft.Faults.ByKind)
	}
	revision := edit(plan.NewWorkshop(w.db, nil), draft)
	done, err := plan.Publish(w.Context(), w.db, staff.Local, draft.ID, revision, w.day, quiet)
	if err != nil {
		w.Fatal(err)
	}
	return done
}

// nudge moves the first border point of three units or more by some metres, there where it fits.
func (w *workday) nudge(shop *plan.Workshop, draft plan.Plan) int {
	w.Helper()
	division, err := shop.Division(w.Context(), staff.Local, draft.ID)
	if err != nil {
		w.Fatal(err)
	}
	met := map[geo.Point]int{}
	for _, r := range division.Rows {
		for _, p := range vertices(geo.MultiPolygon(r.Area)) {
			met[p]++
		}
	}
	var junctions []geo.Point
	for p, units := range met {
		if units >= 3 {
			junctions = append(junctions, p)
		}
	}
	slices.SortFunc(junctions, func(a, b geo.Point) int { return int(a.X-b.X) + int(a.Y-b.Y)>>31 })
	for _, p := range junctions {
		edited, err := shop.Do(w.Context(), staff.Local, draft.ID, plan.Request{Revision: draft.Revision, Key: uuid.NewString(),
			Edit: plan.Edit{Op: topology.Op{Kind: topology.MovePoint, At: p, To: geo.Point{X: p.X + 40, Y: p.Y + 30}}}})
		if err == nil && len(edited.Changed) >= 3 {
			return edited.Revision
		}
	}
	w.Fatal("no border point of three units can be moved")
	return 0
}

// A day in Xihu: from the real 321 grids one town's are balanced anew and divided into
// micro-grids, edited, published, and taken back again.
func TestHangzhouXihuIsPlannedForADay(t *testing.T) {
	t.Parallel()
	db, file := xihu(t)
	inForceToday(t, db, mended(t, db, xihuGrids, file, repairs...))
	w := &workday{T: t, db: db, day: grid.Today()}
	all := w.inForce()
	w.pass(-5)
	// The town with fewest grids keeps the test short.
	grids := map[string]int{}
	for _, b := range all {
		if b.Level != "town" {
			continue
		}
		w.town = b
		for _, g := range all {
			if g.Level == "grid" && w.ours(all, g) {
				grids[b.Code]++
			}
		}
	}
	for code, n := range grids {
		if n > 10 && (grids[w.town.Code] <= 10 || n < grids[w.town.Code]) {
			w.town = all[code]
		}
	}
	homes := w.settle()
	w.before = w.inForce()
	t.Logf("%s: %d grids, %d homes", w.town.Name, grids[w.town.Code], homes)

	done := w.proposed(proposal.Params{Level: "grid", Rebalance: true, Min: 66, Max: 90}, w.nudge)
	w.outside("balanced")
	if n := w.tile("balanced", "grid"); n != grids[w.town.Code] {
		t.Errorf("%d grids, there were %d", n, grids[w.town.Code])
	}
	w.takenBack(done, w.before)

	w.proposed(proposal.Params{Level: "micro-grid", Min: 30, Max: 50}, w.nudge)
	w.outside("micro-grids")
	if n := w.tile("micro-grids", "micro-grid"); n < 2*grids[w.town.Code]-5 {
		t.Errorf("%d micro-grids of %d grids", n, grids[w.town.Code])
	}
	stood := w.inForce()
	w.pass(1)
	branch, err := plan.NewBranch(t.Context(), db, staff.Local, plan.Branch{Name: "another border", Base: w.town.Code, Level: "micro-grid", Day: w.day})
	if err != nil {
		t.Fatal(err)
	}
	revision := w.nudge(plan.NewWorkshop(db, nil), branch)
	if done, err = plan.Publish(t.Context(), db, staff.Local, branch.ID, revision, w.day, quiet); err != nil {
		t.Fatal(err)
	}
	w.outside("edited")
	w.takenBack(done, stood)
}

// takenBack rolls a plan back and checks that everything has the land that it had.
func (w *workday) takenBack(p plan.Plan, stood map[string]grid.InForce) {
	w.Helper()
	back, err := plan.RollBack(w.Context(), w.db, staff.Local, p.ID, "back")
	if err != nil {
		w.Fatal(err)
	}
	w.pass(1)
	if _, err := plan.Publish(w.Context(), w.db, staff.Local, back.ID, back.Revision, w.day, quiet); err != nil {
		w.Fatal(err)
	}
	w.outside("rolled back")
	now := w.inForce()
	if len(now) != len(stood) {
		w.Errorf("%d units, there were %d", len(now), len(stood))
	}
	for code, was := range stood {
		is, there := now[code]
		// A vertex that a plan put on a border stays there.
		if off := differing(w, was.Area, is.Area); !there || is.ParentID != was.ParentID || off > 1 {
			w.Errorf("%s is not what it was: %.2f m² are another's", code, off)
		}
	}
}

// differing is the land in m² that one of two areas has and the other has not.
func differing(w *workday, a, b geo.MultiPolygon) (m2 float64) {
	w.Helper()
	if plan.SameArea(a, b) {
		return 0
	}
	pieces, err := topology.Overlay(w.Context(), []geo.MultiPolygon{a}, []geo.MultiPolygon{b})
	if err != nil {
		w.Fatal(err)
	}
	for _, p := range pieces {
		if p.Before != p.After {
			m2 += float64(p.Area.SquareMeters())
		}
	}
	return m2
}
