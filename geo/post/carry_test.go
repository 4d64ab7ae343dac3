package post_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wangge/geo"
	"wangge/geo/grid"
	"wangge/geo/pg/pgtest"
	"wangge/geo/plan"
	"wangge/geo/post"
	"wangge/geo/staff"
)

const village = "990101001001"

// box is a rectangle in lattice steps east and north of an invented place.
func box(x0, x1 int32) geo.MultiPolygon {
	const lon, lat = 1_150_000_000, 300_000_000
	return geo.MultiPolygon{{{{X: lon + x0, Y: lat}, {X: lon + x1, Y: lat}, {X: lon + x1, Y: lat + 10000}, {X: lon + x0, Y: lat + 10000}}}}
}

// drawn is a village with grids that a plan draws: strips from west to east.
type drawn struct{ world }

func (d *drawn) publish(t *testing.T, level string, on geo.Day, records ...plan.Record) {
	t.Helper()
	quiet := func(string, int64, int64) {}
	p, err := plan.New(t.Context(), d.db, staff.Local, plan.Source{Name: level, Preset: "community", Level: level, Day: on, Records: records}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Publish(t.Context(), d.db, staff.Local, p.ID, p.Revision, on, quiet); err != nil {
		t.Fatal(err)
	}
}

func strip(n int, x0, x1 int32) plan.Record {
	return plan.Record{Code: fmt.Sprintf("%s%03d", village, n), Name: fmt.Sprint(n), Parent: village, Area: box(x0, x1)}
}

func newDrawn(t *testing.T, grids ...plan.Record) *drawn {
	t.Helper()
	db := pgtest.Database(t)
	d := &drawn{world{db: db, engine: db}}
	d.publish(t, "village", day("2026-01-01"), plan.Record{Code: village, Name: "V", Area: box(0, 20000)})
	d.publish(t, "grid", day("2026-01-01"), grids...)
	return d
}

// posts are the posts of the village on a day: "unit kind number A B".
func (d *drawn) posts(t *testing.T, on geo.Day) (all []string) {
	t.Helper()
	list, err := post.List(t.Context(), d.db, staff.Local, on, post.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		name := func(h *post.Holder) string {
			if h == nil {
				return "-"
			}
			return h.Login
		}
		all = append(all, fmt.Sprintf("%s %s %d %s %s", p.Unit[len(village):], p.TitleZh, p.Ordinal, name(p.A), name(p.B)))
	}
	slices.Sort(all)
	return all
}

func TestAfterAMergeThePostsGoOnInTheUnitThatFollows(t *testing.T) {
	d := newDrawn(t, strip(1, 0, 12000), strip(2, 12000, 16000), strip(3, 16000, 20000))
	for _, login := range []string{"a1", "a2", "b2", "c2", "a3"} {
		d.account(t, login, "")
	}
	first, second, third := d.post(t, staff.Leader, village+"001"), d.post(t, staff.Leader, village+"002"), d.post(t, staff.Leader, village+"003")
	worker := d.post(t, staff.Worker, village+"002")
	d.hold(t, first, post.A, "a1")
	d.hold(t, third, post.A, "a3")
	for rank, login := range map[post.Rank]string{post.A: "a2", post.B: "b2"} {
		if _, err := post.HandOver(t.Context(), d.db, staff.Local, second.ID, rank, login, day("2026-02-01")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := post.HandOver(t.Context(), d.db, staff.Local, second.ID, post.A, "c2", in(5)); err != nil {
		t.Fatal(err)
	}
	if _, err := post.Retitle(t.Context(), d.db, staff.Local, second.ID, "片长", geo.Day{}); err != nil {
		t.Fatal(err)
	}
	if err := post.SetBackstop(t.Context(), d.db, staff.Local, second.ID); err != nil {
		t.Fatal(err)
	}

	today := grid.Today()
	d.publish(t, "grid", today, strip(1, 0, 15000), strip(4, 15000, 20000)) // of grid 2, three quarters go to grid 1
	if got, want := d.posts(t, today), []string{"001 专职网格员 1 - -", "001 片长 2 a2 b2", "001 网格长 1 a1 -", "004 网格长 1 a3 -"}; !slices.Equal(got, want) {
		t.Errorf("posts today\n%q, want\n%q", got, want)
	}
	if got := d.posts(t, in(5)); !slices.Contains(got, "001 片长 2 c2 b2") {
		t.Errorf("what was planned went lost: %q", got)
	}
	if got := d.posts(t, in(-1)); !slices.Contains(got, "002 网格长 1 a2 b2") {
		t.Errorf("the past changed: %q", got)
	}
	old, err := post.HistoryOf(t.Context(), d.db, staff.Local, second.ID)
	if err != nil || len(old.Carried) != 1 || old.Carried[0].Unit != village+"001" || old.Carried[0].ValidFrom != today || len(old.Holders) != 2 {
		t.Fatalf("history of the ended post: %+v, %v", old, err)
	}
	next, err := post.HistoryOf(t.Context(), d.db, staff.Local, old.Carried[0].Post)
	if err != nil || len(next.Carried) != 1 || next.Carried[0].Post != second.ID || len(next.Holders) != 3 {
		t.Errorf("history of the post that goes on: %+v, %v", next, err)
	}
	if id, err := post.Backstop(t.Context(), d.db, staff.Local); err != nil || id != old.Carried[0].Post {
		t.Errorf("the backstop is %d, %v; want it carried along", id, err)
	}
	if p, err := post.Get(t.Context(), d.db, staff.Local, today, worker.ID); err != nil || p.ValidTo == nil {
		t.Errorf("the vacant post of the ended grid: %+v, %v", p, err)
	}
	// Two leaders in one grid: an administrator decides.
	list, err := post.Vacancies(t.Context(), d.db, staff.Local, post.VacancyFilter{Rule: post.Excess})
	if err != nil || len(list) != 1 || list[0].Unit != village+"001" || list[0].Kind != staff.Leader || list[0].Count != 1 || list[0].Since != today {
		t.Errorf("too many: %+v, %v", list, err)
	}
	var logged bool
	err = d.db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM audit WHERE action = 'carry-posts' AND subject = 'plan')`).Scan(&logged)
	if err != nil || !logged {
		t.Errorf("the log does not say that posts were carried: %v", err)
	}
}

func TestAfterASplitThePostsGoWithTheLargerPart(t *testing.T) {
	d := newDrawn(t, strip(1, 0, 12000), strip(2, 12000, 20000))
	d.account(t, "a1", "")
	d.account(t, "a2", "")
	stays, split := d.post(t, staff.Leader, village+"001"), d.post(t, staff.Leader, village+"002")
	d.hold(t, stays, post.A, "a1")
	d.hold(t, split, post.A, "a2")
	today := grid.Today()
	// Grid 1 keeps its code and loses its east; grid 2 ends and becomes 3 and 4.
	d.publish(t, "grid", today, strip(1, 0, 8000), strip(5, 8000, 12000), strip(3, 12000, 14000), strip(4, 14000, 20000))
	if got, want := d.posts(t, today), []string{"001 网格长 1 a1 -", "004 网格长 1 a2 -"}; !slices.Equal(got, want) {
		t.Errorf("posts\n%q, want\n%q", got, want)
	}
	list, err := post.Vacancies(t.Context(), d.db, staff.Local, post.VacancyFilter{Rule: post.Missing, Kind: staff.Leader, Level: "grid"})
	if err != nil || len(list) != 2 || list[0].Unit != village+"003" || list[1].Unit != village+"005" {
		t.Errorf("grids without a leader: %+v, %v", list, err)
	}
	if p, err := post.Get(t.Context(), d.db, staff.Local, today, stays.ID); err != nil || p.ValidTo != nil {
		t.Errorf("the post of the grid that stays: %+v, %v", p, err)
	}
}

func TestAPublishingOnAPastDayCarriesWhatCameAfterIt(t *testing.T) {
	d := newDrawn(t, strip(1, 0, 12000), strip(2, 12000, 20000))
	d.account(t, "a2", "")
	d.account(t, "b2", "")
	late, err := post.Make(t.Context(), d.db, staff.Local, post.New{Kind: staff.Worker, Unit: village + "002", From: day("2026-06-01")})
	if err != nil {
		t.Fatal(err)
	}
	d.hold(t, late, post.A, "a2")
	leader := d.post(t, staff.Leader, village+"002")
	if _, err := post.HandOver(t.Context(), d.db, staff.Local, leader.ID, post.A, "b2", day("2026-05-01")); err != nil {
		t.Fatal(err)
	}
	d.publish(t, "grid", day("2026-04-01"), strip(1, 0, 12000), strip(3, 12000, 20000))
	for on, want := range map[geo.Day][]string{
		day("2026-03-31"): {"002 网格长 1 - -"},
		day("2026-04-01"): {"003 网格长 1 - -"},
		day("2026-05-01"): {"003 网格长 1 b2 -"},
		grid.Today():      {"003 专职网格员 1 a2 -", "003 网格长 1 b2 -"},
	} {
		if got := d.posts(t, on); !slices.Equal(got, want) {
			t.Errorf("posts on %s: %q, want %q", on, got, want)
		}
	}
	u, err := grid.ByCode(t.Context(), d.db, staff.Local, grid.Today(), village+"003")
	if err != nil {
		t.Fatal(err)
	}
	if duty, err := post.Responsible(t.Context(), d.db, u.ID, "", time.Now()); err != nil || duty.Login != "b2" {
		t.Errorf("on duty: %+v, %v", duty, err)
	}
}
