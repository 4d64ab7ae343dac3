package incident

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/cell"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/ledger"
	"wangge/geo/pg"
	"wangge/geo/post"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Basis is why an incident is somebody's.
type Basis string

// The bases, in the order in which they are asked: who answers for the thing itself comes
// before who answers for the land it stands on.
const (
	ByAsset    Basis = "asset"
	ByLine     Basis = "line"
	ByZone     Basis = "zone"
	ByGrid     Basis = "grid"
	ByBackstop Basis = "backstop" // 兜底: nobody else is there
	ByDispatch Basis = "dispatch" // 派遣: a dispatcher chose the post
)

// InCharge is a charge that an incident falls under.
type InCharge struct {
	Charge int64   `json:"charge"`
	Kind   Basis   `json:"kind" enum:"asset,line,zone"`
	Name   string  `json:"name"`
	Post   int64   `json:"post"`
	Metres float64 `json:"metres" doc:"from the incident"`
}

// Responsible is whose an incident is, and why.
type Responsible struct {
	Basis Basis      `json:"basis" enum:"asset,line,zone,grid,backstop,dispatch"`
	Duty  post.Duty  `json:"duty" doc:"with every holder that was asked, in order"`
	Asked []InCharge `json:"asked" doc:"the assets, lines and zones whose posts were asked before those of the grid, in order"`
	At    time.Time  `json:"at" doc:"when it was decided"`
	Unit  string     `json:"unit" doc:"code; empty outside all"`
}

// basis is by which of the charges, or by what else, a duty was found.
func basis(d post.Duty, asked []InCharge) Basis {
	for _, f := range asked {
		if d.Post == f.Post && !d.Backstop {
			return f.Kind
		}
	}
	if d.Backstop || d.Post == 0 {
		return ByBackstop
	}
	return ByGrid
}

// matter is what decides whose an incident is.
type matter struct {
	at       geo.Point
	category string
	unit     int64  // 0 outside all
	code     string // of the unit
}

// matterOf is that of an incident; ErrPlace without a place.
func matterOf(ctx context.Context, db pg.DB, id uuid.UUID) (m matter, err error) {
	var at *geo.Point
	err = db.QueryRow(ctx, `
		SELECT i.point, i.category, coalesce(o.unit_id, 0), coalesce(u.code, '')
		FROM incident i LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL LEFT JOIN unit u ON u.id = o.unit_id
		WHERE i.id = $1`, id).Scan(&at, &m.category, &m.unit, &m.code)
	switch {
	case err != nil:
		return m, err
	case at == nil:
		return m, ErrPlace
	}
	m.at = *at
	return m, nil
}

// charges are those that a matter falls under, in the order in which their posts are asked.
func (m matter) charges(ctx context.Context, engine pg.DB) ([]InCharge, error) {
	rows, _ := engine.Query(ctx, `
		SELECT c.id, c.kind, c.name, c.post_id, ST_Distance(c.shape::geography, $1::geometry::geography)
		FROM charge c
		WHERE c.shape && ST_Expand($1::geometry, 0.002) AND ST_DWithin(c.shape::geography, $1::geometry::geography, c.reach)
		  AND (c.category IN ('', $2) OR c.category = (SELECT parent FROM incident_category WHERE code = $2))
		ORDER BY array_position(ARRAY['asset', 'line', 'zone'], c.kind), c.category = $2 DESC, c.category = '', 5, ST_Area(c.shape), c.id
		LIMIT 10`, m.at, m.category)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[InCharge])
	if err != nil {
		return nil, fmt.Errorf("who is in charge: %w", err)
	}
	return slices.Clip(list), nil
}

func postsOf(charges []InCharge) []int64 {
	posts := make([]int64, len(charges))
	for i, f := range charges {
		posts[i] = f.Post
	}
	return posts
}

// responsible decides whose a matter is. engine looks at all posts.
func (m matter) responsible(ctx context.Context, engine pg.DB, now time.Time) (r Responsible, err error) {
	if r.Asked, err = m.charges(ctx, engine); err != nil {
		return r, err
	}
	if r.Duty, err = post.ResponsibleFirst(ctx, engine, postsOf(r.Asked), m.unit, now); err != nil {
		return r, err
	}
	r.Basis, r.At, r.Unit = basis(r.Duty, r.Asked), now, m.code
	return r, nil
}

// decide finds whose an incident is and keeps it.
func decide(ctx context.Context, tx pgx.Tx, engine pg.DB, id uuid.UUID, now time.Time) error {
	m, err := matterOf(ctx, tx, id)
	if err != nil {
		return err
	}
	r, err := m.responsible(ctx, engine, now)
	if err != nil {
		return err
	}
	return r.keep(ctx, tx, id)
}

// ResponsibleFor returns whose an incident is and why, as it was decided when it was
// reported, moved, dispatched to a post or reopened here, or when that no longer stood (see
// Settler); for one that was imported, as it is now.
func ResponsibleFor(ctx context.Context, db, engine pg.DB, actor staff.Actor, id uuid.UUID, now time.Time) (r Responsible, err error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return r, err
	}
	var found []byte
	err = db.QueryRow(ctx, `SELECT found FROM incident_duty WHERE incident_id = $1 ORDER BY ordinal DESC LIMIT 1`, id).Scan(&found)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		var m matter
		if m, err = matterOf(ctx, db, id); err == nil {
			r, err = m.responsible(ctx, engine, now)
		}
	case err == nil:
		err = json.Unmarshal(found, &r)
	}
	if err != nil {
		return r, fmt.Errorf("who is responsible for incident %s: %w", id, err)
	}
	return r, nil
}

// Charge is a post that answers for an asset, a line or a zone.
type Charge struct {
	ID       int64        `json:"id"`
	Kind     Basis        `json:"kind" enum:"asset,line,zone"`
	Name     string       `json:"name"`
	Category string       `json:"category" doc:"of incidents; a large class stands for its small ones, empty for all"`
	Reach    float64      `json:"reach" doc:"metres around it"`
	Post     int64        `json:"post"`
	Unit     string       `json:"unit" doc:"code of the post's"`
	Shape    orb.Geometry `json:"-"`
}

// Faults of charges.
var (
	ErrCharge        = fault.New(fault.Invalid, "charge_invalid", "A charge is a point for an asset, a line for a line, a polygon for a zone, with a name of up to 100 characters without personal data, and at most 50 metres around it.")
	ErrChargeUnknown = fault.New(fault.NotFound, "charge_unknown", "There is no such charge.")
)

var chargeFaults = pg.Faults{
	"charge_shape_is_of_its_kind": ErrCharge,
	"charge_reach_is_short":       ErrCharge,
	"charge_name_is_short":        ErrCharge,
}

// Charges returns those of the units that actor may see, by id, after one.
func Charges(ctx context.Context, db pg.DB, actor staff.Actor, after int64, limit int) ([]Charge, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT c.id, c.kind, c.name, c.category, c.reach, c.post_id, coalesce(u.code, ''), c.shape
		FROM charge c LEFT JOIN unit u ON u.id = c.unit_id
		WHERE `+staff.In("c.unit_id", 1)+` AND c.id > $3 ORDER BY c.id LIMIT $4`, area.All, area.Roots, after, limit)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Charge])
	if err != nil {
		return nil, fmt.Errorf("charges: %w", err)
	}
	return list, nil
}

// AddCharge gives a post an asset, a line or a zone. Who keeps the posts of a unit does, and
// where they keep posts: nobody draws the incidents of others to a post of theirs.
func AddCharge(ctx context.Context, db pg.DB, actor staff.Actor, c Charge) (Charge, error) {
	c.Name = ledger.Clean(c.Name)
	if _, personal := sheet.LooksPersonal(c.Name); personal || !slices.Contains([]Basis{ByAsset, ByLine, ByZone}, c.Kind) || !drawn(c.Shape) {
		return Charge{}, ErrCharge
	}
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := checkCategory(ctx, tx, actor, c.Category); err != nil {
			return err
		}
		var unit int64
		err := tx.QueryRow(ctx, `
			SELECT p.unit_id, u.code FROM post p JOIN unit u ON u.id = p.unit_id WHERE p.id = $1 AND (p.valid_to IS NULL OR p.valid_to > $2)`,
			c.Post, grid.Today()).Scan(&unit, &c.Unit)
		if errors.Is(err, pgx.ErrNoRows) {
			return post.ErrUnknownPost
		}
		if err != nil {
			return err
		}
		if err := staff.Within(ctx, tx, actor, staff.Post, unit); err != nil {
			return err
		}
		if err := lies(ctx, tx, actor.Area(staff.Post), c.Shape); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			INSERT INTO charge (kind, name, category, shape, reach, post_id, unit_id, created_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`, c.Kind, c.Name, c.Category, c.Shape, c.Reach, c.Post, unit, actor.Name).Scan(&c.ID)
		if err != nil {
			return chargeFaults.Of(err)
		}
		return audit.Write(ctx, tx, actor, "add", "charge", strconv.FormatInt(c.ID, 10), map[string]any{"kind": c.Kind, "post": c.Post})
	})
	if err != nil {
		return Charge{}, fmt.Errorf("charge of post %d: %w", c.Post, err)
	}
	return c, nil
}

// overBorder is how far a shape may lie beyond an area, in degrees, about 30 m: a road on a
// border belongs to both sides.
const overBorder = 0.0003

// lies returns staff.ErrOutside unless a shape lies in an area, and ErrCharge when its rings
// cross.
func lies(ctx context.Context, tx pgx.Tx, area staff.Area, shape orb.Geometry) error {
	var valid, in bool
	err := tx.QueryRow(ctx, `
		SELECT v, $1 OR v AND coalesce((SELECT ST_Covers(ST_Buffer(ST_Union(b.geom), $4), $3::geometry) FROM boundary b
			WHERE in_area(b.unit_id, false, $2) AND b.geom && ST_Expand($3::geometry, $4) AND b.valid_from <= $5 AND (b.valid_to IS NULL OR b.valid_to > $5)), false)
		FROM ST_IsValid($3::geometry) v`, area.All, area.Roots, shape, overBorder, grid.Today()).Scan(&valid, &in)
	switch {
	case err != nil:
		return err
	case !valid:
		return ErrCharge
	case !in:
		return staff.ErrOutside
	}
	return nil
}

// drawn reports whether a shape is a point, or has points enough for its lines, and rings
// that are closed.
func drawn(shape orb.Geometry) bool {
	short := func(l orb.LineString) bool { return len(l) < 2 }
	switch s := shape.(type) {
	case orb.Point:
		return true
	case orb.LineString:
		return !short(s)
	case orb.MultiLineString:
		return len(s) > 0 && !slices.ContainsFunc(s, short)
	case orb.Polygon:
		return len(s) > 0 && !slices.ContainsFunc(s, func(r orb.Ring) bool { return len(r) < 4 || !r.Closed() })
	}
	return false
}

func checkCategory(ctx context.Context, tx pgx.Tx, actor staff.Actor, code string) error {
	known, err := Categories(ctx, tx, actor)
	if err == nil && code != "" && !slices.ContainsFunc(known, func(c Category) bool { return c.Code == code }) {
		err = ErrCategory
	}
	return err
}

// RemoveCharge takes an asset, a line or a zone from its post. What was decided by it stays.
func RemoveCharge(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	area := actor.Area(staff.Post)
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM charge WHERE id = $1 AND `+staff.In("unit_id", 2), id, area.All, area.Roots)
		if err == nil && tag.RowsAffected() == 0 {
			err = ErrChargeUnknown
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "remove", "charge", strconv.FormatInt(id, 10), nil)
	})
	if err != nil {
		return fmt.Errorf("charge %d: %w", id, err)
	}
	return nil
}

// How far from a report, in metres, and how long before or after it another may be of the
// same matter.
const (
	nearby   = 50
	nearTime = 7 * 24 * time.Hour
)

// Alike is an incident like one that is about to be reported.
type Alike struct {
	Incident
	Metres float64 `json:"metres"`
	Same   bool    `json:"same" doc:"of the same category; else of the same large class"`
}

// Duplicates are open incidents within 50 m that were reported within seven days before or
// after, of the same category or large class: the same category first, then the nearest.
func Duplicates(ctx context.Context, db pg.DB, actor staff.Actor, at geo.Point, category string, reported time.Time) ([]Alike, error) {
	area := actor.Area(staff.Place)
	cells := []int64{} // of about 50 m each
	for _, c := range cell.At(at).Around(3) {
		cells = append(cells, int64(c))
	}
	rows, _ := db.Query(ctx, `SELECT`+columns+`, ST_Distance(i.point::geography, $3::geometry::geography), i.category = $4`+tables+`
		WHERE `+staff.In("coalesce(o.unit_id, i.area_id)", 1)+`
		  AND i.cell = ANY ($5) AND i.closed_at IS NULL AND i.reported_at BETWEEN $6 AND $7
		  AND (i.category = $4 OR EXISTS (SELECT FROM incident_category a, incident_category b
		       WHERE a.code = i.category AND b.code = $4 AND coalesce(a.parent, a.code) = coalesce(b.parent, b.code)))
		  AND ST_Distance(i.point::geography, $3::geometry::geography) <= $8 AND `+readable(9)+`
		ORDER BY i.category = $4 DESC, ST_Distance(i.point::geography, $3::geometry::geography), i.id
		LIMIT 10`, append([]any{area.All, area.Roots, at, category, cells, reported.Add(-nearTime), reported.Add(nearTime), float64(nearby)}, readers(actor)...)...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Alike])
	if err != nil {
		return nil, fmt.Errorf("incidents nearby: %w", err)
	}
	return list, nil
}

// AlikeTo are the incidents like one that is in the ledger: other reports of the same
// matter, perhaps.
func AlikeTo(ctx context.Context, db pg.DB, actor staff.Actor, id uuid.UUID) ([]Alike, error) {
	i, err := Get(ctx, db, actor, id)
	if err != nil || i.Point == nil {
		return []Alike{}, err
	}
	list, err := Duplicates(ctx, db, actor, *i.Point, i.Category, i.ReportedAt)
	return slices.DeleteFunc(list, func(a Alike) bool { return a.ID == id }), err
}

// Place says in whose unit a report would fall, and whether a border is near.
type Place struct {
	Unit   string     `json:"unit" doc:"code; empty outside your area"`
	Name   string     `json:"name"`
	Border *grid.Hint `json:"border" doc:"another unit of the level within 30 m of the place, or null: ask which"`
}

// Where is in whose unit a place lies, and the other unit within grid.MaxHint of it.
func Where(ctx context.Context, db pg.DB, actor staff.Actor, at geo.Point) (p Place, err error) {
	day := grid.Today()
	u, ok, err := grid.At(ctx, db, actor, day, at)
	if err != nil || !ok {
		return p, err
	}
	p.Unit, p.Name = u.Code, u.Name
	p.Border, err = grid.NearBorder(ctx, db, actor, day, at, u)
	return p, err
}
