package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/household"
	"wangge/geo/locate"
	"wangge/geo/plan"
	"wangge/geo/staff"
	"wangge/geo/topology"
	"wangge/tiles"
	"wangge/tiles/mvt"
)

// races has four planners publish at once, while the map and who is responsible are
// read all the time.
func races() Benchmark {
	return Benchmark{
		Name: "race",
		About: "four plans published at once while tiles and look-ups are read: of one village one wins and three hear who, of four villages all; " +
			"nothing is half done, no answer is a mixture",
		Run: runRaces,
	}
}

// planners is how many publish at once.
const planners = 4

// race is what happened when plans were published at once.
type race struct {
	cost
	won      []plan.Plan
	refused  []error
	tiles    int // read meanwhile
	lookUps  int // likewise
	mixtures []string
	halfDone []string
}

func runRaces(ctx context.Context, lab Lab) ([]Row, error) {
	county := newCounty(lab.Scale.Side).withVillages(lab.Scale.Village)
	b, err := newImportBench(ctx, lab, county, lab.Scale.Race)
	if err != nil {
		return nil, err
	}
	defer b.close()
	lab.Say("race: bringing in %s", b.data)
	if _, err := b.first(ctx); err != nil {
		return nil, err
	}
	if err := b.age(ctx); err != nil {
		return nil, err
	}
	across := county.side / county.village
	far := across - 1
	one := slices.Repeat([]spot{{across / 2, across / 2}}, planners)
	apart := []spot{{0, 0}, {far, 0}, {0, far}, {far, far}}
	var rows []Row
	for _, question := range []struct {
		name     string
		villages []spot
		wins     int
	}{{"race-one-village", one, 1}, {"race-four-villages", apart, planners}} {
		lab.Say("%s", question.name)
		r, after, err := b.race(ctx, county, question.villages)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", question.name, err)
		}
		county = after
		rows = append(rows, r.rows(question.name, question.wins, b.data)...)
	}
	return rows, nil
}

func (r race) rows(name string, wins int, data string) []Row {
	heard := 0
	for _, err := range r.refused {
		if namesAWinner(err, r.won) {
			heard++
		}
	}
	wrong := slices.Concat(r.mixtures, r.halfDone)
	return []Row{
		less(name, r.wall.Seconds(), 0, "s", data).of(r.cost, cost{}).
			note("from the start to the last answer, %.1f CPU s with the readers' share: %d tiles and %d look-ups meanwhile", r.cpu.Seconds(), r.tiles, r.lookUps),
		less(name+"-won", float64(len(r.won)), 0, "plans", data).target(fmt.Sprintf("%d of %d", wins, planners), len(r.won) == wins),
		less(name+"-heard-who", float64(heard), 0, "planners", data).target(fmt.Sprintf("all %d others", planners-wins), heard == len(r.refused)),
		less(name+"-mixtures", float64(len(wrong)), 0, "answers", data).target("none", len(wrong) == 0).
			note("tiles and look-ups that show neither the division before nor the one after, and what is half done at the end: %.200s", strings.Join(wrong, "; ")),
	}
}

// namesAWinner reports whether a refusal says which of the plans was quicker, by whom,
// and of which units.
func namesAWinner(err error, won []plan.Plan) bool {
	f := fault.Of(err)
	return errors.Is(err, plan.ErrStale) && len(f.Places) == 1 && slices.ContainsFunc(won, func(p plan.Plan) bool {
		place := f.Places[0]
		return place.Pointer == fmt.Sprintf("plan %d", p.ID) && strings.Contains(place.Detail, "by "+staff.System.Name) &&
			p.Base != nil && strings.Contains(place.Detail, p.Base.Code)
	})
}

// race draws the inside of villages anew, publishes all drafts at once and returns
// what became of them, and the county as it is then.
func (b *importBench) race(ctx context.Context, before county, villages []spot) (race, county, error) {
	drafts, drawn := make([]plan.Plan, len(villages)), make([]county, len(villages))
	for i, v := range villages {
		drawn[i] = before.redrawnIn(v, uint64(i)+100)
		var err error
		if drafts[i], err = b.branch(ctx, drawn[i], v); err != nil {
			return race{}, before, err
		}
	}
	if err := b.settle(ctx); err != nil {
		return race{}, before, err
	}
	w, err := b.watch(ctx, before, drawn, drafts, villages)
	if err != nil {
		return race{}, before, err
	}
	errs := make([]error, len(drafts))
	var r race
	if r.cost, err = b.measure(func() error {
		var all sync.WaitGroup
		for i, p := range drafts {
			all.Go(func() { _, errs[i] = plan.Publish(ctx, b.pool, staff.System, p.ID, p.Revision, grid.Today(), silent) })
		}
		all.Wait()
		return nil
	}); err != nil {
		return race{}, before, err
	}
	after := before
	for i, err := range errs {
		switch {
		case err == nil:
			r.won = append(r.won, drafts[i])
			after = after.redrawnIn(villages[i], uint64(i)+100)
		case fault.Of(err) == nil:
			return race{}, before, err
		default:
			r.refused = append(r.refused, err)
		}
	}
	if err := w.stop(ctx, &r); err != nil {
		return race{}, before, err
	}
	r.halfDone, err = b.halfDone(ctx, after, drafts, errs)
	return r, after, err
}

// branch is a draft of a village with the grids of a county. Their names tell whose
// they are.
func (b *importBench) branch(ctx context.Context, c county, v spot) (plan.Plan, error) {
	var units []plan.Unit
	name := fmt.Sprintf("%s drawn %d", v.code(), c.anew[v])
	for _, r := range c.records() {
		if r.Parent == v.code() {
			units = append(units, plan.Unit{Code: r.Code, Name: name, Parent: r.Parent, Area: r.Area})
		}
	}
	return plan.Redivide(ctx, b.pool, staff.System, plan.Branch{Name: name, Base: v.code(), Level: "micro-grid", Day: grid.Today()}, units)
}

// readers is how many read meanwhile.
const readers = 2

// watch reads tiles and asks who is responsible until it is told to stop.
type watch struct {
	*importBench
	server *tiles.Server
	app    *fiber.App
	places []watched
	known  map[string]*locate.Index // divisions of the villages, by the names of their grids
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu      sync.Mutex
	bodies  []map[string]bool // of the tile of each place: all that was seen
	tiles   int
	lookUps int
	wrong   []string
	failed  error
}

// watched is a household in a village that is drawn anew, and the tile around it.
type watched struct {
	village string
	id      int64
	at      geo.Point
	tile    string
}

// watch begins to read. Everything that is read later has to be as it is now, or as
// one of the drafts has it.
func (b *importBench) watch(ctx context.Context, before county, drawn []county, drafts []plan.Plan, villages []spot) (*watch, error) {
	w := &watch{importBench: b, known: map[string]*locate.Index{}}
	for i, p := range drafts {
		w.known[p.Name] = locate.Build(drawn[i].grids())
	}
	w.known[""] = locate.Build(before.grids())
	for _, v := range slices.Compact(slices.Clone(villages)) {
		if err := w.place(ctx, before, v); err != nil {
			return nil, err
		}
	}
	w.bodies = make([]map[string]bool, len(w.places))
	w.server = tiles.New(tiles.Config{Pool: b.pool, Log: slog.New(slog.DiscardHandler), Poll: 50 * time.Millisecond})
	if err := w.server.Refresh(ctx); err != nil {
		return nil, err
	}
	w.app = fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	w.server.Mount(w.app, func(*fiber.Ctx) (tiles.Scope, error) { return tiles.Everything, nil })
	for i := range w.places {
		body, err := w.tile(i)
		if err != nil {
			return nil, err
		}
		w.bodies[i] = map[string]bool{body: true}
	}
	ctx, w.cancel = context.WithCancel(ctx)
	w.all.Go(func() { w.note(w.server.Run(ctx)) })
	for range readers {
		w.all.Go(func() { w.note(w.read(ctx)) })
	}
	return w, nil
}

// place chooses households around the middle of a village, each with its tile, whose
// sides are a quarter of the village's at most.
func (w *watch) place(ctx context.Context, c county, v spot) error {
	box := geo.EmptyBound
	for _, k := range []int{1, c.village - 1} {
		box = box.Extend(c.corner(v.x*c.village+k, v.y*c.village+k))
	}
	rows, err := w.pool.Query(ctx, `
		SELECT h.id, h.point FROM household h
		WHERE h.point && ST_MakeEnvelope($1, $2, $3, $4, 4326) ORDER BY h.id LIMIT 40`,
		box.Min.Degrees()[0], box.Min.Degrees()[1], box.Max.Degrees()[0], box.Max.Degrees()[1])
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p watched, err error) {
		p.village = v.code()
		err = row.Scan(&p.id, &p.at)
		t := mvt.Project(p.at).TileAt(mvt.MaxZoom)
		p.tile = fmt.Sprintf("/tiles/grid-micro-grid/%d/%d/%d.mvt", t.Z, t.X, t.Y)
		return p, err
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("nobody lives in %s", v.code())
	}
	w.places = append(w.places, found...)
	return err
}

// read looks at all tiles and asks about one place, again and again until ctx ends.
func (w *watch) read(ctx context.Context) error {
	for i := 0; ctx.Err() == nil; i = (i + 1) % len(w.places) {
		for k := range w.places {
			body, err := w.tile(k)
			if err != nil {
				return err
			}
			w.mu.Lock()
			w.bodies[k][body] = true
			w.tiles++
			w.mu.Unlock()
		}
		wrong, err := w.lookUp(ctx, i)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		w.mu.Lock()
		if w.lookUps++; wrong != "" {
			w.wrong = append(w.wrong, wrong)
		}
		w.mu.Unlock()
	}
	return nil
}

func (w *watch) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = errors.Join(w.failed, err)
}

// tile is the tile around a place as the map answers.
func (w *watch) tile(i int) (string, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, w.places[i].tile, nil)
	if err != nil {
		return "", err
	}
	res, err := w.app.Test(req, 60_000)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("tile %s: status %d: %.200s", w.places[i].tile, res.StatusCode, body)
	}
	return string(body), err
}

// lookUp asks at one moment whose a place is, whose the household there, and which
// grids the village has: all of one drawing.
func (w *watch) lookUp(ctx context.Context, i int) (wrong string, err error) {
	p, today := w.places[i], grid.Today()
	var of grid.Unit
	var home household.Household
	var grids []grid.Unit
	moment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, w.pool, moment, func(tx pgx.Tx) error {
		var ok bool
		if of, ok, err = grid.At(ctx, tx, staff.System, today, p.at); err != nil || !ok {
			return errors.Join(err, found(ok, nil))
		}
		if home, err = household.Get(ctx, tx, staff.System, p.id); err != nil {
			return err
		}
		grids, err = grid.Units(ctx, tx, staff.System, today, grid.Filter{Level: "micro-grid", Parent: p.village, Limit: 10_000})
		return err
	})
	if err != nil {
		return "", err
	}
	return w.mixture(p, of, home.Unit, grids), nil
}

// mixture says why an answer is not that of one drawing of the village; "" when it is.
func (w *watch) mixture(p watched, of grid.Unit, home string, grids []grid.Unit) string {
	drawing := of.Name
	if _, known := w.known[drawing]; !known {
		drawing = "" // the first one, whose grids have names of their own
	}
	if want := codeAt(w.known[drawing], p.at); want != of.Code {
		return fmt.Sprintf("a place of %q is in %s, drawn in %s", drawing, of.Code, want)
	}
	if home != of.Code {
		return fmt.Sprintf("a household of %s stands in %s", home, of.Code)
	}
	for _, g := range grids {
		if drawing != "" && g.Name != drawing || drawing == "" && g.Name != g.Code {
			return fmt.Sprintf("%s of %q stands beside %s of %q", g.Code, g.Name, of.Code, of.Name)
		}
	}
	return ""
}

// stop ends the reading and says what was seen. Of every tile there may be what it
// showed before, and what it shows now that all is over.
func (w *watch) stop(ctx context.Context, r *race) error {
	w.cancel()
	w.all.Wait()
	if w.failed != nil {
		return fmt.Errorf("reading meanwhile: %w", w.failed)
	}
	if err := w.server.Refresh(ctx); err != nil {
		return err
	}
	for i, seen := range w.bodies {
		body, err := w.tile(i)
		if err != nil {
			return err
		}
		if seen[body] = true; len(seen) > 2 {
			w.wrong = append(w.wrong, fmt.Sprintf("tile %s was shown in %d ways", w.places[i].tile, len(seen)))
		}
	}
	r.tiles, r.lookUps, r.mixtures = w.tiles, w.lookUps, w.wrong
	return nil
}

// halfDone lists what is not as after a race that was won by the plans without an
// error, as the county is then: units that do not tile their village, plans that are
// neither published nor the drafts they were, households of another unit than the
// map's, or of none or two.
func (b *importBench) halfDone(ctx context.Context, after county, drafts []plan.Plan, errs []error) (wrong []string, err error) {
	for i, p := range drafts {
		now, err := plan.Get(ctx, b.pool, staff.System, p.ID)
		if err != nil {
			return nil, err
		}
		want, revision := plan.Published, now.Revision
		if errs[i] != nil {
			want, revision = plan.Draft, p.Revision
		}
		if now.State != want || now.Revision != revision {
			wrong = append(wrong, fmt.Sprintf("plan %d is %s at revision %d", p.ID, now.State, now.Revision))
		}
	}
	index, units, err := grid.Index(ctx, b.pool, grid.Today())
	if err != nil {
		return nil, err
	}
	code := map[int64]string{}
	var parts []topology.Part
	for _, u := range units {
		if code[u.ID] = u.Code; u.Level == "micro-grid" {
			parts = append(parts, topology.Part{Code: u.Code, Area: u.Area})
		}
	}
	for _, v := range topology.Check(after.block(0, 0, after.side), parts) {
		wrong = append(wrong, fmt.Sprintf("%s of %v", v.Kind, v.Codes))
	}
	drawn := locate.Build(after.grids())
	rows, err := b.pool.Query(ctx, `
		SELECT h.point, array_agg(o.unit_id) FROM household h LEFT JOIN household_unit o ON o.household_id = h.id AND o.valid_to IS NULL
		GROUP BY h.id`)
	if err != nil {
		return nil, err
	}
	var at geo.Point
	var owners []*int64
	_, err = pgx.ForEachRow(rows, []any{&at, &owners}, func() error {
		want := codeAt(drawn, at)
		of := "" // no unit, where the crooked rim leaves a household outside
		if len(owners) == 1 && owners[0] != nil {
			of = code[*owners[0]]
		}
		if len(owners) != 1 || of != want || codeAt(index, at) != want {
			wrong = append(wrong, fmt.Sprintf("a household at %v is of %q, the map says %q, the county %q", at.Degrees(), of, codeAt(index, at), want))
		}
		return nil
	})
	return wrong, err
}

// codeAt is the code of the unit of an index at a place.
func codeAt(index *locate.Index, at geo.Point) string {
	if i, ok := index.Find(at); ok {
		return index.Unit(i).Code
	}
	return ""
}
