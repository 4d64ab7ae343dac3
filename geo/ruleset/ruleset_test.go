package ruleset_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/rule"
	"wangge/geo/ruleset"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func f(v float64) *float64 { return &v }

// town is a village of four micro-grids with planners, seen as requests see it.
type town struct {
	t       *testing.T
	owner   *pgxpool.Pool
	db      *pg.Acting // of requests
	village int64
	grids   []int64
}

func newTown(t *testing.T) *town {
	dsn := pgtest.DSN(t)
	w := &town{t: t, owner: pgtest.As(t, dsn, ""), db: pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))}
	w.grids = ledgertest.Town(t, w.owner, 2)
	w.village = w.id(`SELECT id FROM unit WHERE code = '310115001001'`)
	return w
}

func (w *town) id(sql string, args ...any) (id int64) {
	w.t.Helper()
	if err := w.owner.QueryRow(w.t.Context(), sql, args...).Scan(&id); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// planner plans in a unit; 0 = everywhere.
func (w *town) planner(unit int64) (context.Context, staff.Actor) {
	return stafftest.Hold(w.t, w.owner, staff.Planner, unit)
}

// draft is one of an area with a unit of ordinal 1.
func (w *town) draft(area int64, preset string) int64 {
	w.t.Helper()
	id := w.id(`INSERT INTO plan (name, preset, level, created_by, area_id) VALUES ('d', $1, 'micro-grid', 't', nullif($2::bigint, 0)) RETURNING id`, preset, area)
	w.id(`INSERT INTO plan_unit (plan_id, ordinal, code, name, geom) SELECT $1, 1, 'a', 'a', geom FROM boundary LIMIT 1 RETURNING plan_id`, id)
	return id
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

var blocks = ruleset.New{TitleZh: "三十到五十户", TitleEn: "30 to 50", Rules: []rule.Rule{
	{Kind: rule.Households, Level: "micro-grid", Min: f(30), Max: f(50), Hard: true, Waivable: true, Source: "镇政府"},
	{Kind: rule.Contiguous, Hard: true},
	{Kind: rule.Staffing, Needs: []rule.Need{{Kinds: []string{"leader"}, Min: 1, TitleZh: "长", TitleEn: "leader"}}},
}}

func TestBuiltinSetsAreThereForTheFiveCasesAndForEveryHierarchy(t *testing.T) {
	tx := pgtest.Tx(t)
	list, err := ruleset.List(t.Context(), tx, staff.Local)
	if err != nil {
		t.Fatal(err)
	}
	presets := map[string]int{}
	var codes []string
	for _, s := range list {
		codes = append(codes, s.Code)
		if err := rule.Validate(s.Rules); err != nil || len(s.Rules) == 0 {
			t.Errorf("%s: %d rules, %v", s.Code, len(s.Rules), err)
		}
		for _, r := range s.Rules {
			if r.Zh == "" || r.En == "" {
				t.Errorf("%s: rule %s says nothing", s.Code, r.Kind)
			}
		}
		if !s.Builtin || s.Editable {
			t.Errorf("%s is not built in, or may be changed", s.Code)
		}
		for _, p := range s.Presets {
			presets[p]++
		}
	}
	if want := []string{"basic", "luxiang", "wenwusha", "qingshen", "kangqiao", "shatang"}; !slices.Equal(codes, want) {
		t.Errorf("sets %v, want %v", codes, want)
	}
	rows, _ := tx.Query(t.Context(), `SELECT code FROM preset WHERE builtin`)
	hierarchies, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hierarchies {
		if presets[h] != 1 {
			t.Errorf("the hierarchy %s has %d sets, want 1", h, presets[h])
		}
	}
	qingshen := list[3].Rules[0]
	if qingshen.Zh != "每个片 30–50 户" || qingshen.En != "30–50 households in each block" || !qingshen.Hard || !qingshen.Waivable {
		t.Errorf("%+v", qingshen)
	}
	if split := list[4].Rules[0]; split.Kind != rule.Split || *split.Max != 3000 || split.Level != "village" {
		t.Errorf("%+v", split)
	}
}

func TestASetIsMadeChangedAndRemoved(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	made, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	if len(made.Rules) != 3 || made.Rules[0].ID == 0 || made.Rules[0].Zh != "每个微网格 30–50 户" || !made.Editable || made.Builtin || made.Sealed || made.Rules[2].Needs[0].TitleZh != "长" {
		t.Fatalf("%+v", made)
	}
	// The second rule goes, the first changes, a new one comes first: ids tell them apart.
	kept := made.Rules[0]
	kept.Max = f(60)
	rules := []rule.Rule{{Kind: rule.Area, Max: f(1)}, kept, made.Rules[2]}
	title := "改"
	changed, err := ruleset.Save(ctx, w.db, planner, made.ID, ruleset.Edit{TitleZh: &title, Rules: &rules})
	w.must(err)
	if len(changed.Rules) != 3 || changed.Rules[1].ID != kept.ID || *changed.Rules[1].Max != 60 || changed.Rules[1].Zh != "每个微网格 30–60 户" || changed.TitleZh != "改" || changed.TitleEn != blocks.TitleEn {
		t.Errorf("%+v", changed)
	}
	copied, err := ruleset.Copy(ctx, w.db, planner, made.ID, "抄", "copy")
	w.must(err)
	if copied.ID == made.ID || *copied.CopiedFrom != made.ID || len(copied.Rules) != 3 || copied.Rules[1].ID == kept.ID {
		t.Errorf("%+v", copied)
	}
	w.must(ruleset.Delete(ctx, w.db, planner, made.ID))
	if _, err := ruleset.Get(ctx, w.db, planner, made.ID); !errors.Is(err, ruleset.ErrUnknown) {
		t.Errorf("removed: %v", err)
	}
	if got, err := ruleset.Get(ctx, w.db, planner, copied.ID); err != nil || got.CopiedFrom != nil || len(got.Rules) != 3 {
		t.Errorf("the copy of what was removed: %+v, %v", got, err)
	}
	var acts []string
	rows, _ := w.owner.Query(t.Context(), `SELECT action FROM audit WHERE subject = 'rule-set' ORDER BY id`)
	acts, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || strings.Join(acts, " ") != "add edit add remove" {
		t.Errorf("recorded: %v, %v", acts, err)
	}
}

func TestWrongSetsAreRefusedAndNothingIsStored(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	made, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	other, err := ruleset.Copy(ctx, w.db, planner, made.ID, "别", "other")
	w.must(err)
	contiguous := rule.Rule{Kind: rule.Contiguous}
	with := func(r ...rule.Rule) ruleset.Edit { return ruleset.Edit{Rules: &r} }
	empty := " "
	tests := []struct {
		name string
		edit ruleset.Edit
		want error
	}{
		{"no bound", with(rule.Rule{Kind: rule.Households}), rule.ErrRules},
		{"an unknown level", with(rule.Rule{Kind: rule.Contiguous, Level: "planet"}), rule.ErrRules},
		{"an unknown kind of post", with(rule.Rule{Kind: rule.Staffing, Needs: []rule.Need{{Kinds: []string{"king"}, Min: 1, TitleZh: "王", TitleEn: "king"}}}), rule.ErrRules},
		{"a rule of another set", with(contiguous, other.Rules[0]), rule.ErrRules},
		{"a rule twice", with(made.Rules[1], made.Rules[1]), rule.ErrRules},
		{"too many", with(slices.Repeat([]rule.Rule{contiguous}, 101)...), rule.ErrRules},
		{"no title", ruleset.Edit{TitleZh: &empty}, ruleset.ErrTitles},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ruleset.Save(ctx, w.db, planner, made.ID, tt.edit); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if got, err := ruleset.Get(ctx, w.db, planner, made.ID); err != nil || len(got.Rules) != 3 || !got.UpdatedAt.Equal(made.UpdatedAt) {
				t.Errorf("it has changed: %+v, %v", got, err)
			}
		})
	}
	for name, n := range map[string]ruleset.New{"no title": {TitleEn: "x"}, "a wrong rule": {TitleZh: "x", TitleEn: "x", Rules: []rule.Rule{{Kind: "x"}}}} {
		if _, err := ruleset.Add(ctx, w.db, planner, n); err == nil {
			t.Errorf("%s: added", name)
		}
	}
}

func TestASetBelongsToAnAreaAndIsReadBelowIt(t *testing.T) {
	w := newTown(t)
	village, planner := w.planner(w.village)
	made, err := ruleset.Add(village, w.db, planner, blocks)
	w.must(err)
	west, westPlanner := w.planner(w.grids[0])
	own, err := ruleset.Add(west, w.db, westPlanner, ruleset.New{TitleZh: "西", TitleEn: "west"})
	w.must(err)
	whole, wholePlanner := w.planner(0)
	everywhere, err := ruleset.Add(whole, w.db, wholePlanner, ruleset.New{TitleZh: "全", TitleEn: "whole"})
	w.must(err)
	east, eastPlanner := w.planner(w.grids[1])
	worker, workerActor := stafftest.Hold(t, w.owner, staff.Worker, w.village)

	tests := []struct {
		name           string
		ctx            context.Context
		actor          staff.Actor
		reads, changes []int64
	}{
		{"of the village", village, planner, []int64{made.ID, own.ID, everywhere.ID}, []int64{made.ID, own.ID}},
		{"of the west", west, westPlanner, []int64{made.ID, own.ID, everywhere.ID}, []int64{own.ID}},
		{"of the east", east, eastPlanner, []int64{made.ID, everywhere.ID}, nil},
		{"of everything", whole, wholePlanner, []int64{made.ID, own.ID, everywhere.ID}, []int64{made.ID, own.ID, everywhere.ID}},
	}
	// Either wall alone holds: the program's before the owner of the tables, and the
	// database's under somebody who says to plan everywhere.
	for _, tt := range tests {
		for wall, asked := range map[string]struct {
			db    pg.DB
			actor staff.Actor
		}{"both walls": {w.db, tt.actor}, "the program's": {w.owner, tt.actor}, "the database's": {w.db, staff.Local}} {
			t.Run(tt.name+", "+wall, func(t *testing.T) {
				list, err := ruleset.List(tt.ctx, asked.db, asked.actor)
				w.must(err)
				var reads []int64
				for _, s := range list {
					if !s.Builtin {
						reads = append(reads, s.ID)
					}
				}
				if !slices.Equal(reads, tt.reads) {
					t.Errorf("reads %v, want %v", reads, tt.reads)
				}
				for _, id := range []int64{made.ID, own.ID, everywhere.ID} {
					title := "新"
					_, err := ruleset.Save(tt.ctx, asked.db, asked.actor, id, ruleset.Edit{TitleZh: &title})
					if slices.Contains(tt.changes, id) {
						w.must(err)
					} else if changed := w.id(`SELECT count(*) FROM rule_set WHERE id = $1 AND title_zh = '新'`, id); changed > 0 {
						t.Errorf("changed set %d: %v", id, err)
					} else if wall != "the database's" && err == nil {
						t.Errorf("set %d: no refusal", id)
					}
				}
				w.id(`WITH u AS (UPDATE rule_set SET title_zh = '旧' WHERE NOT builtin RETURNING 1) SELECT count(*) FROM u`)
			})
		}
	}
	for name, actor := range map[string]staff.Actor{"a worker": workerActor, "the public": staff.Public} {
		if _, err := ruleset.List(worker, w.db, actor); err == nil {
			t.Errorf("%s lists sets", name)
		}
		if _, err := ruleset.Get(worker, w.db, actor, made.ID); err == nil {
			t.Errorf("%s reads a set", name)
		}
		if _, err := ruleset.Add(worker, w.db, actor, blocks); err == nil {
			t.Errorf("%s makes a set", name)
		}
	}
	if list, err := ruleset.List(worker, w.db, staff.Local); err != nil || len(list) != 0 {
		t.Errorf("the database shows a worker %d sets, %v", len(list), err)
	}
}

func TestWhatNeverChanges(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	builtin := w.id(`SELECT id FROM rule_set WHERE code = 'qingshen'`)
	sealed, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	used, err := ruleset.Copy(ctx, w.db, planner, builtin, "用", "used")
	w.must(err)
	// A plan of somebody who sees all was adopted by the first; a draft uses the second.
	w.id(`INSERT INTO plan (name, preset, level, state, effective_on, published_at, created_by, rule_set_id) VALUES ('p', 'rural', 'block', 'published', '2026-01-01', now(), 't', $1) RETURNING id`, sealed.ID)
	draft := w.draft(w.village, "rural")
	if _, err := ruleset.Use(ctx, w.db, planner, draft, used.ID); err != nil {
		t.Fatal(err)
	}
	title := "新"
	for _, tt := range []struct {
		name string
		id   int64
		want error
	}{{"built in", builtin, ruleset.ErrBuiltin}, {"sealed", sealed.ID, ruleset.ErrSealed}, {"unknown", 99_999, ruleset.ErrUnknown}} {
		if _, err := ruleset.Save(ctx, w.db, planner, tt.id, ruleset.Edit{TitleZh: &title}); !errors.Is(err, tt.want) {
			t.Errorf("%s: changed: %v, want %v", tt.name, err, tt.want)
		}
		if err := ruleset.Delete(ctx, w.db, planner, tt.id); !errors.Is(err, tt.want) {
			t.Errorf("%s: removed: %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := ruleset.Delete(ctx, w.db, planner, used.ID); !errors.Is(err, ruleset.ErrUsed) {
		t.Errorf("used: removed: %v", err)
	}
	if _, err := ruleset.Use(ctx, w.db, planner, draft, 0); err != nil {
		t.Fatal(err)
	}
	w.must(ruleset.Delete(ctx, w.db, planner, used.ID))
	if got, err := ruleset.Get(ctx, w.db, planner, sealed.ID); err != nil || !got.Sealed || got.Editable {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestADraftUsesTheSetOfItsHierarchyUntilItNamesAnother(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	for preset, want := range map[string]string{"rural": "qingshen", "town-cluster": "kangqiao", "community": "wenwusha", "town-grid": "shatang"} {
		if s, err := ruleset.Of(ctx, w.db, planner, w.draft(w.village, preset)); err != nil || s.Code != want {
			t.Errorf("%s: %s, %v; want %s", preset, s.Code, err, want)
		}
	}
	w.id(`INSERT INTO preset (code, title_zh, title_en) VALUES ('own', 'x', 'x') RETURNING 1`)
	draft := w.draft(w.village, "own")
	if s, err := ruleset.Of(ctx, w.db, planner, draft); err != nil || s.Code != "basic" {
		t.Errorf("a hierarchy of one's own: %s, %v", s.Code, err)
	}
	made, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	if s, err := ruleset.Use(ctx, w.db, planner, draft, made.ID); err != nil || s.ID != made.ID {
		t.Errorf("%+v, %v", s, err)
	}
	east, eastPlanner := w.planner(w.grids[1])
	west, westPlanner := w.planner(w.grids[0])
	hidden, err := ruleset.Add(west, w.db, westPlanner, blocks)
	w.must(err)
	eastDraft := w.draft(w.grids[1], "rural")
	for name, err := range map[string]error{
		"somebody else's draft": second(ruleset.Use(east, w.db, eastPlanner, draft, made.ID)),
		"a set one cannot see":  second(ruleset.Use(east, w.db, eastPlanner, eastDraft, hidden.ID)),
		"no such draft":         second(ruleset.Use(east, w.db, eastPlanner, 99_999, made.ID)),
	} {
		if !errors.Is(err, ruleset.ErrPlan) && !errors.Is(err, ruleset.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.owner.Exec(t.Context(), `UPDATE plan SET state = 'abandoned' WHERE id = $1`, draft); err != nil {
		t.Fatal(err)
	}
	if _, err := ruleset.Use(ctx, w.db, planner, draft, 0); !errors.Is(err, ruleset.ErrDraft) {
		t.Errorf("given up: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWaiversNeedAReasonAndARuleThatMayBeWaived(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	made, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	other, err := ruleset.Copy(ctx, w.db, planner, made.ID, "别", "other")
	w.must(err)
	draft := w.draft(w.village, "rural")
	_, err = ruleset.Use(ctx, w.db, planner, draft, made.ID)
	w.must(err)
	homes, contiguous, staffing := made.Rules[0].ID, made.Rules[1].ID, made.Rules[2].ID
	east, eastPlanner := w.planner(w.grids[1])
	refused := []struct {
		name    string
		ctx     context.Context
		actor   staff.Actor
		rule    int64
		ordinal int
		reason  string
		want    error
	}{
		{"a hard rule", ctx, planner, contiguous, 1, "x", ruleset.ErrStrict},
		{"no reason", ctx, planner, homes, 1, " \n", ruleset.ErrReason},
		{"a long reason", ctx, planner, homes, 1, strings.Repeat("长", 501), ruleset.ErrReason},
		{"a rule of another set", ctx, planner, other.Rules[0].ID, 1, "x", ruleset.ErrRule},
		{"a unit that is not there", ctx, planner, homes, 2, "x", ruleset.ErrUnit},
		{"somebody else's draft", east, eastPlanner, homes, 1, "x", ruleset.ErrPlan},
		{"somebody else's draft, by the database", east, staff.Local, homes, 1, "x", ruleset.ErrPlan},
	}
	for _, tt := range refused {
		if err := ruleset.Waive(tt.ctx, w.db, tt.actor, draft, tt.rule, tt.ordinal, tt.reason); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	for _, reason := range []string{"征迁中", "  明年征迁 "} { // the second time with another reason
		w.must(ruleset.Waive(ctx, w.db, planner, draft, homes, 1, reason))
	}
	w.must(ruleset.Waive(ctx, w.db, planner, draft, staffing, 1, "招聘中"))
	list, err := ruleset.Waivers(ctx, w.db, planner, draft)
	if err != nil || len(list) != 2 || list[0].Rule != homes || list[0].Reason != "明年征迁" || list[0].By != planner.Name || list[0].At.IsZero() || list[1].Rule != staffing {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := ruleset.Waivers(east, w.db, eastPlanner, draft); !errors.Is(err, ruleset.ErrPlan) {
		t.Errorf("somebody else reads waivers: %v", err)
	}
	// Another set has no waivers; the first one has its own again.
	_, err = ruleset.Use(ctx, w.db, planner, draft, other.ID)
	w.must(err)
	if list, err := ruleset.Waivers(ctx, w.db, planner, draft); err != nil || len(list) != 0 {
		t.Errorf("of another set: %+v, %v", list, err)
	}
	_, err = ruleset.Use(ctx, w.db, planner, draft, made.ID)
	w.must(err)
	w.must(ruleset.Unwaive(ctx, w.db, planner, draft, staffing, 1))
	w.must(ruleset.Unwaive(ctx, w.db, planner, draft, staffing, 1)) // there is none: nothing to do
	if err := ruleset.Unwaive(east, w.db, eastPlanner, draft, homes, 1); !errors.Is(err, ruleset.ErrPlan) {
		t.Errorf("somebody else takes a waiver back: %v", err)
	}
	if list, err := ruleset.Waivers(ctx, w.db, planner, draft); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	// A rule that changes keeps its waivers, one that goes loses them.
	kept := made.Rules[0]
	kept.Max = f(70)
	rules := []rule.Rule{kept}
	_, err = ruleset.Save(ctx, w.db, planner, made.ID, ruleset.Edit{Rules: &rules})
	w.must(err)
	if list, err := ruleset.Waivers(ctx, w.db, planner, draft); err != nil || len(list) != 1 {
		t.Errorf("after a change: %+v, %v", list, err)
	}
	rules = []rule.Rule{{Kind: rule.Contiguous}}
	_, err = ruleset.Save(ctx, w.db, planner, made.ID, ruleset.Edit{Rules: &rules})
	w.must(err)
	if n := w.id(`SELECT count(*) FROM waiver`); n != 0 {
		t.Errorf("%d waivers of rules that are gone", n)
	}
	rows, _ := w.owner.Query(t.Context(), `SELECT action || ' ' || detail::text FROM audit WHERE subject = 'plan' AND action LIKE '%waive' ORDER BY id`)
	acts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(acts) != 4 || strings.Contains(strings.Join(acts, ""), "征迁") {
		t.Errorf("recorded %v, %v; want four acts without their reasons", acts, err)
	}
	if _, err := w.owner.Exec(t.Context(), `UPDATE plan SET state = 'published', effective_on = '2026-01-01', published_at = now() WHERE id = $1`, draft); err != nil {
		t.Fatal(err)
	}
	if err := ruleset.Waive(ctx, w.db, planner, draft, homes, 1, "x"); !errors.Is(err, ruleset.ErrDraft) {
		t.Errorf("after the decision: %v", err)
	}
	if err := ruleset.Unwaive(ctx, w.db, planner, draft, homes, 1); !errors.Is(err, ruleset.ErrDraft) {
		t.Errorf("after the decision: %v", err)
	}
}

func TestTwoWhoChangeASetAtOnceDoNotMixTheirRules(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	made, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	done := make(chan error)
	for i := range 6 {
		go func() {
			rules := slices.Repeat([]rule.Rule{{Kind: rule.People, Max: f(float64(i))}}, 5)
			_, err := ruleset.Save(ctx, w.db, planner, made.ID, ruleset.Edit{Rules: &rules})
			done <- err
		}()
	}
	for range 6 {
		w.must(<-done)
	}
	got, err := ruleset.Get(ctx, w.db, planner, made.ID)
	w.must(err)
	if len(got.Rules) != 5 {
		t.Fatalf("%d rules, want 5", len(got.Rules))
	}
	for _, r := range got.Rules {
		if *r.Max != *got.Rules[0].Max {
			t.Errorf("rules of two: %v and %v", *r.Max, *got.Rules[0].Max)
		}
	}
}

func TestThePlansOfASetAreThoseThatNameItOrFollowTheirHierarchy(t *testing.T) {
	w := newTown(t)
	ctx, planner := w.planner(w.village)
	_, stranger := w.planner(w.grids[0])
	set, err := ruleset.Add(ctx, w.db, planner, blocks)
	w.must(err)
	follows, names := w.draft(w.village, "rural"), w.draft(w.village, "rural")
	_, err = ruleset.Use(ctx, w.db, planner, names, set.ID)
	w.must(err)
	of, err := ruleset.Of(ctx, w.db, planner, follows)
	w.must(err)
	for _, tt := range []struct {
		set  int64
		want ruleset.User
	}{
		{set.ID, ruleset.User{ID: names, Name: "d", State: "draft", Own: true}},
		{of.ID, ruleset.User{ID: follows, Name: "d", State: "draft"}},
	} {
		if got, err := ruleset.Users(ctx, w.db, planner, tt.set); err != nil || !slices.Equal(got, []ruleset.User{tt.want}) {
			t.Errorf("set %d: %+v, %v, want %+v", tt.set, got, err, tt.want)
		}
	}
	if got, err := ruleset.Users(ctx, w.owner, stranger, of.ID); err != nil || len(got) > 0 {
		t.Errorf("a planner of one grid is told %+v, %v", got, err)
	}
	if _, err := ruleset.Users(ctx, w.db, planner, set.ID+999); !errors.Is(err, ruleset.ErrUnknown) {
		t.Errorf("%v, want ErrUnknown", err)
	}
}
