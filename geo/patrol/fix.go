package patrol

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/privacy"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// FirstImported is the first sequence of fixes that came in a file of another program;
// those of the phone are below.
const FirstImported = 1_000_000_000

// MaxFixes is how many fixes an item has at most.
const MaxFixes = 2000

// What is said of a fix that is not believed; table fix keeps the first two.
const (
	past   = 1 // longer ago than tracks are kept
	future = 2 // yet to come
)

// Of a fix that is not believed Track says why.
var markNames = map[int16]string{past: "past", future: "future"}

// fixesBody is what an item of the kind fixes says.
type fixesBody struct {
	Shift string    `json:"shift"`
	First int       `json:"first"`
	Fixes sentFixes `json:"fixes"`
}

// sentFix is [milliseconds since 1970 by the phone, lon, lat, accuracy in metres or null].
type sentFix struct {
	micros   int64 // since 1970, by the phone
	place    geo.Point
	accuracy float32
}

type sentFixes []sentFix

// UnmarshalJSON reads by hand what comes by the million. text is valid JSON.
func (list *sentFixes) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil // as the standard has it
	}
	r := fixReader{text: text}
	var err error
	*list, err = r.fixes()
	return err
}

func readFixes(item Item) (*fixesItem, error) {
	id, err := uuid.Parse(item.ID)
	if err != nil {
		return nil, ErrKey
	}
	b := item.fixes
	if b == nil {
		b = &fixesBody{}
		if err := json.Unmarshal(item.Body, b); err != nil {
			return nil, ErrBody.Because(err)
		}
	}
	if b.First < 1 || b.First > FirstImported-MaxFixes || len(b.Fixes) == 0 || len(b.Fixes) > MaxFixes {
		return nil, ErrBody.Saying(fmt.Sprintf("Fixes are 1 to %d, and their first sequence is 1 or more.", MaxFixes))
	}
	shift, err := uuid.Parse(b.Shift)
	if err != nil {
		return nil, ErrBody.Saying("The shift is named by a UUID.")
	}
	return &fixesItem{id: id, shift: shift, at: item.At, digest: b.digest(item.At), body: b}, nil
}

// digest tells bodies apart that say something else.
func (b *fixesBody) digest(at time.Time) []byte {
	text := append(make([]byte, 0, len(b.Shift)+13+20*len(b.Fixes)), b.Shift...)
	text = binary.BigEndian.AppendUint64(append(text, ' '), uint64(at.UnixNano()))
	text = binary.BigEndian.AppendUint32(text, uint32(b.First))
	for _, f := range b.Fixes {
		text = binary.BigEndian.AppendUint64(text, uint64(f.micros/1000))
		text = binary.BigEndian.AppendUint32(text, uint32(f.place.X))
		text = binary.BigEndian.AppendUint32(text, uint32(f.place.Y))
		text = binary.BigEndian.AppendUint32(text, math.Float32bits(f.accuracy))
	}
	digest := sha256.Sum256(text)
	return digest[:]
}

// judge is where a fix belongs: its time by our clock in microseconds since 1970, its day,
// and what is thought of it.
func (a *arrival) judge(f sentFix) (at int64, day geo.Day, mark int16) {
	at = f.micros + a.skew.Microseconds()
	if at >= a.from && at < a.to {
		return at, a.day, 0
	}
	oldest, newest := a.oldest.UnixMicro(), a.received.Add(ahead).UnixMicro()
	switch {
	case at < oldest:
		return at, geo.DayOf(a.received), past
	case at > newest:
		return at, geo.DayOf(a.received), future
	}
	a.day = geo.DayOf(time.UnixMicro(at))
	a.from, a.to = max(a.day.Start().UnixMicro(), oldest), min(a.day.AddDays(1).Start().UnixMicro(), newest+1)
	return at, a.day, 0
}

// fixRows are rows of table fix, as COPY takes them in its binary format.
// https://www.postgresql.org/docs/15/sql-copy.html
type fixRows struct{ text []byte }

// newFixRows makes room for n rows.
func newFixRows(n int) fixRows {
	return fixRows{append(make([]byte, 0, len(copyHead)+n*fixRow+2), copyHead...)}
}

const (
	fixRow   = 84 // bytes of a row
	copyHead = "PGCOPY\n\377\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	copyFix  = `COPY fix (day, shift_no, seq, at, device_at, x, y, accuracy, mark) FROM STDIN (FORMAT binary)`
)

// millennium is when PostgreSQL's times begin, in microseconds since 1970, and firstDay its days.
var (
	millennium = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	firstDay   = geo.DayOf(time.UnixMicro(millennium))
)

// add adds a row; at is in microseconds since 1970.
func (r *fixRows) add(day geo.Day, shift int64, seq int32, at int64, f sentFix, mark int16) {
	r.text = slices.Grow(r.text, fixRow)[:len(r.text)+fixRow]
	b, order := r.text[len(r.text)-fixRow:], binary.BigEndian
	order.PutUint16(b, 9) // columns, each behind its length
	order.PutUint32(b[2:], 4)
	order.PutUint32(b[6:], uint32(int32(day.Since(firstDay))))
	order.PutUint32(b[10:], 8)
	order.PutUint64(b[14:], uint64(shift))
	order.PutUint32(b[22:], 4)
	order.PutUint32(b[26:], uint32(seq))
	order.PutUint32(b[30:], 8)
	order.PutUint64(b[34:], uint64(at-millennium))
	order.PutUint32(b[42:], 8)
	order.PutUint64(b[46:], uint64(f.micros-millennium))
	order.PutUint32(b[54:], 4)
	order.PutUint32(b[58:], uint32(f.place.X))
	order.PutUint32(b[62:], 4)
	order.PutUint32(b[66:], uint32(f.place.Y))
	order.PutUint32(b[70:], 4)
	order.PutUint32(b[74:], math.Float32bits(f.accuracy))
	order.PutUint32(b[78:], 2)
	order.PutUint16(b[82:], uint16(mark))
}

// copy writes the rows.
func (r *fixRows) copy(ctx context.Context, tx pgx.Tx) error {
	if len(r.text) == len(copyHead) {
		return nil
	}
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(binary.BigEndian.AppendUint16(r.text, math.MaxUint16)), copyFix)
	return err
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

// dropDays drops whole days of tracks, and what each shift saw on them. The ids are the
// days.
func dropDays(ctx context.Context, tx pgx.Tx, _ *vault.Ring, before time.Time, limit int) ([]string, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM shift_day WHERE day < $1`, geo.DayOf(before)); err != nil {
		return nil, err
	}
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
