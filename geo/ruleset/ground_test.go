package ruleset_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

const village = "310115001001"

func square(x0, y0, x1, y1 float64) geo.MultiPolygon {
	a, b := ledgertest.At(x0, y0), ledgertest.At(x1, y1)
	return geo.MultiPolygon{{{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}}}}
}

// furnish puts homes, incidents, posts, compounds and barriers into the town.
func (w *town) furnish() {
	random := rand.New(rand.NewPCG(1, 2))
	day := "2024-01-01"
	for i := range 400 {
		at := ledgertest.At(2*random.Float64(), 2*random.Float64())
		if i%20 == 0 {
			at = ledgertest.At(float64(i%3), float64(i%2+1)/2) // on borders
		}
		home := w.id(`INSERT INTO household (source, source_id, point, cell, occupied, age_18_59, age_80, closed_on)
			VALUES ('t', $1, $2, 1, $3, $4, $5, $6) RETURNING id`, fmt.Sprint(i), at, map[int]any{0: false, 1: true, 2: nil}[i%3], pick(i%4 == 0, 2), pick(i%8 == 0, 1), pick(i%50 == 7, "2025-01-01"))
		w.id(`INSERT INTO household_unit (household_id, unit_id, valid_from) VALUES ($1, unit_at($2, $3), $3) RETURNING 1`, home, at, day)
		if i%10 == 0 {
			w.id(`WITH i AS (INSERT INTO incident (source, source_id, category, reported_at, closed_at, point, cell) VALUES ('t', $1, '0102', now(), $4, $2, 1) RETURNING id)
				INSERT INTO incident_unit (incident_id, unit_id, valid_from) SELECT id, unit_at($2, $3), $3 FROM i RETURNING 1`, fmt.Sprint(i), at, day, pick(i%20 == 0, "2025-01-01"))
		}
	}
	w.id(`INSERT INTO household (source, source_id) VALUES ('t', 'unplaced') RETURNING id`)
	w.id(`INSERT INTO zone (code, kind, name, valid_from, geom) VALUES ('z1', 'compound', '荷花苑', '2024-01-01', $1), ('z2', 'shop-block', '商圈', '2024-01-01', $1),
		('z3', 'natural-village', '旧村', '2024-01-01', $2) RETURNING 1`, square(0.9, 0.2, 1.1, 0.4), square(0.2, 0.2, 0.3, 0.3))
	w.id(`INSERT INTO zone (code, kind, name, valid_from, valid_to, geom) VALUES ('z4', 'compound', '拆除', '2024-01-01', '2024-06-01', $1) RETURNING 1`, square(0.9, 0.2, 1.1, 0.4))
	imported := w.id(`INSERT INTO network_import (file_name, sha256, attribution, current, imported_by) VALUES ('m', '', '', true, 't') RETURNING id`)
	old := w.id(`INSERT INTO network_import (file_name, sha256, attribution, imported_by) VALUES ('o', '', '', 't') RETURNING id`)
	line := `ST_SetSRID(ST_MakeLine($2::geometry, $3::geometry), 4326)`
	a, b := ledgertest.At(-0.5, 0.5), ledgertest.At(2.5, 0.5)
	for i, f := range []struct {
		class, kind, name string
		layer             int
		from              int64
	}{{"street", "primary", "大道", 0, imported}, {"street", "residential", "小路", 0, imported}, {"street", "trunk", "隧道", -1, imported}, {"street", "primary", "旧路", 0, old}, {"water", "stream", "小溪", 0, imported},
		{"barrier", "rail", "铁路", 0, imported}, {"barrier", "fence", "栅栏", 0, imported}, {"barrier", "subway", "地铁", -1, imported}} {
		w.id(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, layer, geom) VALUES ($1, $4, 'w', $5, $6, $7, $8, `+line+`) RETURNING 1`,
			f.from, a, b, f.class, i, f.kind, f.name, f.layer)
	}
	w.id(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, geom) VALUES ($1, 'water', 'w', 100, 'river', '河', $2), ($1, 'place', 'w', 101, 'compound', '地图苑', $3) RETURNING 1`,
		imported, square(-0.5, 1.4, 2.5, 1.5), square(0.5, 0.95, 0.6, 1.05))
	w.id(`INSERT INTO map_feature (import_id, class, osm_type, osm_id, kind, name, geom) VALUES ($1, 'place', 'n', 102, 'compound', '点', $2) RETURNING 1`, imported, a)
}

func pick[T any](yes bool, v T) any {
	if yes {
		return v
	}
	return nil
}

// inForce are the units of the town as a draft that changes nothing.
func (w *town) inForce() []rule.Unit {
	list, err := grid.AllInForce(w.t.Context(), w.owner, grid.Today())
	w.must(err)
	var units []rule.Unit
	for i, u := range list {
		units = append(units, rule.Unit{Ordinal: i, Code: u.Code, Name: u.Name, Level: u.Level, Parent: map[bool]string{true: village}[u.Level != "village"], Area: u.Area})
	}
	return units
}

func TestTheGroundIsWhatTheLedgersSay(t *testing.T) {
	w := newTown(t)
	w.furnish()
	ctx, planner := w.planner(w.village)
	stafftest.Hold(t, w.owner, staff.Leader, w.grids[0])
	w.id(`INSERT INTO post (kind, unit_id) VALUES ('worker', $1) RETURNING id`, w.grids[0])
	facts, err := ruleset.Facts(ctx, w.owner, planner, grid.Today(), []string{village}, w.inForce())
	w.must(err)
	if len(facts) != 5 {
		t.Fatalf("%d facts", len(facts))
	}
	for _, x := range facts {
		var households, empty, incidents int
		var people *int
		err := w.owner.QueryRow(t.Context(), `
			SELECT count(*), count(*) FILTER (WHERE h.occupied IS FALSE), sum(coalesce(h.age_18_59, 0) + coalesce(h.age_80, 0)) FILTER (WHERE coalesce(h.age_18_59, h.age_80) IS NOT NULL),
				(SELECT count(*) FROM incident i JOIN incident_unit o ON o.incident_id = i.id WHERE o.unit_id IN (SELECT a.unit_id FROM unit_ancestor a JOIN unit u ON u.id = a.ancestor_id WHERE u.code = $1) AND i.closed_at IS NULL)
			FROM household h JOIN household_unit o ON o.household_id = h.id
			WHERE o.unit_id IN (SELECT a.unit_id FROM unit_ancestor a JOIN unit u ON u.id = a.ancestor_id WHERE u.code = $1) AND h.closed_on IS NULL`, x.Code).Scan(&households, &empty, &people, &incidents)
		w.must(err)
		if *x.Households != households || *x.Empty != empty || *x.People != *people || *x.Incidents != incidents || households == 0 || incidents == 0 {
			t.Errorf("%s: %d homes, %d empty, %d people, %d incidents; the ledgers say %d, %d, %d, %d", x.Code, *x.Households, *x.Empty, *x.People, *x.Incidents, households, empty, *people, incidents)
		}
		if x.Parent != "" && *x.Outside != 0 {
			t.Errorf("%s lies %v m² outside", x.Code, *x.Outside)
		}
	}
	top, west, east, north := facts[0], facts[1], facts[2], facts[3]
	if len(top.Cut) != 0 || len(west.Cut) != 2 || len(east.Cut) != 1 || len(north.Cut) != 1 {
		t.Errorf("cut: %+v, %+v, %+v, %+v", top.Cut, west.Cut, east.Cut, north.Cut)
	}
	if len(top.Crossed) != 3 || len(west.Crossed) != 2 || west.Crossed[0].Name != "大道" || west.Crossed[1].Name != "铁路" || len(north.Crossed) != 1 || north.Crossed[0].Kind != "river" {
		t.Errorf("crossed: %+v, %+v, %+v", top.Crossed, west.Crossed, north.Crossed)
	}
	if got, _ := json.Marshal(west.Posts); string(got) != `[{"kind":"leader","all":1,"held":1},{"kind":"worker","all":1,"held":0}]` {
		t.Errorf("posts: %s", got)
	}
	if len(west.Needs) == 0 || west.Needs[0].Kinds[0] != "leader" {
		t.Errorf("the template of a micro-grid: %+v", west.Needs)
	}
}

func TestWhoPlansElsewhereOrSeesNoPlacesGetsNoGround(t *testing.T) {
	w := newTown(t)
	w.furnish()
	_, east := w.planner(w.grids[1])
	_, analyst := stafftest.Hold(t, w.owner, staff.Analyst, w.village)
	for name, actor := range map[string]staff.Actor{"a planner of a part": east, "an analyst": analyst, "the public": staff.Public} {
		if _, err := ruleset.Load(t.Context(), w.owner, actor, grid.Today(), []string{village}); !errors.Is(err, staff.ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, below := range map[string][]string{"no such unit": {"nowhere"}, "one of two": {village, "nowhere"}, "nothing": nil} {
		if _, err := ruleset.Load(t.Context(), w.owner, staff.Local, grid.Today(), below); !errors.Is(err, grid.ErrUnknownUnit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	drawing := staff.Actor{Name: "account:0", Grants: []staff.Grant{{Unit: w.village, May: []staff.Permission{staff.Plan}}}}
	facts, err := ruleset.Facts(t.Context(), w.owner, drawing, grid.Today(), []string{village}, w.inForce())
	w.must(err)
	for _, x := range facts {
		if x.Households != nil || x.People != nil || x.Incidents != nil || x.Empty != nil {
			t.Errorf("who sees no places counts homes: %+v", x)
		}
	}
	if len(facts[0].Crossed) == 0 {
		t.Error("who sees no places sees no river either")
	}
}

func TestAStoredPlanIsJudgedByItsSetWithItsWaivers(t *testing.T) {
	w := newTown(t)
	w.furnish()
	ctx, planner := w.planner(w.village)
	made, err := ruleset.Add(ctx, w.db, planner, ruleset.New{TitleZh: "每格一百户", TitleEn: "a hundred", Rules: []rule.Rule{
		{Kind: rule.Households, Level: "micro-grid", Max: f(120), Hard: true, Waivable: true},
		{Kind: rule.Split, Level: "village", Max: f(300), Hard: true},
		{Kind: rule.Inside, Max: f(50)},
	}})
	w.must(err)
	// The west becomes one unit, which reaches out of the village; the east is left to
	// another; a unit above is redrawn as both.
	draft := w.id(`INSERT INTO plan (name, preset, level, created_by, area_id, base_id, rule_set_id) VALUES ('d', 'town-cluster', 'micro-grid', 't', $1, $1, $2) RETURNING id`, w.village, made.ID)
	for i, u := range []struct {
		role, code, parent string
		area               geo.MultiPolygon
	}{{"part", "w", village, square(-0.1, 0, 1, 2)}, {"part", "e", village, square(1, 0, 1.2, 2)}, {"parent", village, "", square(-0.1, 0, 1.2, 2)}, {"parent", "new", "", square(1.2, 0, 2, 2)}, {"excluded", "", village, square(1.2, 0, 2, 2)}, {"part", "s", "310115001001004", square(1.2, 0, 2, 0.5)}} {
		w.id(`INSERT INTO plan_unit (plan_id, ordinal, role, code, name, parent, geom) VALUES ($1, $2, $3, $4, $4, nullif($5, ''), $6) RETURNING 1`, draft, i+1, u.role, u.code, u.parent, u.area)
	}
	w.must(ruleset.Waive(ctx, w.db, planner, draft, made.Rules[0].ID, 1, "新建小区"))
	facts, found, err := ruleset.Judge(t.Context(), w.owner, planner, grid.Today(), draft)
	w.must(err)
	// Three units, the one above that is redrawn, and one above that is as it was; the
	// new one above has none.
	if len(facts) != 5 || facts[0].Ordinal != -int(w.grids[3]) || facts[0].Code != "310115001001004" || *facts[0].Households != *facts[4].Households || facts[3].Level != "village" || *facts[3].Households != *facts[1].Households+*facts[2].Households {
		t.Fatalf("facts %+v", facts)
	}
	w.must(ruleset.Waive(ctx, w.db, planner, draft, made.Rules[2].ID, -int(w.grids[3]), "上级不动"))
	if err := ruleset.Waive(ctx, w.db, planner, draft, made.Rules[2].ID, -int(w.grids[0]), "x"); !errors.Is(err, ruleset.ErrUnit) {
		t.Errorf("a unit above that none of the draft lies in: %v", err)
	}
	var got []string
	for _, x := range found {
		got = append(got, fmt.Sprint(x.Kind, " ", x.Code, " stops: ", x.Stops()))
	}
	if want := []string{"households w stops: false", "inside w stops: false"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("findings %v, want %v", got, want)
	}
	_, east := w.planner(w.grids[1])
	if _, _, err := ruleset.Judge(t.Context(), w.owner, east, grid.Today(), draft); !errors.Is(err, ruleset.ErrPlan) {
		t.Errorf("somebody else judges it: %v", err)
	}

	// A duplicate keeps set and waivers of the units it has.
	twin := w.draft(w.village, "town-cluster")
	tx, err := w.owner.Begin(t.Context())
	w.must(err)
	w.must(ruleset.Carry(t.Context(), tx, draft, twin))
	w.must(tx.Commit(t.Context()))
	set, err := ruleset.Of(ctx, w.db, planner, twin)
	w.must(err)
	if waivers, err := ruleset.Waivers(ctx, w.db, planner, twin); err != nil || set.ID != made.ID || len(waivers) != 2 || waivers[0].Reason != "新建小区" || waivers[1].Ordinal != -int(w.grids[3]) {
		t.Errorf("set %d, waivers %+v, %v", set.ID, waivers, err)
	}

	// Without a base the units above tell the land, and at the top the plan's own.
	for name, tt := range map[string]struct {
		parent string
		want   []string
	}{"units above": {village, []string{village}}, "own": {"", []string{"310115001001001"}}, "nothing in force": {"nowhere", nil}} {
		id := w.draft(w.village, "town-cluster")
		code := "310115001001001"
		if tt.want == nil {
			code = "nothing"
		}
		w.id(`UPDATE plan_unit SET parent = nullif($2, ''), code = $3 WHERE plan_id = $1 RETURNING 1`, id, tt.parent, code)
		if got, err := ruleset.Below(t.Context(), w.owner, id, grid.Today()); err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, tt.want)
		}
		if facts, _, err := ruleset.Judge(t.Context(), w.owner, planner, grid.Today(), id); err != nil || len(facts) == 0 || (facts[len(facts)-1].Households == nil) != (tt.want == nil) {
			t.Errorf("%s: %+v, %v", name, facts, err)
		}
	}
}
