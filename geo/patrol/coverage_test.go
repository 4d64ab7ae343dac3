package patrol_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb/encoding/wkt"

	"github.com/xuri/excelize/v2"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/patrol"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/track"
	"wangge/geo/vectorfile"
	"wangge/geo/walk"
)

const village, first = "310115001001", "310115001001001"

func (s *station) coverer(n *walk.Network) patrol.Coverer {
	return patrol.Coverer{DB: s.desk.DB, Engine: s.desk.Engine, Paths: func(context.Context) (*walk.Network, error) { return n, nil }}
}

func ago(days int) geo.Day { return geo.DayOf(now.AddDate(0, 0, -days)) }

// seen walks the round on a day, by an officer, and counts it.
func (s *station) seen(o *officer, c patrol.Counter, days int, seed uint64, way path) {
	s.Helper()
	began := ago(days).Start().Add(9 * time.Hour)
	items, last := o.along(began, seed, 1000, way)
	o.deliver(append(items, o.step("start", began), o.step("end", last))...)
	s.countAll(c)
}

func TestCoverageIsWhatPostGISSays(t *testing.T) {
	n := board(t)
	s := open(t)
	c := s.counter(n)
	s.zone("seen", .04, .04, .1, .04, 14)
	s.zone("never", .7, .7, .1, .1, 14)
	a, b := s.officer(), s.officer()
	s.seen(a, c, 12, 1, round)
	a.shift = b.device // another UUID
	s.seen(a, c, 20, 2, path{{.05, .45}, {.55, .45}})
	s.seen(b, c, 12, 3, path{{.05, .05}, {.35, .05}})
	ctx, leader := stafftest.Hold(t, s.owner, staff.Leader, 0)
	ask := patrol.Ask{Unit: village, From: ago(14), To: ago(0)}
	got, err := s.coverer(n).Coverage(ctx, leader, ask, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Children) != 4 || got.Children[0].Unit != first || got.Children[0].Streets.Seen != got.Streets.Seen {
		t.Fatalf("%+v", got)
	}
	// The same from the tables by PostGIS.
	if _, err := s.owner.Exec(t.Context(), `CREATE TABLE street_part (key bigint, line geometry(LineString, 4326)); CREATE TABLE hexagon (cell bigint, middle geometry(Point, 4326), area geometry(MultiPolygon, 4326))`); err != nil {
		t.Fatal(err)
	}
	for e := range int32(n.Edges()) {
		for nth := range track.Parts(n, e) {
			p := track.Part{Edge: e, Nth: nth}
			text := "LINESTRING("
			for i, at := range n.Course(p.Stretch(n)) {
				if i > 0 {
					text += ","
				}
				text += fmt.Sprint(at.Degrees()[0], " ", at.Degrees()[1])
			}
			if _, err := s.owner.Exec(t.Context(), `INSERT INTO street_part VALUES ($1, ST_GeomFromText($2, 4326))`, int64(p.Key(n)), text+")"); err != nil {
				t.Fatal(err)
			}
		}
	}
	around := cell.In(ledgertest.At(1, 1), track.SeenResolution).Around(120)
	ids, lons, lats, outlines := make([]int64, len(around)), make([]float64, len(around)), make([]float64, len(around)), make([]string, len(around))
	for i, h := range around {
		at := h.Center().Degrees()
		ids[i], lons[i], lats[i], outlines[i] = int64(h), at[0], at[1], wkt.MarshalString(geo.MultiPolygon{{h.Boundary()}}.Orb())
	}
	if _, err := s.owner.Exec(t.Context(), `
		INSERT INTO hexagon SELECT i, ST_SetSRID(ST_MakePoint(x, y), 4326), ST_GeomFromText(o, 4326) FROM unnest($1::bigint[], $2::float8[], $3::float8[], $4::text[]) h (i, x, y, o)`,
		ids, lons, lats, outlines); err != nil {
		t.Fatal(err)
	}
	for unit, covered := range map[string]patrol.Covered{village: got.Covered, first: got.Children[0].Covered, got.Children[3].Unit: got.Children[3].Covered} {
		var streets, streetsSeen, cells, cellsSeen, never float64
		var old, middle *int
		if err := s.owner.QueryRow(t.Context(), `
			WITH u AS (SELECT b.geom FROM boundary b JOIN unit u ON u.id = b.unit_id WHERE u.code = $1),
			p AS (SELECT ST_Length(line::geography) AS m, (SELECT max(day) FROM seen_part s WHERE s.part = key) AS day FROM street_part, u WHERE ST_Covers(u.geom, ST_LineInterpolatePoint(line, .5))),
			h AS (SELECT cell FROM hexagon, u WHERE ST_Covers(u.geom, middle))
			SELECT coalesce(sum(m), 0), coalesce(sum(m) FILTER (WHERE day >= $2), 0), (SELECT count(*) FROM h),
				(SELECT count(DISTINCT cell) FROM h JOIN seen_cell s USING (cell) WHERE s.day >= $2), coalesce(sum(m) FILTER (WHERE day IS NULL), 0),
				max($3 - day), percentile_disc(.5) WITHIN GROUP (ORDER BY $3 - day) FILTER (WHERE day IS NOT NULL) FROM p`, unit, ask.From, ask.To).
			Scan(&streets, &streetsSeen, &cells, &cellsSeen, &never, &old, &middle); err != nil {
			t.Fatal(err)
		}
		near := func(what string, got, want, within float64) {
			t.Helper()
			if math.Abs(got-want) > within {
				t.Errorf("%s of %s: %v, PostGIS says %v", what, unit, got, want)
			}
		}
		near("streets", covered.Streets.All, streets, 1)
		near("streets seen", covered.Streets.Seen, streetsSeen, 1)
		near("streets never seen", covered.Since.Never, never, 1)
		near("cells", covered.Cells.All, cells, 4) // centres within a centimetre of the border
		near("cells seen", covered.Cells.Seen, cellsSeen, 2)
		same := func(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }
		if !same(covered.Since.Oldest, old) || !same(covered.Since.Median, middle) {
			t.Errorf("%s: oldest %v, median %v; PostGIS says %v, %v", unit, covered.Since.Oldest, covered.Since.Median, old, middle)
		}
	}
	if got.Blocks.All != 2 || got.Blocks.Seen != 1 || got.Children[0].Blocks.Seen != 1 || got.Children[1].Blocks.All != 0 || got.Children[1].Blocks.Share != nil {
		t.Errorf("blocks %+v, %+v", got.Blocks, got.Children[1].Blocks)
	}
	e := got.Effort
	if e == nil {
		t.Fatal("no effort in 15 days")
	}
	var merged, unmerged float64
	if err := s.owner.QueryRow(t.Context(), `
		WITH s AS (SELECT cell, sum(teams) AS teams FROM seen_cell WHERE day BETWEEN $1 AND $2 GROUP BY cell)
		SELECT coalesce(sum(ST_Area(area::geography)), 0), coalesce(sum(teams * ST_Area(area::geography)), 0) FROM s JOIN hexagon USING (cell)`, e.From, e.To).Scan(&merged, &unmerged); err != nil {
		t.Fatal(err)
	}
	if math.Abs(e.Swath.Merged-merged) > .01*merged || math.Abs(e.Swath.Unmerged-unmerged) > .01*unmerged || unmerged > 0 && unmerged <= merged {
		t.Errorf("swath %+v, PostGIS says %v and %v", e.Swath, merged, unmerged)
	}
}

func TestEffortIsToldInWholeWeeksOnly(t *testing.T) {
	n := board(t)
	s := open(t)
	s.zone("shop", .04, .04, .1, .04, 0)
	o := s.officer()
	s.seen(o, s.counter(n), 9, 1, round)
	ctx, leader := stafftest.Hold(t, s.owner, staff.Leader, 0)
	whole := 0
	for back := range 7 { // every weekday as the first
		from := ago(13 + back)
		got, err := s.coverer(n).Coverage(ctx, leader, patrol.Ask{Unit: village, From: from, To: ago(7 + back)}, now)
		if err != nil {
			t.Fatal(err)
		}
		monday := from.Start().Weekday() == time.Monday
		if (got.Effort != nil) != monday {
			t.Errorf("seven days from a %s: %+v", from.Start().Weekday(), got.Effort)
		}
		if got.Effort != nil {
			whole++
		}
	}
	if whole != 1 {
		t.Errorf("%d weeks", whole)
	}
	got, err := s.coverer(n).Coverage(ctx, leader, patrol.Ask{Unit: village, From: ago(30), To: ago(0)}, now)
	if err != nil {
		t.Fatal(err)
	}
	e := got.Effort
	if e.From.Start().Weekday() != time.Monday || e.To.Start().Weekday() != time.Sunday || !e.To.Before(ago(0)) {
		t.Errorf("weeks from %s to %s", e.From, e.To)
	}
	if in := !ago(9).Before(e.From) && !e.To.Before(ago(9)); in {
		if len(e.Kinds) != 1 || e.Kinds[0].Kind != string(staff.Worker) || e.Kinds[0].Swath != e.Swath || e.Kinds[0].Streets.Seen < 500 || len(e.Zones) != 1 || e.Zones[0].Visits < 1 || e.Zones[0].Minutes <= 0 {
			t.Errorf("%+v", e)
		}
	}
}

func TestCoverageNamesMissedCheckpoints(t *testing.T) {
	s := open(t)
	if _, err := s.owner.Exec(t.Context(), `
		WITH c AS (INSERT INTO checkpoint (source, source_id, name, radius, point, unit_id) VALUES ('t', '1', 'gate', 30, $1, $2) RETURNING id),
		b AS (INSERT INTO beat (name, unit_id, weekdays, starts, ends, created_by, updated_at) VALUES ('night', $2, '{1,2,3,4,5,6,7}', 0, 60, 'test', '2025-01-01') RETURNING id)
		INSERT INTO beat_stop (beat_id, ordinal, checkpoint_id) SELECT b.id, 1, c.id FROM b, c`, ledgertest.At(.5, .5), s.units[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.owner.Exec(t.Context(), `
		INSERT INTO checkpoint_mark (id, checkpoint_id, unit_id, by, flags, marked_at, device_at) SELECT gen_random_uuid(), id, unit_id, 'gps', '{}', $1, $1 FROM checkpoint`, ago(3).Start().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	ctx, leader := stafftest.Hold(t, s.owner, staff.Leader, 0)
	got, err := s.coverer(nil).Coverage(ctx, leader, patrol.Ask{Unit: village, From: ago(7), To: ago(1)}, now)
	if err != nil || len(got.Missed) != 6 || got.Missed[0].Day != ago(1) || got.Missed[0].CheckpointName != "gate" {
		t.Fatalf("%+v, %v", got.Missed, err)
	}
	for _, m := range got.Missed {
		if m.Day == ago(3) {
			t.Error("it was marked on that day")
		}
	}
	units, missed := got.Tables(true)
	var book bytes.Buffer
	if err := vectorfile.WriteXLSX(&book, units, missed); err != nil {
		t.Fatal(err)
	}
	read, err := excelize.OpenReader(&book)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if rows, err := read.GetRows("巡查覆盖"); err != nil || len(rows) != 1+len(got.Children) || rows[0][0] != "单元代码" || rows[1][0] != got.Children[0].Unit || rows[1][6] != "" {
		t.Errorf("units %v, %v", rows, err)
	}
	if rows, err := read.GetRows("漏打的卡点"); err != nil || len(rows) != 7 || rows[1][4] != "gate" || rows[1][0] != ago(1).String() {
		t.Errorf("missed %v, %v", rows, err)
	}
	if got.Streets.Share != nil || got.Since.Oldest != nil || got.Cells.All < 1000 {
		t.Errorf("without a map: %+v", got.Covered)
	}
}

func TestCoverageThatCannotBeIsRefused(t *testing.T) {
	s := open(t)
	c := s.coverer(board(t))
	whole, leader := stafftest.Hold(t, s.owner, staff.Leader, s.units[0])
	for _, tt := range []struct {
		name string
		ask  patrol.Ask
		want error
	}{
		{"a day, which would be a walk", patrol.Ask{Unit: first, From: ago(1), To: ago(1)}, patrol.ErrPeriod},
		{"six days", patrol.Ask{Unit: first, From: ago(6), To: ago(1)}, patrol.ErrPeriod},
		{"backwards", patrol.Ask{Unit: first, From: ago(1), To: ago(9)}, patrol.ErrPeriod},
		{"a year", patrol.Ask{Unit: first, From: ago(365), To: ago(1)}, patrol.ErrPeriod},
		{"days to come", patrol.Ask{Unit: first, From: ago(8), To: ago(-1)}, patrol.ErrPeriod},
		{"a unit there is not", patrol.Ask{Unit: "none", From: ago(9), To: ago(1)}, grid.ErrUnknownUnit},
		{"another's unit", patrol.Ask{Unit: first[:len(first)-1] + "2", From: ago(9), To: ago(1)}, grid.ErrUnknownUnit},
		{"what lies above", patrol.Ask{Unit: village, From: ago(9), To: ago(1)}, grid.ErrUnknownUnit},
	} {
		if _, err := c.Coverage(whole, leader, tt.ask, now); !errors.Is(err, tt.want) && !errors.Is(err, staff.ErrOutside) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if got, err := c.Coverage(whole, leader, patrol.Ask{Unit: first, From: ago(9), To: ago(1)}, now); err != nil || got.Streets.Seen != 0 || *got.Streets.Share != 0 || len(got.Children) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
