// Package serves answers a resident's question: who is responsible for this place,
// and where is the nearest service point? It knows units, posts, offices, service
// points and the open street map, and no household: an address is looked up among
// streets and buildings of the map, so that the answer is the same whether anybody
// lives there or not. Nothing of a question is stored.
package serves

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Faults of this package.
var (
	ErrOff     = fault.New(fault.Forbidden, "public_service_off", "The public enquiry is switched off here. An administrator can switch it on.")
	ErrMapOff  = fault.New(fault.Forbidden, "public_map_off", "The public map is switched off here. Sign in, or ask an administrator to switch it on.")
	ErrNowhere = fault.New(fault.NotFound, "place_unserved", "No grid was found for this. Try the name of the street or of the building, or choose a point on the map.")
	ErrReview  = fault.New(fault.Conflict, "review_number_missing", "A public map needs its review number (审图号). Enter it in the settings first.")
	ErrPlace   = fault.New(fault.Invalid, "place_impossible", "This is no possible place: longitude first, then latitude, in degrees.")
	ErrAsk     = fault.New(fault.Invalid, "place_or_address", "Give either a point or an address.")
	ErrUnit    = fault.New(fault.NotFound, "unit_unknown", "There is no such unit on this date.")
)

// Offer is what is open to everybody. All of it is off until an administrator
// switches it on.
type Offer struct {
	Service      bool   `json:"service" doc:"who serves this address"`
	Map          bool   `json:"map" doc:"the public map; needs the review number"`
	Report       bool   `json:"report" required:"false" doc:"residents may report, and all may see about where something is"`
	Daily        int    `json:"daily" required:"false" minimum:"0" maximum:"10000" doc:"how many reports of residents a town takes in a day; 0 = as before"`
	ReviewNumber string `json:"review_number" readOnly:"true" doc:"map review number (审图号), shown on every public map"`
}

// Offered returns what is open to everybody: a map without its review number is not.
func Offered(ctx context.Context, db pg.DB) (o Offer, err error) {
	err = db.QueryRow(ctx, `
		SELECT coalesce((SELECT value #>> '{}' = 'true' FROM setting WHERE key = 'public_service'), false),
		       coalesce((SELECT value #>> '{}' = 'true' FROM setting WHERE key = 'public_map'), false),
		       coalesce((SELECT value #>> '{}' = 'true' FROM setting WHERE key = 'public_report'), false),
		       coalesce((SELECT (value #>> '{}')::int FROM setting WHERE key = 'public_report_daily'), 0),
		       coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'review_number'), '')`).
		Scan(&o.Service, &o.Map, &o.Report, &o.Daily, &o.ReviewNumber)
	if err != nil {
		return Offer{}, fmt.Errorf("what is public: %w", err)
	}
	o.Map = o.Map && strings.TrimSpace(o.ReviewNumber) != ""
	return o, nil
}

// Switch opens or closes what is public. It needs the permission for settings
// everywhere. ErrReview: a map is not opened without its review number.
func Switch(ctx context.Context, db pg.DB, actor staff.Actor, o Offer) error {
	if !actor.Area(staff.Setting).All {
		return staff.ErrForbidden
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var number string
		err := tx.QueryRow(ctx, `SELECT coalesce((SELECT value #>> '{}' FROM setting WHERE key = 'review_number'), '')`).Scan(&number)
		if err != nil {
			return fmt.Errorf("switch what is public: %w", err)
		}
		if o.Map && strings.TrimSpace(number) == "" {
			return ErrReview
		}
		words := map[string]string{"public_service": strconv.FormatBool(o.Service), "public_map": strconv.FormatBool(o.Map), "public_report": strconv.FormatBool(o.Report)}
		if o.Daily > 0 {
			words["public_report_daily"] = strconv.Itoa(o.Daily)
		}
		for key, word := range words {
			_, err := tx.Exec(ctx, `
				INSERT INTO setting (key, value) VALUES ($1, to_jsonb($2::text))
				ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, word)
			if err != nil {
				return fmt.Errorf("switch what is public: %w", err)
			}
		}
		return audit.Write(ctx, tx, actor, "change", "public", "", map[string]any{"service": o.Service, "map": o.Map, "report": o.Report, "daily": o.Daily})
	})
}

// Served is who serves a place.
type Served struct {
	Found   string        `json:"found" doc:"what an address was understood as: a street or building of the map; empty for a point"`
	Point   orb.Point     `json:"point" doc:"[lon, lat]: the point, or a place of the street or building in the first unit"`
	Units   []ServingUnit `json:"units" doc:"the responsible unit; several when a street runs through them"`
	Nearest []Nearest     `json:"nearest" doc:"the nearest service point of each function"`
}

// ServingUnit is a responsible unit.
type ServingUnit struct {
	Code    string  `json:"code"`
	Name    string  `json:"name"`
	Level   string  `json:"level"`
	LevelZh string  `json:"level_zh"`
	LevelEn string  `json:"level_en"`
	Parents []Above `json:"parents" doc:"units above, from the top down"`
	PostZh  string  `json:"post_zh" doc:"title of the responsible post; never a person"`
	PostEn  string  `json:"post_en"`
	Office  *Office `json:"office" doc:"null when neither it nor a unit above has one"`
}

// Above is a unit above another.
type Above struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Nearest is the nearest open service point with a function.
type Nearest struct {
	Function string    `json:"function"`
	TitleZh  string    `json:"title_zh"`
	TitleEn  string    `json:"title_en"`
	Name     string    `json:"name"`
	Point    orb.Point `json:"point" doc:"[lon, lat]"`
	Metres   int       `json:"metres" doc:"in a straight line, not along streets"`
	Hours    string    `json:"hours" doc:"OSM opening_hours; empty when not known"`
}

// maxCandidates bounds the units that an address may mean.
const maxCandidates = 5

// Question is a place: a point or an address.
type Question struct {
	Point   *orb.Point `json:"point,omitempty" doc:"[lon, lat]"`
	Address string     `json:"address,omitempty" maxLength:"200"`
}

// Ask answers a question.
//
// Errors: ErrAsk, ErrPlace, and those of Point and Address.
func Ask(ctx context.Context, db pg.DB, day geo.Day, q Question) (Served, error) {
	switch {
	case (q.Point == nil) == (q.Address == ""):
		return Served{}, ErrAsk
	case q.Point == nil:
		return Address(ctx, db, day, q.Address)
	}
	// It is asked before the place goes to the lattice, which has no room for others.
	if !Possible(*q.Point) {
		return Served{}, ErrPlace
	}
	return Point(ctx, db, day, geo.Snap(*q.Point))
}

// Possible reports whether a point is one of the Earth, in degrees.
func Possible(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

// Point answers for a place.
func Point(ctx context.Context, db pg.DB, day geo.Day, at geo.Point) (Served, error) {
	if !Possible(at.Degrees()) {
		return Served{}, ErrPlace
	}
	var unit *int64
	if err := db.QueryRow(ctx, `SELECT unit_at($1, $2)`, at, day).Scan(&unit); err != nil {
		return Served{}, fmt.Errorf("who serves a point: %w", err)
	}
	if unit == nil {
		return Served{}, ErrNowhere
	}
	return answer(ctx, db, day, "", []int64{*unit}, at)
}

// Address answers for an address. It is looked for among the numbered buildings of
// the map, then among names of buildings, places and streets, the longest first.
func Address(ctx context.Context, db pg.DB, day geo.Day, text string) (Served, error) {
	text = strings.Join(strings.Fields(text), "")
	rows, _ := db.Query(ctx, `
		WITH numbered AS (
			SELECT f.geom, (f.tags->>'addr:street') || (f.tags->>'addr:housenumber') AS found,
			       1000 + length(f.tags->>'addr:street') AS score
			FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
			WHERE f.tags->>'addr:housenumber' ~ '^[0-9]+[A-Za-z]?$' AND length(f.tags->>'addr:street') >= 2
			  AND strpos($1, replace(f.tags->>'addr:street', ' ', '')) > 0
			  AND $1 ~* ('(^|[^0-9])' || (f.tags->>'addr:housenumber') || '([^0-9a-z]|$)')),
		named AS (
			SELECT f.geom, f.name AS found, length(f.name) AS score
			FROM map_feature f JOIN network_import i ON i.id = f.import_id AND i.current
			WHERE f.class IN ('street', 'building', 'place', 'service') AND length(f.name) >= 2
			  AND strpos($1, replace(f.name, ' ', '')) > 0),
		best AS (
			SELECT geom, found, dense_rank() OVER (ORDER BY score DESC, found) AS place FROM (
				SELECT * FROM numbered UNION ALL SELECT * FROM named) AS likely),
		spots AS (
			SELECT found, CASE WHEN GeometryType(geom) = 'LINESTRING' THEN ST_LineInterpolatePoint(geom, 0.5)
			                   ELSE ST_PointOnSurface(geom) END AS spot
			FROM best WHERE place = 1)
		SELECT min(found), unit, (array_agg(spot ORDER BY ST_X(spot), ST_Y(spot)))[1]
		FROM (SELECT found, spot, unit_at(spot, $2) AS unit FROM spots LIMIT 500) AS owned
		WHERE unit IS NOT NULL
		GROUP BY unit ORDER BY count(*) DESC, unit LIMIT $3`, text, day, maxCandidates)
	var found string
	var units []int64
	var at geo.Point
	var each struct {
		found string
		unit  int64
		at    geo.Point
	}
	_, err := pgx.ForEachRow(rows, []any{&each.found, &each.unit, &each.at}, func() error {
		if len(units) == 0 {
			found, at = each.found, each.at
		}
		units = append(units, each.unit)
		return nil
	})
	if err != nil {
		return Served{}, fmt.Errorf("who serves an address: %w", err)
	}
	if len(units) == 0 {
		return Served{}, ErrNowhere
	}
	return answer(ctx, db, day, found, units, at)
}

func answer(ctx context.Context, db pg.DB, day geo.Day, found string, units []int64, at geo.Point) (Served, error) {
	a := Served{Found: found, Point: at.Degrees()}
	for _, id := range units {
		u, err := unit(ctx, db, day, id)
		if err != nil {
			return Served{}, err
		}
		a.Units = append(a.Units, u)
	}
	var err error
	a.Nearest, err = nearest(ctx, db, day, at)
	return a, err
}

// InForce returns the responsible unit with a code; nil when none is in force.
func InForce(ctx context.Context, db pg.DB, day geo.Day, code string) (*ServingUnit, error) {
	var id int64
	err := db.QueryRow(ctx, `
		SELECT u.id FROM unit u JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		WHERE u.code = $1`, code, day).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("unit %s: %w", code, err)
	}
	u, err := unit(ctx, db, day, id)
	return &u, err
}

// unit is a unit with what lies above it; the office is the nearest one upwards.
func unit(ctx context.Context, db pg.DB, day geo.Day, id int64) (ServingUnit, error) {
	rows, _ := db.Query(ctx, `
		WITH RECURSIVE up AS (
			SELECT b.unit_id, b.parent_id, b.name, 0 AS step FROM boundary b
			WHERE b.unit_id = $2 AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			UNION ALL
			SELECT b.unit_id, b.parent_id, b.name, up.step + 1
			FROM up JOIN boundary b ON b.unit_id = up.parent_id AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
			WHERE up.step < 20)
		SELECT u.code, up.name, l.code, l.title_zh, l.title_en, l.post_zh, l.post_en,
		       o.unit_id IS NOT NULL, coalesce(o.phone, ''), coalesce(o.address, ''), coalesce(o.hours, ''), coalesce(o.supervision_phone, '')
		FROM up JOIN unit u ON u.id = up.unit_id JOIN level l ON l.code = u.level
		LEFT JOIN unit_office o ON o.unit_id = up.unit_id
		ORDER BY up.step`, day, id)
	var out ServingUnit
	var row ServingUnit
	var office Office
	var has bool
	first := true
	_, err := pgx.ForEachRow(rows, []any{&row.Code, &row.Name, &row.Level, &row.LevelZh, &row.LevelEn, &row.PostZh, &row.PostEn,
		&has, &office.Phone, &office.Address, &office.Hours, &office.SupervisionPhone}, func() error {
		if first {
			out, first = row, false
			out.Parents = []Above{}
		} else {
			out.Parents = append([]Above{{row.Code, row.Name}}, out.Parents...)
		}
		if has && out.Office == nil {
			o := office
			o.ServingUnit = row.Code
			out.Office = &o
		}
		return nil
	})
	if err != nil {
		return ServingUnit{}, fmt.Errorf("unit %d: %w", id, err)
	}
	return out, nil
}

// nearest are the nearest open service points, one of each function.
func nearest(ctx context.Context, db pg.DB, day geo.Day, at geo.Point) ([]Nearest, error) {
	rows, _ := db.Query(ctx, `
		SELECT function, title_zh, title_en, name, point, metres, hours FROM (
			SELECT DISTINCT ON (f.function) f.function, w.title_zh, w.title_en, p.name, p.point, f.hours,
			       round(ST_Distance(p.point::geography, $2::geometry::geography))::int AS metres
			FROM service_point p
			JOIN service_point_state s ON s.service_point_id = p.id AND s.state IN ('pilot', 'active')
			     AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to > $1)
			JOIN service_point_function f ON f.service_point_id = p.id
			JOIN service_function w ON w.code = f.function
			WHERE NOT p.mobile
			ORDER BY f.function, ST_Distance(p.point::geography, $2::geometry::geography), p.id) AS each
		ORDER BY metres, function`, day, at)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Nearest, err error) {
		var place geo.Point
		err = row.Scan(&n.Function, &n.TitleZh, &n.TitleEn, &n.Name, &place, &n.Metres, &n.Hours)
		n.Point = place.Degrees()
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("nearest service points: %w", err)
	}
	if list == nil {
		list = []Nearest{}
	}
	return list, nil
}

// Office is how to reach who is responsible: of an office, never of a person.
type Office struct {
	ServingUnit      string `json:"unit" readOnly:"true" doc:"code of the unit whose office it is"`
	Phone            string `json:"phone" maxLength:"40"`
	Address          string `json:"address" maxLength:"200"`
	Hours            string `json:"hours" maxLength:"200" doc:"OSM opening_hours"`
	SupervisionPhone string `json:"supervision_phone" maxLength:"40" doc:"where complaints about the service go"`
}

// Phones are how the offices at the top are reached: name and phone of each that has one.
func Phones(ctx context.Context, db pg.DB, day geo.Day) ([]string, error) {
	rows, _ := db.Query(ctx, `
		SELECT b.name || ' ' || o.phone
		FROM unit_office o JOIN boundary b ON b.unit_id = o.unit_id AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		WHERE o.phone <> '' AND NOT EXISTS (SELECT FROM unit_ancestor a WHERE a.unit_id = o.unit_id AND a.ancestor_id <> o.unit_id)
		ORDER BY o.unit_id`, day)
	phones, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("phones of offices: %w", err)
	}
	return phones, nil
}

// PutOffice says how the office of a unit is reached; an empty one is removed, and
// that of the unit above counts again. The actor needs the permission for posts there.
func PutOffice(ctx context.Context, db pg.DB, actor staff.Actor, code string, o Office) error {
	area := actor.Area(staff.Post)
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		var id int64
		var within bool
		err := tx.QueryRow(ctx, `SELECT id, in_area(id, $2, $3) FROM unit WHERE code = $1`, code, area.All, area.Roots).Scan(&id, &within)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrUnit
		}
		if err != nil {
			return fmt.Errorf("office of unit %s: %w", code, err)
		}
		if !within {
			return staff.ErrForbidden
		}
		if o.Phone+o.Address+o.Hours+o.SupervisionPhone == "" {
			_, err = tx.Exec(ctx, `DELETE FROM unit_office WHERE unit_id = $1`, id)
		} else {
			_, err = tx.Exec(ctx, `
				INSERT INTO unit_office (unit_id, phone, address, hours, supervision_phone) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (unit_id) DO UPDATE SET phone = $2, address = $3, hours = $4, supervision_phone = $5, updated_at = now()`,
				id, o.Phone, o.Address, o.Hours, o.SupervisionPhone)
		}
		if err != nil {
			return fmt.Errorf("office of unit %s: %w", code, err)
		}
		return audit.Write(ctx, tx, actor, "change", "office", code, nil)
	})
}

// OfficeOf returns the unit's own office, or that of the nearest unit above with one;
// an empty one when there is none.
func OfficeOf(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, code string) (Office, error) {
	area := actor.Area(staff.Map)
	var id int64
	err := db.QueryRow(ctx, `
		SELECT u.id FROM unit u JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $2 AND (b.valid_to IS NULL OR b.valid_to > $2)
		WHERE u.code = $1 AND in_area(u.id, $3, $4)`, code, day, area.All, area.Roots).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Office{}, ErrUnit
	}
	if err != nil {
		return Office{}, fmt.Errorf("office of unit %s: %w", code, err)
	}
	u, err := unit(ctx, db, day, id)
	if err != nil || u.Office == nil {
		return Office{}, err
	}
	return *u.Office, nil
}
