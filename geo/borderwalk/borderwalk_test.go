package borderwalk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/picture/picturetest"
	"wangge/geo/plan"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/topology"
)

func quiet(string, int64, int64) {}

// box is a rectangle on a board of lattice steps: 10,000 are about 100 m.
func box(x0, y0, x1, y1 int32) geo.MultiPolygon {
	const lon, lat = 1_150_000_000, 300_000_000
	return geo.MultiPolygon{{{{X: lon + x0, Y: lat + y0}, {X: lon + x1, Y: lat + y0}, {X: lon + x1, Y: lat + y1}, {X: lon + x0, Y: lat + y1}}}}
}

func at(x, y int32) orb.Point { return box(x, y, x+1, y+1)[0][0][0].Degrees() }

// field is two villages of two grids each, in force, and a draft of the western one
// whose border was moved and which was split.
type field struct {
	testing.TB
	db    *pgxpool.Pool
	app   pg.Pool
	units map[string]int64
	plan  plan.Plan
}

const town, western, eastern = "990101001000", "990101001001", "990101001002"

func newField(t testing.TB) *field {
	t.Helper()
	dsn := pgtest.DSN(t)
	f := &field{TB: t, db: pgtest.As(t, dsn, ""), units: map[string]int64{}}
	f.app = pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	day, _ := geo.ParseDay("2026-01-01")
	publish := func(level string, records ...plan.Record) {
		p, err := plan.New(t.Context(), f.db, staff.Local, plan.Source{Name: level, Preset: "town-grid", Level: level, Day: day, Records: records}, quiet)
		if err == nil {
			_, err = plan.Publish(t.Context(), f.db, staff.Local, p.ID, p.Revision, day, quiet)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	publish("town", plan.Record{Code: town, Name: "Town", Area: box(0, 0, 20000, 10000)})
	publish("village", plan.Record{Code: western, Name: "West", Parent: town, Area: box(0, 0, 10000, 10000)},
		plan.Record{Code: eastern, Name: "East", Parent: town, Area: box(10000, 0, 20000, 10000)})
	publish("grid", plan.Record{Code: western + "001", Name: "W1", Parent: western, Area: box(0, 0, 5000, 10000)},
		plan.Record{Code: western + "002", Name: "W2", Parent: western, Area: box(5000, 0, 10000, 10000)},
		plan.Record{Code: eastern + "001", Name: "E1", Parent: eastern, Area: box(10000, 0, 20000, 10000)})
	rows, _ := f.db.Query(t.Context(), `SELECT code, id FROM unit`)
	for rows.Next() {
		var code string
		var id int64
		if err := rows.Scan(&code, &id); err != nil {
			t.Fatal(err)
		}
		f.units[code] = id
	}
	// One street from south to north at 6000, where the border goes in the south.
	_, err := network.Store(t.Context(), f.db, staff.System, network.Source{FileName: "t.osm.pbf"}, func(yield func(network.Feature) bool) {
		yield(network.Feature{Class: network.Street, OSMType: "w", OSMID: 1, Kind: "residential", Nodes: []int64{1, 2}, Shape: orb.LineString{at(6000, 0), at(6000, 10000)}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.plan, err = plan.NewBranch(t.Context(), f.db, staff.Local, plan.Branch{Name: "draft", Base: western, Day: geo.DayOf(time.Now())}); err != nil {
		t.Fatal(err)
	}
	shop := plan.NewWorkshop(f.db, nil)
	for _, line := range [][]orb.Point{
		{at(4000, 5000), at(6000, 4000), at(6000, 10), at(4000, -10)}, // nonsense, refused: it leaves the draft
		{at(2000, -5), at(2000, 10005)},
	} {
		var points []geo.Point
		for _, p := range line {
			points = append(points, geo.Snap(p))
		}
		p, _ := plan.Get(t.Context(), f.db, staff.Local, f.plan.ID)
		_, err := shop.Do(t.Context(), staff.Local, f.plan.ID, plan.Request{Revision: p.Revision, Key: uuid.NewString(),
			Edit: plan.Edit{Op: topology.Op{Kind: topology.SplitBy, Units: []int{1}, Into: 3, Line: points}}})
		if err != nil && line[0] != at(4000, 5000) {
			t.Fatal(err)
		}
	}
	return f
}

// who holds a post of a kind in a unit.
func (f *field) who(kind staff.Kind, unit string) (context.Context, staff.Actor) {
	f.Helper()
	return stafftest.Hold(f, f.db, kind, f.units[unit])
}

func (f *field) login(a staff.Actor) (login string) {
	f.Helper()
	if err := f.db.QueryRow(f.Context(), `SELECT login FROM account WHERE id = $1`, a.Account).Scan(&login); err != nil {
		f.Fatal(err)
	}
	return login
}

// walk is one of three points: on the new border, at its northern end, and where the
// western grids meet.
func (f *field) walk(change ...func(*New)) Walk {
	f.Helper()
	n := New{Name: "西线", Points: []NewPoint{{at(5000, 5000), "围墙在哪一侧?"}, {at(2000, 5020), "沿小路吗?"}, {at(2000, 10000), "交点对吗?"}}}
	for _, c := range change {
		c(&n)
	}
	w, err := Make(f.Context(), f.db, staff.Local, f.plan.ID, n)
	if err != nil {
		f.Fatal(err)
	}
	return w
}

func (f *field) points(w Walk) []Point {
	f.Helper()
	list, err := Points(f.Context(), f.db, staff.Local, w.ID)
	if err != nil {
		f.Fatal(err)
	}
	return list
}

func TestAWalkPutsItsPointsOnTheBorderAndKnowsWhoMeetsThere(t *testing.T) {
	f := newField(t)
	w := f.walk(func(n *New) { n.Points[1].At = at(2000+300, 5020) }) // 3 m beside it
	points := f.points(w)
	if len(points) != 3 {
		t.Fatalf("%+v", points)
	}
	// From east to west and north is the shortest way.
	for i, want := range []struct {
		at    orb.Point
		units string
	}{{at(5000, 5000), "[1 2] [W1 W2]"}, {at(2000, 5020), "[1 3] [W1 第3网格]"}, {at(2000, 10000), "[1 3] [W1 第3网格]"}} {
		if p := points[i]; p.At != want.at || fmt.Sprint(p.Units, " ", p.Names) != want.units || p.Ordinal != i+1 || p.State != "open" {
			t.Errorf("%+v, want %+v", p, want)
		}
	}
	if w.Points != 3 || w.Answered != 0 || w.Metres < 80 || w.Metres > 90 || w.Plan != f.plan.ID {
		t.Errorf("%+v", w)
	}
}

func TestAWalkThatCannotBeIsRefused(t *testing.T) {
	f := newField(t)
	make := func(change func(*New)) error {
		n := New{Name: "x", Points: []NewPoint{{at(5000, 5000), "?"}}}
		change(&n)
		_, err := Make(t.Context(), f.db, staff.Local, f.plan.ID, n)
		return err
	}
	for name, tt := range map[string]struct {
		change func(*New)
		want   error
	}{
		"no name":               {func(n *New) { n.Name = "  " }, ErrName},
		"a question of nothing": {func(n *New) { n.Points[0].Question = "" }, ErrName},
		"a phone number":        {func(n *New) { n.Points[0].Question = "问 13812345678" }, ErrName},
		"no points":             {func(n *New) { n.Points = nil }, ErrPoints},
		"far from any border":   {func(n *New) { n.Points[0].At = at(3500, 5000) }, ErrOffBorder},
		"off the globe":         {func(n *New) { n.Points[0].At = orb.Point{1150, 30} }, ErrOffBorder},
		"a post that is none":   {func(n *New) { n.Post = 999 }, ErrAssignee},
		"an account that is":    {func(n *New) { n.Account = "nobody" }, ErrAssignee},
		"both":                  {func(n *New) { n.Account, n.Post = "a", 1 }, ErrAssignee},
	} {
		if err := make(tt.change); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	_, east := f.who(staff.Worker, eastern)
	if err := make(func(n *New) { n.Account = f.login(east) }); !errors.Is(err, ErrAssignee) {
		t.Errorf("a worker of the next village: %v", err)
	}
	_, analyst := f.who(staff.Analyst, town)
	if err := make(func(n *New) { n.Account = f.login(analyst) }); !errors.Is(err, ErrAssignee) {
		t.Errorf("somebody who may not record: %v", err)
	}
	var left int
	if err := f.db.QueryRow(t.Context(), `SELECT count(*) FROM border_walk`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d walks are left, %v", left, err)
	}
	if _, err := plan.Abandon(t.Context(), f.db, staff.Local, f.plan.ID); err != nil {
		t.Fatal(err)
	}
	if err := make(func(*New) {}); !errors.Is(err, plan.ErrNotDraft) {
		t.Errorf("of what was given up: %v", err)
	}
	if _, err := Make(t.Context(), f.db, staff.Local, 999, New{}); !errors.Is(err, plan.ErrUnknown) {
		t.Errorf("of no plan: %v", err)
	}
}

func TestSuggestionsAreWhereNewBordersMeetAndLeaveTheStreets(t *testing.T) {
	f := newField(t)
	list, err := Suggest(t.Context(), f.db, staff.Local, f.plan.ID, DefaultAway)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, fmt.Sprintf("%s %.4f %v", s.Kind, s.At[0], s.Units))
		if s.Question == "" || len(s.Names) != len(s.Units) {
			t.Errorf("%+v", s)
		}
	}
	// The split has two junctions with the rim, and runs 38 m west of the only street; the
	// border at 5000 is in force and is not asked about.
	if len(list) != 3 || list[0].Kind != "junction" || list[1].Kind != "junction" || list[2].Kind != "off_street" || *list[2].Metres < 38 || *list[2].Metres > 39 {
		t.Fatalf("%v", got)
	}
	for _, s := range list {
		if s.At[0] != at(2000, 0)[0] || fmt.Sprint(s.Units) != "[1 3]" {
			t.Errorf("%+v", s)
		}
	}
	// Along the border is a street: only the junctions are left.
	if _, err := f.db.Exec(t.Context(), `UPDATE map_feature SET geom = ST_Translate(geom, -0.0003, 0)`); err != nil {
		t.Fatal(err)
	}
	if list, err = Suggest(t.Context(), f.db, staff.Local, f.plan.ID, DefaultAway); err != nil || len(list) != 2 {
		t.Errorf("beside a street: %+v, %v", list, err)
	}
	// The street leaves at the rim, and is farthest where the border ends: that place is
	// a junction already.
	street := `UPDATE map_feature SET geom = ST_Rotate(geom, radians(-20), ST_StartPoint(geom))`
	if _, err := f.db.Exec(t.Context(), street); err != nil {
		t.Fatal(err)
	}
	list, err = Suggest(t.Context(), f.db, staff.Local, f.plan.ID, DefaultAway)
	places := map[string]bool{}
	for _, s := range list {
		places[fmt.Sprint(s.At)] = true
	}
	if err != nil || len(list) == 0 || len(places) != len(list) {
		t.Errorf("a place is suggested twice: %+v, %v", list, err)
	}
	if _, err := f.db.Exec(t.Context(), `UPDATE map_feature SET geom = ST_Rotate(geom, radians(20), ST_StartPoint(geom))`); err != nil {
		t.Fatal(err)
	}
	if list, err = Suggest(t.Context(), f.db, staff.Local, f.plan.ID, 5); err != nil || len(list) != 3 || *list[2].Metres < 9 || *list[2].Metres > 10 {
		t.Errorf("with 5 m: %+v, %v", list, err)
	}
}

func TestWhatIsFoundComesBackToTheDraft(t *testing.T) {
	f := newField(t)
	ctx, worker := f.who(staff.Worker, western+"001")
	w := f.walk(func(n *New) { n.Points = n.Points[1:]; n.Account = f.login(worker) })
	tasks, err := Tasks(ctx, f.app, worker, false, 0, 10)
	if err != nil || len(tasks) != 2 || tasks[0].WalkName != "西线" || w.Account == nil {
		t.Fatalf("%+v, %v", tasks, err)
	}
	middle, junction := tasks[0], tasks[1]
	to := at(2500, 5020)
	earlier := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	moved := Finding{ID: uuid.NewString(), Verdict: Moved, Place: &to, Note: " 围墙在东侧 ", At: &earlier}
	first, err := Say(ctx, f.app, worker, middle.ID, moved)
	if err != nil || first.Note != "围墙在东侧" || !first.At.Equal(earlier) || first.Ahead || first.By != worker.Name {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := Say(ctx, f.app, worker, middle.ID, Finding{ID: moved.ID, Verdict: Right}) // the phone sends it again
	if err != nil || again.Verdict != Moved || !again.Got.Equal(first.Got) {
		t.Errorf("again: %+v, %v", again, err)
	}
	ahead := time.Now().Add(5 * time.Hour)
	if a, err := Say(ctx, f.app, worker, junction.ID, Finding{ID: uuid.NewString(), Verdict: Right, At: &ahead}); err != nil || !a.Ahead {
		t.Errorf("with a clock that is ahead: %+v, %v", a, err)
	}
	if tasks, err = Tasks(ctx, f.app, worker, true, 0, 10); err != nil || len(tasks) != 0 {
		t.Errorf("left to do: %+v, %v", tasks, err)
	}
	planning, planner := f.who(staff.Planner, western)
	found, err := FoundOn(planning, f.app, planner, f.plan.ID)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	var edits []*Edit
	for _, one := range found {
		if one.Verdict == Moved {
			edits = append(edits, one.Edit)
		} else if one.Edit != nil {
			t.Errorf("an edit of what is right: %+v", one)
		}
	}
	if len(edits) != 1 || edits[0] == nil || edits[0].Kind != topology.AddPoint || len(edits[0].Edge) != 2 || edits[0].To != to {
		t.Fatalf("edit %+v", edits)
	}
	// The edit is one that the workshop makes; from then on it is a border point that moves.
	edge := [2]geo.Point{geo.Snap(edits[0].Edge[0]), geo.Snap(edits[0].Edge[1])}
	shop := plan.NewWorkshop(f.db, nil)
	p, _ := plan.Get(t.Context(), f.db, staff.Local, f.plan.ID)
	if _, err := shop.Do(t.Context(), staff.Local, p.ID, plan.Request{Revision: p.Revision, Key: uuid.NewString(), Edit: plan.Edit{Op: topology.Op{Kind: topology.AddPoint, Edge: edge, To: geo.Snap(to)}}}); err != nil {
		t.Fatalf("the workshop refuses the edit: %v", err)
	}
	if found, err = FoundOn(planning, f.app, planner, f.plan.ID); err != nil {
		t.Fatal(err)
	}
	for _, one := range found {
		if one.Verdict == Moved && one.Edit != nil {
			t.Errorf("the border is not at the point any more: %+v", one.Edit)
		}
	}
	if w, err := Get(planning, f.app, planner, w.ID); err != nil || w.Answered != 2 {
		t.Errorf("%+v, %v", w, err)
	}
	units, err := plan.Units(t.Context(), f.db, staff.Local, f.plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	if e := editOf(units, geo.Snap(to), at(2600, 5020)); e == nil || e.Kind != topology.MovePoint || *e.At != to {
		t.Errorf("at a border point: %+v", e)
	}
	if e := editOf(units, geo.Snap(at(3500, 5000)), to); e != nil {
		t.Errorf("far from any border: %+v", e)
	}
}

func TestAnAnswerThatCannotBeIsRefused(t *testing.T) {
	f := newField(t)
	p := f.points(f.walk())[0]
	ctx, worker := f.who(staff.Worker, western)
	near, far := at(2100, 5020), at(190000, 5020)
	never := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		say  Finding
		want error
	}{
		"no id":               {Finding{Verdict: Right}, ErrKey},
		"an id of zeros":      {Finding{ID: uuid.Nil.String(), Verdict: Right}, ErrKey},
		"no verdict":          {Finding{ID: uuid.NewString()}, ErrFinding},
		"moved to nowhere":    {Finding{ID: uuid.NewString(), Verdict: Moved}, ErrFinding},
		"right and elsewhere": {Finding{ID: uuid.NewString(), Verdict: Right, Place: &near}, ErrFinding},
		"moved by kilometres": {Finding{ID: uuid.NewString(), Verdict: Moved, Place: &far}, ErrFinding},
		"in 1980":             {Finding{ID: uuid.NewString(), Verdict: Right, At: &never}, ErrFinding},
		"a phone number":      {Finding{ID: uuid.NewString(), Verdict: Wrong, Note: "张三 13812345678"}, ErrNote},
		"a long note":         {Finding{ID: uuid.NewString(), Verdict: Wrong, Note: strings.Repeat("长", 501)}, ErrNote},
	} {
		if _, err := Say(ctx, f.app, worker, p.ID, tt.say); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := Say(ctx, f.app, worker, 999, Finding{ID: uuid.NewString(), Verdict: Right}); !errors.Is(err, ErrPoint) {
		t.Errorf("of no point: %v", err)
	}
	id := uuid.NewString()
	if _, err := Say(ctx, f.app, worker, p.ID, Finding{ID: id, Verdict: Right}); err != nil {
		t.Fatal(err)
	}
	other, second := f.who(staff.Worker, western)
	if _, err := Say(other, f.app, second, p.ID, Finding{ID: id, Verdict: Wrong}); !errors.Is(err, ErrTaken) {
		t.Errorf("somebody else's id: %v", err)
	}
	var n int
	if err := f.db.QueryRow(t.Context(), `SELECT count(*) FROM border_answer`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d answers, %v", n, err)
	}
}

// Of two villages, each wall alone keeps what belongs to one from the other.
func TestNobodyOfTheNextVillageSeesAWalk(t *testing.T) {
	f := newField(t)
	w := f.walk()
	p := f.points(w)[0]
	ctx, worker := f.who(staff.Worker, western)
	answer := uuid.New()
	if _, err := Say(ctx, f.app, worker, p.ID, Finding{ID: answer.String(), Verdict: Right}); err != nil {
		t.Fatal(err)
	}
	photo := uuid.New()
	if _, err := AddPhoto(ctx, f.app, worker, answer, photo, picturetest.JPEG(t, picturetest.Scene(40, 30))); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []staff.Kind{staff.Worker, staff.Planner, staff.Administrator} {
		ctx, other := f.who(kind, eastern)
		for wall, db := range map[string]pg.DB{"both": f.app, "the program's": f.db, "the database's": f.app} {
			actor := other
			if wall == "the database's" {
				actor = staff.Local
			}
			for name, err := range map[string]error{
				"get":    func() error { _, err := Get(ctx, db, actor, w.ID); return err }(),
				"points": func() error { _, err := Points(ctx, db, actor, w.ID); return err }(),
				"say": func() error {
					_, err := Say(ctx, db, actor, p.ID, Finding{ID: uuid.NewString(), Verdict: Wrong})
					return err
				}(),
				"photo":  func() error { _, err := Photo(ctx, db, actor, answer, photo); return err }(),
				"found":  func() error { _, err := FoundOn(ctx, db, actor, f.plan.ID); return err }(),
				"remove": func() error { return Remove(ctx, db, actor, w.ID) }(),
			} {
				if err == nil {
					t.Errorf("%s, wall: %s, %s: let through", kind, wall, name)
				}
			}
			if list, err := Tasks(ctx, db, actor, true, 0, 10); err != nil || len(list) != 0 {
				t.Errorf("%s, wall: %s: %d tasks, %v", kind, wall, len(list), err)
			}
		}
		for _, table := range []string{"border_walk", "border_point", "border_answer", "border_photo"} {
			var n int
			if err := f.app.QueryRow(ctx, `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 0 {
				t.Errorf("%s reads %d rows of %s, %v", kind, n, table, err)
			}
		}
	}
}

func TestPhotosAreForWhoPlansAndWhoTookThem(t *testing.T) {
	f := newField(t)
	w := f.walk()
	p := f.points(w)[0]
	ctx, worker := f.who(staff.Worker, western)
	answer := uuid.New()
	if _, err := Say(ctx, f.app, worker, p.ID, Finding{ID: answer.String(), Verdict: Wrong}); err != nil {
		t.Fatal(err)
	}
	raw := picturetest.JPEG(t, picturetest.Scene(40, 30))
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	for i, id := range ids {
		a, err := AddPhoto(ctx, f.app, worker, answer, id, raw)
		if i < 3 && (err != nil || len(a.Photos) != i+1) || i == 3 && !errors.Is(err, ErrPhotos) {
			t.Fatalf("photo %d: %+v, %v", i+1, a, err)
		}
	}
	if a, err := AddPhoto(ctx, f.app, worker, answer, ids[1], nil); err != nil || len(a.Photos) != 3 { // sent again
		t.Errorf("again: %+v, %v", a, err)
	}
	other, second := f.who(staff.Worker, western)
	if _, err := AddPhoto(other, f.app, second, answer, uuid.New(), raw); !errors.Is(err, ErrAnswer) {
		t.Errorf("to somebody else's answer: %v", err)
	}
	if _, err := Photo(other, f.app, second, answer, ids[0]); !errors.Is(err, ErrPhotoUnknown) {
		t.Errorf("a colleague looks: %v", err)
	}
	if _, err := Photo(other, f.app, staff.Local, answer, ids[0]); !errors.Is(err, ErrPhotoUnknown) {
		t.Errorf("a colleague looks, without the program's wall: %v", err)
	}
	own := uuid.New()
	if _, err := Say(other, f.app, second, p.ID, Finding{ID: own.String(), Verdict: Wrong}); err != nil {
		t.Fatal(err)
	}
	if _, err := AddPhoto(other, f.app, second, own, ids[0], raw); !errors.Is(err, ErrTaken) {
		t.Errorf("with the id of somebody else's photo: %v", err)
	}
	planning, planner := f.who(staff.Planner, western)
	body, err := Photo(planning, f.app, planner, answer, ids[0])
	if err != nil || len(body) == 0 {
		t.Errorf("the planner: %d bytes, %v", len(body), err)
	}
	if body, err = Photo(ctx, f.app, worker, answer, ids[0]); err != nil || len(body) == 0 {
		t.Errorf("who took it: %d bytes, %v", len(body), err)
	}
	var looks int
	if err := f.db.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE subject = 'border-walk' AND action = 'look'`).Scan(&looks); err != nil || looks != 2 {
		t.Errorf("%d looks are recorded, %v", looks, err)
	}
}

func TestAWalkIsHandedOnAndRemoved(t *testing.T) {
	f := newField(t)
	ctx, worker := f.who(staff.Worker, western)
	_, second := f.who(staff.Worker, western)
	w := f.walk(func(n *New) { n.Account = f.login(second) })
	mine := func(all bool) int {
		list, err := Tasks(ctx, f.app, worker, all, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if mine(false) != 0 || mine(true) != 3 {
		t.Errorf("%d and %d tasks", mine(false), mine(true))
	}
	var post int64
	if err := f.db.QueryRow(t.Context(), `SELECT post_id FROM holder WHERE account_id = $1`, worker.Account).Scan(&post); err != nil {
		t.Fatal(err)
	}
	if got, err := Hand(t.Context(), f.db, staff.Local, w.ID, post, ""); err != nil || got.Post == nil || *got.Post != post || got.Account != nil || mine(false) != 3 {
		t.Errorf("%+v, %v, %d tasks", got, err, mine(false))
	}
	if _, err := Hand(t.Context(), f.db, staff.Local, w.ID, 0, "nobody"); !errors.Is(err, ErrAssignee) || mine(false) != 3 {
		t.Errorf("to nobody there is: %v", err)
	}
	if got, err := Hand(t.Context(), f.db, staff.Local, w.ID, 0, ""); err != nil || got.Post != nil || mine(false) != 3 {
		t.Errorf("to whoever may: %+v, %v", got, err)
	}
	if _, err := Hand(ctx, f.db, worker, w.ID, 0, ""); !errors.Is(err, ErrUnknown) {
		t.Errorf("a worker hands it on: %v", err)
	}
	planning, planner := f.who(staff.Planner, western)
	if list, err := List(planning, f.app, planner, f.plan.ID); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := Remove(ctx, f.app, worker, w.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("a worker removes it: %v", err)
	}
	if err := Remove(planning, f.app, planner, w.ID); err != nil || mine(true) != 0 {
		t.Errorf("%v, %d tasks", err, mine(true))
	}
}

func TestPhotosGoHalfAYearAfterTheEndOfTheDraft(t *testing.T) {
	f := newField(t)
	p := f.points(f.walk())[0]
	ctx, worker := f.who(staff.Worker, western)
	answer := uuid.New()
	if _, err := Say(ctx, f.app, worker, p.ID, Finding{ID: answer.String(), Verdict: Right}); err != nil {
		t.Fatal(err)
	}
	if _, err := AddPhoto(ctx, f.app, worker, answer, uuid.New(), picturetest.JPEG(t, picturetest.Scene(40, 30))); err != nil {
		t.Fatal(err)
	}
	sweep := privacy.Sweeps()["border-photo"]
	swept := func(days int) int {
		t.Helper()
		tx, err := f.db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ids, err := sweep(t.Context(), tx, nil, time.Now().AddDate(0, 0, days-180), 10)
		if err == nil {
			err = tx.Commit(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	if n := swept(1000); n != 0 {
		t.Errorf("%d photos of a draft were deleted", n)
	}
	if _, err := plan.Abandon(t.Context(), f.db, staff.Local, f.plan.ID); err != nil {
		t.Fatal(err)
	}
	if n := swept(179); n != 0 {
		t.Errorf("%d photos were deleted after 179 days", n)
	}
	if _, err := plan.Restore(t.Context(), f.db, staff.Local, f.plan.ID); err != nil {
		t.Fatal(err)
	}
	if n := swept(1000); n != 0 {
		t.Errorf("%d photos of a draft that was taken up again were deleted", n)
	}
	if _, err := plan.Abandon(t.Context(), f.db, staff.Local, f.plan.ID); err != nil {
		t.Fatal(err)
	}
	if n := swept(181); n != 1 {
		t.Errorf("%d photos were deleted after 181 days", n)
	}
	if a, err := own(ctx, f.app, worker, answer); err != nil || len(a.Photos) != 0 {
		t.Errorf("the answer stays: %+v, %v", a, err)
	}
}

func TestAPhotoOfTooManyBytesIsNotDecoded(t *testing.T) {
	if _, _, _, err := strip(make([]byte, MaxPhoto+1)); !errors.Is(err, ErrPhotoLarge) {
		t.Errorf("%v, want %v", err, ErrPhotoLarge)
	}
}
