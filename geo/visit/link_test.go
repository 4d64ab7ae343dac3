package visit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/geo/fault"
	"wangge/geo/sheet"
	"wangge/geo/staff"
	"wangge/geo/visit"
)

// linking is a field with a cadence of at most two linked households for each post.
func linking(t *testing.T) *field {
	f := newField(t)
	two := 2
	f.set("linked", visit.Terms{Ordinal: 40, Homes: visit.Linked, Days: 30, PerPost: &two, Used: true})
	return f
}

// code is that of a micro-grid of the field, from 1.
func code(n int) string { return fmt.Sprintf("310115001001%03d", n) }

func (f *field) keeper(actor staff.Actor, home int) int64 {
	f.Helper()
	got, err := visit.KeeperOf(f.Context(), f.db, f.db, actor, f.homes[home], time.Now())
	if err != nil {
		f.Fatal(err)
	}
	if got.Post == nil {
		return 0
	}
	return got.Post.Post
}

func TestATableSaysWhichPostKeepsInTouchWithWhichHousehold(t *testing.T) {
	f := linking(t)
	_, first := f.worker(0)
	_, second := f.worker(0)
	one, two := first.Grants[0].Post, second.Grants[0].Post
	bring := func(text string) sheet.TableReport {
		t.Helper()
		var report sheet.TableReport
		for _, dry := range []bool{true, false} {
			got, err := visit.ImportLinks(t.Context(), f.db, staff.Local, file(text), nil, dry)
			if err != nil {
				t.Fatalf("%v %+v", err, fault.Of(err))
			}
			if !dry && (got.Added != report.Added || got.Changed != report.Changed || got.Removed != report.Removed) {
				t.Errorf("tried: %+v, taken: %+v", report, got)
			}
			report = got
		}
		return report
	}
	if got := bring("户号,网格编码,岗位,岗位序号\n0," + code(1) + ",专职网格员,1\n1," + code(1) + ",worker,2\n"); got.Rows != 2 || got.Added != 2 {
		t.Errorf("%+v", got)
	}
	if a, b := f.keeper(first, 0), f.keeper(first, 1); a != one || b != two {
		t.Errorf("kept by %d and %d, want %d and %d", a, b, one, two)
	}
	// They change households with each other, and one is untied; what is absent stays.
	if got := bring("户号,网格编码,岗位序号\n0," + code(1) + ",2\n1," + code(1) + ",1\n"); got.Changed != 2 {
		t.Errorf("%+v", got)
	}
	if got := bring("户号,来源,网格编码\n1,test,\n0,test,\n"); got.Removed != 2 || f.keeper(first, 0) != 0 {
		t.Errorf("%+v, kept by %d", got, f.keeper(first, 0))
	}
	if got := bring("户号,网格编码\n1,\n"); got.Unchanged != 1 {
		t.Errorf("%+v", got)
	}
}

func TestATableOfLinksThatCannotBeTakenNamesEveryPlaceAndStoresNothing(t *testing.T) {
	f := linking(t)
	_, worker := f.worker(0)
	_, _ = f.worker(0)
	if err := visit.Keep(t.Context(), f.db, worker, f.homes[0], worker.Grants[0].Post); err != nil {
		t.Fatal(err)
	}
	if _, err := f.db.Exec(t.Context(), `INSERT INTO visit_refusal (household_id, recorded_by) VALUES ($1, 'test')`, f.homes[2]); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		actor             staff.Actor
		text, code, place string
	}{
		"no such household":                {staff.Local, "户号,网格编码,岗位序号\n0," + code(1) + ",2\n77," + code(1) + ",1\n", "household_unknown", "row 3, column 1 (户号)"},
		"a household of another grid":      {worker, "户号,网格编码\n3,\n", "household_unknown", "row 2, column 1 (户号)"},
		"no such unit":                     {staff.Local, "户号,网格编码\n0,330\n", "post_unknown", "row 2, column 2 (网格编码)"},
		"a unit of others":                 {worker, "户号,网格编码\n0," + code(2) + "\n", "post_unknown", "row 2, column 2 (网格编码)"},
		"several posts":                    {staff.Local, "户号,网格编码\n0," + code(1) + "\n", "post_ambiguous", "row 2"},
		"no such post":                     {staff.Local, "户号,网格编码,岗位\n0," + code(1) + ",网格长\n", "post_unknown", "row 2, column 2 (网格编码)"},
		"a post without its unit":          {staff.Local, "户号,网格编码,岗位\n0,,专职网格员\n", "value_missing", "row 2, column 2 (网格编码)"},
		"one household twice":              {staff.Local, "户号,网格编码\n0,\n0,\n", "repeated_id", "row 3, column 1 (户号)"},
		"one that wants no visits":         {staff.Local, "户号,网格编码,岗位序号\n2," + code(1) + ",1\n", "visit_unwanted", "row 2, column 1 (户号)"},
		"more than the cadence allows":     {staff.Local, "户号,网格编码,岗位序号\n1," + code(1) + ",1\n0," + code(1) + ",1\n3," + code(1) + ",1\n", "visit_links_too_many", "row"},
		"the ledger of somebody else":      {staff.Local, "户号,来源,网格编码\n0,公安,\n", "household_unknown", "row 2, column 1 (户号)"},
		"a member, who records no visits ": {staff.Actor{Name: "x"}, "户号\n0\n", "", ""},
	} {
		_, err := visit.ImportLinks(t.Context(), f.db, tt.actor, file(tt.text), nil, false)
		if tt.code == "" {
			if !errors.Is(err, staff.ErrForbidden) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		got := fault.Of(err)
		if !errors.Is(err, visit.ErrLinks) || got.Places[0].Code != tt.code || !strings.HasPrefix(got.Places[0].Pointer, tt.place) {
			t.Errorf("%s: %v %+v, want %s at %s", name, err, got, tt.code, tt.place)
		}
		if kept := f.keeper(worker, 0); kept != worker.Grants[0].Post {
			t.Fatalf("%s: household 0 is kept by %d now", name, kept)
		}
	}
}

func TestOnePostKeepsInTouchWithAHousehold(t *testing.T) {
	f := linking(t)
	ctx, worker := f.worker(0)
	_, beside := f.worker(1)
	own := worker.Grants[0].Post
	keep := func(home int, post int64) error { return visit.Keep(ctx, f.app, worker, f.homes[home], post) }
	if err := errors.Join(keep(0, own), keep(1, own)); err != nil {
		t.Fatal(err)
	}
	got, err := visit.KeeperOf(ctx, f.app, f.db, worker, f.homes[0], time.Now())
	if err != nil || got.Post == nil || got.Post.Post != own || len(got.Choices) != 1 || got.Choices[0].Unit != code(1) {
		t.Errorf("%+v, %v", got, err)
	}
	for name, tt := range map[string]struct {
		home int
		post int64
		want error
	}{
		"a third": {2, own, visit.ErrMany}, "a household of others": {3, own, visit.ErrHousehold}, "untying one of others": {3, 0, visit.ErrHousehold},
		"the post of others": {0, beside.Grants[0].Post, visit.ErrPost},
	} {
		if err := keep(tt.home, tt.post); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if err := keep(0, 0); err != nil || f.keeper(worker, 0) != 0 {
		t.Errorf("untied: %v", err)
	}
	if _, err := visit.KeeperOf(ctx, f.app, f.db, worker, f.homes[3], time.Now()); !errors.Is(err, visit.ErrHousehold) {
		t.Errorf("who keeps a household of others: %v", err)
	}
}
