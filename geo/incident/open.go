package incident

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/pg"
)

// OpenState is how an incident stands, as everybody may know.
type OpenState string

// The states for everybody.
const (
	Received OpenState = "received"
	InHand   OpenState = "in-hand"
	Done     OpenState = "closed"
)

func (s State) open() OpenState {
	switch s {
	case Reported:
		return Received
	case Closed:
		return Done
	}
	return InHand
}

// Seen is what everybody may know of an incident.
type Seen struct {
	Number   string      `json:"number"`
	Category string      `json:"category"`
	TitleZh  string      `json:"title_zh" doc:"of the category"`
	TitleEn  string      `json:"title_en"`
	State    OpenState   `json:"state" enum:"received,in-hand,closed"`
	Day      geo.Day     `json:"day" doc:"of the report"`
	Closed   *geo.Day    `json:"closed" doc:"the day it was closed"`
	Point    orb.Point   `json:"point" doc:"[lon, lat] of the middle of a cell of about 350 m, or of a unit; never the place itself"`
	Cell     string      `json:"cell" doc:"H3, resolution 9; empty where the place is that of a unit"`
	Unit     string      `json:"unit" doc:"name of the unit"`
	Photos   []uuid.UUID `json:"photos" doc:"that were released: GET /api/v1/public/photos/{photo}"`
}

// OpenFilter narrows what everybody may know.
type OpenFilter struct {
	From, To   geo.Day     // reported on the first day or later, and before the second
	Categories []string    // a large class stands for its small ones too; nil = all
	States     []OpenState // nil = any
	Near       *geo.Point  // only those that are shown around it; nil = anywhere
	Numbers    []string    // these and no others, whenever they were reported; nil = all
	Skip, Most int         // of those found, so many are passed over, and at most so many returned; 0 = OpenMost
}

// openResolution is that of the cells that are shown, in H3.
const openResolution = 9

// The bounds of a question.
const (
	OpenDays = 90
	OpenMost = 1000
)

// ErrOpenPeriod refuses a longer time.
var ErrOpenPeriod = fault.New(fault.Invalid, "public_period", "Ask for at most 90 days, which end after they begin.")

// OpenList returns what everybody may know of incidents, newest day first.
// db is the map's reader, to whom private ones do not exist.
//
// A place is the middle of its cell of resolution 9 if enough households live there that
// their number is published, else that of the lowest unit of which it is. Where neither is
// published the incident is left out, for it would point to a house.
func OpenList(ctx context.Context, db pg.DB, f OpenFilter) ([]Seen, error) {
	if f.Numbers == nil && (!f.From.Before(f.To) || f.To.Since(f.From) > OpenDays) {
		return nil, ErrOpenPeriod
	}
	var from, to *time.Time
	if f.Numbers == nil {
		first, end := f.From.Start(), f.To.Start()
		from, to = &first, &end
	}
	// What is shown is asked, and not where it is, so that nobody finds a place by asking.
	var around []cell.Cell
	if f.Near != nil {
		around = cell.In(*f.Near, openResolution).Around(1)
	}
	rows, _ := db.Query(ctx, `
		WITH publication_now AS (SELECT id, least FROM publication ORDER BY published_on DESC, id DESC LIMIT 1),
		found AS (
			SELECT i.id, i.category, c.title_zh, c.title_en, i.state, i.reported_at, i.closed_at, o.unit_id, cell_9(i.cell) AS cell
			FROM incident i JOIN incident_category c ON c.code = i.category AND c.public
			JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
			WHERE NOT i.private AND i.cell IS NOT NULL
			  AND ($1::timestamptz IS NULL OR i.reported_at >= $1 AND i.reported_at < $2)
			  AND ($3::text[] IS NULL OR i.category = ANY ($3) OR c.parent = ANY ($3))
			  AND ($4::text[] IS NULL OR CASE i.state WHEN 'reported' THEN 'received' WHEN 'closed' THEN 'closed' ELSE 'in-hand' END = ANY ($4))
			  AND ($5::text[] IS NULL OR public_number(i.id) = ANY ($5))),
		shown AS MATERIALIZED (
			SELECT u.unit_id, s.ancestor_id, b.name, b.label
			FROM (SELECT DISTINCT unit_id FROM found) u
			CROSS JOIN LATERAL (
				SELECT a.ancestor_id FROM unit_ancestor a JOIN publication_now p ON true
				JOIN published_count n ON n.publication_id = p.id AND n.unit_id = a.ancestor_id AND n.attribute = 'households' AND n.value >= p.least
				WHERE a.unit_id = u.unit_id
				ORDER BY (SELECT count(*) FROM unit_ancestor below WHERE below.ancestor_id = a.ancestor_id) LIMIT 1) s
			JOIN boundary b ON b.unit_id = s.ancestor_id AND b.valid_to IS NULL),
		placed AS (
			SELECT f.*, s.ancestor_id, s.name, s.label, CASE WHEN EXISTS (
				SELECT FROM published_cell d JOIN publication_now p ON p.id = d.publication_id
				WHERE d.cell = f.cell AND d.attribute = 'households' AND d.value >= p.least
				  AND d.top_id IN (SELECT ancestor_id FROM unit_ancestor a WHERE a.unit_id = f.unit_id)) THEN f.cell END AS shown_cell
			FROM found f JOIN shown s ON s.unit_id = f.unit_id)
		SELECT public_number(f.id), f.category, f.title_zh, f.title_en, f.state, f.reported_at, f.closed_at, f.label, f.name, f.shown_cell, public_photos(f.id)
		FROM placed f
		WHERE $7::bigint[] IS NULL OR f.shown_cell = ANY ($7)
		   OR f.shown_cell IS NULL AND f.ancestor_id IN (SELECT ancestor_id FROM unit_ancestor a WHERE a.unit_id = unit_at($8, $9))
		ORDER BY (f.reported_at AT TIME ZONE 'Asia/Shanghai')::date DESC, 1
		LIMIT $6 OFFSET $10`, from, to, f.Categories, f.States, f.Numbers, cmp.Or(f.Most, OpenMost),
		around, f.Near, f.To.AddDays(-1), f.Skip)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Seen, err error) {
		var state State
		var reported time.Time
		var closed *time.Time
		var label geo.Point
		var in *cell.Cell
		err = row.Scan(&s.Number, &s.Category, &s.TitleZh, &s.TitleEn, &state, &reported, &closed, &label, &s.Unit, &in, &s.Photos)
		s.State, s.Day, s.Point = state.open(), geo.DayOf(reported), label.Degrees()
		if closed != nil {
			day := geo.DayOf(*closed)
			s.Closed = &day
		}
		if in != nil {
			s.Cell, s.Point = in.String(), in.Center().Degrees()
		}
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("what is open of incidents: %w", err)
	}
	if list == nil {
		list = []Seen{}
	}
	return list, nil
}
