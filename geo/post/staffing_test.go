package post_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
)

func TestTemplatesAreDataAndAreReplacedWhole(t *testing.T) {
	w := newWorld(t)
	ctx, root := w.serves(t, "root", staff.Administrator, "")
	keeperCtx, keeper := w.serves(t, "keeper1", staff.Administrator, "T1")
	lines := func(level string) []post.Line {
		list, err := post.Templates(ctx, w.app, root)
		if err != nil {
			t.Fatal(err)
		}
		for _, template := range list {
			if template.Level == level {
				return template.Lines
			}
		}
		t.Fatalf("no template of %s", level)
		return nil
	}
	// 1 + 2 + N
	one, two := 1, 2
	want := []post.Line{
		{Kind: staff.Leader, Min: 1, Max: &one, Leads: true, Deputy: true}, {Kind: staff.Worker, Min: 1, Max: &two},
		{Kind: staff.PartTimeWorker, Max: &two}, {Kind: staff.Member},
	}
	if got := lines("grid"); fmt.Sprint(plain(got)) != fmt.Sprint(plain(want)) {
		t.Errorf("a grid has %v, want %v", plain(got), plain(want))
	}
	changed := []post.Line{{Kind: staff.Leader, Min: 1, Max: &two, Leads: true}, {Kind: staff.Member, Min: 3}}
	if err := post.PutTemplate(ctx, w.app, root, "grid", changed); err != nil {
		t.Fatal(err)
	}
	if got := lines("grid"); fmt.Sprint(plain(got)) != fmt.Sprint(plain(changed)) {
		t.Errorf("after the change %v, want %v", plain(got), plain(changed))
	}
	refusals := []struct {
		name  string
		level string
		lines []post.Line
		want  error
	}{
		{"no such level", "moon", changed, post.ErrNoLevel},
		{"no such kind", "grid", []post.Line{{Kind: "king"}}, post.ErrUnknownKind},
		{"a kind twice", "grid", []post.Line{{Kind: staff.Leader}, {Kind: staff.Leader}}, post.ErrLineTwice},
		{"more at least than at most", "grid", []post.Line{{Kind: staff.Leader, Min: 2, Max: &one}}, post.ErrLineNumbers},
		{"at most none", "grid", []post.Line{{Kind: staff.Leader, Max: new(int)}}, post.ErrLineNumbers},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			if err := post.PutTemplate(ctx, w.app, root, tt.level, tt.lines); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if got := lines("grid"); fmt.Sprint(plain(got)) != fmt.Sprint(plain(changed)) {
		t.Errorf("a refused template changed it: %v", plain(got))
	}
	if err := post.PutTemplate(keeperCtx, w.app, keeper, "grid", changed); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("by an administrator of a town: %v", err)
	}
	if err := post.PutTemplate(keeperCtx, w.app, staff.Local, "grid", changed); !pg.ErrCode(err, "42501") {
		t.Errorf("behind the second wall alone: %v", err)
	}
	if kinds, err := post.Kinds(ctx, w.app, root); err != nil || len(kinds) != 11 || kinds[0].Kind != staff.Leader || len(kinds[0].May) == 0 {
		t.Errorf("kinds %+v, %v", kinds, err)
	}
}

// plain are lines with their numbers in place of pointers.
func plain(lines []post.Line) (out []string) {
	for _, l := range lines {
		most := "n"
		if l.Max != nil {
			most = fmt.Sprint(*l.Max)
		}
		out = append(out, fmt.Sprintf("%s %d..%s %v %v", l.Kind, l.Min, most, l.Leads, l.Deputy))
	}
	return out
}

// wrong are the broken rules of the units that begin with T1, V1 or G1, in words.
func (w *world) wrong(t *testing.T, f post.VacancyFilter) (all []string) {
	t.Helper()
	list, err := post.Vacancies(t.Context(), w.engine, staff.Local, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		all = append(all, fmt.Sprintf("%s %s %s %d %s", v.Unit, v.Kind, v.Rule, v.Count, v.Since))
	}
	return all
}

func TestEveryBrokenRuleIsListedWithItsDate(t *testing.T) {
	w := newWorld(t)
	for _, login := range []string{"an", "bo", "chen"} {
		w.account(t, login, "")
	}
	const since = "2026-01-01"
	today := grid.Today().String()
	f := post.VacancyFilter{Unit: "G111"}
	want := func(why string, lines ...string) {
		t.Helper()
		if got := w.wrong(t, f); !slices.Equal(got, lines) {
			t.Errorf("%s:\n%q, want\n%q", why, got, lines)
		}
	}
	want("nothing is there", "G111 leader missing 1 "+since, "G111 worker missing 1 "+since)
	leader, worker := w.post(t, staff.Leader, "G111"), w.post(t, staff.Worker, "G111")
	want("posts without holders", "G111 leader vacant 1 "+since, "G111 worker vacant 1 "+since)
	w.hold(t, worker, post.A, "chen")
	if _, err := post.HandOver(t.Context(), w.engine, staff.Local, leader.ID, post.B, "bo", day("2026-03-01")); err != nil {
		t.Fatal(err)
	}
	want("only a deputy", "G111 leader acting 1 "+since)
	if _, err := post.HandOver(t.Context(), w.engine, staff.Local, leader.ID, post.A, "an", day("2026-04-01")); err != nil {
		t.Fatal(err)
	}
	want("all is well")
	w.hold(t, leader, post.B, "")
	want("no deputy", "G111 leader no-deputy 1 "+today)
	w.exec(t, `UPDATE account SET disabled_on = '2026-05-05 12:00+08' WHERE login = 'an'`)
	want("the account of A is disabled", "G111 leader vacant 1 "+today) // since B left, later than A
	w.exec(t, `UPDATE account SET disabled_on = NULL WHERE login = 'an'`)
	w.hold(t, leader, post.B, "bo")

	second := w.post(t, staff.Leader, "G111")
	w.hold(t, second, post.A, "chen")
	w.hold(t, second, post.B, "an")
	w.post(t, staff.Planner, "G111")
	want("too many, and what does not belong", "G111 leader excess 1 "+since, "G111 planner excess 1 "+since, "G111 planner vacant 1 "+since)
	for _, p := range []post.Post{second, leader} {
		if err := post.End(t.Context(), w.engine, staff.Local, p.ID, grid.Today()); err != nil {
			t.Fatal(err)
		}
	}
	f.Kind = staff.Leader
	want("both ended", "G111 leader missing 1 "+today)

	// A level without a template breaks no rule, and a unit that is not in force neither.
	w.exec(t, `INSERT INTO level (code, rank, title_zh, title_en) VALUES ('lane', 87, '弄', 'Lane')`)
	w.unit(t, "L1", "G111", "lane")
	f = post.VacancyFilter{Unit: "L1"}
	want("a level without a template")
	w.post(t, staff.Planner, "L1")
	want("a vacant post there", "L1 planner vacant 1 "+since)
	f = post.VacancyFilter{Unit: "G112"}
	want("before its end", "G112 leader missing 1 "+since, "G112 worker missing 1 "+since)
	w.exec(t, `UPDATE boundary SET valid_to = '2026-06-01' WHERE unit_id = $1`, w.id(t, "G112"))
	want("after its end")
}

func TestVacanciesAreFilteredPagedCountedAndScoped(t *testing.T) {
	w := newWorld(t)
	w.serves(t, "root", staff.Administrator, "")
	w.serves(t, "leader1", staff.Leader, "V11")
	w.serves(t, "leader2", staff.Leader, "T2")
	all := w.wrong(t, post.VacancyFilter{})
	if len(all) != 17 {
		t.Fatalf("%d broken rules: %q", len(all), all)
	}
	var paged []string
	f := post.VacancyFilter{Limit: 3}
	for range 20 {
		list, err := post.Vacancies(t.Context(), w.engine, staff.Local, f)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		for _, v := range list {
			paged = append(paged, fmt.Sprintf("%s %s %s %d %s", v.Unit, v.Kind, v.Rule, v.Count, v.Since))
		}
		f.Cursor = list[len(list)-1].Cursor()
	}
	if !slices.Equal(paged, all) {
		t.Errorf("in pages\n%q, at once\n%q", paged, all)
	}
	for _, cursor := range []string{"x", "a/b/c/d", "///", "a/b/c/"} {
		if _, err := post.Vacancies(t.Context(), w.engine, staff.Local, post.VacancyFilter{Cursor: cursor}); !errors.Is(err, post.ErrVacancyCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	for _, tt := range []struct {
		name string
		f    post.VacancyFilter
		want int
	}{
		{"a level", post.VacancyFilter{Level: "grid"}, 8}, {"a rule", post.VacancyFilter{Rule: post.NoDeputy}, 2},
		{"a kind", post.VacancyFilter{Kind: staff.Worker}, 4}, {"below a village", post.VacancyFilter{Unit: "V11"}, 5}, {"all of it", post.VacancyFilter{Unit: "V11", Rule: post.Missing, Level: "grid", Kind: staff.Leader}, 2},
	} {
		if got := w.wrong(t, tt.f); len(got) != tt.want {
			t.Errorf("%s: %d, want %d: %q", tt.name, len(got), tt.want, got)
		}
	}
	for who, want := range map[string]string{"root": "G111 G112 G121 G211 T1 T2 V11 V12 V21", "leader1": "G111 G112 V11", "leader2": "G211 T2 V21"} {
		ctx, actor := w.as(t, who)
		for name, db := range map[string]pg.DB{"both walls": w.app, "the first wall": w.engine} {
			list, err := post.Vacancies(ctx, db, actor, post.VacancyFilter{})
			counts, countErr := post.Counts(ctx, db, actor, post.VacancyFilter{})
			if err != nil || countErr != nil {
				t.Fatal(err, countErr)
			}
			units, counted := "", ""
			for _, v := range list {
				if len(units) < 4 || units[len(units)-len(v.Unit):] != v.Unit {
					units += " " + v.Unit
				}
			}
			for _, c := range counts {
				counted += " " + c.Unit
			}
			if units != " "+want || counted != " "+want {
				t.Errorf("%s, %s: vacancies of%s, counts of%s; want %s", who, name, units, counted, want)
			}
		}
		second, err := post.Vacancies(ctx, w.app, staff.Local, post.VacancyFilter{})
		if err != nil || slices.ContainsFunc(second, func(v post.Vacancy) bool { return who == "leader1" && v.Unit[1] != '1' }) {
			t.Errorf("%s behind the second wall alone: %v", who, err)
		}
	}
	ctx, leader1 := w.as(t, "leader1")
	if _, err := post.Counts(ctx, w.app, leader1, post.VacancyFilter{Unit: "T2"}); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("counts below a unit outside: %v", err)
	}
	counts, err := post.Counts(t.Context(), w.engine, staff.Local, post.VacancyFilter{Unit: "V11"})
	if err != nil || len(counts) != 3 {
		t.Fatalf("%+v, %v", counts, err)
	}
	v11 := counts[2]
	if v11.Unit != "V11" || v11.Own[post.NoDeputy] != 1 || v11.Below[post.Missing] != 4 || v11.Units != 3 || v11.Parent != "" || counts[0].Parent != "V11" {
		t.Errorf("the village: %+v; its grid %+v", v11, counts[0])
	}
	// Meanwhile somebody answers.
	list, err := post.Vacancies(ctx, w.app, leader1, post.VacancyFilter{Rule: post.Missing})
	if err != nil {
		t.Fatal(err)
	}
	if err := post.AddAnswers(ctx, w.engine, list, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		if v.Answers == nil || v.Answers.Login != "leader1" {
			t.Errorf("for the %s of %s answers %+v, want leader1", v.Kind, v.Unit, v.Answers)
		}
	}
}
