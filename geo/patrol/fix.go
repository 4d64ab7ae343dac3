package patrol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// MaxFixes is how many fixes an item has at most.
const MaxFixes = 2000

// What is said of a fix that is not believed; table fix keeps the first two.
const (
	past   = 1 // longer ago than tracks are kept
	future = 2 // yet to come
)

// Of a fix that is not believed Track says why.
var markNames = map[int16]string{past: "past", future: "future"}

// fixesBody is an item of the kind fixes; err is why it is none.
type fixesBody struct {
	Shift string    `json:"shift"`
	First int       `json:"first"`
	Fixes []sentFix `json:"fixes"`
	err   error
}

// sentFix is [milliseconds since 1970 by the phone, lon, lat, accuracy in metres or null].
type sentFix struct {
	at       time.Time
	place    geo.Point
	accuracy float32
}

var errFix = errors.New("a fix is [milliseconds, lon, lat, accuracy or null]")

// UnmarshalJSON reads by hand what comes by the million.
func (f *sentFix) UnmarshalJSON(text []byte) error {
	text, opened := bytes.CutPrefix(bytes.TrimSpace(text), []byte("["))
	text, closed := bytes.CutSuffix(text, []byte("]"))
	if !opened || !closed {
		return errFix
	}
	var v [4]float64
	for i := range v {
		field, rest, more := bytes.Cut(text, []byte(","))
		field = bytes.TrimSpace(field)
		if more != (i < 3) {
			return errFix
		}
		if i < 3 || string(field) != "null" {
			var err error
			if v[i], err = strconv.ParseFloat(string(field), 64); err != nil {
				return errFix
			}
		}
		text = rest
	}
	const farthest = 1e14 // ms: 3,000 years
	if math.Abs(v[0]) > farthest || math.Abs(v[1]) > 180 || math.Abs(v[2]) > 90 || v[3] < 0 || v[3] > math.MaxFloat32 {
		return errFix
	}
	*f = sentFix{time.UnixMilli(int64(v[0])).UTC(), geo.Snap(orb.Point{v[1], v[2]}), float32(v[3])}
	return nil
}

func readFixes(body json.RawMessage) *fixesBody {
	b := &fixesBody{}
	if err := json.Unmarshal(body, b); err != nil {
		b.err = ErrBody.Because(err)
	} else if b.First < 1 || b.First > math.MaxInt32-MaxFixes || len(b.Fixes) == 0 || len(b.Fixes) > MaxFixes {
		b.err = ErrBody.Saying(fmt.Sprintf("Fixes are 1 to %d, and their first sequence is 1 or more.", MaxFixes))
	}
	return b
}

// judge is where a fix belongs: its time by our clock, its day, and what is thought of it.
func (a *arrival) judge(f sentFix) (at time.Time, day geo.Day, mark int16) {
	at = a.at(f.at)
	switch {
	case at.Before(a.oldest):
		return at, geo.DayOf(a.received), past
	case !a.believed(at):
		return at, geo.DayOf(a.received), future
	}
	return at, geo.DayOf(at), 0
}

// daysOf are the days on which fixes will be kept.
func (a *arrival) daysOf(tracks []*fixesBody) (days []geo.Day) {
	for _, t := range tracks {
		if t == nil || t.err != nil {
			continue
		}
		for _, f := range t.Fixes {
			if _, day, _ := a.judge(f); !slices.Contains(days, day) {
				days = append(days, day)
			}
		}
	}
	return days
}

// takeFixes keeps those fixes of an item that are not there yet, and says up to which
// sequence of the shift none is missing; of a known item it says only that.
func (a *arrival) takeFixes(ctx context.Context, tx pgx.Tx, b *fixesBody, known bool) (*int, error) {
	if b.err != nil {
		return nil, b.err
	}
	if !known {
		if err := a.agreed(ctx, tx); err != nil {
			return nil, err
		}
	}
	no, err := a.shift(ctx, tx, b.Shift)
	if err != nil {
		return nil, err
	}
	n := len(b.Fixes)
	if known {
		n = 0
	}
	days, ats, device := make([]geo.Day, n), make([]time.Time, n), make([]time.Time, n)
	xs, ys, accuracies, marks := make([]int32, n), make([]int32, n), make([]float32, n), make([]int16, n)
	for i, f := range b.Fixes[:n] {
		ats[i], days[i], marks[i] = a.judge(f)
		device[i], xs[i], ys[i], accuracies[i] = f.at, f.place.X, f.place.Y, f.accuracy
	}
	var upto int
	err = tx.QueryRow(ctx, `SELECT keep_fixes($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		no, b.First, days, ats, device, xs, ys, accuracies, marks).Scan(&upto)
	return &upto, err
}

// makeDays makes the partitions of days that have none. db is the engine's.
func makeDays(ctx context.Context, db pg.DB, days []geo.Day) error {
	rows, _ := db.Query(ctx, `SELECT d FROM unnest($1::date[]) d WHERE to_regclass('fix_' || to_char(d, 'YYYYMMDD')) IS NULL`, days)
	missing, err := pgx.CollectRows(rows, pgx.RowTo[geo.Day])
	if err != nil || len(missing) == 0 {
		return err
	}
	for _, day := range missing {
		err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, 0)`, lockSpace); err != nil {
				return err
			}
			name := pgx.Identifier{partition(day)}.Sanitize()
			_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS `+name+` PARTITION OF fix FOR VALUES IN ('`+day.String()+`')`)
			return err
		})
		if err != nil {
			return fmt.Errorf("make the day %s of fixes: %w", day, err)
		}
	}
	return nil
}

// partition is the table of a day's fixes.
func partition(day geo.Day) string { return "fix_" + strings.ReplaceAll(day.String(), "-", "") }

// Sweeps are what is deleted of patrols, by the kind of its rule.
func Sweeps() map[string]privacy.Sweep {
	return map[string]privacy.Sweep{
		"track": dropDays,
		"shift": sweep(`DELETE FROM shift WHERE no IN (SELECT no FROM shift WHERE coalesce(started_at, made_at) < $1 LIMIT $2) RETURNING id::text`),
		"delivery": sweep(`
			WITH clocks AS (DELETE FROM device_clock WHERE seen_at < $1)
			DELETE FROM delivered WHERE ctid IN (SELECT ctid FROM delivered WHERE received_at < $1 LIMIT $2) RETURNING id::text`),
	}
}

func sweep(sql string) privacy.Sweep {
	return func(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
		rows, _ := tx.Query(ctx, sql, before, limit)
		return pgx.CollectRows(rows, pgx.RowTo[string])
	}
}

// dropDays drops whole days of tracks. The ids are the days.
func dropDays(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
	rows, _ := tx.Query(ctx, `
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'fix'::regclass AND c.relname < $1 ORDER BY 1 LIMIT $2`, partition(geo.DayOf(before)), limit)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		if err == nil {
			_, err = tx.Exec(ctx, `DROP TABLE `+pgx.Identifier{name}.Sanitize())
		}
	}
	return names, err
}

// Fix is where the officer was, as Track tells it.
type Fix struct {
	Seq      int       `json:"seq"`
	At       time.Time `json:"at" doc:"by the server's clock"`
	DeviceAt time.Time `json:"device_at" doc:"by the phone's"`
	Place    orb.Point `json:"place" doc:"[lon, lat]"`
	Accuracy *float64  `json:"accuracy" doc:"metres; null = not told"`
	Mark     string    `json:"mark" enum:",past,future,outside" doc:"why it does not count: past = longer ago than tracks are kept, future = yet to come, outside = not on duty then"`
}

// Track returns fixes of one of the actor's own shifts after a sequence, in their order.
//
// Errors: ErrShift.
func Track(ctx context.Context, db pg.DB, actor staff.Actor, s Shift, after, limit int) ([]Fix, error) {
	rows, _ := db.Query(ctx, `
		SELECT f.seq, f.at, f.device_at, f.x, f.y, f.accuracy::float8, f.mark, s.spans @> f.at
		FROM fix f JOIN shift s ON s.no = f.shift_no
		WHERE f.shift_no = $1 AND s.account_id = $2 AND f.seq > $3::bigint ORDER BY f.seq LIMIT $4`, s.No, actor.Account, after, limit)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Fix, err error) {
		var at geo.Point
		var accuracy float64
		var mark int16
		var within bool
		err = row.Scan(&f.Seq, &f.At, &f.DeviceAt, &at.X, &at.Y, &accuracy, &mark, &within)
		if f.Place, f.Mark = at.Degrees(), markNames[mark]; f.Mark == "" && !within {
			f.Mark = "outside"
		}
		if accuracy > 0 {
			f.Accuracy = &accuracy
		}
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("track of shift %s: %w", s.ID, err)
	}
	return list, nil
}
