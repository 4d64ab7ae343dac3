package tiles_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/candidate"
	"wangge/geo/staff"
	"wangge/tiles"
)

// siting stores a search of a run, done or not.
func (w *town) siting(run int64, exact, rounded *candidate.Found) (id int64) {
	w.t.Helper()
	err := w.pool.QueryRow(w.t.Context(), `
		INSERT INTO siting (circle_id, unit_id, params, created_by, finished_at)
		SELECT id, unit_id, $2, 'test', CASE WHEN $3 THEN now() END FROM circle WHERE id = $1 RETURNING id`,
		run, candidate.Params{Circle: run, Model: "mclp", Sites: 2}, exact != nil).Scan(&id)
	if err != nil {
		w.t.Fatal(err)
	}
	if exact != nil {
		w.exec(`INSERT INTO siting_result (siting_id, unit_id, rounded, body) SELECT s.id, s.unit_id, r.rounded, r.body
			FROM siting s, (VALUES (false, $2::jsonb), (true, $3::jsonb)) r (rounded, body) WHERE s.id = $1`, id, exact, rounded)
	}
	return id
}

func TestCandidatesAreTheSitesThatASearchFound(t *testing.T) {
	w := newTowns(t, true)
	run := w.run("T", 0.1)
	at := func(x, y int32) *orb.Point {
		p := geo.Point{X: west + x, Y: south + y}.Degrees()
		return &p
	}
	sites := []candidate.FoundSite{
		{Rank: 0, Point: 7, Name: "老站", At: at(30_000, 30_000), Gain: 0},
		{Rank: 1, Candidate: 11, Name: "空房", Kind: "idle-house", At: at(100_000, 100_000), Gain: 123},
		{Rank: 2, Candidate: 12, Name: "门面", At: at(150_000, 100_000), Gain: 45},
		{Rank: 0, Name: "", Gain: 0}, // of a neighbour
	}
	exact := &candidate.Found{Measure: "households", Sites: sites}
	banded := *exact
	banded.Rounded, banded.Sites = true, append([]candidate.FoundSite(nil), sites...)
	banded.Sites[1].Gain, banded.Sites[2].Gain = 120, 40
	hidden := banded
	hidden.Hidden = true
	done, waiting, secret := w.siting(run, exact, &banded), w.siting(run, nil, nil), w.siting(run, exact, &hidden)
	s, _ := w.serve()
	counting := w.officer("T")
	counting.Place = staff.Area{Roots: []int64{}}
	path := middleOfTown("candidates", "?siting=")
	for name, tt := range map[string]struct {
		scope  tiles.Scope
		siting int64
		gain   any
	}{"places": {w.officer("T"), done, 123.0}, "everything": {tiles.Everything, secret, 123.0}, "counts": {counting, done, 120.0}, "counts where none is published": {counting, secret, nil}} {
		got := drawn(t, as(s, tt.scope), fmt.Sprint(path, tt.siting), "candidates", "name")
		if len(got) != 3 {
			t.Fatalf("%s: %d sites, want 3", name, len(got))
		}
		first, old := got["空房"].properties, got["老站"].properties
		if first["id"] != 11.0 || first["rank"] != 1.0 || first["chosen"] != true || first["kind"] != "idle-house" || first["gain"] != tt.gain || first["point"] != nil {
			t.Errorf("%s: the first new site shows %v", name, first)
		}
		if old["point"] != 7.0 || old["rank"] != 0.0 || old["chosen"] != false || old["gain"] != nil || old["id"] != nil {
			t.Errorf("%s: the one that stands shows %v", name, old)
		}
	}
	for query, want := range map[string]struct {
		status int
		code   string
	}{"": {400, "siting_missing"}, "x": {400, "run_nonsense"}, "999": {404, "siting_unknown"}, fmt.Sprint(waiting): {409, "siting_not_done"}} {
		if r := get(t, as(s, w.officer("T")), path+query); r.status != want.status || !strings.Contains(string(r.body), want.code) {
			t.Errorf("siting=%s: %d %s", query, r.status, r.body)
		}
	}
	if r := get(t, as(s, w.officer("S")), fmt.Sprint(path, done)); r.status != 404 {
		t.Errorf("the neighbour is shown the search: %d", r.status)
	}
}
