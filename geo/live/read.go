package live

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/patrol"
)

// reading is what the reader remembers from one second to the next.
type reading struct {
	begun     bool
	incidents int64 // version of the newest change that was read
	grid      int64
	asked     time.Time // by the clock of the database
	shifts    map[int64]shift
}

// shift is a time on duty that goes on.
type shift struct {
	changed int64
	post    Post
	at      *time.Time // of the last fix that counts
	place   geo.Point
}

const (
	coarse = 8                // resolution of where a post is, 0.74 km²
	young  = 10 * time.Minute // a place that is older says nothing
	limit  = 10 * time.Second // of one reading: an import may hold a table
)

// changes: whether everything may have changed, and up to which versions we are.
const changes = `
	SELECT now(), coalesce(max(version) FILTER (WHERE layer = 'incident'), $1), coalesce(max(version) FILTER (WHERE layer = 'grid'), $2),
		coalesce(bool_or(layer = 'incident' AND subject IS NULL), false)
	FROM layer_change WHERE layer = 'incident' AND version > $1 OR layer = 'grid' AND version > $2`

// incidents that changed after a version, and those whose deadline passed since a time.
var incidents = `
	SELECT i.id, i.state, i.category, coalesce(u.code, ''), ` + grid.NameOf("o.unit_id") + `, i.due_at, i.closed_at IS NULL AND coalesce(i.due_at < now(), false), i.cell,
		coalesce(o.unit_id, i.area_id, 0), i.private
	FROM incident i
	LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
	LEFT JOIN unit u ON u.id = o.unit_id
	WHERE i.id IN (
		SELECT unnest(c.subject)::uuid FROM layer_change c WHERE c.layer = 'incident' AND c.version > $1
		UNION
		SELECT d.id FROM incident d WHERE d.closed_at IS NULL AND d.due_at >= $2 AND d.due_at < now())
	ORDER BY i.updated_at, i.id LIMIT $3`

// shifts that go on, with the last place of those that changed since they were known: that
// of the phone, for a file of another program has higher sequences and tells of earlier.
const shifts = `
	SELECT s.no, s.changed, s.post_id, s.kind, coalesce(u.code, ''), coalesce(s.unit_id, 0),
		(SELECT lower(r) FROM unnest(s.spans) r WHERE r @> now()), f.at, coalesce(f.x, 0), coalesce(f.y, 0)
	FROM shift s
	LEFT JOIN unit u ON u.id = s.unit_id
	LEFT JOIN unnest($1::bigint[], $2::bigint[]) k (no, changed) ON k.no = s.no AND k.changed = s.changed
	LEFT JOIN LATERAL (
		SELECT n.at, n.x, n.y
		FROM (SELECT at, x, y, mark FROM fix WHERE shift_no = s.no AND seq < $3 AND day >= (now() AT TIME ZONE 'Asia/Shanghai')::date - 1 ORDER BY seq DESC LIMIT 30) n
		WHERE n.mark = 0 AND s.spans @> n.at
		ORDER BY n.at DESC LIMIT 1) f ON k.no IS NULL
	WHERE s.started_at > now() - interval '16 hours' AND s.spans @> now()`

// read asks for everything in one round trip, and tells the watchers what is new.
func (h *Hub) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if !h.begun {
		if err := h.begin(ctx); err != nil {
			return err
		}
	}
	known := make([]int64, 0, len(h.shifts))
	changed := make([]int64, 0, len(h.shifts))
	for no, s := range h.shifts {
		known, changed = append(known, no), append(changed, s.changed)
	}
	var now time.Time
	var version, grid int64
	var all bool
	var list []Incident
	on := map[int64]shift{}
	batch := &pgx.Batch{}
	batch.Queue(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`) // what is read belongs to the version that is read
	batch.Queue(changes, h.incidents, h.grid).QueryRow(func(row pgx.Row) error { return row.Scan(&now, &version, &grid, &all) })
	batch.Queue(incidents, h.incidents, h.asked, maxEvents).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scanIncident)
		return err
	})
	batch.Queue(shifts, known, changed, patrol.FirstImported).Query(func(rows pgx.Rows) error { return h.readShifts(rows, on) })
	batch.Queue(`COMMIT`)
	if err := h.db.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("what happens: %w", err)
	}
	units := h.units
	if grid != h.grid {
		var err error
		if units, err = h.readTree(ctx); err != nil {
			return err
		}
	}
	posts := onDuty(on, now)
	var entries []entry
	if moved := difference(h.posts, posts); len(moved) > 0 { // the reader alone writes h.posts
		entries = append(entries, entry{posts: moved})
	}
	for _, i := range list {
		data, err := json.Marshal(i)
		if err != nil {
			return err
		}
		entries = append(entries, entry{incident: i, data: data})
	}
	if all || grid != h.grid || len(list) == maxEvents {
		entries = []entry{{all: true}}
	}
	h.incidents, h.grid, h.asked, h.shifts = version, grid, now, on
	h.mu.Lock()
	defer h.mu.Unlock()
	h.units, h.posts, h.readAt = units, posts, time.Now()
	h.publish(entries)
	if len(entries) > 0 {
		h.wake()
	}
	return nil
}

// begin learns where the ledgers stand.
func (h *Hub) begin(ctx context.Context) error {
	err := h.db.QueryRow(ctx, `
		SELECT now(), coalesce(max(version) FILTER (WHERE layer = 'incident'), 0), coalesce(max(version) FILTER (WHERE layer = 'grid'), 0)
		FROM layer_change`).Scan(&h.asked, &h.incidents, &h.grid)
	if err != nil {
		return fmt.Errorf("what happens: %w", err)
	}
	units, err := h.readTree(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.units, h.begun = units, true
	return nil
}

func (h *Hub) readTree(ctx context.Context) (tree, error) {
	rows, _ := h.db.Query(ctx, `SELECT unit_id, ancestor_id FROM unit_ancestor`)
	units := tree{}
	var unit, above int64
	_, err := pgx.ForEachRow(rows, []any{&unit, &above}, func() error {
		units[unit] = append(units[unit], above)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("units of those who watch: %w", err)
	}
	return units, nil
}

func scanIncident(row pgx.CollectableRow) (i Incident, err error) {
	var id uuid.UUID
	var at *int64
	err = row.Scan(&id, &i.State, &i.Category, &i.Unit, &i.UnitName, &i.Deadline, &i.Overdue, &at, &i.unit, &i.private)
	i.ID = id.String()
	if at != nil {
		name := cell.Cell(*at).String()
		i.AtCell = &name
	}
	return i, err
}

// readShifts reads the shifts that go on into on; of one that did not change the place is
// the one that is known.
func (h *Hub) readShifts(rows pgx.Rows, on map[int64]shift) error {
	var no int64
	var s shift
	_, err := pgx.ForEachRow(rows, []any{&no, &s.changed, &s.post.Post, &s.post.Kind, &s.post.Unit, &s.post.unit, &s.post.Since, &s.at, &s.place.X, &s.place.Y}, func() error {
		if before, known := h.shifts[no]; known && before.changed == s.changed {
			s.at, s.place = before.at, before.place
		}
		on[no] = s
		return nil
	})
	return err
}

// onDuty are the posts of the shifts that go on. Of several shifts of a post the first
// says since when, and the last place where.
func onDuty(on map[int64]shift, now time.Time) map[int64]Post {
	posts, latest := map[int64]Post{}, map[int64]time.Time{}
	for _, no := range slices.Sorted(maps.Keys(on)) {
		s := on[no]
		p, known := posts[s.post.Post]
		if !known {
			p = s.post
			p.OnDuty = true
		}
		if s.post.Since != nil && (p.Since == nil || s.post.Since.Before(*p.Since)) {
			p.Since = s.post.Since
		}
		if s.at != nil && now.Sub(*s.at) < young && s.at.After(latest[p.Post]) {
			name := cell.In(s.place, coarse).String()
			p.Cell, latest[p.Post] = &name, *s.at
		}
		posts[p.Post] = p
	}
	return posts
}

// difference are the posts that are not as they were, by number.
func difference(before, now map[int64]Post) (list []Post) {
	for id, p := range now {
		if was, known := before[id]; !known || !p.equal(was) {
			list = append(list, p)
		}
	}
	for id, p := range before {
		if _, still := now[id]; !still {
			p.OnDuty, p.Since, p.Cell = false, nil, nil
			list = append(list, p)
		}
	}
	return list
}

func (p Post) equal(q Post) bool {
	return p.unit == q.unit && (p.Cell == nil) == (q.Cell == nil) && (p.Cell == nil || *p.Cell == *q.Cell) &&
		(p.Since == nil) == (q.Since == nil) && (p.Since == nil || p.Since.Equal(*q.Since))
}
