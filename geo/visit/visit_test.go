package visit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/geo"
	"wangge/geo/ledger"
	"wangge/geo/ledger/ledgertest"
	"wangge/geo/pg"
	"wangge/geo/pg/pgtest"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/staff/stafftest"
	"wangge/geo/visit"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// field is a village of four micro-grids. Households 0, 1 and 2 lie in the first, 3 in
// the second, 4 outside all. They came into the ledger 100 days ago.
type field struct {
	testing.TB
	db    *pgxpool.Pool
	app   pg.Pool
	units []int64
	homes []int64
}

func newField(t testing.TB) *field {
	t.Helper()
	dsn := pgtest.DSN(t)
	f := &field{TB: t, db: pgtest.As(t, dsn, "")}
	f.app = pg.NewActing(pgtest.As(t, dsn, pg.RoleApp))
	f.units = ledgertest.Town(t, f.db, 2)
	for i, at := range []geo.Point{ledgertest.At(.2, .2), ledgertest.At(.4, .4), ledgertest.At(.6, .6), ledgertest.At(1.5, .5), ledgertest.At(9, 9)} {
		var id int64
		err := f.db.QueryRow(t.Context(), `
			INSERT INTO household (source, source_id, address, point, cell, age_80, kind, created_at)
			VALUES ('test', $1, 'house ' || $1, $2, $3, $4, CASE WHEN $1 = '2' THEN 'rental' ELSE 'owner' END, now() - interval '100 days') RETURNING id`,
			strconv.Itoa(i), at, ledger.CellOf(&at), map[bool]int16{true: 1}[i == 0 || i == 3]).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		f.homes = append(f.homes, id)
	}
	tx, err := f.db.Begin(t.Context())
	if err == nil {
		err = errors.Join(ledger.Households.Assign(t.Context(), tx, f.homes), tx.Commit(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	f.set("elders", visit.Terms{Ordinal: 1, Homes: visit.Aged, Days: 30, Used: true})
	return f
}

// set makes a cadence the only one that is used.
func (f *field) set(code string, terms visit.Terms) {
	f.Helper()
	terms.TitleZh, terms.TitleEn = "走访", "Visits"
	if _, err := f.db.Exec(f.Context(), `UPDATE cadence SET used = false`); err != nil {
		f.Fatal(err)
	}
	if _, err := visit.Set(f.Context(), f.db, staff.Local, code, terms); err != nil {
		f.Fatal(err)
	}
}

func (f *field) worker(unit int) (context.Context, staff.Actor) {
	f.Helper()
	return stafftest.Hold(f, f.db, staff.Worker, f.units[unit])
}

// due are the numbers of the households that a filter finds.
func (f *field) due(ctx context.Context, actor staff.Actor, filter visit.DueFilter) []int {
	f.Helper()
	filter.Limit = 100
	list, err := visit.DueIn(ctx, f.app, actor, filter, today())
	if err != nil {
		f.Fatal(err)
	}
	numbers := []int{}
	for _, d := range list {
		numbers = append(numbers, slices.Index(f.homes, d.Household))
	}
	return numbers
}

func (f *field) visit(home int, outcome visit.Outcome, ago time.Duration) visit.New {
	return visit.New{ID: uuid.New(), Household: f.homes[home], Cadence: "elders", Outcome: outcome, At: time.Now().Add(-ago)}
}

func today() geo.Day { return geo.DayOf(time.Now()) }

const day = 24 * time.Hour

func TestAVisitIsDueUntilSomebodyWasMet(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	log := func(n visit.New) {
		t.Helper()
		if stored, err := visit.Log(ctx, f.app, worker, n, time.Now()); err != nil || !stored {
			t.Fatalf("stored %v, %v", stored, err)
		}
	}
	for _, step := range []struct {
		name string
		log  *visit.New
		want []int
	}{
		{"never visited", nil, []int{0}},
		{"met too long ago", ptr(f.visit(0, visit.Met, 31*day)), []int{0}},
		{"nobody was at home", ptr(f.visit(0, visit.Nobody, time.Hour)), []int{0}},
		{"declined, and left alone until the next is due", ptr(f.visit(0, visit.Declined, 2*day)), []int{}},
	} {
		if step.log != nil {
			log(*step.log)
		}
		if got := f.due(ctx, worker, visit.DueFilter{}); !slices.Equal(got, step.want) {
			t.Errorf("%s: due %v, want %v", step.name, got, step.want)
		}
	}
	late := geo.DayOf(time.Now().Add(28 * day))
	if got := f.due(ctx, worker, visit.DueFilter{Until: late}); !slices.Equal(got, []int{0}) {
		t.Errorf("28 days on: due %v, want it again", got)
	}
	list, err := visit.List(ctx, f.app, worker, visit.Filter{Household: f.homes[0], Limit: 10})
	if err != nil || len(list) != 3 || list[0].Outcome != visit.Nobody || !list[0].Own || list[0].Post == nil || *list[0].Post != worker.Grants[0].Post {
		t.Errorf("visits %+v, %v; want three, the newest first, each of the post", list, err)
	}
}

func TestAVisitIsOneHoweverOftenItIsSent(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	n := f.visit(0, visit.Met, time.Hour)
	for i, want := range []bool{true, false, false} {
		if stored, err := visit.Log(ctx, f.app, worker, n, time.Now().Add(time.Duration(i)*70*day)); err != nil || stored != want {
			t.Errorf("time %d: stored %v, %v; want %v", i, stored, err, want)
		}
	}
	other := n
	other.Outcome = visit.Declined
	if _, err := visit.Log(ctx, f.app, worker, other, time.Now()); !errors.Is(err, visit.ErrTaken) {
		t.Errorf("the same id with another outcome: %v", err)
	}
	away, stranger := f.worker(1)
	foreign := f.visit(3, visit.Met, time.Hour)
	foreign.ID = n.ID
	if _, err := visit.Log(away, f.app, stranger, foreign, time.Now()); !errors.Is(err, visit.ErrTaken) {
		t.Errorf("the id of another's visit, which one does not see: %v", err)
	}
	var count int
	if err := f.db.QueryRow(t.Context(), `SELECT count(*) FROM visit`).Scan(&count); err != nil || count != 1 {
		t.Errorf("%d visits, %v; want one", count, err)
	}
}

func TestAVisitThatCannotBeIsRefused(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	for _, tt := range []struct {
		name   string
		change func(*visit.New)
		want   error
	}{
		{"no outcome", func(n *visit.New) { n.Outcome = "talked" }, visit.ErrOutcome},
		{"tomorrow", func(n *visit.New) { n.At = time.Now().Add(day) }, visit.ErrTime},
		{"in 1901", func(n *visit.New) { n.At = time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC) }, visit.ErrTime},
		{"by no cadence", func(n *visit.New) { n.Cadence = "whenever" }, visit.ErrCadence},
		{"without an id", func(n *visit.New) { n.ID = uuid.Nil }, visit.ErrTaken},
		{"to nobody", func(n *visit.New) { n.Household = 1 << 40 }, visit.ErrHousehold},
		{"in another grid", func(n *visit.New) { n.Household = f.homes[3] }, visit.ErrHousehold},
		{"outside all units", func(n *visit.New) { n.Household = f.homes[4] }, visit.ErrHousehold},
	} {
		n := f.visit(0, visit.Met, time.Hour)
		tt.change(&n)
		if stored, err := visit.Log(ctx, f.app, worker, n, time.Now()); !errors.Is(err, tt.want) || stored {
			t.Errorf("%s: stored %v, %v; want %v", tt.name, stored, err, tt.want)
		}
	}
}

func TestAHouseholdThatWantsNoVisitsIsNeverDue(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	if err := privacy.RefuseVisits(ctx, f.app, worker, f.homes[0]); err != nil {
		t.Fatal(err)
	}
	if got := f.due(ctx, worker, visit.DueFilter{}); len(got) != 0 {
		t.Errorf("due %v", got)
	}
	if _, err := visit.Log(ctx, f.app, worker, f.visit(0, visit.Met, -30*time.Second), time.Now()); !errors.Is(err, visit.ErrUnwanted) {
		t.Errorf("a visit after that: %v", err)
	}
	if stored, err := visit.Log(ctx, f.app, worker, f.visit(0, visit.Met, day), time.Now()); err != nil || !stored {
		t.Errorf("a visit before that, sent later: stored %v, %v", stored, err)
	}
	if err := visit.Link(ctx, f.app, worker, worker.Grants[0].Post, f.homes[:1]); !errors.Is(err, visit.ErrMany) && !errors.Is(err, visit.ErrUnwanted) {
		t.Errorf("linked: %v", err)
	}
	standing, err := visit.Stand(ctx, f.app, worker, "", today())
	if err != nil || len(standing) != 1 || standing[0] != (visit.Standing{Cadence: "elders", Refused: 1}) {
		t.Errorf("%+v, %v; want one refused and none due", standing, err)
	}
	if err := privacy.WelcomeVisits(ctx, f.app, worker, f.homes[0]); err != nil {
		t.Fatal(err)
	}
	if got := f.due(ctx, worker, visit.DueFilter{Until: geo.DayOf(time.Now().Add(40 * day))}); !slices.Equal(got, []int{0}) {
		t.Errorf("taken back: due %v", got)
	}
}

func TestLinkedHouseholdsAreThoseOfAPost(t *testing.T) {
	f := linking(t)
	ctx, first := f.worker(0)
	_, second := f.worker(0)
	one, other := first.Grants[0].Post, second.Grants[0].Post
	soon := visit.DueFilter{Mine: true, Until: geo.DayOf(time.Now().Add(30 * day))}
	link := func(post int64, homes ...int) error {
		ids := []int64{}
		for _, i := range homes {
			ids = append(ids, f.homes[i])
		}
		return visit.Link(ctx, f.app, first, post, ids)
	}
	if err := errors.Join(link(one, 0, 1), link(other, 1, 1, 2)); err != nil {
		t.Fatal(err)
	}
	if got := f.due(ctx, first, soon); !slices.Equal(got, []int{0}) {
		t.Errorf("of the first: %v, want the one that did not change hands", got)
	}
	if got, err := visit.Links(ctx, f.app, first, other); err != nil || !slices.Equal(got, f.homes[1:3]) {
		t.Errorf("links of the second: %v, %v", got, err)
	}
	if got := f.due(ctx, first, visit.DueFilter{Mine: true}); len(got) != 0 {
		t.Errorf("due on the day of the link: %v", got)
	}
	for _, tt := range []struct {
		name  string
		post  int64
		homes []int
		want  error
	}{
		{"more than the cadence allows", one, []int{0, 1, 2}, visit.ErrMany},
		{"of another grid", one, []int{3}, visit.ErrHousehold},
		{"no post", 1 << 40, []int{0}, visit.ErrPost},
	} {
		if err := link(tt.post, tt.homes...); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if err := link(one); err != nil {
		t.Fatal(err)
	}
	if got := f.due(ctx, first, soon); len(got) != 0 {
		t.Errorf("after the last link was dropped: %v", got)
	}
}

func TestVisitsAreForThoseWhoRecordThere(t *testing.T) {
	f := newField(t)
	ctx, worker := f.worker(0)
	if _, err := visit.Log(ctx, f.app, worker, f.visit(0, visit.Met, time.Hour), time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		kind   staff.Kind
		unit   int64
		due    []int
		visits int
	}{
		{"the worker beside", staff.Worker, f.units[1], []int{3}, 0},
		{"a member of the grid, who records nothing", staff.Member, f.units[0], []int{}, 0},
		{"an analyst of all", staff.Analyst, 0, []int{}, 0},
		{"a planner of all", staff.Planner, 0, []int{3}, 1},
	} {
		who, actor := stafftest.Hold(t, f.db, tt.kind, tt.unit)
		if got := f.due(who, actor, visit.DueFilter{}); !slices.Equal(got, tt.due) {
			t.Errorf("%s: due %v, want %v", tt.name, got, tt.due)
		}
		list, err := visit.List(who, f.app, actor, visit.Filter{Limit: 10})
		if err != nil || len(list) != tt.visits {
			t.Errorf("%s: visits %+v, %v; want %d", tt.name, list, err, tt.visits)
		}
		// The program asks with no bound of its own: the database keeps it.
		list, err = visit.List(who, f.app, staff.Local, visit.Filter{Limit: 10})
		if err != nil || len(list) != tt.visits {
			t.Errorf("%s, behind the second wall alone: visits %+v, %v; want %d", tt.name, list, err, tt.visits)
		}
		if _, err := visit.DueIn(who, f.app, actor, visit.DueFilter{Unit: "310115001001001", Limit: 1}, today()); tt.unit != 0 && tt.unit != f.units[0] && !errors.Is(err, staff.ErrOutside) {
			t.Errorf("%s asks for the grid: %v", tt.name, err)
		}
	}
	stranger, _ := f.worker(1)
	if _, err := f.app.Exec(stranger, `INSERT INTO visit (id, household_id, cadence, outcome, visited_at, device_at) VALUES ($1, $2, 'elders', 'met', now(), now())`, uuid.New(), f.homes[0]); err == nil {
		t.Error("a visit was written past the program into another grid")
	}
	if _, err := visit.Set(ctx, f.app, worker, "elders", visit.Terms{Ordinal: 1, TitleZh: "x", TitleEn: "x", Homes: visit.All, Days: 1}); !errors.Is(err, staff.ErrForbidden) {
		t.Errorf("a worker changes a cadence: %v", err)
	}
	// The household goes to the grid beside, and its visit with it.
	if _, err := f.db.Exec(t.Context(), `UPDATE household_unit SET unit_id = $2 WHERE household_id = $1`, f.homes[0], f.units[1]); err != nil {
		t.Fatal(err)
	}
	beside, actor := f.worker(1)
	if list, err := visit.List(beside, f.app, actor, visit.Filter{Limit: 10}); err != nil || len(list) != 1 {
		t.Errorf("after it changed hands: %+v, %v", list, err)
	}
}

func TestPagesOfDueVisitsAreCompleteAndWithoutRepetition(t *testing.T) {
	f := newField(t)
	f.set("all", visit.Terms{Ordinal: 2, Homes: visit.All, Days: 10, Used: true})
	ctx, planner := stafftest.Hold(t, f.db, staff.Planner, 0)
	var got []int
	var after *visit.Due
	for range 10 {
		page, err := visit.DueIn(ctx, f.app, planner, visit.DueFilter{After: after, Limit: 2}, today())
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			got = append(got, slices.Index(f.homes, d.Household))
		}
		if len(page) < 2 {
			break
		}
		after = &page[1]
	}
	if !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
		t.Errorf("pages hold %v", got)
	}
}

func TestACadenceMakesSense(t *testing.T) {
	tx := pgtest.Tx(t)
	twenty := 20
	good := visit.Terms{Ordinal: 500, TitleZh: "走访", TitleEn: "Visits", Homes: visit.All, Days: 30, Used: true}
	for _, tt := range []struct {
		name   string
		code   string
		change func(*visit.Terms)
		want   error
	}{
		{"a good one", "good", func(*visit.Terms) {}, nil},
		{"a code that is no word", "Bad Code", func(*visit.Terms) {}, visit.ErrTerms},
		{"never", "c", func(t *visit.Terms) { t.Days = 0 }, visit.ErrTerms},
		{"less than once a year", "c", func(t *visit.Terms) { t.Days = 367 }, visit.ErrTerms},
		{"no title", "c", func(t *visit.Terms) { t.TitleZh = " " }, visit.ErrTerms},
		{"a title with a phone", "c", func(t *visit.Terms) { t.TitleZh = "电话13800138000" }, visit.ErrTerms},
		{"unknown households", "c", func(t *visit.Terms) { t.Homes = "rich" }, visit.ErrTerms},
		{"linked without a most", "c", func(t *visit.Terms) { t.Homes = visit.Linked }, visit.ErrTerms},
		{"a most without links", "c", func(t *visit.Terms) { t.PerPost = &twenty }, visit.ErrTerms},
		{"a place that is taken", "c", func(t *visit.Terms) { t.Ordinal = 10 }, visit.ErrOrdinal},
	} {
		terms := good
		tt.change(&terms)
		if _, err := visit.Set(t.Context(), tx, staff.Local, tt.code, terms); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	list, err := visit.Cadences(t.Context(), tx, staff.Local)
	if err != nil || len(list) != 5 || list[3].PerPost == nil || *list[3].PerPost != 20 {
		t.Errorf("%+v, %v; want the four one begins with, twenty households to a post, and the new one", list, err)
	}
}

func ptr[T any](v T) *T { return &v }

// Who supervises reads by unit and post how many visits are late, where they supervise, and
// nothing of a household; visits themselves stay with those who record.
func TestWhoSupervisesReadsLateVisitsAsNumbers(t *testing.T) {
	f := newField(t)
	_, worker := f.worker(0)
	post := worker.Grants[0].Post
	if _, err := f.db.Exec(t.Context(), `INSERT INTO visit_link (household_id, post_id, since) VALUES ($1, $2, '2024-01-01')`, f.homes[0], post); err != nil {
		t.Fatal(err)
	}
	dispatcher := func(unit int64) staff.Actor { _, a := stafftest.Hold(t, f.db, staff.Dispatcher, unit); return a }
	first := visit.Behind{Unit: "310115001001001", Name: "unit 310115001001001", Post: &post, Kind: staff.Worker, Cadence: "elders", Homes: 1, Overdue: 1}
	second := visit.Behind{Unit: "310115001001002", Name: "unit 310115001001002", Cadence: "elders", Homes: 1, Overdue: 1}
	for name, tt := range map[string]struct {
		by   staff.Actor
		unit string
		want []visit.Behind
		err  error
	}{
		"a dispatcher of everything": {dispatcher(0), "", []visit.Behind{first, second}, nil},
		"of it, one grid":            {dispatcher(0), "310115001001002", []visit.Behind{second}, nil},
		"a dispatcher of the second": {dispatcher(f.units[1]), "", []visit.Behind{second}, nil},
		"of a grid that is not hers": {dispatcher(f.units[1]), "310115001001001", nil, staff.ErrOutside},
		"a dispatcher of the third":  {dispatcher(f.units[2]), "", nil, nil},
		"a worker":                   {worker, "", nil, staff.ErrForbidden},
	} {
		got, err := visit.LateIn(t.Context(), f.db, tt.by, tt.unit, today())
		if !errors.Is(err, tt.err) || fmt.Sprint(plainly(got)) != fmt.Sprint(plainly(tt.want)) {
			t.Errorf("%s: %v, %v; want %v, %v", name, plainly(got), err, plainly(tt.want), tt.err)
		}
	}
}

// plainly writes lines with the numbers of their posts.
func plainly(list []visit.Behind) (lines []string) {
	for _, b := range list {
		post := int64(0)
		if b.Post != nil {
			post = *b.Post
		}
		b.Post = nil
		lines = append(lines, fmt.Sprintf("%+v of post %d", b, post))
	}
	return lines
}

// The households of a question are found by their units; what that is, is said plainly here.
func TestWhoseVisitsAreDueIsWhatItsDefinitionSays(t *testing.T) {
	f := newField(t)
	f.set("everybody", visit.Terms{Ordinal: 500, Homes: visit.All, Days: 30, Used: true})
	// One in no unit was left to the second; one that moved had been in the first before.
	if _, err := f.db.Exec(t.Context(), `UPDATE household SET area_id = $2 WHERE id = $1`, f.homes[4], f.units[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.db.Exec(t.Context(), `UPDATE household SET area_id = $2 WHERE id = $1`, f.homes[0], f.units[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := f.db.Exec(t.Context(), `INSERT INTO household_unit (household_id, unit_id, valid_from, valid_to) VALUES ($1, $2, '2020-01-01', '2021-01-01')`, f.homes[3], f.units[0]); err != nil {
		t.Fatal(err)
	}
	var village int64
	if err := f.db.QueryRow(t.Context(), `SELECT ancestor_id FROM unit_ancestor WHERE unit_id = $1 AND ancestor_id <> unit_id`, f.units[0]).Scan(&village); err != nil {
		t.Fatal(err)
	}
	codes := map[int64]string{}
	for _, unit := range append(slices.Clone(f.units), village) {
		var code string
		if err := f.db.QueryRow(t.Context(), `SELECT code FROM unit WHERE id = $1`, unit).Scan(&code); err != nil {
			t.Fatal(err)
		}
		codes[unit] = code
	}
	today := geo.DayOf(time.Now())
	for _, root := range append(slices.Clone(f.units), village, 0) {
		ctx, actor := stafftest.Hold(f, f.db, staff.Worker, root)
		for _, unit := range append(slices.Clone(f.units), village, 0) {
			rows, _ := f.db.Query(t.Context(), `
				SELECT h.id FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
				WHERE ($1 = 0 OR EXISTS (SELECT FROM unit_ancestor s WHERE s.unit_id = coalesce(o.unit_id, h.area_id) AND s.ancestor_id = $1))
				  AND ($2 = 0 OR EXISTS (SELECT FROM unit_ancestor s WHERE s.unit_id = o.unit_id AND s.ancestor_id = $2)) ORDER BY h.id`, root, unit)
			want, err := pgx.CollectRows(rows, pgx.RowTo[int64])
			if err != nil {
				t.Fatal(err)
			}
			list, err := visit.DueIn(ctx, f.app, actor, visit.DueFilter{Unit: codes[unit], Limit: 100}, today)
			if err != nil {
				if !errors.Is(err, staff.ErrOutside) || root == 0 || unit == root || root == village && unit != 0 {
					t.Errorf("root %d, unit %d: %v", root, unit, err)
				}
				continue
			}
			var got []int64
			for _, d := range list {
				got = append(got, d.Household)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("root %d, unit %d: %v, want %v", root, unit, got, want)
			}
			stands, err := visit.Stand(ctx, f.app, actor, codes[unit], today)
			if err != nil || len(stands) != 1 || stands[0].Homes != len(want) {
				t.Errorf("root %d, unit %d: %+v, want %d homes (%v)", root, unit, stands, len(want), err)
			}
		}
	}
}
