package publication

import (
	"fmt"
	"testing"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/staff"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// village is a town with one village of four grids, in a database.
type village struct {
	t   *testing.T
	db  pg.DB
	ids map[string]int64
	n   int
}

func newVillage(t *testing.T) *village {
	v := &village{t: t, db: pgtest.Tx(t), ids: map[string]int64{}}
	v.exec(`INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_at)
	        VALUES ('p', 'town-grid', 'grid', 'published', '2026-01-01', 'test', now())`)
	v.unit("T", "town", "", 0)
	v.unit("V", "village", "T", 0)
	for i := range 4 {
		v.unit(fmt.Sprint("G", i), "grid", "V", i)
	}
	return v
}

func (v *village) exec(sql string, args ...any) {
	v.t.Helper()
	if _, err := v.db.Exec(v.t.Context(), sql, args...); err != nil {
		v.t.Fatalf("%s: %v", sql, err)
	}
}

func (v *village) unit(code, level, parent string, x int) {
	v.t.Helper()
	var id int64
	var above *int64
	if up, known := v.ids[parent]; known {
		above = &up
	}
	area := fmt.Sprintf("SRID=4326;MULTIPOLYGON(((120.%d 30, 120.%d1 30, 120.%d1 30.1, 120.%d 30.1, 120.%d 30)))", x, x, x, x, x)
	err := v.db.QueryRow(v.t.Context(), `
		WITH made AS (INSERT INTO unit (code, preset, level) VALUES ($1, 'town-grid', $2) RETURNING id)
		INSERT INTO boundary (unit_id, parent_id, plan_id, name, valid_from, area, label, geom)
		SELECT id, $3, (SELECT max(id) FROM plan), $1, '2026-01-01', 1, ST_PointOnSurface($4::text::geometry), $4::text::geometry FROM made RETURNING unit_id`, code, level, above, area).Scan(&id)
	if err != nil {
		v.t.Fatal(err)
	}
	v.ids[code] = id
}

// households adds n to a grid, each with a person over eighty, all in one cell.
func (v *village) households(grid string, n int) {
	v.t.Helper()
	at := geo.Point{X: 1200000000 + int32(len(grid)), Y: 300500000}
	for range n {
		v.n++
		v.exec(`
			WITH made AS (
				INSERT INTO household (source, source_id, occupied, age_80, point, cell) VALUES ('t', $1, true, 1, $2, $3) RETURNING id)
			INSERT INTO household_unit (household_id, unit_id, valid_from) SELECT id, $4, '2026-01-01' FROM made`,
			fmt.Sprint(v.n), at, int64(cell.At(at)), v.ids[grid])
	}
}

func (v *village) day(text string) geo.Day {
	d, err := geo.ParseDay(text)
	if err != nil {
		v.t.Fatal(err)
	}
	return d
}

func (v *village) publish(day string) string {
	v.t.Helper()
	p, err := IfDue(v.t.Context(), v.db, staff.System, v.day(day))
	if err != nil {
		v.t.Fatal(err)
	}
	return p.Reason
}

// shown are the published households of a day, by code; -1 is hidden.
func (v *village) shown(day string) map[string]int {
	v.t.Helper()
	var all []int64
	for _, id := range v.ids {
		all = append(all, id)
	}
	numbers, err := Of(v.t.Context(), v.db, staff.Local, v.day(day), all)
	if err != nil {
		v.t.Fatal(err)
	}
	counts := map[string]int{}
	for code, id := range v.ids {
		counts[code] = -1
		if n := numbers[id].Households; n != nil {
			counts[code] = *n
		}
	}
	return counts
}

func (v *village) want(day string, want map[string]int) {
	v.t.Helper()
	if got := v.shown(day); fmt.Sprint(got) != fmt.Sprint(want) {
		v.t.Errorf("on %s %v are shown, want %v", day, got, want)
	}
}

func TestCountsArePublishedWhenDueAndNotLive(t *testing.T) {
	v := newVillage(t)
	if reason := v.publish("2026-02-01"); reason != "" {
		t.Errorf("published for %q though nobody lives here", reason)
	}
	v.households("G0", 30)
	v.households("G1", 12)
	v.households("G2", 4)
	if reason := v.publish("2026-02-02"); reason != "first" {
		t.Fatalf("published for %q, want the first", reason)
	}
	first := map[string]int{"T": 46, "V": 46, "G0": 30, "G1": -1, "G2": -1, "G3": 0}
	v.want("2026-02-02", first)
	v.households("G0", 50)
	if reason := v.publish("2026-03-01"); reason != "" {
		t.Errorf("published for %q within a month", reason)
	}
	v.want("2026-03-01", first)
	if reason := v.publish("2026-03-02"); reason != "month" {
		t.Errorf("published for %q after a month", reason)
	}
	later := map[string]int{"T": 96, "V": 96, "G0": 80, "G1": -1, "G2": -1, "G3": 0}
	v.want("2026-03-02", later)
	v.want("2026-02-20", first)
	v.want("2026-01-31", map[string]int{"T": -1, "V": -1, "G0": -1, "G1": -1, "G2": -1, "G3": -1})
	v.households("G0", 3)
	v.exec(`UPDATE plan SET published_at = clock_timestamp() + interval '1 second'`)
	if reason := v.publish("2026-03-05"); reason != "plan" {
		t.Errorf("published for %q after a plan", reason)
	}
	v.want("2026-03-05", later) // three more are too few to be told
}

// What is occupied tells what is not: both must be many.
func TestOccupiedIsHiddenWhereFewAreEmpty(t *testing.T) {
	v := newVillage(t)
	v.households("G0", 30)
	v.households("G1", 30)
	v.exec(`UPDATE household SET occupied = false WHERE id IN (SELECT household_id FROM household_unit WHERE unit_id = $1 ORDER BY 1 LIMIT 3)`, v.ids["G0"])
	v.exec(`UPDATE household SET occupied = false WHERE id IN (SELECT household_id FROM household_unit WHERE unit_id = $1 ORDER BY 1 LIMIT 14)`, v.ids["G1"])
	v.publish("2026-02-02")
	numbers, err := Of(t.Context(), v.db, staff.Local, v.day("2026-02-02"), []int64{v.ids["T"], v.ids["G0"], v.ids["G1"], 0})
	if err != nil {
		t.Fatal(err)
	}
	if n := numbers[v.ids["G0"]]; n.Households == nil || *n.Households != 30 || n.Occupied != nil {
		t.Errorf("G0 shows %v", n)
	}
	if n := numbers[v.ids["G1"]]; n.Occupied != nil {
		t.Error("G1 shows what is occupied, and with the town's sum what is empty in G0")
	}
	if n := numbers[v.ids["T"]]; n.Occupied == nil || *n.Occupied != 43 || n.Ages[5] == nil || *n.Ages[5] != 60 || n.Ages[0] != nil {
		t.Errorf("the town shows %+v", n)
	}
}

func TestCellsArePublishedInBands(t *testing.T) {
	v := newVillage(t)
	v.households("G0", 37)
	v.publish("2026-02-02")
	rows, err := v.db.Query(t.Context(), `SELECT cell, value FROM published_cell WHERE top_id = $1 AND attribute = 'households' ORDER BY cell`, v.ids["T"])
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := map[int]int{}
	for rows.Next() {
		var c cell.Cell
		var n int
		if err := rows.Scan((*int64)(&c), &n); err != nil {
			t.Fatal(err)
		}
		seen[c.Resolution()] += n
	}
	if fmt.Sprint(seen) != "map[7:30 8:30 9:30]" {
		t.Errorf("cells by resolution are %v, want 30 of 37 at 7, 8 and 9", seen)
	}
}

func TestOnlyTheAreaOfCountsIsShown(t *testing.T) {
	v := newVillage(t)
	v.households("G0", 30)
	v.households("G1", 30)
	v.publish("2026-02-02")
	officer := func(unit string, may ...staff.Permission) staff.Actor {
		return staff.Actor{Name: "account:1", Account: 1, Grants: []staff.Grant{{Unit: v.ids[unit], May: may}}}
	}
	units := []int64{v.ids["T"], v.ids["G0"], v.ids["G1"]}
	for _, tt := range []struct {
		name  string
		actor staff.Actor
		want  int
	}{
		{"the town", officer("T", staff.Count), 3}, {"one grid", officer("G1", staff.Count), 1},
		{"another purpose", officer("T", staff.Map), 0}, {"nobody", staff.Public, 0},
	} {
		numbers, err := Of(t.Context(), v.db, tt.actor, v.day("2026-02-02"), units)
		if err != nil || len(numbers) != tt.want {
			t.Errorf("%s: %d units, %v, want %d", tt.name, len(numbers), err, tt.want)
		}
	}
	for _, tt := range []struct {
		name  string
		actor staff.Actor
		want  int
	}{
		{"the town", officer("T", staff.Place), 3}, {"one grid", officer("G1", staff.Place), 1},
		{"another purpose", officer("T", staff.Count), 0}, {"nobody", staff.Public, 0}, {"everything", staff.Local, 3},
	} {
		precise, err := Precise(t.Context(), v.db, tt.actor, units)
		if err != nil || len(precise) != tt.want {
			t.Errorf("%s: precise are %v, %v, want %d", tt.name, precise, err, tt.want)
		}
	}
}

// The engine publishes, the map's reader and requests read, and nobody else writes.
func TestRolesOfTheDatabase(t *testing.T) {
	dsn := pgtest.DSN(t)
	v := &village{t: t, db: pgtest.As(t, dsn, ""), ids: map[string]int64{}}
	v.exec(`INSERT INTO plan (name, preset, level, state, effective_on, created_by, published_at)
	        VALUES ('p', 'town-grid', 'grid', 'published', '2026-01-01', 'test', now())`)
	v.unit("T", "town", "", 0)
	v.unit("V", "village", "T", 0)
	v.unit("G0", "grid", "V", 0)
	v.households("G0", 20)
	v.db = pgtest.As(t, dsn, pg.RoleEngine)
	if reason := v.publish("2026-02-01"); reason != "first" {
		t.Fatalf("the engine published for %q", reason)
	}
	for role, want := range map[string]int{pg.RoleReader: 1, pg.RoleApp: 0} { // no account acts: the wall shows nothing
		db := pgtest.As(t, dsn, role)
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM published_count WHERE unit_id = $1 AND attribute = 'households'`, v.ids["G0"]).Scan(&n); err != nil || n != want {
			t.Errorf("%s reads %d rows, %v, want %d", role, n, err, want)
		}
		for _, sql := range []string{`UPDATE published_count SET value = 1`, `DELETE FROM publication`, `SELECT * FROM publication_edition`} {
			if _, err := db.Exec(t.Context(), sql); !pg.ErrCode(err, "42501") {
				t.Errorf("%s: %s: %v, want no permission", role, sql, err)
			}
		}
	}
}
