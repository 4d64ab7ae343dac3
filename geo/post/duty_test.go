package post_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/staff"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 8*3600))

func hours(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

func person(login string, absences ...post.Span) *post.Person {
	return &post.Person{Account: int64(len(login)), Login: login, Absences: absences}
}

func TestTheAnswerExplainsItself(t *testing.T) {
	leave := post.Span{From: hours(-1), To: ptr(hours(69))} // until 2026-11-25 09:00
	rung := func(unit string, a, b *post.Person) post.PostState {
		return post.PostState{Post: 7, Kind: staff.Leader, TitleZh: "网格长", TitleEn: "Grid leader", Unit: unit, A: a, B: b}
	}
	stop := func(a, b *post.Person) post.PostState {
		return post.PostState{Post: 9, Kind: staff.Administrator, TitleZh: "管理员", TitleEn: "Administrator", Backstop: true, A: a, B: b}
	}
	off := person("off")
	off.DisabledOn = ptr(hours(-5))
	tests := []struct {
		name   string
		chain  []post.PostState
		want   string // login
		away   bool
		zh, en []string
	}{
		{"A is there", []post.PostState{rung("0101", person("an"), person("bo"))}, "an", false,
			[]string{"0101 网格长:A 角在岗"}, []string{"0101 Grid leader: A has the duty"}},
		{"A is on leave", []post.PostState{rung("0101", person("an", leave), person("bo"))}, "bo", false,
			[]string{"0101 网格长:A 角不在岗,至 2026-11-25 09:00", "0101 网格长:B 角代行职责"},
			[]string{"0101 Grid leader: A is away until 2026-11-25 09:00", "0101 Grid leader: B takes over"}},
		{"leave that has not begun", []post.PostState{rung("0101", person("an", post.Span{From: hours(1)}), person("bo"))}, "an", false,
			[]string{"0101 网格长:A 角在岗"}, []string{"0101 Grid leader: A has the duty"}},
		{"leave that ends this instant", []post.PostState{rung("0101", person("an", post.Span{From: hours(-9), To: ptr(noon)}), nil)}, "an", false,
			[]string{"0101 网格长:A 角在岗"}, []string{"0101 Grid leader: A has the duty"}},
		{"one leave after the other", []post.PostState{rung("0101", person("an", post.Span{From: hours(-9), To: ptr(hours(2))}, post.Span{From: hours(2)}), person("bo"))}, "bo", false,
			[]string{"0101 网格长:A 角不在岗,至另行通知", "0101 网格长:B 角代行职责"},
			[]string{"0101 Grid leader: A is away until further notice", "0101 Grid leader: B takes over"}},
		{"there is only a deputy", []post.PostState{rung("0101", nil, person("bo"))}, "bo", false,
			[]string{"0101 网格长:没有 A 角", "0101 网格长:B 角代行职责"}, []string{"0101 Grid leader: there is no A", "0101 Grid leader: B takes over"}},
		{"up to the village", []post.PostState{rung("0101", nil, nil), {Unit: "01", TitleZh: "书记", TitleEn: "Secretary"}, rung("00", off, person("up"))}, "up", false,
			[]string{"0101 网格长:岗位空缺", "01 书记:没有设此岗位", "00 网格长:A 角的账号已停用", "00 网格长:B 角代行职责"},
			[]string{"0101 Grid leader: the post is vacant", "01 Secretary: there is no such post", "00 Grid leader: the account of A is disabled", "00 Grid leader: B takes over"}},
		{"the backstop", []post.PostState{rung("0101", person("an", leave), nil), stop(person("root"), nil)}, "root", false,
			[]string{"0101 网格长:A 角不在岗,至 2026-11-25 09:00", "0101 网格长:没有 B 角", "兜底 管理员:A 角在岗"},
			[]string{"0101 Grid leader: A is away until 2026-11-25 09:00", "0101 Grid leader: there is no B", "backstop Administrator: A has the duty"}},
		{"the backstop is away", []post.PostState{stop(off, person("root", leave)), stop(person("next", leave), nil)}, "root", true,
			[]string{"兜底 管理员:A 角的账号已停用", "兜底 管理员:B 角不在岗,至 2026-11-25 09:00", "兜底 管理员:A 角不在岗,至 2026-11-25 09:00", "兜底 管理员:没有 B 角", "兜底 管理员:无人在岗,由 B 角兜底"},
			[]string{"backstop Administrator: the account of A is disabled", "backstop Administrator: B is away until 2026-11-25 09:00", "backstop Administrator: A is away until 2026-11-25 09:00",
				"backstop Administrator: there is no B", "backstop Administrator: nobody is there: B answers although away"}},
		{"nobody was ever appointed", nil, "", false,
			[]string{"兜底:没有管理员在岗,由本系统的运行人员负责"}, []string{"backstop: no administrator is there; whoever runs this server answers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := post.OnDuty(tt.chain, noon)
			var zh, en []string
			for _, s := range d.Steps {
				zh, en = append(zh, s.TextZh), append(en, s.TextEn)
			}
			if d.Login != tt.want || d.Away != tt.away || !reflect.DeepEqual(zh, tt.zh) || !reflect.DeepEqual(en, tt.en) {
				t.Errorf("%q, away %v\n%s\n%s\nwant %q, away %v\n%s\n%s", d.Login, d.Away, strings.Join(zh, "\n"), strings.Join(en, "\n"),
					tt.want, tt.away, strings.Join(tt.zh, "\n"), strings.Join(tt.en, "\n"))
			}
		})
	}
}

// model is a random organisation in plain lists, from which a naive reader finds
// who is responsible.
type model struct {
	units    []modelUnit
	posts    []modelPost
	people   []modelPerson // people[i] has the login p<i>
	backstop int           // index of a post, -1 = none is named
}

type modelUnit struct {
	code, level string
	parent      int // -1 = at the top
}

type modelPost struct {
	kind string
	unit int // -1 = the whole installation
	a, b int // -1 = nobody
	id   int64
}

type modelPerson struct {
	disabled bool
	absences []post.Span
}

func (p modelPerson) present(at time.Time) bool {
	if p.disabled {
		return false
	}
	for _, s := range p.absences {
		if !at.Before(s.From) && (s.To == nil || at.Before(*s.To)) {
			return false
		}
	}
	return true
}

var leads = map[string]string{"town": "leader", "village": "leader", "grid": "leader", "building": "building-head", "lane": "leader"}

// order is every post that may be asked about a kind in a unit, in order.
func (m model) order(unit int, kind string) (line, backstop []int) {
	of := func(kind string, unit int) (list []int) {
		for i, p := range m.posts {
			if p.kind == kind && p.unit == unit {
				list = append(list, i)
			}
		}
		return list
	}
	if kind != "" {
		line = of(kind, unit)
	}
	for u := unit; u >= 0; u = m.units[u].parent {
		if lead := leads[m.units[u].level]; u != unit || lead != kind {
			line = append(line, of(lead, u)...)
		}
	}
	if m.backstop >= 0 {
		backstop = append(backstop, m.backstop)
	}
	for u := unit; u >= 0; u = m.units[u].parent {
		backstop = append(backstop, of("administrator", u)...)
	}
	return line, append(backstop, of("administrator", -1)...)
}

// answer is the naive reader: the first who is present, else the first of the
// backstop whose account is enabled, else "".
func (m model) answer(unit int, kind string, at time.Time) (login string, away bool) {
	line, backstop := m.order(unit, kind)
	for _, p := range append(line, backstop...) {
		for _, who := range []int{m.posts[p].a, m.posts[p].b} {
			if who >= 0 && m.people[who].present(at) {
				return fmt.Sprintf("p%d", who), false
			}
		}
	}
	for _, p := range backstop {
		for _, who := range []int{m.posts[p].a, m.posts[p].b} {
			if who >= 0 && !m.people[who].disabled {
				return fmt.Sprintf("p%d", who), true
			}
		}
	}
	return "", false
}

// invent makes a random organisation; gaps is how likely a seat stays empty.
func invent(r *rand.Rand, gaps float64, now time.Time) model {
	m := model{backstop: -1}
	for i := range 12 {
		p := modelPerson{disabled: r.Float64() < 0.1}
		at := now.Add(-60 * time.Hour)
		for r.Float64() < 0.6 && i > 0 {
			from := at.Add(time.Duration(r.IntN(60)) * time.Hour)
			s := post.Span{From: from, To: ptr(from.Add(time.Duration(1+r.IntN(90)) * time.Hour))}
			if at = *s.To; r.Float64() < 0.2 {
				s.To = nil
			}
			if p.absences = append(p.absences, s); s.To == nil {
				break
			}
		}
		m.people = append(m.people, p)
	}
	levels := []string{"town", "village", "grid", "building"}
	for i := range 10 {
		u := modelUnit{code: fmt.Sprintf("U%02d", i), level: "town", parent: -1}
		if i > 0 && r.Float64() < 0.9 {
			u.parent = r.IntN(i)
			depth := 1
			for up := m.units[u.parent].parent; up >= 0; up = m.units[up].parent {
				depth++
			}
			u.level = levels[min(depth, 3)]
			if r.Float64() < 0.2 {
				u.level = "lane" // a level of the operator's own, without a template
			}
		}
		m.units = append(m.units, u)
	}
	seat := func() int {
		if r.Float64() < gaps {
			return -1
		}
		return r.IntN(len(m.people))
	}
	add := func(kind string, unit int) {
		p := modelPost{kind: kind, unit: unit, a: seat(), b: seat()}
		if p.a == p.b {
			p.b = -1
		}
		m.posts = append(m.posts, p)
	}
	for u := range m.units {
		for _, kind := range []string{"leader", "leader", "worker", "building-head", "administrator"} {
			if r.Float64() < 0.4 {
				add(kind, u)
			}
		}
	}
	if r.Float64() < 0.7 {
		add("administrator", -1)
	}
	if len(m.posts) > 0 && r.Float64() < 0.5 {
		m.backstop = r.IntN(len(m.posts))
	}
	return m
}

// chain is the model's order as the pure function wants it.
func (m model) chain(unit int, kind string) (chain []post.PostState) {
	line, backstop := m.order(unit, kind)
	state := func(i int, isBackstop bool) post.PostState {
		p := m.posts[i]
		s := post.PostState{Post: int64(i + 1), Kind: staff.Kind(p.kind), Backstop: isBackstop}
		who := func(n int) *post.Person {
			if n < 0 {
				return nil
			}
			person := &post.Person{Account: int64(n), Login: fmt.Sprintf("p%d", n), Absences: m.people[n].absences}
			if m.people[n].disabled {
				person.DisabledOn = &time.Time{}
			}
			return person
		}
		s.A, s.B = who(p.a), who(p.b)
		return s
	}
	for _, i := range line {
		chain = append(chain, state(i, false))
	}
	for _, i := range backstop {
		chain = append(chain, state(i, true))
	}
	return chain
}

func TestDutyIsWhatANaiveReaderFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	seen := map[string]int{}
	for range 20_000 {
		m := invent(r, []float64{0.1, 0.5, 0.9}[r.IntN(3)], noon)
		unit, kind := r.IntN(len(m.units)), []string{"", "leader", "worker", "building-head"}[r.IntN(4)]
		at := hours(r.IntN(80) - 40)
		d := post.OnDuty(m.chain(unit, kind), at)
		login, away := m.answer(unit, kind, at)
		if d.Login != login || d.Away != away || len(d.Steps) == 0 || d.Login == "" && !d.Backstop {
			t.Fatalf("%s of %s at %s: %q, away %v; want %q, away %v\n%+v", kind, m.units[unit].code, at, d.Login, d.Away, login, away, m)
		}
		switch {
		case away:
			seen["away"]++
		case login == "":
			seen["operator"]++
		case d.Backstop:
			seen["backstop"]++
		default:
			seen[string(d.Rank)]++
		}
	}
	for _, kind := range []string{"A", "B", "backstop", "away", "operator"} {
		if seen[kind] < 50 {
			t.Errorf("%d answers of the kind %q: the test looks away", seen[kind], kind)
		}
	}
}

// store writes the model into a world's database.
func (m *model) store(t *testing.T, w *world, round int) {
	t.Helper()
	w.exec(t, `DELETE FROM post`)
	w.exec(t, `DELETE FROM account`)
	for i, p := range m.people {
		w.exec(t, `INSERT INTO account (login, disabled_on) VALUES ($1, CASE WHEN $2 THEN '2026-01-01'::timestamptz END)`, fmt.Sprintf("p%d", i), p.disabled)
		for _, s := range p.absences {
			w.exec(t, `INSERT INTO absence (account_id, starts_at, ends_at, reason, recorded_by) SELECT id, $2, $3, 'leave', 'test' FROM account WHERE login = $1`,
				fmt.Sprintf("p%d", i), s.From, s.To)
		}
	}
	for i := range m.units {
		u := &m.units[i]
		u.code = fmt.Sprintf("R%d-%s", round, u.code)
		parent := ""
		if u.parent >= 0 {
			parent = m.units[u.parent].code
		}
		w.unit(t, u.code, parent, u.level)
	}
	for i := range m.posts {
		p := &m.posts[i]
		unit := ""
		if p.unit >= 0 {
			unit = m.units[p.unit].code
		}
		err := w.db.QueryRow(t.Context(), `
			INSERT INTO post (kind, unit_id, ordinal, valid_from) VALUES ($1, (SELECT id FROM unit WHERE code = $2), $3, '2026-01-01') RETURNING id`,
			p.kind, unit, i+1).Scan(&p.id)
		if err != nil {
			t.Fatal(err)
		}
		for rank, who := range map[string]int{"A": p.a, "B": p.b} {
			if who >= 0 {
				w.exec(t, `INSERT INTO holder (post_id, rank, account_id, valid_from) SELECT $1, $2, id, '2026-01-01' FROM account WHERE login = $3`, p.id, rank, fmt.Sprintf("p%d", who))
			}
		}
	}
	value := ""
	if m.backstop >= 0 {
		value = fmt.Sprint(m.posts[m.backstop].id)
	}
	w.exec(t, `UPDATE setting SET value = to_jsonb($1::text) WHERE key = 'backstop'`, value)
}

func TestTheDatabaseFindsTheSameChain(t *testing.T) {
	w := newWorld(t)
	w.exec(t, `INSERT INTO level (code, rank, title_zh, title_en) VALUES ('lane', 87, '弄', 'Lane')`)
	r := rand.New(rand.NewPCG(4, 1))
	for round := range 25 {
		m := invent(r, 0.4, noon)
		m.store(t, w, round)
		at := hours(r.IntN(80) - 40)
		var questions []post.Question
		for u := range m.units {
			for _, kind := range []staff.Kind{"", "leader", "worker", "building-head"} {
				questions = append(questions, post.Question{Unit: w.id(t, m.units[u].code), Kind: kind})
			}
		}
		duties, err := post.ResponsibleAll(t.Context(), w.engine, questions, at)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range duties {
			login, away := m.answer(i/4, string(questions[i].Kind), at)
			if d.Login != login || d.Away != away {
				t.Errorf("round %d, %q of %s: %q, away %v; want %q, away %v\n%+v", round, questions[i].Kind, m.units[i/4].code, d.Login, d.Away, login, away, d.Steps)
			}
		}
	}
}

func TestResponsibleKnowsTheDate(t *testing.T) {
	w := newWorld(t)
	w.account(t, "an", "")
	w.account(t, "bo", "")
	p := w.post(t, staff.Leader, "G111")
	if _, err := post.HandOver(t.Context(), w.engine, staff.Local, p.ID, post.A, "an", day("2026-02-01")); err != nil {
		t.Fatal(err)
	}
	if _, err := post.HandOver(t.Context(), w.engine, staff.Local, p.ID, post.A, "bo", in(7)); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]string{
		day("2026-01-15").Start(): "", day("2026-02-01").Start(): "an", in(7).Start().Add(-time.Second): "an", in(7).Start(): "bo",
	} {
		if d, err := post.Responsible(t.Context(), w.engine, w.id(t, "G111"), "", at); err != nil || d.Login != want {
			t.Errorf("on %s: %q, %v; want %q", at, d.Login, err, want)
		}
	}
	if _, err := post.Responsible(t.Context(), w.engine, w.id(t, "G111"), "", day("2025-12-31").Start()); !errors.Is(err, grid.ErrUnknownUnit) {
		t.Errorf("before the grid was there: %v", err)
	}
}

func TestTheBackstopIsNamedByWhoDecidesEverywhere(t *testing.T) {
	w := newWorld(t)
	rootCtx, root := w.serves(t, "root", staff.Administrator, "")
	keeperCtx, keeper := w.serves(t, "keeper1", staff.Administrator, "T1")
	w.account(t, "an", "")
	p := w.post(t, staff.Leader, "T2")
	w.hold(t, p, post.A, "an")
	ask := func() string {
		d, err := post.Responsible(t.Context(), w.engine, w.id(t, "G111"), "", time.Now())
		if err != nil || !d.Backstop {
			t.Fatalf("%+v, %v; want the backstop", d, err)
		}
		return d.Login
	}
	if got := ask(); got != "keeper1" {
		t.Errorf("without a name: %s, want the nearest administrator", got)
	}
	if err := post.SetBackstop(rootCtx, w.app, root, p.ID); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "an" {
		t.Errorf("named: %s, want an", got)
	}
	if id, err := post.Backstop(rootCtx, w.app, root); err != nil || id != p.ID {
		t.Errorf("the name is %d, %v; want %d", id, err, p.ID)
	}
	if err := post.SetBackstop(keeperCtx, w.app, keeper, 0); !errors.Is(err, staff.ErrOutside) {
		t.Errorf("by an administrator of a town: %v", err)
	}
	if err := post.SetBackstop(keeperCtx, w.app, staff.Local, 0); !pg.ErrCode(err, "42501") && err == nil {
		t.Error("the second wall alone let it through")
	}
	if err := post.SetBackstop(rootCtx, w.app, root, 99999); !errors.Is(err, post.ErrBackstop) {
		t.Errorf("no such post: %v", err)
	}
	if err := post.End(rootCtx, w.app, root, p.ID, grid.Today()); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "keeper1" {
		t.Errorf("after the named post ended: %s, want the nearest administrator", got)
	}
}
