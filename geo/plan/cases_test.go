package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/grid"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/topology"
)

// The changes of the five published cases, replayed with their numbers on generated
// maps: Shatang (20 grids become 16 and 22), Kangqiao (4 committees above 3,000
// households and 12 new ones), Qingshen (four compounds become one, two villages and a
// community become one). Its blocks of 30–50 households are proposed in package proposal.

const townCodeOf = "990101001000"

// laidOut puts a town of villages side by side in force on 1 January 2026, each with
// grids from west to east, and households spread evenly over each grid.
func laidOut(t *testing.T, villages, grids, households int) *pgxpool.Pool {
	t.Helper()
	const side = 10_000
	db := pgtest.Database(t)
	publish(t, db, draftOf(t, db, "town", "2026-01-01",
		plan.Record{Code: townCodeOf, Name: "Town", Area: box(0, 0, int32(villages)*side, side)}), "2026-01-01")
	var above, below []plan.Record
	for v := range int32(villages) {
		code := fmt.Sprintf("990101001%03d", v+1)
		above = append(above, plan.Record{Code: code, Name: "Village " + code[9:], Parent: townCodeOf, Area: box(v*side, 0, (v+1)*side, side)})
		for g := range int32(grids) {
			west, east := v*side+g*side/int32(grids), v*side+(g+1)*side/int32(grids)
			below = append(below, gridRecord(fmt.Sprintf("%s%03d", code, g+1), code, box(west, 0, east, side)))
		}
	}
	publish(t, db, draftOf(t, db, "village", "2026-01-01", above...), "2026-01-01")
	publish(t, db, draftOf(t, db, "grid", "2026-01-01", below...), "2026-01-01")
	// A place of a grid is told by two fractions that never fall on a border.
	if _, err := db.Exec(t.Context(), `
		WITH placed AS (
			SELECT u.id, u.code, n, ST_SetSRID(ST_MakePoint(
				ST_XMin(b.geom) + (ST_XMax(b.geom) - ST_XMin(b.geom)) * ((n * 0.61803) % 1 * 0.98 + 0.01),
				ST_YMin(b.geom) + (ST_YMax(b.geom) - ST_YMin(b.geom)) * ((n * 0.75488) % 1 * 0.98 + 0.01)), 4326) AS at
			FROM unit u JOIN boundary b ON b.unit_id = u.id, generate_series(1, $1) n WHERE u.level = 'grid'),
		made AS (INSERT INTO household (source, source_id, point, cell) SELECT 't', code || '/' || n, ST_SnapToGrid(at, 1e-7), 1 FROM placed RETURNING id, source_id)
		INSERT INTO household_unit (household_id, unit_id, valid_from)
		SELECT m.id, p.id, '2026-01-01' FROM made m JOIN placed p ON m.source_id = p.code || '/' || p.n`, households); err != nil {
		t.Fatal(err)
	}
	return db
}

// unitsOf are the codes of a level in force on a day with their households, which stand
// where the polygons say.
func unitsOf(t *testing.T, db *pgxpool.Pool, level, on string) map[string]int {
	t.Helper()
	var astray int
	if err := db.QueryRow(t.Context(), `
		SELECT count(*) FROM household h
		LEFT JOIN household_unit hu ON hu.household_id = h.id AND hu.valid_from <= $1 AND (hu.valid_to IS NULL OR hu.valid_to > $1)
		LEFT JOIN boundary b ON b.unit_id = hu.unit_id AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		WHERE b.geom IS NULL OR NOT ST_Covers(b.geom, h.point)`, day(t, on)).Scan(&astray); err != nil || astray != 0 {
		t.Errorf("%d households stand outside their unit, %v", astray, err)
	}
	rows, err := db.Query(t.Context(), `
		SELECT u.code, count(h.id) FROM unit u JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		LEFT JOIN household h ON ST_Covers(b.geom, h.point) WHERE u.level = $1 GROUP BY u.code`, level, day(t, on))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var code string
		var n int
		if err := rows.Scan(&code, &n); err != nil {
			t.Fatal(err)
		}
		out[code] = n
	}
	return out
}

func total(counts map[string]int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// idOf is the id of a unit within the draft.
func (d *desk) idOf(code string) int {
	d.Helper()
	out, err := d.shop.Division(d.Context(), d.actor, d.id)
	if err != nil {
		d.Fatal(err)
	}
	i := slices.IndexFunc(out.Rows, func(r *plan.Row) bool { return r.Code == code })
	if i < 0 {
		d.Fatalf("no unit %s in the draft", code)
	}
	return out.Rows[i].ID
}

func (d *desk) findings(kind rule.Kind) (codes []string) {
	d.Helper()
	out, err := d.shop.Facts(d.Context(), d.actor, d.id)
	if err != nil {
		d.Fatal(err)
	}
	for _, f := range out.Findings {
		if f.Kind == kind {
			codes = append(codes, f.Code)
		}
	}
	slices.Sort(codes)
	return codes
}

func (d *desk) lineage() (pairs int) {
	d.Helper()
	if err := d.db.QueryRow(d.Context(), `SELECT count(*) FROM lineage WHERE plan_id = $1`, d.id).Scan(&pairs); err != nil {
		d.Fatal(err)
	}
	return pairs
}

func TestCaseTwentyGridsBecomeSixteenAndTwentyTwoMicroGrids(t *testing.T) {
	db := laidOut(t, 4, 5, 40)
	before := unitsOf(t, db, "grid", "2026-01-01")
	if len(before) != 20 || total(before) != 800 {
		t.Fatalf("%d grids with %d households", len(before), total(before))
	}
	d := branch(t, db, townCodeOf)
	for v := range int32(4) {
		code := fmt.Sprintf("990101001%03d", v+1)
		d.do(op(topology.Op{Kind: topology.Merge, Units: []int{d.idOf(code + "004"), d.idOf(code + "005")}, Into: d.idOf(code + "004")}))
		// The first grid takes a corner of the second along a drawn line.
		x := v * 10_000
		d.do(op(topology.Op{Kind: topology.Reshape, Units: []int{d.idOf(code + "001")}, Line: line(x+1900, 3000, x+2700, 3100, x+2700, 6900, x+1900, 7000)}))
	}
	d.publish("2026-02-01")
	large := unitsOf(t, db, "grid", "2026-02-01")
	if len(large) != 16 || total(large) != 800 || large["990101001001004"] != 80 || large["990101001001001"] <= 40 {
		t.Fatalf("%d grids: %v", len(large), large)
	}
	// In each village 4 and 5 become 4, and some land of 2 goes to 1.
	if n := d.lineage(); n < 8 {
		t.Errorf("%d pairs of lineage", n)
	}
	tiled(t, db, "2026-02-01")

	// Every large grid begins as one micro-grid; six of them are cut in two.
	p, err := plan.NewBranch(t.Context(), db, staff.Local, plan.Branch{Name: "micro-grids", Base: townCodeOf, Level: "micro-grid", Day: day(t, "2026-03-01")})
	if err != nil {
		t.Fatal(err)
	}
	d = &desk{t, db, plan.NewWorkshop(db, nil), staff.Local, p.ID, p.Revision}
	division, err := d.shop.Division(t.Context(), d.actor, d.id)
	if err != nil {
		t.Fatal(err)
	}
	begun := slices.DeleteFunc(slices.Clone(division.Rows), func(r *plan.Row) bool { return r.Role != plan.Part })
	if len(begun) != 16 {
		t.Fatalf("%d micro-grids to begin with", len(begun))
	}
	next := division.Next
	for _, r := range begun[:6] {
		box := r.Area[0][0]
		west, east := box[0].X, box[0].X
		for _, at := range box {
			west, east = min(west, at.X), max(east, at.X)
		}
		mid := west + (east-west)/2
		cut := line(0, -100, 0, 10_100)
		for i := range cut {
			cut[i].X = mid
		}
		d.do(op(topology.Op{Kind: topology.SplitBy, Units: []int{r.ID}, Into: next, Line: cut}))
		next++
	}
	d.publish("2026-03-01")
	micro, still := unitsOf(t, db, "micro-grid", "2026-03-01"), unitsOf(t, db, "grid", "2026-03-01")
	if len(micro) != 22 || total(micro) != 800 || len(still) != 16 {
		t.Errorf("%d micro-grids with %d households in %d grids", len(micro), total(micro), len(still))
	}
}

func TestCaseFourCommitteesAboveThreeThousandHouseholdsAndTwelveNewOnes(t *testing.T) {
	db := laidOut(t, 4, 4, 800) // 3,200 in each village
	d := branch(t, db, townCodeOf)
	sets, err := ruleset.List(t.Context(), db, staff.Local)
	if err != nil {
		t.Fatal(err)
	}
	kangqiao := sets[slices.IndexFunc(sets, func(s ruleset.Set) bool { return s.Code == "kangqiao" })]
	if _, err := ruleset.Use(t.Context(), db, staff.Local, d.id, kangqiao.ID); err != nil {
		t.Fatal(err)
	}
	if got := d.findings(rule.Split); len(got) != 4 {
		t.Fatalf("to be split: %v", got)
	}
	for v := range 4 {
		code := fmt.Sprintf("990101001%03d", v+1)
		for g := range 3 {
			made := fmt.Sprintf("990101001%03d", 5+3*v+g)
			d.do(plan.Edit{Op: topology.Op{Kind: plan.AddAbove}, Name: "New " + made[9:], Code: made})
			d.do(plan.Edit{Op: topology.Op{Kind: plan.ChangeOver, Units: []int{d.idOf(fmt.Sprintf("%s%03d", code, g+2))}}, Parent: made})
		}
	}
	if got := d.findings(rule.Split); len(got) != 0 {
		t.Errorf("still to be split: %v", got)
	}
	d.publish("2026-02-01")
	committees := unitsOf(t, db, "village", "2026-02-01")
	if len(committees) != 16 || total(committees) != 12_800 {
		t.Errorf("%d committees with %d households", len(committees), total(committees))
	}
	for code, n := range committees {
		if n != 800 {
			t.Errorf("%s has %d households", code, n)
		}
	}
	if n := d.lineage(); n != 12 {
		t.Errorf("%d pairs of lineage, want one for each new committee", n)
	}
}

func TestCaseFourCompoundsBecomeOne(t *testing.T) {
	db := laidOut(t, 2, 4, 30)
	d := branch(t, db, "990101001001")
	d.do(op(topology.Op{Kind: topology.Merge, Units: []int{1, 2, 3, 4}, Into: 1}))
	d.do(plan.Edit{Op: topology.Op{Kind: plan.NameUnit, Units: []int{1}}, Name: "融泽苑"})
	d.publish("2026-02-01")
	after := unitsOf(t, db, "grid", "2026-02-01")
	if len(after) != 5 || after["990101001001001"] != 120 || total(after) != 240 {
		t.Errorf("%v", after)
	}
	u, err := grid.ByCode(t.Context(), db, staff.Local, day(t, "2026-02-01"), "990101001001001")
	if err != nil || u.Name != "融泽苑" {
		t.Errorf("%+v, %v", u, err)
	}
	if n := d.lineage(); n != 3 {
		t.Errorf("%d pairs of lineage", n)
	}
}

func TestCaseTwoVillagesAndACommunityBecomeOne(t *testing.T) {
	db := laidOut(t, 4, 3, 20)
	before := unit(t, db, "2026-01-01", townCodeOf)
	d := branch(t, db, townCodeOf)
	for _, gone := range []string{"990101001002", "990101001003"} {
		var units []int
		for g := range 3 {
			units = append(units, d.idOf(fmt.Sprintf("%s%03d", gone, g+1)))
		}
		d.do(plan.Edit{Op: topology.Op{Kind: plan.ChangeOver, Units: units}, Parent: "990101001001"})
	}
	p, err := plan.Get(t.Context(), db, staff.Local, d.id)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := plan.Checklist(t.Context(), db, staff.Local, p.ID, day(t, "2026-02-01"))
	if i := slices.IndexFunc(checks, func(c plan.Check) bool { return c.Code == "imperfect" }); err != nil || checks[i].Count != 2 {
		t.Errorf("nobody is told that two villages end: %+v, %v", checks, err)
	}
	d.publish("2026-02-01")
	villages := unitsOf(t, db, "village", "2026-02-01")
	if len(villages) != 2 || villages["990101001001"] != 180 || villages["990101001004"] != 60 {
		t.Errorf("%v", villages)
	}
	merged, whole := unit(t, db, "2026-02-01", "990101001001"), unit(t, db, "2026-02-01", townCodeOf)
	if merged.Children != 9 || merged.State != "complete" || merged.Area < 0.7499*before.Area || merged.Area > 0.7501*before.Area || whole.Area != before.Area {
		t.Errorf("merged %+v in %+v", merged, whole)
	}
	if n := d.lineage(); n != 2 {
		t.Errorf("%d pairs of lineage, want one for each village that ended", n)
	}
	// The grids kept their codes and their households.
	if grids := unitsOf(t, db, "grid", "2026-02-01"); len(grids) != 12 || grids["990101001003002"] != 20 {
		t.Errorf("%v", grids)
	}
}
