package patrol

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/network"
	"wangge/geo/pg"
	"wangge/geo/track"
	"wangge/geo/walk"
)

// Counter turns tracks into counts of what was seen, which tell of no person. Any number
// of them may run at once.
type Counter struct {
	DB    pg.DB                                        // the engine's
	Paths func(context.Context) (*walk.Network, error) // the walking network now
	Log   *slog.Logger
}

const (
	// countEvery is how long a shift that changes again waits until it is counted again.
	countEvery = 5 * time.Minute
	// most is how many shifts are looked for at once.
	most = 100
	// mostCounted is how many fixes of a shift count: four times MaxTrack. More are no walk.
	mostCounted = 4 * MaxTrack
	// countLock is the advisory lock of those who write counts.
	countLock = lockSpace + 1
)

// Run counts shifts that changed, those that waited longest first, until ctx ends. One
// that cannot be counted holds up no other: it is logged, and tried again later.
func (c Counter) Run(ctx context.Context, every time.Duration) error {
	for {
		due, err := c.Due(ctx, countEvery)
		if err != nil {
			return ended(ctx, err)
		}
		for _, no := range due {
			if err := c.Count(ctx, no); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				c.Log.Error("a shift could not be counted", "shift", no, "err", err)
				if _, err := c.DB.Exec(ctx, `UPDATE shift SET counted_at = now() WHERE no = $1`, no); err != nil {
					return ended(ctx, err)
				}
			}
		}
		if len(due) == most {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}

// ended is nil where the work ended because it was told to.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Due are shifts with something that is not counted yet, at most 100, which were not
// counted for so long.
func (c Counter) Due(ctx context.Context, waited time.Duration) ([]int64, error) {
	rows, _ := c.DB.Query(ctx, `
		SELECT no FROM shift WHERE to_count AND coalesce(counted_at < now() - $1::interval, true)
		ORDER BY counted_at NULLS FIRST, no LIMIT $2`, waited, most)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("shifts to count: %w", err)
	}
	return list, nil
}

// Count brings the counts of the days of a shift up to what is known of it now. Twice the
// same changes nothing the second time. What it finds out is written in one transaction,
// unless another has counted as much meanwhile.
func (c Counter) Count(ctx context.Context, no int64) error {
	w, err := c.walked(ctx, no)
	if err != nil {
		return fmt.Errorf("count shift %d: %w", no, err)
	}
	seen := map[geo.Day]sight{}
	if len(w.days) > 0 {
		n, err := c.Paths(ctx)
		if err != nil && !errors.Is(err, network.ErrNoNetwork) {
			return fmt.Errorf("count shift %d: %w", no, err)
		}
		for day, tracks := range w.days {
			believed := segments(tracks)
			zones, err := c.zones(ctx, day, believed)
			if err != nil {
				return fmt.Errorf("count shift %d: %w", no, err)
			}
			seen[day] = look(n, zones, believed)
		}
	}
	err = pgx.BeginFunc(ctx, c.DB, func(tx pgx.Tx) error { return write(ctx, tx, no, w.changed, seen) })
	if err != nil {
		return fmt.Errorf("count shift %d: %w", no, err)
	}
	return nil
}

// walked are the fixes of a shift that count, by day: those of the phone, and those of
// other programs. changed is how often the shift was changed until then.
type walked struct {
	changed int64
	days    map[geo.Day][2][]track.Fix
	last    [2]struct {
		day geo.Day
		fix track.Fix
	}
}

// add adds a fix to a track; they come in the order of their times. A track that goes on
// over midnight ends there, and begins there, a microsecond early, on the next day: by that
// it is known that a stay goes on.
func (w *walked) add(day geo.Day, of int, f track.Fix) {
	put := func(day geo.Day, f track.Fix) {
		tracks := w.days[day]
		tracks[of] = append(tracks[of], f)
		w.days[day] = tracks
	}
	if last := w.last[of]; last.day.Before(day) {
		if m, ok := track.Usual.Between(last.fix, f, day.Start()); ok {
			put(last.day, m)
			m.At = m.At.Add(-time.Microsecond)
			put(day, m)
		}
	}
	put(day, f)
	w.last[of].day, w.last[of].fix = day, f
}

func (c Counter) walked(ctx context.Context, no int64) (walked, error) {
	w := walked{days: map[geo.Day][2][]track.Fix{}}
	// One statement sees one moment: these are the fixes of so many changes.
	rows, _ := c.DB.Query(ctx, `
		SELECT s.changed, f.day, f.seq >= $2, f.at, f.x, f.y, f.accuracy::float8
		FROM shift s LEFT JOIN fix f ON f.shift_no = s.no AND f.mark = 0 AND s.spans @> f.at
		WHERE s.no = $1 ORDER BY f.at, f.seq LIMIT $3`, no, FirstImported, mostCounted)
	var day *geo.Day
	var other *bool
	var at *time.Time
	var x, y *int32
	var accuracy *float64
	_, err := pgx.ForEachRow(rows, []any{&w.changed, &day, &other, &at, &x, &y, &accuracy}, func() error {
		if day != nil {
			of := 0
			if *other {
				of = 1
			}
			w.add(*day, of, track.Fix{At: *at, Point: geo.Point{X: *x, Y: *y}, Accuracy: *accuracy})
		}
		return nil
	})
	return w, err
}

// zones are those of a day of which something may be seen from tracks.
func (c Counter) zones(ctx context.Context, day geo.Day, segments [][]track.Fix) ([]zone, error) {
	box := geo.EmptyBound
	for _, segment := range segments {
		for _, f := range segment {
			box = box.Extend(f.Point)
		}
	}
	if box.Empty() {
		return nil, nil
	}
	low, high := box.Min.Degrees(), box.Max.Degrees()
	const north = SwathMetres / geo.MetersPerDegree
	east := north / max(0.01, math.Cos(max(math.Abs(low[1]), math.Abs(high[1]))*math.Pi/180))
	rows, _ := c.DB.Query(ctx, `
		SELECT z.id, z.geom, EXISTS (SELECT FROM block b WHERE b.zone_id = z.id)
		FROM zone z WHERE z.geom && ST_MakeEnvelope($1, $2, $3, $4, 4326) AND z.valid_from <= $5 AND (z.valid_to IS NULL OR z.valid_to > $5)
		ORDER BY z.id`, low[0]-east, low[1]-north, high[0]+east, high[1]+north, day)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (z zone, err error) {
		err = row.Scan(&z.id, &z.area, &z.block)
		return z, err
	})
}

// write brings what a shift saw into the counts, if nobody has counted as many changes.
func write(ctx context.Context, tx pgx.Tx, no, changed int64, seen map[geo.Day]sight) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, 0)`, countLock); err != nil {
		return err
	}
	var before []geo.Day
	var on multirange
	err := tx.QueryRow(ctx, `SELECT days, spans FROM shift WHERE no = $1 AND counted < $2 FOR UPDATE`, no, changed).Scan(&before, &on)
	if errors.Is(err, pgx.ErrNoRows) { // it is counted, or gone
		return nil
	}
	if err != nil {
		return err
	}
	all := slices.Clone(before)
	for _, s := range on {
		for at := geo.DayOf(s.Lower).Start(); at.Before(s.Upper); at = at.AddDate(0, 0, 1) {
			all = append(all, geo.DayOf(at))
		}
	}
	for day := range seen {
		all = append(all, day)
	}
	slices.SortFunc(all, func(a, b geo.Day) int { return a.Start().Compare(b.Start()) })
	days := []geo.Day{}
	for _, day := range slices.Compact(all) {
		r := recount{tx: tx, no: no, day: day, saw: seen[day]}
		kept, err := r.run(ctx, slices.Contains(before, day))
		if err != nil {
			return fmt.Errorf("on %s: %w", day, err)
		}
		if kept {
			days = append(days, day)
		}
	}
	_, err = tx.Exec(ctx, `UPDATE shift SET counted = $2, days = $3, counted_at = now() WHERE no = $1`, no, changed, days)
	return err
}

// recount moves the counts of a day by what a shift saw more, or less, than before, and
// by what others count for when teams turn out to be others.
type recount struct {
	tx  pgx.Tx
	no  int64
	day geo.Day
	saw sight
}

// row is what a shift counts as on the day.
type row struct {
	team int64
	home home
}

// run reports whether the day is one on which the shift was counted. before says whether
// it was until now: if nothing is left of that, the fixes of the day were dropped after
// their time, and what they counted for stays.
func (r recount) run(ctx context.Context, before bool) (bool, error) {
	was, err := r.rows(ctx)
	if err != nil {
		return false, err
	}
	_, there := was[r.no]
	if before && !there {
		return true, nil
	}
	list, err := r.duties(ctx)
	if err != nil {
		return false, err
	}
	named := teams(list)
	is := map[int64]row{}
	for no, old := range was {
		is[no] = old
		if first, ok := named[no]; ok {
			is[no] = row{first.no, first.home}
		}
	}
	delete(is, r.no)
	if first, ok := named[r.no]; ok && !r.saw.empty() {
		is[r.no] = row{first.no, first.home}
	}
	touched := map[int64]bool{} // teams
	note := func(no int64) {
		for _, side := range []map[int64]row{was, is} {
			if of, ok := side[no]; ok {
				touched[of.team] = true
			}
		}
	}
	note(r.no)
	for no := range was {
		if was[no] != is[no] {
			note(no)
		}
	}
	moved := tally{}
	if err := r.weigh(ctx, moved, was, touched, -1); err != nil {
		return false, err
	}
	if err := r.keep(ctx, was, is); err != nil {
		return false, err
	}
	if err := r.weigh(ctx, moved, is, touched, +1); err != nil {
		return false, err
	}
	_, kept := is[r.no]
	return kept, r.apply(ctx, moved)
}

// rows are what shifts count as on the day until now.
func (r recount) rows(ctx context.Context) (map[int64]row, error) {
	rows, _ := r.tx.Query(ctx, `SELECT shift_no, team, coalesce(unit_id, 0), kind FROM shift_day WHERE day = $1`, r.day)
	out := map[int64]row{}
	var no int64
	var of row
	_, err := pgx.ForEachRow(rows, []any{&no, &of.team, &of.home.unit, &of.home.kind}, func() error {
		out[no] = of
		return nil
	})
	return out, err
}

// duties are the shifts of the day.
func (r recount) duties(ctx context.Context) ([]duty, error) {
	from := r.day.Start()
	rows, _ := r.tx.Query(ctx, `
		SELECT no, id, account_id, coalesce(unit_id, 0), kind, members, started_at, spans
		FROM shift WHERE started_at >= $1 AND started_at < $3 AND spans && tstzrange($2, $3)`, from.Add(-longest), from, from.AddDate(0, 0, 1))
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d duty, err error) {
		var on multirange
		err = row.Scan(&d.no, &d.id, &d.account, &d.home.unit, &d.home.kind, &d.members, &d.started, &on)
		d.spans = spansOf(on)
		return d, err
	})
}

// weigh adds what the teams that are touched saw, as it is stored, to how counts move.
func (r recount) weigh(ctx context.Context, moved tally, of map[int64]row, touched map[int64]bool, sign int) error {
	var shifts []int64
	for no, row := range of {
		if touched[row.team] {
			shifts = append(shifts, no)
		}
	}
	rows, _ := r.tx.Query(ctx, `SELECT shift_no, cells, parts, blocks, zones, entered, parted FROM shift_day WHERE day = $1 AND shift_no = ANY ($2)`, r.day, shifts)
	seen := map[row][]sight{}
	_, err := pgx.CollectRows(rows, func(line pgx.CollectableRow) (none struct{}, err error) {
		var no int64
		var s sight
		var zones []int64
		var entered, parted []time.Time
		if err = line.Scan(&no, &s.cells, &s.parts, &s.blocks, &zones, &entered, &parted); err != nil {
			return none, err
		}
		for i, z := range zones {
			s.stays = append(s.stays, stay{z, entered[i], parted[i]})
		}
		seen[of[no]] = append(seen[of[no]], s)
		return none, nil
	})
	if err != nil {
		return err
	}
	for team, list := range seen {
		moved.add(team.home, r.day, list, sign)
	}
	return nil
}

// keep stores what the shift saw, and which teams shifts are of now.
func (r recount) keep(ctx context.Context, was, is map[int64]row) error {
	for no := range was {
		if of, ok := is[no]; ok && of != was[no] {
			if _, err := r.tx.Exec(ctx, `UPDATE shift_day SET team = $3, unit_id = nullif($4::bigint, 0), kind = $5 WHERE day = $1 AND shift_no = $2`,
				r.day, no, of.team, of.home.unit, of.home.kind); err != nil {
				return err
			}
		}
	}
	of, ok := is[r.no]
	if !ok {
		_, err := r.tx.Exec(ctx, `DELETE FROM shift_day WHERE day = $1 AND shift_no = $2`, r.day, r.no)
		return err
	}
	zones, entered, parted := []int64{}, []time.Time{}, []time.Time{}
	for _, s := range r.saw.stays {
		zones, entered, parted = append(zones, s.zone), append(entered, s.from), append(parted, s.to)
	}
	_, err := r.tx.Exec(ctx, `
		INSERT INTO shift_day (day, shift_no, team, unit_id, kind, cells, parts, blocks, zones, entered, parted)
		VALUES ($1, $2, $3, nullif($4::bigint, 0), $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (day, shift_no) DO UPDATE SET team = excluded.team, unit_id = excluded.unit_id, kind = excluded.kind,
			cells = excluded.cells, parts = excluded.parts, blocks = excluded.blocks, zones = excluded.zones, entered = excluded.entered, parted = excluded.parted`,
		r.day, r.no, of.team, of.home.unit, of.home.kind, some(r.saw.cells), some(r.saw.parts), some(r.saw.blocks), zones, entered, parted)
	return err
}

// some is a list that is not nil, which SQL would take for null.
func some(list []int64) []int64 {
	if list == nil {
		return []int64{}
	}
	return list
}

// apply moves the counts.
func (r recount) apply(ctx context.Context, moved tally) error {
	type columns struct {
		units, ids               []int64
		kinds                    []string
		teams, visits, durations []int32
	}
	var tables [3]columns
	for at, by := range moved {
		if by == (amount{}) {
			continue
		}
		c := &tables[at.table]
		c.units, c.ids, c.kinds = append(c.units, at.unit), append(c.ids, at.id), append(c.kinds, at.kind)
		c.teams, c.visits, c.durations = append(c.teams, int32(by.teams)), append(c.visits, int32(by.visits)), append(c.durations, int32(by.seconds))
	}
	for table, c := range tables {
		if len(c.ids) == 0 {
			continue
		}
		if table == inZones {
			if err := r.applyZones(ctx, c.units, c.kinds, c.ids, c.teams, c.visits, c.durations); err != nil {
				return err
			}
			continue
		}
		name := [...]string{inCells: "cell", inParts: "part"}[table]
		if _, err := r.tx.Exec(ctx, `
			INSERT INTO seen_`+name+` AS s (day, unit_id, kind, `+name+`, teams)
			SELECT $1, nullif(u, 0), k, i, n FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::integer[]) m (u, k, i, n)
			ON CONFLICT (day, unit_id, kind, `+name+`) DO UPDATE SET teams = s.teams + excluded.teams`, r.day, c.units, c.kinds, c.ids, c.teams); err != nil {
			return err
		}
		if _, err := r.tx.Exec(ctx, `DELETE FROM seen_`+name+` WHERE day = $1 AND `+name+` = ANY ($2) AND teams <= 0`, r.day, c.ids); err != nil {
			return err
		}
	}
	return nil
}

// applyZones moves the counts of zones; blocks among them were seen last when a track or
// somebody who said so did.
func (r recount) applyZones(ctx context.Context, units []int64, kinds []string, ids []int64, teams, visits, seconds []int32) error {
	if _, err := r.tx.Exec(ctx, `
		INSERT INTO seen_zone AS s (day, unit_id, kind, zone_id, teams, visits, seconds)
		SELECT $1, nullif(u, 0), k, i, n, v, t FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::integer[], $6::integer[], $7::integer[]) m (u, k, i, n, v, t)
		ON CONFLICT (day, unit_id, kind, zone_id) DO UPDATE SET teams = s.teams + excluded.teams, visits = s.visits + excluded.visits, seconds = s.seconds + excluded.seconds`,
		r.day, units, kinds, ids, teams, visits, seconds); err != nil {
		return err
	}
	if _, err := r.tx.Exec(ctx, `DELETE FROM seen_zone WHERE day = $1 AND zone_id = ANY ($2) AND teams <= 0 AND visits <= 0 AND seconds <= 0`, r.day, ids); err != nil {
		return err
	}
	_, err := r.tx.Exec(ctx, `
		UPDATE block b SET seen_on = s.day
		FROM (SELECT z AS zone_id, greatest((SELECT told_on FROM block t WHERE t.zone_id = z), (SELECT max(day) FROM seen_zone v WHERE v.zone_id = z AND v.teams > 0)) AS day
			FROM unnest($1::bigint[]) z) s
		WHERE b.zone_id = s.zone_id AND b.seen_on IS DISTINCT FROM s.day`, ids)
	return err
}
