package tiles_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/paulmach/orb"
	orbmvt "github.com/paulmach/orb/encoding/mvt"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/tiles/mvt"
)

// tags returns the ETag of every tile of the layer around the town, at all zooms.
func tags(t *testing.T, app *fiber.App, layer string, min, max int) map[string]string {
	t.Helper()
	list := map[string]string{}
	for zoom := min; zoom <= max; zoom++ {
		low := mvt.Project(geo.Point{X: west, Y: south + 4*step}).TileAt(zoom)
		high := mvt.Project(geo.Point{X: west + 4*step, Y: south}).TileAt(zoom)
		for x := low.X; x <= high.X; x++ {
			for y := low.Y; y <= high.Y; y++ {
				path := fmt.Sprintf("/tiles/%s/%d/%d/%d.mvt", layer, zoom, x, y)
				list[path] = get(t, app, path).header.Get("ETag")
			}
		}
	}
	return list
}

func changed(before, after map[string]string) (paths []string) {
	for path, tag := range after {
		if before[path] != tag {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

func TestANewIncidentTouchesOneTileOfEachZoom(t *testing.T) {
	w := newTown(t)
	for i := range 40 {
		w.incident(int32(i)*5500, int32(i)*5500)
	}
	s, app := w.serve()
	before := tags(t, app, "incident", 10, 16)
	id := w.incident(100000, 70000)
	w.raise("incident", id)
	w.refresh(s)
	after := tags(t, app, "incident", 10, 16)
	var want []string
	for zoom := 10; zoom <= 16; zoom++ {
		want = append(want, tileOf("incident", zoom, 100000, 70000))
	}
	slices.Sort(want)
	if got := changed(before, after); !slices.Equal(got, want) {
		t.Errorf("tiles with a new version are\n%v, want\n%v", got, want)
	}
	if !strings.Contains(string(get(t, app, want[6]).body), id) {
		t.Error("the new incident is not in its tile")
	}
}

func TestAMovedHouseholdTouchesWhereItWasAndIs(t *testing.T) {
	w := newTown(t)
	id := w.household(30000, 70000, "T02")
	for i := range 20 {
		w.household(30000+int32(i)*100, 10000, "T00")
	}
	s, app := w.serve()
	before := tags(t, app, "household", 13, 16)
	grids := tags(t, app, "grid-grid", 12, 15)
	w.exec(`UPDATE household SET point = ST_SetSRID(ST_MakePoint(120.119, 30.219), 4326) WHERE id = $1`, id)
	w.exec(`UPDATE household_unit SET unit_id = $2 WHERE household_id = $1`, id, w.ids["T33"])
	w.raise("household", fmt.Sprint(id))
	w.refresh(s)
	var want []string
	for zoom := 13; zoom <= 16; zoom++ {
		want = append(want, tileOf("household", zoom, 30000, 70000), tileOf("household", zoom, 190000, 190000))
	}
	slices.Sort(want)
	if got := changed(before, tags(t, app, "household", 13, 16)); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("tiles with a new version are\n%v, want\n%v", got, slices.Compact(want))
	}
	counts := map[any]any{}
	for _, f := range features(t, get(t, app, tileOf("grid-grid", 12, 2*step, 2*step)))["grid-grid"].Features {
		counts[f.Properties["id"]] = f.Properties["households"]
	}
	if counts["T02"] != 0.0 || counts["T33"] != 1.0 || counts["T00"] != 20.0 {
		t.Errorf("households by grid are %v", counts)
	}
	far := tileOf("grid-grid", 15, 3*step+step/2, step/3)
	if now := tags(t, app, "grid-grid", 12, 15); now[far] != grids[far] || len(changed(grids, now)) == 0 {
		t.Errorf("of %d tiles with grids %d have a new version, among them %s: %v", len(now), len(changed(grids, now)), far, now[far] != grids[far])
	}
}

// What is followed change by change must be what a fresh start would load.
func TestFollowingEndsWhereLoadingBegins(t *testing.T) {
	w := newTown(t)
	var ids []int64
	for i := range 30 {
		ids = append(ids, w.household(int32(i)*7000+500, int32(i)*6500+700, fmt.Sprintf("T%d%d", i%4, i/4%4)))
	}
	first := w.incident(5000, 5000)
	s, app := w.serve()
	steps := []func(){
		func() {
			w.exec(`UPDATE household SET closed_on = '2026-11-01' WHERE id = $1`, ids[3])
			w.raise("household", fmt.Sprint(ids[3]))
		},
		func() { id := w.household(111000, 99000, "T21"); w.raise("household", fmt.Sprint(id)) },
		func() {
			w.exec(`UPDATE household SET closed_on = NULL WHERE id = $1`, ids[3])
			w.raise("household", fmt.Sprint(ids[3]))
		},
		func() { w.raise("incident", w.incident(150000, 30000)) },
		func() { w.exec(`DELETE FROM incident WHERE id = $1`, first); w.raise("incident", first) },
		func() {
			w.exec(`UPDATE household SET occupied = NULL, kind = 'rental' WHERE id < $1`, ids[10])
			w.exec(`SELECT raise_layer('household', NULL)`)
		},
		func() {
			w.exec(`UPDATE household_unit SET unit_id = $1 WHERE household_id = $2`, w.ids["T33"], ids[0])
			w.exec(`SELECT raise_layer('grid', NULL)`)
		},
		func() {
			w.exec(`UPDATE household_unit SET unit_id = $1 WHERE household_id = $2`, w.ids["T32"], ids[0])
			w.raise("household", fmt.Sprint(ids[0]))
		},
	}
	layers := []string{"household", "incident", "cell", "grid-grid", "grid-village", "grid-town", "label-grid"}
	for i, change := range steps {
		change()
		w.refresh(s)
		_, fresh := w.serve()
		for _, layer := range layers {
			for zoom := 10; zoom <= 14; zoom += 2 {
				path := tileOf(layer, zoom, 2*step, 2*step)
				if got, want := said(t, app, path), said(t, fresh, path); got != want {
					t.Fatalf("after change %d %s shows\n%s\nwant\n%s", i, path, got, want)
				}
			}
		}
	}
}

// said is what a tile says, in an order of its own.
func said(t *testing.T, app *fiber.App, path string) string {
	t.Helper()
	r := get(t, app, path)
	if r.status == 204 || r.status == 404 {
		return fmt.Sprint(r.status)
	}
	var lines []string
	for name, layer := range features(t, r) {
		for _, f := range layer.Features {
			lines = append(lines, fmt.Sprint(name, f.Properties, f.Geometry))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// While plans are published, every tile must show what its version says: the
// name of the unit is the number of the change that gave it.
func TestALabelNeverLiesWhileChangesArePublished(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		for ctx.Err() == nil {
			if _, err := w.pool.Exec(t.Context(), `
				WITH raised AS (SELECT raise_layer('grid', NULL) AS version)
				UPDATE boundary SET name = version::text FROM raised WHERE unit_id = $1`, w.ids["T00"]); err != nil {
				t.Error(err)
			}
		}
	})
	wait.Go(func() {
		for ctx.Err() == nil {
			if err := s.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	path := tileOf("grid-grid", 14, 5000, 5000)
	seen := map[string]bool{}
	deadline := time.Now().Add(20 * time.Second)
	for len(seen) < 10 && time.Now().Before(deadline) && !t.Failed() {
		r := get(t, app, path)
		for _, f := range features(t, r)["grid-grid"].Features {
			if name := f.Properties["name"].(string); f.Properties["id"] == "T00" && name != "单元T00" {
				seen[name] = true
				if want := fmt.Sprintf(`W/"grid-grid.%s.20261121."`, name); r.header.Get("ETag") != want {
					t.Errorf("the tile of %s says it is %s", name, r.header.Get("ETag"))
				}
			}
		}
	}
	stop()
	wait.Wait()
	if len(seen) < 10 {
		t.Errorf("only %d versions were seen, too few to tell", len(seen))
	}
}

func TestThousandEqualMissesDrawOnce(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	path := tileOf("grid-grid", 13, step, step)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			for range 50 {
				if r := get(t, app, path); r.status != 200 {
					t.Errorf("status %d", r.status)
				}
			}
		})
	}
	wait.Wait()
	if got := s.CacheStats(); got.Builds != 1 || got.Hits+got.Misses != 1000 {
		t.Errorf("%d builds for %d requests, want 1 for 1000", got.Builds, got.Hits+got.Misses)
	}
}

func TestCodingsCarryTheSameTile(t *testing.T) {
	_, app := newTown(t).serve()
	path := tileOf("grid-grid", 13, step, step)
	plain := get(t, app, path, "Accept-Encoding", "identity")
	if plain.header.Get("Content-Encoding") != "" || plain.header.Get("Vary") != "Accept-Encoding, Cookie, Authorization" {
		t.Errorf("identity: Content-Encoding %q, Vary %q", plain.header.Get("Content-Encoding"), plain.header.Get("Vary"))
	}
	for accept, want := range map[string]string{
		"gzip": "gzip", "br": "br", "gzip, deflate, br, zstd": "br", "gzip;q=0.9, br;q=0.2": "gzip",
		"br;q=0, gzip": "gzip", "*": "br", "deflate": "", "gzip;q=0": "", "GZIP": "gzip", "gzip;q=nonsense": "",
	} {
		r := get(t, app, path, "Accept-Encoding", accept)
		if got := r.header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %s: got %q, want %q", accept, got, want)
			continue
		}
		var reader io.Reader = bytes.NewReader(r.body)
		switch want {
		case "gzip":
			reader, _ = gzip.NewReader(reader)
		case "br":
			reader = brotli.NewReader(reader)
		}
		if body, err := io.ReadAll(reader); err != nil || !bytes.Equal(body, plain.body) {
			t.Errorf("Accept-Encoding %s: %d bytes, %v; want the %d of the plain tile", accept, len(body), err, len(plain.body))
		}
	}
}

func TestTheMapOfAnotherDay(t *testing.T) {
	w := newTown(t)
	// T00 gave its western half to nobody on 1 June; until then it was whole.
	w.exec(`UPDATE boundary SET valid_to = '2026-06-01' WHERE unit_id = $1`, w.ids["T00"])
	w.boundary("T00", "grid", "T0", geo.MultiPolygon{{{{X: west, Y: south}, {X: west + 25000, Y: south}, {X: west + 25000, Y: south + 50000}}}}, "2026-06-01")
	id := w.household(30000, 70000, "T02")
	w.exec(`UPDATE household SET closed_on = '2026-03-01' WHERE id = $1`, id)
	w.exec(`INSERT INTO service_point (source, source_id, name, tier, point, cell) VALUES ('t', '1', '中心', 'center', ST_SetSRID(ST_MakePoint(120.105, 30.205), 4326), $1)`,
		int64(cell.At(geo.Point{X: 1201050000, Y: 302050000})))
	w.exec(`INSERT INTO service_point_state VALUES (1, 'proposed', '2026-01-01', '2026-05-01'), (1, 'active', '2026-05-01', NULL)`)
	_, app := w.serve()
	grid, home, point := tileOf("grid-grid", 13, 5000, 5000), tileOf("household", 13, 30000, 70000), tileOf("service-point", 13, 50000, 50000)
	size := func(at string) int {
		for _, f := range features(t, get(t, app, grid+at))["grid-grid"].Features {
			if f.Properties["id"] == "T00" {
				return len(f.Geometry.(orb.Polygon)[0])
			}
		}
		return 0
	}
	if now, then := size(""), size("?at=2026-05-31"); now != 4 || then != 5 {
		t.Errorf("the border has %d points now and %d in May, want 4 and 5", now, then)
	}
	if r := get(t, app, grid+"?at=2025-12-31"); r.status != 204 {
		t.Errorf("status %d before there were units, want 204", r.status)
	}
	for at, want := range map[string]int{"": 204, "?at=2026-02-28": 200, "?at=2026-03-01": 204} {
		if r := get(t, app, home+at); r.status != want {
			t.Errorf("household %s: status %d, want %d", at, r.status, want)
		}
	}
	for at, want := range map[string]string{"": "active", "?at=2026-04-30": "proposed", "?at=2026-11-21": "active"} {
		if got := features(t, get(t, app, point+at))["service-point"].Features[0].Properties["state"]; got != want {
			t.Errorf("service point %s: state %v, want %v", at, got, want)
		}
	}
	if now, then := get(t, app, grid).header.Get("ETag"), get(t, app, grid+"?at=2026-05-31").header.Get("ETag"); now == then {
		t.Errorf("two days have one ETag, %s", now)
	}
}

func TestRunFollowsNotificationsAndStops(t *testing.T) {
	w := newTown(t)
	s, app := w.serve()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	id := w.incident(100000, 70000)
	w.raise("incident", id)
	path := tileOf("incident", 14, 100000, 70000)
	deadline := time.After(20 * time.Second)
	for get(t, app, path).status != 200 {
		select {
		case <-deadline:
			t.Fatal("the incident does not appear")
		case <-time.After(time.Millisecond):
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run returned %v, want nil", err)
	}
}

func TestAnEnclaveIsAHoleInOneAndAPartOfTheOther(t *testing.T) {
	_, app := newTown(t).serve()
	for _, f := range features(t, get(t, app, tileOf("grid-grid", 14, 15000, 15000)))["grid-grid"].Features {
		switch g := f.Geometry.(type) {
		case orb.Polygon:
			if want := map[any]int{"T00": 2}[f.Properties["id"]]; want != 0 && len(g) != want {
				t.Errorf("%v has %d rings, want %d", f.Properties["id"], len(g), want)
			}
		case orb.MultiPolygon:
			if f.Properties["id"] != "T01" || len(g) != 2 {
				t.Errorf("%v has %d parts", f.Properties["id"], len(g))
			}
		}
	}
}

func TestNothingPersonalIsInAnyTile(t *testing.T) {
	w := newTown(t)
	w.household(30000, 70000, "T02")
	_, app := w.serve()
	body := get(t, app, tileOf("household", 14, 30000, 70000)).body
	layers, err := orbmvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	for name := range layers[0].Features[0].Properties {
		if name != "id" && name != "kind" && name != "occupied" {
			t.Errorf("a household's tile carries %q", name)
		}
	}
	if bytes.Contains(body, []byte("人民路")) {
		t.Error("a household's tile carries its address")
	}
}
